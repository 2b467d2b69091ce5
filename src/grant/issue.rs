//! Issuing what a grant grants: the token is signed first, then what it uses up is used up, so that a failing key
//! or store costs nobody a token.

use rand_core::Rng;
use uuid::Builder;

use super::{Context, Grant, UsedUp, exchangeable, quota_exhausted, refresh_token};
use crate::claims::AccessToken;
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Failure;
use crate::policy::{Flow, Refusal, Rule, Source, TokenType};
use crate::store::{Jti, Quota, UsedFor, refresh};
use crate::time::{Seconds, Timestamp};

/// How long refresh tokens are good for where the policy says nothing, in seconds: thirty days.
const REFRESH_TOKEN_LIFETIME: u64 = 30 * 86_400;

/// A token that was issued for a grant.
#[derive(Debug)]
pub struct Issued {
    /// The token that was asked for, most often an access token.
    pub access_token: String,
    /// A refresh token beside it.
    pub refresh_token: Option<String>,
    /// Its id.
    pub jti: String,
    /// What it was issued for.
    pub grant: Grant,
}

impl Context<'_> {
    /// Issues the token of a grant.
    ///
    /// # Errors
    /// `temporarily_unavailable` where the key could not sign or the store failed; where somebody else used up what
    /// this would use up, the refusal that such a request gets.
    pub async fn issue(&self, mut grant: Grant) -> Result<Issued, ProtocolError> {
        let mut random = [0; 16];
        self.host.rng().fill_bytes(&mut random);
        let jti = Builder::from_random_bytes(random).into_uuid().to_string();
        let used_up = std::mem::take(&mut grant.used_up);
        let is_refresh_token = grant.issued_token_type == Some(TokenType::RefreshToken);
        let signed = if is_refresh_token { None } else { Some(self.sign(&grant, &jti).await?) };
        let refresh_token = self.use_up(used_up).await?;
        let (access_token, refresh_token) = match (signed, refresh_token) {
            (Some(token), refresh_token) => (token, refresh_token),
            (None, refresh_token) => (refresh_token.unwrap_or_default(), None),
        };
        Ok(Issued { access_token, refresh_token, jti, grant })
    }

    async fn sign(&self, grant: &Grant, jti: &str) -> Result<String, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        let shape = &issuer.profile.access_token;
        // What is no access token must not pass for one.
        let typ = if grant.issued_token_type == Some(TokenType::Jwt) { "JWT" } else { shape.typ };
        let payload = serde_json::to_string(&AccessToken {
            shape: shape.claims,
            iss: &issuer.identifier,
            sub: &grant.sub,
            aud: &grant.granted.audience,
            client_id: &self.client.client_id,
            iat: host.now(),
            exp: host.now().after(grant.granted.lifetime),
            jti,
            scope: &grant.granted.scope,
            act: grant.act.as_ref(),
            cnf: grant.cnf.as_ref(),
        })
        .map_err(|error| unavailable(&error))?;
        let tokens = issuer.signing_key.sign(host, typ, vec![payload]).await;
        let mut tokens = tokens.map_err(|failure: Failure| unavailable(&failure))?;
        tokens.pop().ok_or_else(|| unavailable(&"nothing was signed"))
    }

    /// Uses up what the grant says. Gives the refresh token that this made one.
    async fn use_up(&self, used_up: UsedUp) -> Result<Option<String>, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        if let Some((grant, most)) = &used_up.quota {
            let quota = Quota::of(host, &issuer.identifier, grant);
            if !quota.take(1, *most).await.map_err(ProtocolError::unavailable)? {
                let message = format!("the {most} tokens of this day are used up");
                return Err(quota_exhausted(&quota, &Refusal::new(Rule::ExchangeQuotaExhausted, message)));
            }
        }
        if let Some((jti, expires_at)) = &used_up.subject_token {
            let jti = Jti {
                used_for: UsedFor::Redemption,
                issuer: &issuer.identifier,
                client_id: &self.client.client_id,
                jti,
                expires_at: *expires_at,
            };
            if !jti.record_once(host).await.map_err(ProtocolError::unavailable)? {
                return Err(exchangeable::used());
            }
        }
        let Some(refresh::Prepared { token, commit, .. }) = used_up.refresh_token else { return Ok(None) };
        if host.commit(commit).await.map_err(ProtocolError::unavailable)? {
            return Ok(Some(token));
        }
        Err(refresh_token::spent())
    }

    /// Prepares the first refresh token of a grant. `most`: when it must have ended.
    pub(super) fn begin_family(
        &self,
        flow: Flow,
        from: Source<'_>,
        grant: &Grant,
        most: Option<Timestamp>,
    ) -> refresh::Prepared {
        let limits = self.policy.and_then(|policy| policy.lifetimes.refresh_token).unwrap_or_default();
        let lifetime = limits.default.unwrap_or(REFRESH_TOKEN_LIFETIME).min(limits.max.unwrap_or(u64::MAX));
        let ends_at = self.host.now().after(Seconds(lifetime));
        let authorization = refresh::Authorization {
            client_id: self.client.client_id.clone(),
            sub: grant.sub.clone(),
            flow,
            from: from.to_string(),
            foreign: matches!(from, Source::Issuer(_)),
            scope: grant.granted.scope.to_string(),
            audience: grant.granted.audience.clone(),
            act: grant.act.clone(),
            cnf: grant.cnf.clone(),
        };
        let ends_at = most.map_or(ends_at, |most| most.min(ends_at));
        refresh::begin(self.host, &self.issuer.identifier, authorization, ends_at)
    }
}

fn unavailable(cause: &impl std::fmt::Display) -> ProtocolError {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, "the token could not be signed: try again")
        .with_cause(cause)
}
