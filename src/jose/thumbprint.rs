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
    // So few that a sort would only be more code.
    let after = |last| members.iter().filter(move |(name, _)| *name > last).min_by_key(|(name, _)| *name);
    while let Some((name, value)) = after(last) {
        let comma = if last.is_empty() { "" } else { "," };
        // Writing to a String does not fail.
        let _ = write!(canonical, "{comma}\"{name}\":\"{value}\"");
        last = name;
    }
    canonical.push('}');
    base64url::encode(&Sha256::digest(canonical))
}
