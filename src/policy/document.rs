//! The policy, as it is written and reviewed. These types are the one statement of its shape: the JSON
//! Schema (`policy.schema.json`) is made from them, doc comments and all.
//!
//! What a policy does not list is not allowed, so taking something out of it never allows more.

use std::collections::BTreeMap;

use deserr::Deserr;

use super::date::Date;
use crate::mistake::{Members, Mistakes};
use crate::named::named;
use crate::resource::Resource;
use crate::scope::Scope;

/// A policy: who may have what, who may stand in for whom, and why.
#[derive(Clone, Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "Edgegrant policy", deny_unknown_fields)
)]
pub struct Policy {
    /// The JSON Schema of this document, for editors.
    #[deserr(rename = "$schema", default)]
    #[cfg_attr(feature = "schema", schemars(rename = "$schema"))]
    pub schema: Option<String>,
    /// Names this text of the policy; every audit event says by which version was decided. 1 to 64
    /// characters.
    pub version: String,
    /// The scope tokens that may be had, by name.
    #[deserr(from(Members<ScopeRule>) = Members::into_map)]
    pub scopes: BTreeMap<String, ScopeRule>,
    /// The audiences that each client may have, by `client_id`; a client that is not listed has none but
    /// the default one. Without this member, what clients are registered for is all that counts.
    #[deserr(default, from(Option<Members<Vec<Resource>>>) = maybe)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<BTreeMap<String, Vec<String>>>"))]
    pub audiences: Option<BTreeMap<String, Vec<Resource>>>,
    /// How long what is issued may be good for.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub lifetimes: Lifetimes,
    /// Who may get tokens for the subjects of whom.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub exchange: Vec<ExchangeGrant>,
    /// Other issuers whose JWTs may be exchanged.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub issuers: Vec<TrustedIssuer>,
    /// The legal basis by purpose, then by scope token.
    #[deserr(default, from(Members<Members<LegalBasis>>) = nested)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub purposes: BTreeMap<String, BTreeMap<String, LegalBasis>>,
}

fn maybe<T>(members: Option<Members<T>>) -> Option<BTreeMap<String, T>> {
    members.map(Members::into_map)
}

fn nested<T>(members: Members<Members<T>>) -> BTreeMap<String, BTreeMap<String, T>> {
    members.into_map().into_iter().map(|(name, inner)| (name, inner.into_map())).collect()
}

/// A scope token: what it means, and who may have it.
#[derive(Clone, Debug, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ScopeRule {
    /// What it lets its holder do, for people.
    #[deserr(default)]
    pub description: Option<String>,
    /// How much harm it can do in wrong hands.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub sensitivity: Sensitivity,
    /// The clients that may have it, of those that are registered for it. Default: all of those.
    #[deserr(default)]
    pub clients: Option<Vec<String>>,
    /// The clients that get it for a subject who is not there to consent.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub auto_approved: Vec<String>,
    /// The resource servers at which it means something (RFC 8707). Default: all.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub resources: Option<Vec<Resource>>,
}

named! {
    /// How much harm a scope can do in wrong hands.
    #[derive(Default)]
    Sensitivity {
        /// Tells nothing of anybody.
        Public = "public",
        /// Tells or changes what is somebody's own.
        #[default]
        Personal = "personal",
        /// Money, health, location, identity.
        Sensitive = "sensitive",
    }
}

/// How long what is issued may be good for, by kind.
#[derive(Clone, Copy, Debug, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Lifetimes {
    /// Access tokens.
    #[deserr(default)]
    pub access_token: Option<Lifetime>,
    /// Exchangeable tokens.
    #[deserr(default)]
    pub exchangeable_token: Option<Lifetime>,
    /// Refresh tokens: from the first of a family to the end of its last.
    #[deserr(default)]
    pub refresh_token: Option<Lifetime>,
}

/// A lifetime, in seconds.
#[derive(Clone, Copy, Debug, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Lifetime {
    /// What is given where nothing else says.
    #[deserr(default)]
    pub default: Option<u64>,
    /// What is never exceeded.
    #[deserr(default)]
    pub max: Option<u64>,
}

