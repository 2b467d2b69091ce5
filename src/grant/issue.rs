//! Issuing what a grant grants: the token is signed first, then what it uses up is used up, so that a failing key
//! or store costs nobody a token.

use rand_core::Rng;
use uuid::Builder;

use super::{
    Context, Grant, IdTokenGrant, UsedUp, ciba, exchangeable, jwt_bearer, quota_exhausted, refresh_token,
};
use crate::claims::{AccessToken, IdToken, token_hash};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::{Commit, Failure};
use crate::policy::{Flow, Refusal, Rule, Source, TokenType};
use crate::store::{Jti, Quota, UsedFor, keep_properties, refresh};
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
    /// How long that is good for.
    pub refresh_token_lifetime: Option<Seconds>,
    /// An id token beside it.
    pub id_token: Option<String>,
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
        let id_token = match (&grant.id_token, &signed) {
            (Some(id_token), Some(access_token)) => {
                let refresh_token = used_up.refresh_token.as_ref().map(|prepared| prepared.token.as_str());
                Some(self.sign_id_token(&grant, id_token, access_token, refresh_token).await?)
            }
            _ => None,
        };
        let refresh_token_lifetime = used_up.refresh_token.as_ref().map(|prepared| prepared.lifetime);
        let refresh_token = self.use_up(used_up, &grant, &jti).await?;
        let (access_token, refresh_token) = match (signed, refresh_token) {
            (Some(token), refresh_token) => (token, refresh_token),
            (None, refresh_token) => (refresh_token.unwrap_or_default(), None),
        };
        Ok(Issued { access_token, refresh_token, refresh_token_lifetime, id_token, jti, grant })
    }

    /// OpenID Connect Core §2, §3.1.3.6, CIBA Core §10.3.1.
    async fn sign_id_token(
        &self,
        grant: &Grant,
        id_token: &IdTokenGrant,
        access_token: &str,
        refresh_token: Option<&str>,
    ) -> Result<String, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        let alg = issuer.signing_key.alg;
        let pushed = id_token.auth_req_id.as_deref();
        let payload = serde_json::to_string(&IdToken {
            iss: &issuer.identifier,
            sub: &issuer.subject_for(self.client, id_token.sub.as_ref().unwrap_or(&grant.sub)),
            aud: &self.client.client_id,
            iat: host.now(),
            exp: host.now().after(grant.granted.lifetime),
            auth_time: id_token.auth_time,
            acr: id_token.acr.as_deref(),
            at_hash: Some(token_hash(alg, access_token)),
            rt_hash: refresh_token.filter(|_| pushed.is_some()).map(|token| token_hash(alg, token)),
            auth_req_id: pushed,
            more: &id_token.claims,
        });
        let payload = payload.map_err(|error| unavailable(&error))?;
        let signed = issuer.signing_key.sign_id_token(host, &id_token.header, payload).await;
        signed.map_err(|failure| unavailable(&failure))
    }

    async fn sign(&self, grant: &Grant, jti: &str) -> Result<String, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        let shape = &issuer.profile.access_token;
        // What is no access token must not pass for one.
        let typ = if grant.issued_token_type == Some(TokenType::Jwt) { "JWT" } else { shape.typ };
        let payload = serde_json::to_string(&AccessToken {
            shape: shape.claims,
            iss: &issuer.identifier,
            sub: &issuer.subject_for(self.client, &grant.sub),
            aud: &grant.granted.audience,
            client_id: &self.client.client_id,
            iat: host.now(),
            exp: host.now().after(grant.granted.lifetime),
            jti,
            scope: &grant.granted.scope,
            act: grant.act.as_ref(),
            cnf: grant.cnf.as_ref(),
            purpose: grant.details.purpose.as_deref(),
            authorization_details: grant.details.authorization_details.as_ref(),
        })
        .map_err(|error| unavailable(&error))?;
        let tokens = issuer.signing_key.sign(host, typ, vec![payload]).await;
        let mut tokens = tokens.map_err(|failure: Failure| unavailable(&failure))?;
        tokens.pop().ok_or_else(|| unavailable(&"nothing was signed"))
    }

    /// Uses up what the grant says. Gives the refresh token that this made one.
    async fn use_up(
        &self,
        used_up: UsedUp,
        grant: &Grant,
        jti: &str,
    ) -> Result<Option<String>, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        if let Some((grant, most)) = &used_up.quota {
            let quota = Quota::of(host, &issuer.identifier, grant);
            if !quota.take(1, *most).await.map_err(ProtocolError::unavailable)? {
                let message = format!("the {most} tokens of this day are used up");
                return Err(quota_exhausted(&quota, &Refusal::new(Rule::ExchangeQuotaExhausted, message)));
            }
        }
        let good_once: [(_, _, fn() -> ProtocolError); 2] = [
            (UsedFor::Redemption, &used_up.subject_token, exchangeable::used),
            (UsedFor::Grant, &used_up.assertion, jwt_bearer::used),
        ];
        for (used_for, jwt, used) in good_once {
            let Some((jti, expires_at)) = jwt else { continue };
            let (issuer, client_id) = (&issuer.identifier, &self.client.client_id);
            let jti = Jti { used_for, issuer, client_id, jti, expires_at: *expires_at };
            if !jti.record_once(host).await.map_err(ProtocolError::unavailable)? {
                return Err(used());
            }
        }
        let (refresh_token, family) =
            used_up.refresh_token.map(|refresh::Prepared { token, commit, .. }| (token, commit)).unzip();
        let properties = &grant.details.properties;
        let properties = (!properties.is_empty()).then(|| {
            let ends_at = host.now().after(grant.granted.lifetime);
            keep_properties(&issuer.identifier, jti, properties, ends_at)
        });
        let beside: Vec<Commit> = properties.into_iter().chain(family).collect();
        let Some(mut authentication) = used_up.authentication else {
            return self.commit_all(&beside, refresh_token::spent).await.map(|()| refresh_token);
        };
        let taken = || ProtocolError::unavailable("a record that is new was there already");
        let mut done = self.commit_all(&beside, taken).await;
        // Last, so that a store that fails before leaves the result to be fetched again.
        if done.is_ok() {
            let first = authentication.redeem(host).await.map_err(ProtocolError::unavailable);
            done = first.and_then(|first| if first { Ok(()) } else { Err(ciba::redeemed()) });
        }
        let Err(error) = done else { return Ok(refresh_token) };
        for Commit { role, set, .. } in beside {
            let delete = set.into_iter().map(|put| put.key).collect();
            // Nobody was given what it stands for; where it cannot be removed, it ends by itself.
            let _ = host.commit(Commit { role, check: Vec::new(), set: Vec::new(), delete }).await;
        }
        Err(error)
    }

    /// `late`: the refusal where somebody else came first.
    async fn commit_all(
        &self,
        commits: &[Commit],
        late: impl Fn() -> ProtocolError,
    ) -> Result<(), ProtocolError> {
        for commit in commits {
            if !self.host.commit(commit.clone()).await.map_err(ProtocolError::unavailable)? {
                return Err(late());
            }
        }
        Ok(())
    }

    /// Prepares the first refresh token of a grant. `origin`: how it was had, where not by the subject's agreement;
    /// `lifetime`: how long it lasts where the policy allows it; `most`: when it must have ended.
    pub(super) fn begin_family(
        &self,
        origin: Option<(Flow, Source<'_>)>,
        grant: &Grant,
        lifetime: Option<Seconds>,
        most: Option<Timestamp>,
    ) -> refresh::Prepared {
        let limits = self.policy.and_then(|policy| policy.lifetimes.refresh_token).unwrap_or_default();
        let usual = lifetime.map(|lifetime| lifetime.0).or(limits.default).unwrap_or(REFRESH_TOKEN_LIFETIME);
        let lifetime = usual.min(limits.max.unwrap_or(u64::MAX));
        let ends_at = self.host.now().after(Seconds(lifetime));
        let authorization = refresh::Authorization {
            client_id: self.client.client_id.clone(),
            sub: grant.sub.clone(),
            flow: origin.map(|(flow, _)| flow),
            from: origin.map(|(_, from)| from.to_string()).unwrap_or_default(),
            foreign: origin.is_some_and(|(_, from)| matches!(from, Source::Issuer(_))),
            scope: grant.granted.scope.to_string(),
            audience: grant.granted.audience.clone(),
            act: grant.act.clone(),
            cnf: grant.cnf.clone(),
            details: grant.details.clone(),
        };
        let ends_at = most.map_or(ends_at, |most| most.min(ends_at));
        refresh::begin(self.host, &self.issuer.identifier, authorization, ends_at)
    }
}

fn unavailable(cause: &impl std::fmt::Display) -> ProtocolError {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, "the token could not be signed: try again")
        .with_cause(cause)
}
