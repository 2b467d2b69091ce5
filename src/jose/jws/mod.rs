//! JSON Web Signature: RFC 7515, RFC 7797.
//!
//! What [`Unverified`] shows is the sender's word alone: read it to find a key, believe nothing.
//! Only [`Verified`] is signed. Members that bring or point to a key (`jku`, `jwk`, `x5u`, `x5c`)
//! are never looked at (RFC 8725 §3.10).
//!
//! A token is in the compact serialisation and its payload is claims: [`Unverified::parse`]. All
//! else has to be asked for: other [`Content`], detached content, the serialisation in JSON.

mod error;
mod header;
mod in_json;
mod unverified;

use serde_json::{Map, Value};

pub use error::JwsError;
pub use header::{Header, same_media_type};
pub use in_json::{MAX_SIGNATURES, parse_json};
pub use unverified::{Unverified, Verified};

use crate::jose::{Algorithm, base64url};

/// Longest token that is parsed, in octets, whatever its serialisation.
pub const MAX_TOKEN_OCTETS: usize = 16 * 1024;

/// What a payload is taken for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// The claims of a JWT: `cty` does not say that a token is nested, and there is no `b64`.
    Claims,
    /// Another token: `cty` is `JWT` (RFC 7519 §5.2), and there is no `b64`.
    NestedJwt,
    /// Whatever was signed. `b64` is understood (RFC 7797).
    Octets,
}

/// The first segment of a token, to be kept and used for many: `kid`, `typ`, `alg`, in this order.
pub fn encode_header(alg: Algorithm, typ: &str, kid: &str) -> String {
    encode_header_with(alg, typ, kid, &Map::new())
}

/// The same with `more` parameters, of which none is one of those.
pub fn encode_header_with(alg: Algorithm, typ: &str, kid: &str, more: &Map<String, Value>) -> String {
    let members = [("kid", kid), ("typ", typ), ("alg", alg.name())];
    let mut header: Map<_, _> =
        members.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    header.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    base64url::encode(Value::Object(header).to_string().as_bytes())
}

/// What is signed: the encoded header, a dot, the encoded payload (RFC 7515 §5.1).
pub fn signing_input(encoded_header: &str, payload: &[u8]) -> String {
    // Room for a signature of 256 octets, so that assembling does not copy.
    let length = encoded_header.len() + base64url::encoded_length(payload.len()) + 344;
    let mut input = String::with_capacity(length);
    input.push_str(encoded_header);
    input.push('.');
    base64url::encode_onto(payload, &mut input);
    input
}

/// The token: the signing input, a dot, the encoded signature.
pub fn assemble(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    base64url::encode_onto(signature, &mut signing_input);
    signing_input
}

#[cfg(test)]
mod content_tests;
#[cfg(test)]
mod tests;
