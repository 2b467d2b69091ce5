//! The payload of an id token: OpenID Connect Core §2.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::jose::{Algorithm, base64url};
use crate::time::Timestamp;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// What an id token says.
#[derive(Debug)]
pub struct IdToken<'a> {
    /// The issuer's identifier.
    pub iss: &'a str,
    /// Who was authenticated.
    pub sub: &'a str,
    /// The client.
    pub aud: &'a str,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends.
    pub exp: Timestamp,
    /// When they were authenticated, in seconds since 1970.
    pub auth_time: Option<u64>,
    /// How well.
    pub acr: Option<&'a str>,
    /// The access token's [`token_hash`], §3.1.3.6.
    pub at_hash: Option<String>,
    /// The refresh token's, CIBA Core §10.3.1.
    pub rt_hash: Option<String>,
    /// The request that it answers, CIBA Core §10.3.1.
    pub auth_req_id: Option<&'a str>,
    /// More claims; none of those above.
    pub more: &'a Map<String, Value>,
}

impl Serialize for IdToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in [("iss", self.iss), ("sub", self.sub), ("aud", self.aud)] {
            map.serialize_entry(name, text)?;
        }
        map.serialize_entry("exp", &self.exp.seconds())?;
        map.serialize_entry("iat", &self.iat.seconds())?;
        if let Some(auth_time) = self.auth_time {
            map.serialize_entry("auth_time", &auth_time)?;
        }
        for (name, text) in [
            ("acr", self.acr),
            ("at_hash", self.at_hash.as_deref()),
            ("urn:openid:params:jwt:claim:rt_hash", self.rt_hash.as_deref()),
            ("urn:openid:params:jwt:claim:auth_req_id", self.auth_req_id),
        ] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        for (name, value) in self.more {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The left half of a token's hash, by the hash of the id token's algorithm: OpenID Connect Core §3.1.3.6. Ed25519
/// hashes with SHA-512 (RFC 8032 §5.1).
pub fn token_hash(alg: Algorithm, token: &str) -> String {
    let hash = match alg.name() {
        name if name.ends_with("256") => Sha256::digest(token).to_vec(),
        name if name.ends_with("384") => Sha384::digest(token).to_vec(),
        _ => Sha512::digest(token).to_vec(),
    };
    let (left, _) = hash.split_at(hash.len() / 2);
    base64url::encode(left)
}
