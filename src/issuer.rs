//! An issuer: RFC 8414's authorization server, ready to serve.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::client::{Client, GrantType};
use crate::keys::IssuerKey;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::resource::ResourceServer;
use crate::scope::Scope;
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
    /// The subjects that its configuration names, and whether they are active.
    pub subjects: BTreeMap<String, bool>,
    /// Its clients, by `client_id`.
    pub clients: BTreeMap<String, Rc<Client>>,
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

    /// The grants that it can serve: what is exchanged, and refreshed, its policy decides.
    pub fn grant_types(&self) -> &'static [GrantType] {
        match self.policy {
            PolicySource::None => &[GrantType::ClientCredentials],
            PolicySource::Fixed(_) | PolicySource::Registry(_) => GrantType::ALL,
        }
    }

    /// Every published key: the signing one first.
    pub fn keys(&self) -> impl Iterator<Item = &IssuerKey> {
        std::iter::once(&self.signing_key).chain(&self.other_keys)
    }
}
