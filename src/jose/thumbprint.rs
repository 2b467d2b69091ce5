//! JWK Thumbprint, RFC 7638.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::base64url;

/// base64url of the SHA-256 of the required members in lexicographic order (RFC 7638 §3).
///
/// Values must need no escaping in JSON: registered names and base64url do not.
pub(super) fn of(members: &[(&'static str, String)]) -> String {
    let mut canonical = String::from("{");
    let mut last = "";
    while let Some((name, value)) = members.iter().filter(|(name, _)| *name > last).min() {
        last = name;
        let comma = if canonical.len() > 1 { "," } else { "" };
        // Writing to a String does not fail.
        let _ = write!(canonical, "{comma}\"{name}\":\"{value}\"");
    }
    canonical.push('}');
    base64url::encode(&Sha256::digest(canonical))
}
