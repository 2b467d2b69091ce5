//! One file a grant. Each reads like its RFC section and ends in a [`Grant`], which is issued here.

pub mod client_credentials;

use uuid::Builder;

use crate::claims::AccessToken;
use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::{Failure, Host};
use crate::issuer::{Issuer, ResourceServer};
use crate::policy::{self, AudienceFacts, Refusal, Rule, ScopeFacts};
use crate::resource::Resource;
use crate::scope::Scope;
use rand_core::Rng;

/// What every grant is given.
pub struct Context<'a> {
    /// The door to the outside.
    pub host: &'a Host,
    /// The issuer that was asked.
    pub issuer: &'a Issuer,
    /// The client, authenticated.
    pub client: &'a Client,
    /// The request's parameters.
    pub form: &'a Form,
}

/// What a grant grants.
#[derive(Debug)]
pub struct Grant {
    /// Who the token is about.
    pub sub: String,
    /// Whom it is for.
    pub audience: Vec<String>,
    /// What it allows.
    pub scope: Scope,
}

/// A token that was issued for a grant.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// Its id.
    pub jti: String,
    /// What it was issued for.
    pub grant: Grant,
}

impl Context<'_> {
    /// RFC 6749 §3.3, RFC 8707 §2: the audience and scope that policy gives for what was asked.
    fn audience_and_scope(&self) -> Result<(Vec<String>, Scope), ProtocolError> {
        let (form, issuer, client) = (self.form, self.issuer, self.client);
        // RFC 8707 §2: each an absolute URI without a fragment.
        if let Some(malformed) = form.all("resource").find(|text| text.parse::<Resource>().is_err()) {
            let message = format!("{malformed} is not an absolute URI without a fragment");
            return Err(ProtocolError::new(ErrorCode::InvalidTarget, message));
        }
        let asked: Vec<&str> = form.all("resource").chain(form.all("audience")).collect();
        let resources = policy::audience(&AudienceFacts {
            asked: &asked,
            known: &issuer.resources,
            allowed: client.resources.as_deref(),
            default: &issuer.default_audience,
            required: issuer.profile.audience_required,
        })
        .map_err(|refusal| self.refuse(&refusal))?;

        let asked = form.get("scope").map(str::parse::<Scope>).transpose();
        let asked = asked.map_err(|error| ProtocolError::new(ErrorCode::InvalidScope, error.to_string()))?;
        let scope = policy::scope(&ScopeFacts {
            asked: asked.as_ref(),
            known: &issuer.scope,
            allowed: &client.scope,
            default: &client.default_scope,
            resources: &resources,
        })
        .map_err(|refusal| self.refuse(&refusal))?;
        Ok((audience_of(&resources, issuer), scope))
    }

    fn refuse(&self, refusal: &Refusal) -> ProtocolError {
        let code = match refusal.rule {
            Rule::ScopeUnknown | Rule::ScopeNotAllowed | Rule::ScopeNotOfResource => ErrorCode::InvalidScope,
            // Where a request must name its audience, a request that names none that will do is malformed.
            _ if self.issuer.profile.audience_required => ErrorCode::InvalidRequest,
            _ => ErrorCode::InvalidTarget,
        };
        ProtocolError::new(code, &refusal.message).with_rule(refusal.rule.id())
    }

    /// Issues the access token of a grant.
    ///
    /// # Errors
    /// `temporarily_unavailable` where the key could not sign.
    pub async fn issue(&self, grant: Grant) -> Result<Issued, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        let shape = &issuer.profile.access_token;
        let mut random = [0; 16];
        host.rng().fill_bytes(&mut random);
        let jti = Builder::from_random_bytes(random).into_uuid().to_string();
        let payload = serde_json::to_string(&AccessToken {
            shape: shape.claims,
            iss: &issuer.identifier,
            sub: &grant.sub,
            aud: &grant.audience,
            client_id: &self.client.client_id,
            iat: host.now(),
            exp: host.now().after(issuer.access_token_lifetime),
            jti: &jti,
            scope: &grant.scope,
        })
        .map_err(|error| unavailable(&error))?;
        let tokens = issuer.signing_key.sign(host, shape.typ, vec![payload]).await;
        let mut tokens = tokens.map_err(|failure: Failure| unavailable(&failure))?;
        let access_token = tokens.pop().ok_or_else(|| unavailable(&"nothing was signed"))?;
        Ok(Issued { access_token, jti, grant })
    }
}

fn audience_of(resources: &[&ResourceServer], issuer: &Issuer) -> Vec<String> {
    // RFC 9068 §3: a token whose request names no resource gets the default one.
    if resources.is_empty() {
        return vec![issuer.default_audience.clone()];
    }
    resources.iter().map(|resource| resource.identifier.as_str().to_owned()).collect()
}

fn unavailable(cause: &impl std::fmt::Display) -> ProtocolError {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, "the token could not be signed: try again")
        .with_cause(cause)
}
