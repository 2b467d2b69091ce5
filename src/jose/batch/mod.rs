//! Many tokens at once, from one template.
//!
//! [`Template`] → [`Inputs`] → signatures → [`Inputs::assemble`]. The signatures are made by [`sign`],
//! with a key that the core holds, or elsewhere.
//!
//! No token is built from an object: the template is serialised once, and the values of the columns
//! are spliced in. HMAC with SHA-256 is computed for four tokens at a time, from where they begin to
//! differ.

mod error;
mod hmac;
mod inputs;
mod sha256;
mod template;

use rand_core::TryCryptoRng;
use serde_json::Value;

pub use error::BatchError;
pub use inputs::Inputs;
pub use template::{Column, Template};

use crate::jose::{SignError, SigningKey, base64url};
use crate::json;

/// Most tokens that are made at once.
pub const MAX_COUNT: usize = 10_000;

/// Encodes a JOSE header, given as JSON text, and tells its `alg`. The order of its members is kept.
///
/// # Errors
/// [`BatchError::Header`], [`BatchError::HeaderMember`]
pub fn encode_header(header: &str) -> Result<(String, String), BatchError> {
    let Ok(Value::Object(members)) = json::parse(header.as_bytes()) else { return Err(BatchError::Header) };
    if let Some(member) = ["crit", "b64"].into_iter().find(|member| members.contains_key(*member)) {
        return Err(BatchError::HeaderMember { member });
    }
    let alg = members.get("alg").and_then(Value::as_str).ok_or(BatchError::Header)?.to_owned();
    Ok((base64url::encode(Value::Object(members).to_string().as_bytes()), alg))
}

/// The signatures of all inputs, one after the other. Draws from `rng` as
/// [`SigningKey::sign`] does.
pub fn sign<R>(key: &SigningKey, inputs: &Inputs, rng: &mut R) -> Result<Vec<u8>, SignError>
where
    R: TryCryptoRng + ?Sized,
{
    // A single one would leave three lanes empty.
    if let Some(secret) = key.sha256_secret().filter(|_| inputs.count() > 1) {
        return Ok(hmac::Secret::new(secret).sign_all(inputs));
    }
    let mut signatures = Vec::new();
    for input in inputs.iter() {
        signatures.append(&mut key.sign(input, rng)?);
    }
    Ok(signatures)
}

#[cfg(test)]
mod tests;
