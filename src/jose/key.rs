//! A key bound to one algorithm: what signs and what verifies.
//!
//! "Each key MUST be used with exactly one algorithm" (RFC 8725 §3.1). The algorithm is chosen
//! when the key is made ready, never by the token, and a public key has no form here in which an
//! HMAC could take it for its secret.

use std::fmt;

use rand_core::TryCryptoRng;

use super::alg::{Family, Scheme};
use super::attributes::Operation;
use super::material::Material;
use super::{Algorithm, GenerateError, Jwk, KeyError, SignError, VerifyError, ec, oct, okp, rsa};

/// A private key, parsed and ready to sign with one algorithm. Wiped on drop.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    signer: Signer,
}

#[derive(Clone)]
enum Signer {
    Rsa(Scheme, Box<::rsa::RsaPrivateKey>),
    Ec(ec::Private),
    Ed25519(ed25519_dalek::SigningKey),
    Hmac(oct::Secret),
}

impl SigningKey {
    /// Binds a private JWK to an algorithm that its type, `alg`, `use` and `key_ops` allow.
    pub fn new(jwk: &Jwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        jwk.permits(algorithm, Operation::Sign)?;
        let signer = match (algorithm.family(), &jwk.material) {
            (Family::Rsa(scheme), Material::Rsa(rsa::Key::Private(key))) => Signer::Rsa(scheme, key.clone()),
            (Family::Ec(_), Material::Ec(ec::Key::Private(key))) => Signer::Ec(key.clone()),
            (Family::Ed25519, Material::Okp(okp::Key::Private(key))) => Signer::Ed25519(key.clone()),
            (Family::Hmac(hash), Material::Oct(key)) => Signer::Hmac(oct::Secret::new(key, algorithm, hash)?),
            _ => return Err(KeyError::NotPrivate),
        };
        Ok(Self { algorithm, signer })
    }

    /// Makes a new key: RSA of 2048 bits, a point of the algorithm's curve, or a secret as long as
    /// its hash.
    pub fn generate<R: TryCryptoRng + ?Sized>(
        algorithm: Algorithm,
        rng: &mut R,
    ) -> Result<Self, GenerateError> {
        let material = match algorithm.family() {
            Family::Rsa(_) => Material::Rsa(rsa::Key::generate(rng)?),
            Family::Ec(curve) => Material::Ec(ec::Key::Private(ec::Private::generate(curve, rng)?)),
            Family::Ed25519 => Material::Okp(okp::Key::generate(rng)?),
            Family::Hmac(hash) => Material::Oct(oct::Key::generate(hash, rng)?),
        };
        Self::new(&Jwk::of(material), algorithm).map_err(|_| GenerateError::Rsa)
    }

    /// The algorithm that it is bound to.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Signs. RSA draws from `rng` (blinding; the salt of PSS) and fails if that fails; the other
    /// algorithms are deterministic.
    pub fn sign<R: TryCryptoRng + ?Sized>(&self, input: &[u8], rng: &mut R) -> Result<Vec<u8>, SignError> {
        match &self.signer {
            Signer::Rsa(scheme, key) => rsa::sign(key, *scheme, input, rng),
            Signer::Ec(key) => Ok(key.sign(input)),
            Signer::Ed25519(key) => Ok(okp::sign(key, input)),
            Signer::Hmac(secret) => Ok(secret.sign(input)),
        }
    }

    /// The secret, where it is one for HMAC with SHA-256.
    pub(super) fn sha256_secret(&self) -> Option<&[u8]> {
        match (&self.signer, self.algorithm) {
            (Signer::Hmac(secret), Algorithm::Hs256) => Some(secret.key().octets()),
            _ => None,
        }
    }

    /// What verifies its signatures.
    pub fn verifying_key(&self) -> VerifyingKey {
        let verifier = match &self.signer {
            Signer::Rsa(scheme, key) => Verifier::Rsa(*scheme, key.to_public_key()),
            Signer::Ec(key) => Verifier::Ec(key.public()),
            Signer::Ed25519(key) => Verifier::Ed25519(key.verifying_key()),
            Signer::Hmac(secret) => Verifier::Hmac(secret.clone()),
        };
        VerifyingKey { algorithm: self.algorithm, verifier }
    }

    /// The private JWK, with `alg`, `use` `sig` and, as `kid`, its thumbprint (RFC 7638).
    pub fn to_jwk(&self) -> Jwk {
        let material = match &self.signer {
            Signer::Rsa(_, key) => Material::Rsa(rsa::Key::Private(key.clone())),
            Signer::Ec(key) => Material::Ec(ec::Key::Private(key.clone())),
            Signer::Ed25519(key) => Material::Okp(okp::Key::Private(key.clone())),
            Signer::Hmac(secret) => Material::Oct(secret.key().clone()),
        };
        let jwk = Jwk::of(material).with_algorithm(self.algorithm);
        let kid = jwk.thumbprint();
        jwk.with_kid(&kid)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A public key (for HMAC: the secret), parsed and ready to verify one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    verifier: Verifier,
}

#[derive(Clone)]
enum Verifier {
    Rsa(Scheme, ::rsa::RsaPublicKey),
    Ec(ec::Public),
    Ed25519(ed25519_dalek::VerifyingKey),
    Hmac(oct::Secret),
}

impl VerifyingKey {
    /// Binds a JWK to an algorithm that its type, `alg`, `use` and `key_ops` allow. Of a private
    /// JWK only the public half is kept.
    pub fn new(jwk: &Jwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        jwk.permits(algorithm, Operation::Verify)?;
        let verifier = match (algorithm.family(), &jwk.material) {
            (Family::Rsa(scheme), Material::Rsa(key)) => Verifier::Rsa(scheme, key.public().clone()),
            (Family::Ec(_), Material::Ec(key)) => Verifier::Ec(key.public()),
            (Family::Ed25519, Material::Okp(key)) => Verifier::Ed25519(key.public()),
            (Family::Hmac(hash), Material::Oct(key)) => {
                Verifier::Hmac(oct::Secret::new(key, algorithm, hash)?)
            }
            _ => return Err(KeyError::KeyType { algorithm, kty: jwk.kty() }),
        };
        Ok(Self { algorithm, verifier })
    }

    /// The algorithm that it is bound to.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is one of this key and algorithm over `input`.
    pub fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        match &self.verifier {
            Verifier::Rsa(scheme, key) => rsa::verify(key, *scheme, input, signature),
            Verifier::Ec(key) => key.verify(input, signature),
            Verifier::Ed25519(key) => okp::verify(key, input, signature),
            Verifier::Hmac(secret) => secret.verify(input, signature),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
