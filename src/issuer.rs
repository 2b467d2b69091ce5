//! An issuer: RFC 8414's authorization server, ready to serve.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::client::Client;
use crate::keys::IssuerKey;
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
    /// Its clients, by `client_id`.
    pub clients: BTreeMap<String, Rc<Client>>,
}

impl Issuer {
    /// The URL of a path under this issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }

    /// Every published key: the signing one first.
    pub fn keys(&self) -> impl Iterator<Item = &IssuerKey> {
        std::iter::once(&self.signing_key).chain(&self.other_keys)
    }
}
