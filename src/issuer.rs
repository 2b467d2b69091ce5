//! An issuer: RFC 8414's authorization server, ready to serve.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::client::{Client, GrantType};
use crate::consent::ConfiguredConsent;
use crate::keys::IssuerKey;
use crate::pairwise::Pairwise;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::resource::ResourceServer;
use crate::scope::Scope;
use crate::secret::SecretHash;
use crate::time::Seconds;

/// An issuer, checked and ready.
#[derive(Debug)]
pub struct Issuer {
    /// Its identifier: `iss` of what it signs, `issuer` of its metadata, octet by octet.
    pub identifier: String,
    /// Where it is mounted: empty for the root, else `/` and segments, without a slash at the end.
    pub path: String,
    /// Scheme, host and port in front of `path`.
    pub origin: String,
    /// How it speaks on the wire.
    pub profile: &'static Profile,
    /// The key that signs.
    pub signing_key: IssuerKey,
    /// The other keys that are published: next and retired ones.
    pub other_keys: Vec<IssuerKey>,
    /// How long an access token is good for.
    pub access_token_lifetime: Seconds,
    /// The scope that it knows.
    pub scope: Scope,
    /// The resource servers that it issues tokens for.
    pub resources: Vec<ResourceServer>,
    /// The audience of a token whose request names none.
    pub default_audience: String,
    /// The keys of its exchangeable tokens, which are not published: the one that signs first. Empty: it
    /// generates none.
    pub generator_keys: Vec<IssuerKey>,
    /// Where its policy stands.
    pub policy: PolicySource,
    /// The subjects that its configuration names.
    pub subjects: BTreeMap<String, Subject>,
    /// How people who are elsewhere are authenticated; `None`: they are not.
    pub ciba: Option<Ciba>,
    /// The front end that asks what to do, where there is one.
    pub front_end: Option<FrontEnd>,
    /// What makes pairwise subjects, where the profile has such, OpenID Connect Core §8.1.
    pub pairwise: Option<Pairwise>,
    /// The consents that its configuration names.
    pub consents: Vec<ConfiguredConsent>,
    /// Its clients, by `client_id`.
    pub clients: BTreeMap<String, Rc<Client>>,
}

/// Somebody who may be acted for, or be asked.
#[derive(Debug)]
pub struct Subject {
    /// Whether it may be now.
    pub active: bool,
    /// The hints that name it, beside its `sub`.
    pub hints: Vec<String>,
    /// What a client must know to have it asked, CIBA Core §7.1.2.
    pub user_code: Option<SecretHash>,
}

/// How people who are elsewhere are authenticated: CIBA Core.
#[derive(Debug)]
pub struct Ciba {
    /// How long a request lasts, unless it asks for something else.
    pub expires_in: Seconds,
    /// How long it lasts at most.
    pub max_expires_in: Seconds,
    /// How long a client waits between polls.
    pub interval: Seconds,
    /// How long a poll waits for a result; 0: not at all.
    pub long_polling: Seconds,
    /// `acr_values_supported`
    pub acr_values: Vec<String>,
    /// `authorization_details_types_supported`, RFC 9396 §10
    pub authorization_details_types: Vec<String>,
    /// Where people give consent that is missing.
    pub consent_page: Option<String>,
}

/// A front end that owns the wire to clients and people, and asks this issuer what to do.
#[derive(Debug)]
pub struct FrontEnd {
    /// The service's id.
    pub service_id: String,
    /// The user of its Basic credentials.
    pub api_key: String,
    /// Their password.
    pub api_secret: SecretHash,
    /// Its bearer token.
    pub access_token: Option<SecretHash>,
}

/// Where an issuer's policy stands.
#[derive(Debug)]
pub enum PolicySource {
    /// It has none: what clients are registered for is all that counts, and nothing is exchanged.
    None,
    /// In its configuration.
    Fixed(Rc<Policy>),
    /// In the registry; here is the last that was read, as text and parsed.
    Registry(RefCell<Option<(String, Rc<Policy>)>>),
}

impl Issuer {
    /// The URL of a path under this issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }

    /// Whether a policy decides what is exchanged and what data is for.
    fn has_policy(&self) -> bool {
        !matches!(self.policy, PolicySource::None)
    }

    /// The grants that it can serve.
    pub fn grant_types(&self) -> Vec<GrantType> {
        let served = |grant: &GrantType| match grant {
            GrantType::ClientCredentials => true,
            GrantType::RefreshToken => self.has_policy() || self.ciba.is_some(),
            GrantType::TokenExchange => self.has_policy(),
            GrantType::Ciba => self.ciba.is_some(),
            GrantType::JwtBearer => self.ciba.is_some() && self.profile.jwt_bearer,
        };
        GrantType::ALL.iter().copied().filter(served).collect()
    }

    /// What this client's tokens call somebody, OpenID Connect Core §8.
    pub fn subject_for<'s>(&self, client: &Client, sub: &'s str) -> Cow<'s, str> {
        match &self.pairwise {
            Some(pairwise) if sub != client.client_id => pairwise.sub(&client.sector, sub).into(),
            _ => sub.into(),
        }
    }

    /// The URLs of endpoints that a client's assertion may be for in place of the issuer.
    pub fn assertion_audiences(&self) -> Vec<String> {
        if self.profile.assertion.for_endpoint { self.endpoint_audiences() } else { Vec::new() }
    }

    /// CIBA Core §7.1: what an assertion may be for at the backchannel authentication endpoint.
    pub fn endpoint_audiences(&self) -> Vec<String> {
        [self.profile.token_path, self.profile.backchannel.path].map(|path| self.url(path)).to_vec()
    }

    /// Every published key: the signing one first.
    pub fn keys(&self) -> impl Iterator<Item = &IssuerKey> {
        std::iter::once(&self.signing_key).chain(&self.other_keys)
    }
}
