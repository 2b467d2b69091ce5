//! JSON Web Key, RFC 7517 §4.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::alg::Family;
use super::attributes::{Attributes, Operation};
use super::material::Material;
use super::members::Members;
use super::{Algorithm, JwkError, KeyError, oct, thumbprint};
use crate::json;

/// A sound key with its `kid`, `alg`, `use` and `key_ops`. Other members (`x5c`, `x5u` …) are
/// ignored and not kept. Private parts are wiped on drop and absent from `Debug`.
#[derive(Clone)]
pub struct Jwk {
    pub(super) attributes: Attributes,
    pub(super) material: Material,
}

impl Jwk {
    /// Longest text of one key that is read, in octets; certificates may stand in it.
    pub const MAX_OCTETS: usize = 64 * 1024;

    /// Parses the JSON text of a JWK.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        if text.len() > Self::MAX_OCTETS {
            return Err(JwkError::TooLong { octets: text.len() });
        }
        Self::from_value(&json::parse(text.as_bytes())?)
    }

    /// Parses a JWK.
    pub fn from_value(value: &Value) -> Result<Self, JwkError> {
        let members = Members::of(value)?;
        Ok(Self { attributes: Attributes::parse(members)?, material: Material::parse(members)? })
    }

    /// A symmetric key (`oct`) of these octets.
    pub fn symmetric(octets: &[u8]) -> Self {
        Self::of(Material::Oct(oct::Key::new(octets)))
    }

    pub(super) fn of(material: Material) -> Self {
        Self { attributes: Attributes::default(), material }
    }

    /// The same key under this `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Self {
        self.attributes.kid = Some(kid.into());
        self
    }

    /// The same key, for signatures by this algorithm only: with `alg`, and with `use` `sig`.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.attributes.alg = Some(algorithm.name().into());
        self.attributes.use_ = Some("sig".into());
        self
    }

    /// `kty`: `RSA`, `EC`, `OKP` or `oct`.
    pub fn kty(&self) -> &'static str {
        self.material.kty()
    }

    /// `kid`: data to compare, never a path.
    pub fn kid(&self) -> Option<&str> {
        self.attributes.kid.as_deref()
    }

    /// `alg`, where it is an algorithm of ours. A key for any other does nothing here.
    pub fn alg(&self) -> Option<Algorithm> {
        self.attributes.alg.as_deref()?.parse().ok()
    }

    /// `use`: `sig`, `enc` or another value.
    pub fn use_(&self) -> Option<&str> {
        self.attributes.use_.as_deref()
    }

    /// Whether it holds a private or a symmetric key.
    pub fn is_private(&self) -> bool {
        self.material.is_private()
    }

    /// The public key alone, with `sign` of `key_ops` become `verify`. A symmetric key has none.
    pub fn public(&self) -> Option<Self> {
        let verify = |operations: &Vec<String>| {
            let renamed = operations.iter().map(|o| if o == "sign" { "verify" } else { o });
            renamed.collect::<BTreeSet<_>>().into_iter().map(String::from).collect()
        };
        let mut attributes = self.attributes.clone();
        attributes.key_ops = attributes.key_ops.as_ref().map(verify);
        Some(Self { attributes, material: self.material.public()? })
    }

    /// The algorithms that it may sign or verify with: its type, `alg`, `use`, `key_ops` and, for
    /// a secret, its length allow them.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let may = |operation| move |a: &Algorithm| self.permits(*a, operation).is_ok();
        let (sign, verify) = (may(Operation::Sign), may(Operation::Verify));
        Algorithm::ALL.iter().copied().filter(|a| sign(a) || verify(a)).collect()
    }

    /// The SHA-256 thumbprint, base64url: RFC 7638. That of a symmetric key is made from its
    /// secret and wants a secret that nobody can guess (§7).
    pub fn thumbprint(&self) -> String {
        thumbprint::of(&self.material.required_members())
    }

    /// The thumbprint as a URI: RFC 9278 §3.
    pub fn thumbprint_uri(&self) -> String {
        format!("urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}", self.thumbprint())
    }

    /// The JWK with everything that it holds, private members too.
    pub fn to_value(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.into(), value);
        for (name, value) in self.material.required_members() {
            put(name, value.into());
        }
        for (name, value) in self.material.private_members() {
            put(name, value.into());
        }
        let Attributes { kid, alg, use_, key_ops } = &self.attributes;
        for (name, value) in [("kid", kid), ("use", use_), ("alg", alg)] {
            if let Some(value) = value {
                put(name, value.as_str().into());
            }
        }
        if let Some(operations) = key_ops {
            put("key_ops", operations.clone().into());
        }
        Value::Object(members)
    }

    /// [`Self::to_value`] as JSON text.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    /// Whether `kty`, `alg`, `use`, `key_ops` and the size of a secret allow the operation.
    pub(super) fn permits(&self, algorithm: Algorithm, operation: Operation) -> Result<(), KeyError> {
        if !self.material.suits(algorithm) {
            return Err(KeyError::KeyType { algorithm, kty: self.kty() });
        }
        if let Material::Ec(key) = &self.material
            && algorithm.family() != Family::Ec(key.curve())
        {
            return Err(KeyError::Curve { algorithm, crv: key.curve().name() });
        }
        self.attributes.permit(algorithm, operation)?;
        match (&self.material, algorithm.family()) {
            (Material::Oct(key), Family::Hmac(hash)) => key.long_enough(algorithm, hash),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kty", &self.kty())
            .field("attributes", &self.attributes)
            .field("private", &self.is_private())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;
