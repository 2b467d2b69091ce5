//! JSON Object Signing: keys, signatures, claims. Knows no OAuth; of the crate it imports only
//! [`crate::json`].
//!
//! | file | what | source |
//! | --- | --- | --- |
//! | [`base64url`] | the encoding of every binary value | RFC 7515 §2 |
//! | `alg.rs` | [`Algorithm`]: one row an algorithm | RFC 7518 §3.1, RFC 8037, RFC 9864 |
//! | `jwk.rs`, `jwk_set.rs`, `thumbprint.rs` | [`Jwk`], [`JwkSet`] | RFC 7517, RFC 7638, RFC 9278 |
//! | `rsa.rs`, `ec.rs`, `okp.rs`, `oct.rs` | one a key type: parse, write, sign, verify, generate | RFC 7518 §3, §6, RFC 8037 |
//! | `pem.rs` | [`Jwk::from_pem`] | RFC 7468, RFC 5958, RFC 8017, RFC 5280 |
//! | `roca.rs` | moduli whose factors can be found | CVE-2017-15361 |
//! | `key.rs` | [`SigningKey`], [`VerifyingKey`]: a key bound to one algorithm | RFC 8725 §3.1 |
//! | `verifier_key.rs` | [`VerifierKey`]: a key where all but HMAC is the host's | |
//! | [`jws`] | what is signed, in both serialisations | RFC 7515, RFC 7797 |
//! | [`batch`] | many tokens from one template | |
//! | [`jwt`] | [`jwt::Claims`] and their times | RFC 7519 §4 |
//!
//! A key that has been parsed is sound: points lie on their curve, moduli have their size, the
//! private half belongs to the public one. Whether it may do an algorithm (`alg`, `use`,
//! `key_ops`, length of a secret) is decided where it is bound to one.

mod alg;
mod attributes;
pub mod base64url;
pub mod batch;
mod ec;
mod error;
mod jwk;
mod jwk_set;
pub mod jws;
pub mod jwt;
mod key;
mod material;
mod members;
mod oct;
mod okp;
mod pem;
mod roca;
mod rsa;
#[cfg(test)]
mod samples;
mod thumbprint;
mod verifier_key;

pub use alg::{Algorithm, UnknownAlgorithm};
pub use error::{GenerateError, JwkError, JwkSetError, KeyError, SignError, VerifyError};
pub use jwk::Jwk;
pub use jwk_set::{Ignored, JwkSet};
pub use key::{SigningKey, VerifyingKey};
pub use pem::PemError;
pub use verifier_key::{HmacKey, VerifierKey};