/// An exchange grant: client `to` may get tokens for the subjects of `from`. It counts only with
/// `justification`, `approved_by` and `expires_at`.
#[derive(Clone, Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ExchangeGrant {
    /// The way of getting them.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub flow: Flow,
    /// The client whose tokens are exchanged, or that has them generated.
    #[deserr(default)]
    pub from: Option<String>,
    /// In place of `from`: the foreign issuer whose tokens are exchanged; one of `issuers`.
    #[deserr(default)]
    pub from_issuer: Option<String>,
    /// The client that gets tokens for them.
    pub to: String,
    /// All that they can be for, separated by spaces.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub scope: Scope,
    /// Audiences that may be asked for beside those of the subject token; in the other flows, beside the
    /// default one.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>", default))]
    pub audience: Vec<Resource>,
    /// The types of subject tokens that are taken, in flow `token_exchange`. Default: `access_token`.
    #[deserr(default)]
    pub subject_token_types: Option<Vec<TokenType>>,
    /// The types of tokens that are given, in flow `token_exchange`. Default: `access_token`.
    #[deserr(default)]
    pub requested_token_types: Option<Vec<TokenType>>,
    /// Whether the new token names who acts. With both: it does where the request has an actor token.
    /// Default: `impersonation`.
    #[deserr(default)]
    pub modes: Option<Vec<Mode>>,
    /// How many actors a token may name, the current one included: 1 to 8. Default: 2.
    #[deserr(default)]
    pub max_act_depth: Option<u64>,
    /// How long what is issued is good for, in seconds: in flow `exchangeable_token` the exchangeable token,
    /// else the access token.
    #[deserr(default)]
    pub lifetime: Option<u64>,
    /// Tokens a day (UTC). Default: no bound.
    #[deserr(default)]
    pub quota: Option<u64>,
    /// Whether an exchangeable token is good for one exchange. Default: true.
    #[deserr(default)]
    pub single_use: Option<bool>,
    /// Why this is needed.
    #[deserr(default)]
    pub justification: Option<String>,
    /// Who approved it.
    #[deserr(default)]
    pub approved_by: Option<String>,
    /// Since when it is approved.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub approved_at: Option<Date>,
    /// Until when it is.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub expires_at: Option<Date>,
}

named! {
    /// The ways in which tokens for a subject who is not there can be had.
    #[derive(Default)]
    Flow {
        /// RFC 8693 at the token endpoint: a token that `from` holds or was given.
        #[default]
        TokenExchange = "token_exchange",
        /// `from` has exchangeable tokens generated, `to` redeems them.
        ExchangeableToken = "exchangeable_token",
        /// An id token of `from` for an access and a refresh token of `to`.
        IdToken = "id_token",
    }
}

named! {
    /// Token types, RFC 8693 §3, by the last part of their URNs.
    TokenType {
        /// `urn:ietf:params:oauth:token-type:access_token`
        AccessToken = "access_token",
        /// `urn:ietf:params:oauth:token-type:refresh_token`
        RefreshToken = "refresh_token",
        /// `urn:ietf:params:oauth:token-type:id_token`
        IdToken = "id_token",
        /// `urn:ietf:params:oauth:token-type:jwt`
        Jwt = "jwt",
    }
}

impl TokenType {
    /// What its identifiers begin with, RFC 8693 §3.
    const URN: &'static str = "urn:ietf:params:oauth:token-type:";
    /// The one of this identifier.
    pub fn of_urn(urn: &str) -> Option<Self> {
        urn.strip_prefix(Self::URN).and_then(Self::named)
    }

    /// Its identifier.
    pub fn urn(self) -> String {
        format!("{}{}", Self::URN, self.as_str())
    }
}

named! {
    /// RFC 8693 §1.1: whether the new token says who acts.
    Mode {
        /// It does not.
        Impersonation = "impersonation",
        /// It does.
        Delegation = "delegation",
    }
}

named! {
    /// What the processing of personal data rests on: Regulation (EU) 2016/679, article 6.
    LegalBasis {
        /// The person agreed.
        Consent = "consent",
        /// A contract with the person needs it.
        Contract = "contract",
        /// A law demands it.
        LegalObligation = "legal_obligation",
        /// Somebody's life may depend on it.
        VitalInterests = "vital_interests",
        /// It is in the public interest.
        PublicTask = "public_task",
        /// Somebody has a good reason that outweighs the person's.
        LegitimateInterest = "legitimate_interest",
    }
}

/// Another issuer whose JWTs may be exchanged. Its keys stand in `jwks`, or where `jwks_uri` says.
#[derive(Clone, Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct TrustedIssuer {
    /// The exact `iss` of its tokens.
    pub issuer: String,
    /// Its public keys, RFC 7517 §5.
    #[deserr(default)]
    pub jwks: Option<serde_json::Value>,
    /// Where its public keys are; https.
    #[deserr(default)]
    pub jwks_uri: Option<String>,
    /// The values of `alg` that are taken, RFC 8725 §3.1.
    pub algorithms: Vec<String>,
    /// The `aud` that its tokens must have. Default: the identifier of this issuer.
    #[deserr(default)]
    pub audience: Option<String>,
}
