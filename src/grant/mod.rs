//! One file a grant. Each reads like its RFC section and ends in a [`Grant`], which is issued in `issue.rs`.

pub mod ciba;
pub mod client_credentials;
pub mod exchangeable;
pub mod id_token;
mod issue;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

use serde_json::{Map, Value};

use crate::client::{Client, GrantType};
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::Host;
use crate::issuer::Issuer;
use crate::policy::{Asked, Flow, Granted, IssuerFacts, Policy, Refusal, Rule, Source, TokenType};
use crate::resource::expect_resources;
use crate::scope::Scope;
use crate::store::ciba::Open;
use crate::store::{Details, Quota, refresh};
use crate::time::Timestamp;

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
#[derive(Debug, Default)]
pub struct Grant {
    /// Who the token is about.
    pub sub: String,
    /// What it is for, and for how long.
    pub granted: Granted,
    /// Who acts for the subject, RFC 8693 §4.1.
    pub act: Option<Value>,
    /// The key that the token is bound to, RFC 7800 §3.1.
    pub cnf: Option<Value>,
    /// What is issued, where one token is exchanged for another.
    pub issued_token_type: Option<TokenType>,
    /// What it is for, beside its scope.
    pub details: Details,
    /// The id token beside it, where there is one.
    pub id_token: Option<IdTokenGrant>,
    /// What is used up by it.
    pub used_up: UsedUp,
}

/// What an id token says beside what the grant does: OpenID Connect Core §2.
#[derive(Debug, Default)]
pub struct IdTokenGrant {
    /// What it calls the subject instead.
    pub sub: Option<String>,
    /// When they were authenticated, in seconds since 1970.
    pub auth_time: Option<u64>,
    /// How well.
    pub acr: Option<String>,
    /// More claims.
    pub claims: Map<String, Value>,
    /// More header parameters.
    pub header: Map<String, Value>,
    /// The request that it answers, where it is pushed with the tokens: CIBA Core §10.3.1.
    pub auth_req_id: Option<String>,
}

/// What issuing uses up. It happens once the token is signed, so that nothing is used up for nothing.
#[derive(Debug, Default)]
pub struct UsedUp {
    /// One token of the day, of the exchange grant of this name, at most so many.
    pub quota: Option<(String, u64)>,
    /// A subject token that is good once: its `jti`, and when it ends.
    pub subject_token: Option<(String, Timestamp)>,
    /// A JWT that is a grant: its `jti`, and when it ends.
    pub assertion: Option<(String, Timestamp)>,
    /// A refresh token that begins a family, or follows the one that was presented.
    pub refresh_token: Option<refresh::Prepared>,
    /// An authentication whose result is fetched once.
    pub authentication: Option<Box<Open>>,
}

impl Context<'_> {
    /// What the issuer knows and gives, for the policy.
    pub fn issuer_facts(&self) -> IssuerFacts<'_> {
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
        expect_resources(form.all("resource"))?;
        Ok(form.all("resource").chain(form.all("audience")).collect())
    }

    /// Whether a grant that nobody's token was given for begins a family of refresh tokens: the client may use them, and
    /// the scope has `offline_access` where the profile goes by it (OpenID Connect Core §11).
    fn may_refresh(&self, granted: &Granted) -> bool {
        self.client.grant_types.contains(&GrantType::RefreshToken)
            && (!self.issuer.profile.offline_access || granted.scope.contains("offline_access"))
    }

    /// RFC 6749 §3.3: the scope that the request names.
    fn asked_scope(&self) -> Result<Option<Scope>, ProtocolError> {
        let asked = self.form.get("scope").map(str::parse::<Scope>).transpose();
        asked.map_err(|error| ProtocolError::new(ErrorCode::InvalidScope, error.to_string()))
    }

    /// The error that a refusal by the policy is answered with.
    pub fn refuse(&self, refusal: &Refusal) -> ProtocolError {
        let code = match refusal.rule {
            Rule::ScopeUnknown
            | Rule::ScopeNotAllowed
            | Rule::ScopeNotInPolicy
            | Rule::ScopeNotOfResource
            | Rule::ScopeBeyondSubject
            | Rule::ScopeBeyondGrant
            | Rule::PurposeUnknown => ErrorCode::InvalidScope,
            Rule::PurposeConsentRefused => ErrorCode::AccessDenied,
            Rule::PurposeConsentRequired => ErrorCode::InvalidGrant,
            // Where a request must name its audience, a request that names none that will do is malformed.
            Rule::AudienceRequired
            | Rule::AudienceUnknown
            | Rule::AudienceNotAllowed
            | Rule::AudienceBeyondGrant
                if !self.issuer.profile.audience_required =>
            {
                ErrorCode::InvalidTarget
            }
            Rule::ExchangeQuotaExhausted => return self.quota_exhausted(refusal),
            // RFC 8693 §2.2.2: whatever makes a subject or actor token unacceptable.
            _ => ErrorCode::InvalidRequest,
        };
        ProtocolError::new(code, &refusal.message).with_rule(refusal.rule.id())
    }

    fn quota_exhausted(&self, refusal: &Refusal) -> ProtocolError {
        quota_exhausted(&Quota::of(self.host, &self.issuer.identifier, ""), refusal)
    }

    /// Tokens of an exchange grant that were issued today; not looked up where nobody counts them.
    async fn used(&self, flow: Flow, from: Source<'_>) -> Result<u64, ProtocolError> {
        let grant = self.policy.and_then(|policy| policy.grant(flow, from, &self.client.client_id));
        let Some(grant) = grant.filter(|grant| grant.quota.is_some()) else { return Ok(0) };
        let quota = Quota::of(self.host, &self.issuer.identifier, &grant.name());
        quota.used().await.map_err(ProtocolError::unavailable)
    }

    /// A client of the issuer as a party of an exchange; one that is unknown, or no longer known, is not active.
    fn source<'c>(&self, client_id: &'c str) -> Source<'c> {
        let active = self.issuer.clients.get(client_id).is_some_and(|client| client.active);
        Source::Client { client_id, active }
    }
}

/// The refusal where the tokens of a day are used up: RFC 6585 §4.
pub fn quota_exhausted(quota: &Quota<'_>, refusal: &Refusal) -> ProtocolError {
    ProtocolError::new(ErrorCode::AccessDenied, &refusal.message)
        .with_rule(refusal.rule.id())
        .with_status(429)
        .with_header("retry-after", quota.renews_in().0.to_string())
}
