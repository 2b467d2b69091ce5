//! Secrets: redacted when printed, compared in constant time, wiped when dropped.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret in plain text.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret's bytes.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a secret: all that is kept of it. Right for secrets of 128 bits or more, which need no
/// slow hash.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hashes `secret`.
    pub fn of(secret: &Secret) -> Self {
        Self(Sha256::digest(secret.expose()).into())
    }

    /// The hash as base64url, to be stored.
    pub fn to_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// A hash that no secret is known to have, to compare with where there is no client.
    pub const fn of_nothing() -> Self {
        Self([0; 32])
    }

    /// Whether `candidate` is the secret. Takes the same time wherever they differ.
    pub fn matches(&self, candidate: &Secret) -> bool {
        self.0.ct_eq(&Self::of(candidate).0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_secret_alone_and_neither_prints() {
        let secret = Secret::new("correct horse");
        let hash = SecretHash::of(&secret);
        assert!(hash.matches(&secret));
        assert!(!hash.matches(&Secret::new("correct horsf")));
        assert!(!SecretHash::of_nothing().matches(&secret));
        assert_eq!(format!("{secret:?} {hash:?}"), "Secret(…) SecretHash(…)");
    }
}
