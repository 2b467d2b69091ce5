//! Keys, and the signature checked with them.

use serde::Serialize;
use serde_json::Value;

use super::problem::{self as code, Problems};
use crate::jose::{Algorithm, Jwk, JwkError, JwkSet, KeyError, VerifyingKey};
use crate::json;

/// Most keys of a set that are read.
const MAX_KEYS: usize = 100;

/// What became of the signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// There were no keys, or there is nothing to check.
    NotChecked,
    /// It is one of the given keys'. The token may have other problems.
    Verified,
    /// It is none of the keys' that it could be.
    Failed,
    /// None of the given keys can be the one.
    NoKey,
}

/// The signature.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Signature {
    /// What became of it.
    pub status: Status,
    /// The header's `alg`.
    pub alg: Option<String>,
    /// The header's `kid`.
    pub kid: Option<String>,
    /// RFC 7638 thumbprint of the public key that verified it.
    pub thumbprint: Option<String>,
}

impl Signature {
    /// Checks it with the keys of this text.
    pub(super) fn check(&mut self, keys: &str, input: &str, octets: &[u8], problems: &mut Problems) {
        let keys = read_all(keys, problems);
        let Some(algorithm) = self.alg.as_deref().and_then(|alg| alg.parse::<Algorithm>().ok()) else {
            return;
        };
        let (mut unfit, mut tried) = (String::new(), false);
        for (at, jwk) in keys.iter().filter(|(_, jwk)| self.kid.is_none() || jwk.kid() == self.kid.as_deref())
        {
            match VerifyingKey::new(jwk, algorithm) {
                Ok(key) if key.verify(input.as_bytes(), octets).is_ok() => {
                    self.status = Status::Verified;
                    // The thumbprint of a secret would help to guess it.
                    self.thumbprint = (!algorithm.is_symmetric()).then(|| jwk.thumbprint());
                    return;
                }
                Ok(_) => tried = true,
                Err(error) => {
                    unfit = error.to_string();
                    if matches!(error, KeyError::TooShort { .. }) {
                        problems.add(code::WEAK_KEY, at, &unfit);
                    }
                }
            }
        }
        if tried {
            self.status = Status::Failed;
            problems.add(code::SIGNATURE_INVALID, "signature", "");
        } else {
            self.status = Status::NoKey;
            problems.add(code::KEY_NOT_FOUND, "keys", &unfit);
        }
    }
}

/// The usable keys of a JWK or a JWK Set, each with its place.
fn read_all(text: &str, problems: &mut Problems) -> Vec<(String, Jwk)> {
    let value = if text.len() > JwkSet::MAX_OCTETS { None } else { Some(json::parse(text.as_bytes())) };
    let items = match &value {
        Some(Ok(set)) if set.get("keys").is_some_and(Value::is_array) => {
            set.get("keys").and_then(Value::as_array).map(Vec::as_slice)
        }
        Some(Ok(key)) if key.get("kty").is_some() => Some(std::slice::from_ref(key)),
        _ => None,
    };
    let Some(items) = items else {
        let found = match value {
            None => "too long".into(),
            Some(Err(error)) => error.to_string(),
            Some(Ok(_)) => String::new(),
        };
        problems.add(code::KEYS_UNREADABLE, "keys", &found);
        return Vec::new();
    };
    if items.len() > MAX_KEYS {
        problems.add(code::KEY_UNUSABLE, "keys", "only the first 100 are read");
    }
    let mut keys: Vec<(String, Jwk)> = Vec::new();
    for (index, item) in items.iter().take(MAX_KEYS).enumerate() {
        let at = format!("/keys/{index}");
        let Some(jwk) = read(item, &at, problems) else { continue };
        if jwk.kid().is_some() && keys.iter().any(|(_, other)| other.kid() == jwk.kid()) {
            problems.add(code::KID_DUPLICATE, &at, "");
        }
        keys.push((at, jwk));
    }
    keys
}

/// One key, if it is sound.
pub(super) fn read(value: &Value, at: &str, problems: &mut Problems) -> Option<Jwk> {
    let error = match Jwk::from_value(value) {
        Ok(jwk) => return Some(jwk),
        Err(error) => error,
    };
    let weak = matches!(
        error,
        JwkError::Roca | JwkError::EvenModulus | JwkError::Exponent | JwkError::ModulusSize { bits: 0..2048 }
    );
    problems.add(if weak { code::WEAK_KEY } else { code::KEY_UNUSABLE }, at, &error.to_string());
    None
}
