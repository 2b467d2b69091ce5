//! JWK Set, RFC 7517 §5.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Algorithm, Jwk, JwkError, JwkSetError, VerifyingKey};
use crate::json;

/// Keys, no two with one `kid`.
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    ignored: Vec<Ignored>,
}

/// A key that [`JwkSet::parse`] passed over: a type, curve or size that is not supported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ignored {
    /// Its place in `keys`, from 0.
    pub index: usize,
    /// Why.
    pub reason: JwkError,
}

impl JwkSet {
    /// Longest text of a set that is read, in octets.
    pub const MAX_OCTETS: usize = 512 * 1024;

    /// Parses the JSON text of a JWK Set.
    pub fn parse(text: &str) -> Result<Self, JwkSetError> {
        let (keys, ignored) = read(&parse(text)?, Jwk::from_value, Jwk::kid)?;
        Ok(Self { keys, ignored })
    }

    /// Parses a JWK Set. Keys that are not supported are passed over ([`Self::ignored`]);
    /// malformed ones are an error.
    pub fn from_value(value: &Value) -> Result<Self, JwkSetError> {
        let (keys, ignored) = read(value, Jwk::from_value, Jwk::kid)?;
        Ok(Self { keys, ignored })
    }

    /// The keys, in the order of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// What was passed over when the set was parsed.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// The keys that a signature of this algorithm may have been made with: those of this `kid`,
    /// or all where the signature names none.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = VerifyingKey> {
        self.keys
            .iter()
            .filter(move |key| kid.is_none() || key.kid() == kid)
            .filter_map(move |key| VerifyingKey::new(key, algorithm).ok())
    }
}

/// The JSON of a set's text.
pub(super) fn parse(text: &str) -> Result<Value, JwkSetError> {
    if text.len() > JwkSet::MAX_OCTETS {
        return Err(JwkSetError::TooLong { octets: text.len() });
    }
    Ok(json::parse(text.as_bytes())?)
}

/// Reads a set of any kind of key: those that are sound, and what was passed over.
pub(super) fn read<K>(
    value: &Value,
    key: impl Fn(&Value) -> Result<K, JwkError>,
    kid: impl Fn(&K) -> Option<&str>,
) -> Result<(Vec<K>, Vec<Ignored>), JwkSetError> {
    let items = value.as_object().and_then(|set| set.get("keys")?.as_array());
    let (mut keys, mut ignored) = (Vec::new(), Vec::new());
    for (index, item) in items.ok_or(JwkSetError::NotASet)?.iter().enumerate() {
        match key(item) {
            Ok(key) => keys.push(key),
            Err(reason) if reason.is_unsupported() => ignored.push(Ignored { index, reason }),
            Err(error) => return Err(JwkSetError::Key { index, error }),
        }
    }
    let mut kids = BTreeSet::new();
    if let Some(kid) = keys.iter().filter_map(kid).find(|kid| !kids.insert(*kid)) {
        return Err(JwkSetError::DuplicateKid { kid: kid.into() });
    }
    Ok((keys, ignored))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::samples;

    fn parse(keys: &[Value]) -> Result<JwkSet, JwkSetError> {
        JwkSet::from_value(&json!({ "keys": keys, "other": 1 }))
    }

    fn with(mut key: Value, members: &Value) -> Value {
        for (name, value) in members.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    #[test]
    fn passes_over_what_is_not_supported() {
        let set = parse(&[
            json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
            json!({"kty": "EC", "crv": "P-192", "x": "AA", "y": "AA", "kid": "a"}),
            json!({"kty": "OKP", "crv": "X25519", "x": "AA"}),
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
            json!({"kty": "EC", "crv": "P-256"}),
            json!({"kid": "a"}),
            json!({"kty": "RSA", "n": samples::rsa()["n"], "e": "AQ"}),
            with(samples::ec(), &json!({"kid": "a"})),
        ])
        .unwrap();
        assert_eq!(set.keys().len(), 1);
        assert_eq!(set.ignored().iter().map(|i| i.index).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(set.ignored()[3].reason, JwkError::ModulusSize { bits: 17 });
    }

    #[test]
    fn refuses_malformed_sets() {
        for text in ["{}", "[]", r#"{"keys":{}}"#, r#"{"keys":null}"#, "null"] {
            assert_eq!(JwkSet::parse(text).unwrap_err(), JwkSetError::NotASet, "{text}");
        }
        let octets = JwkSet::MAX_OCTETS + 1;
        let long = JwkSet::parse(&"[".repeat(octets)).unwrap_err();
        assert_eq!(long, JwkSetError::TooLong { octets });
        assert!(matches!(JwkSet::parse(r#"{"keys":[],"keys":[]}"#), Err(JwkSetError::Json(_))));
        let malformed = with(samples::ec(), &json!({"x": samples::ec()["y"]}));
        let error = JwkError::Point { crv: "P-256" };
        assert_eq!(parse(&[samples::okp(), malformed]).unwrap_err(), JwkSetError::Key { index: 1, error });
        let error = JwkError::NotAnObject;
        assert_eq!(parse(&[json!("x")]).unwrap_err(), JwkSetError::Key { index: 0, error });
        assert!(parse(&[]).unwrap().keys().is_empty());
    }

    #[test]
    fn refuses_a_kid_twice() {
        let kid = json!({"kid": "one"});
        let twice = [with(samples::ec(), &kid), with(samples::okp(), &kid)];
        assert_eq!(parse(&twice).unwrap_err(), JwkSetError::DuplicateKid { kid: "one".into() });
        assert!(parse(&[samples::ec(), samples::okp()]).is_ok(), "no kid at all may stand often");
    }

    #[test]
    fn finds_by_kid_and_algorithm() {
        let set = parse(&[
            with(samples::rsa(), &json!({"kid": "rsa"})),
            with(samples::ec(), &json!({"kid": "ec"})),
            with(samples::rsa(), &json!({"kid": "ps", "alg": "PS256"})),
            with(samples::rsa(), &json!({"kid": "enc", "use": "enc"})),
            with(samples::rsa(), &json!({"kid": "signs", "key_ops": ["sign"]})),
            samples::rsa(),
        ])
        .unwrap();
        let count = |kid, algorithm| set.find(kid, algorithm).count();
        assert_eq!(count(None, Algorithm::Rs256), 2);
        assert_eq!(count(None, Algorithm::Ps256), 3);
        assert_eq!(count(None, Algorithm::Ps384), 2);
        assert_eq!(count(Some("rsa"), Algorithm::Rs256), 1);
        for (kid, algorithm) in [
            ("ec", Algorithm::Rs256),
            ("ps", Algorithm::Rs256),
            ("enc", Algorithm::Rs256),
            ("signs", Algorithm::Rs256),
            ("RSA", Algorithm::Rs256),
            ("", Algorithm::Rs256),
            ("rsa", Algorithm::Hs256),
        ] {
            assert_eq!(count(Some(kid), algorithm), 0, "{kid} {algorithm}");
        }
    }
}
