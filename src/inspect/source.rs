//! The sections that are cited, and where to read them.

const OPENID: &str = "https://openid.net/specs/openid-";

/// Sources that are not RFCs, and their places under [`OPENID`].
const OTHER: &[(&str, &str)] = &[
    ("OIDC Core §2", "connect-core-1_0.html#IDToken"),
    ("OIDC Core §3.1.3.6", "connect-core-1_0.html#CodeIDToken"),
    ("OIDC Core §3.3.2.11", "connect-core-1_0.html#HybridIDToken"),
    ("OIDC Core §5.1", "connect-core-1_0.html#StandardClaims"),
    ("OIDC Back-Channel Logout §2.4", "connect-backchannel-1_0.html#LogoutToken"),
    ("CIBA Core §10.3.1", "client-initiated-backchannel-authentication-core-1_0.html#rfc.section.10.3.1"),
];

/// The URL of a source such as `RFC 7519 §4.1` or `OIDC Core §2`.
pub fn link(source: &str) -> String {
    if let Some((_, place)) = OTHER.iter().find(|(name, _)| *name == source) {
        return [OPENID, place].concat();
    }
    let (number, section) =
        source.strip_prefix("RFC ").and_then(|rest| rest.split_once(" §")).unwrap_or_default();
    let part = if section.starts_with(|first: char| first.is_ascii_digit()) { "section" } else { "appendix" };
    ["https://www.rfc-editor.org/rfc/rfc", number, "#", part, "-", section].concat()
}
