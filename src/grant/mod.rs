//! One file a grant. Each reads like its RFC section and ends in a [`Grant`], which is issued in `issue.rs`.

pub mod client_credentials;
mod issue;

use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::Host;
use crate::issuer::Issuer;
use crate::policy::{Asked, Granted, IssuerFacts, Policy, Refusal, Rule};
use crate::resource::Resource;
use crate::scope::Scope;

pub use issue::Issued;

/// What every grant is given.
pub struct Context<'a> {
    /// The door to the outside.
    pub host: &'a Host,
    /// The issuer that was asked.
    pub issuer: &'a Issuer,
    /// The client, authenticated.
    pub client: &'a Client,
    /// The policy of now; `None`: the deployment has none.
    pub policy: Option<&'a Policy>,
    /// The request's parameters.
    pub form: &'a Form,
}

/// What a grant grants.
#[derive(Debug)]
pub struct Grant {
    /// Who the token is about.
    pub sub: String,
    /// What it is for, and for how long.
    pub granted: Granted,
}

impl Context<'_> {
    /// What the issuer knows and gives, for the policy.
    fn issuer_facts(&self) -> IssuerFacts<'_> {
        let issuer = self.issuer;
        IssuerFacts {
            scope: &issuer.scope,
            resources: &issuer.resources,
            default_audience: &issuer.default_audience,
            audience_required: issuer.profile.audience_required,
            access_token_lifetime: issuer.access_token_lifetime,
        }
    }

    /// RFC 8707 §2: the resources and audiences that the request names.
    ///
    /// # Errors
    /// `invalid_target` where a resource is no absolute URI without a fragment.
    fn asked_audience(&self) -> Result<Vec<&str>, ProtocolError> {
        let form = self.form;
        if let Some(malformed) = form.all("resource").find(|text| text.parse::<Resource>().is_err()) {
            let message = format!("{malformed} is not an absolute URI without a fragment");
            return Err(ProtocolError::new(ErrorCode::InvalidTarget, message));
        }
        Ok(form.all("resource").chain(form.all("audience")).collect())
    }

    /// RFC 6749 §3.3: the scope that the request names.
    fn asked_scope(&self) -> Result<Option<Scope>, ProtocolError> {
        let asked = self.form.get("scope").map(str::parse::<Scope>).transpose();
        asked.map_err(|error| ProtocolError::new(ErrorCode::InvalidScope, error.to_string()))
    }

    fn refuse(&self, refusal: &Refusal) -> ProtocolError {
        let code = match refusal.rule {
            Rule::ScopeUnknown
            | Rule::ScopeNotAllowed
            | Rule::ScopeNotInPolicy
            | Rule::ScopeNotOfResource
            | Rule::ScopeBeyondSubject
            | Rule::ScopeBeyondGrant => ErrorCode::InvalidScope,
            // Where a request must name its audience, a request that names none that will do is malformed.
            Rule::AudienceRequired
            | Rule::AudienceUnknown
            | Rule::AudienceNotAllowed
            | Rule::AudienceBeyondGrant
                if !self.issuer.profile.audience_required =>
            {
                ErrorCode::InvalidTarget
            }
            Rule::ClientInactive => ErrorCode::UnauthorizedClient,
            // RFC 8693 §2.2.2: whatever makes a subject or actor token unacceptable.
            _ => ErrorCode::InvalidRequest,
        };
        ProtocolError::new(code, &refusal.message).with_rule(refusal.rule.id())
    }
}
