//! What the members of headers and claims mean: one row a member.

use serde::Serialize;
use serde_json::{Map, Value};

use super::source::link;

/// A member that is known.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Member {
    /// RFC 6901 JSON pointer: `/header/alg`, `/claims/exp`.
    pub at: String,
    /// What it means.
    pub meaning: &'static str,
    /// The section that defines it.
    pub source: &'static str,
    /// The URL of that section.
    pub link: String,
}

/// The JSON type that a claim has.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Type {
    Text,
    Time,
    Audience,
    Scope,
    Any,
}
use Type::{Any, Audience, Scope, Text, Time};

type Row = (&'static str, Type, &'static str, &'static str);

/// Types of header members are for `header.rs`.
#[rustfmt::skip]
const HEADER: &[Row] = &[
    ("alg", Any, "the algorithm", "RFC 7515 §4.1.1"),
    ("jku", Any, "where the issuer's keys are said to be", "RFC 7515 §4.1.2"),
    ("jwk", Any, "the key that the token brings along", "RFC 7515 §4.1.3"),
    ("kid", Any, "the name of the key", "RFC 7515 §4.1.4"),
    ("x5u", Any, "where the certificate is said to be", "RFC 7515 §4.1.5"),
    ("x5c", Any, "the certificates that the token brings along", "RFC 7515 §4.1.6"),
    ("x5t", Any, "the SHA-1 thumbprint of the certificate", "RFC 7515 §4.1.7"),
    ("x5t#S256", Any, "the SHA-256 thumbprint of the certificate", "RFC 7515 §4.1.8"),
    ("typ", Any, "the kind of token, a media type", "RFC 7515 §4.1.9"),
    ("cty", Any, "the media type of the payload", "RFC 7515 §4.1.10"),
    ("crit", Any, "the extensions that a reader must understand", "RFC 7515 §4.1.11"),
    ("b64", Any, "whether the payload is encoded", "RFC 7797 §3"),
    ("enc", Any, "the algorithm that encrypted the content", "RFC 7516 §4.1.2"),
    ("zip", Any, "how the content was compressed", "RFC 7516 §4.1.3"),
    ("epk", Any, "the sender's ephemeral public key", "RFC 7518 §4.6.1.1"),
];

#[rustfmt::skip]
const CLAIMS: &[Row] = &[
    ("iss", Text, "who issued the token", "RFC 7519 §4.1.1"),
    ("sub", Text, "whom or what it is about", "RFC 7519 §4.1.2"),
    ("aud", Audience, "for whom it is meant", "RFC 7519 §4.1.3"),
    ("exp", Time, "when it ends", "RFC 7519 §4.1.4"),
    ("nbf", Time, "when it begins", "RFC 7519 §4.1.5"),
    ("iat", Time, "when it was issued", "RFC 7519 §4.1.6"),
    ("jti", Text, "its own identifier", "RFC 7519 §4.1.7"),
    ("client_id", Text, "the client that asked for it", "RFC 8693 §4.3"),
    ("scope", Scope, "what it allows", "RFC 8693 §4.2"),
    ("scp", Any, "what it allows, under a name that is not registered", "RFC 7519 §4.3"),
    ("act", Any, "who acts for the subject now", "RFC 8693 §4.1"),
    ("may_act", Any, "who may become the actor", "RFC 8693 §4.4"),
    ("cnf", Any, "the key whose holder alone may use it", "RFC 7800 §3.1"),
    ("authorization_details", Any, "what it allows, in detail", "RFC 9396 §9.1"),
    ("roles", Any, "the subject's roles", "RFC 9068 §2.2.3.1"),
    ("groups", Any, "the subject's groups", "RFC 9068 §2.2.3.1"),
    ("entitlements", Any, "the subject's entitlements", "RFC 9068 §2.2.3.1"),
    ("auth_time", Time, "when the user authenticated", "OIDC Core §2"),
    ("nonce", Text, "ties it to the client's request", "OIDC Core §2"),
    ("acr", Text, "how sure the authentication was", "OIDC Core §2"),
    ("amr", Any, "the means of authentication", "OIDC Core §2"),
    ("azp", Text, "the client that it was issued to", "OIDC Core §2"),
    ("at_hash", Text, "ties it to an access token", "OIDC Core §3.1.3.6"),
    ("c_hash", Text, "ties it to a code", "OIDC Core §3.3.2.11"),
    ("sid", Text, "the session at the issuer", "OIDC Back-Channel Logout §2.4"),
    ("urn:openid:params:jwt:claim:auth_req_id", Text, "ties it to a CIBA request", "CIBA Core §10.3.1"),
    ("urn:openid:params:jwt:claim:rt_hash", Text, "ties it to a refresh token", "CIBA Core §10.3.1"),
    ("name", Text, "the full name", "OIDC Core §5.1"),
    ("given_name", Text, "the given names", "OIDC Core §5.1"),
    ("family_name", Text, "the family names", "OIDC Core §5.1"),
    ("preferred_username", Text, "a name to show, which may change hands", "OIDC Core §5.1"),
    ("email", Text, "the e-mail address", "OIDC Core §5.1"),
    ("email_verified", Any, "whether the issuer verified the e-mail address", "OIDC Core §5.1"),
    ("phone_number", Text, "the telephone number", "OIDC Core §5.1"),
    ("phone_number_verified", Any, "whether the issuer verified the telephone number", "OIDC Core §5.1"),
    ("birthdate", Text, "the date of birth", "OIDC Core §5.1"),
    ("address", Any, "the postal address", "OIDC Core §5.1"),
    ("locale", Text, "the language", "OIDC Core §5.1"),
    ("zoneinfo", Text, "the time zone", "OIDC Core §5.1"),
    ("picture", Text, "where a picture is", "OIDC Core §5.1"),
    ("updated_at", Time, "when the profile last changed", "OIDC Core §5.1"),
    ("htm", Text, "the method of the HTTP request", "RFC 9449 §4.2"),
    ("htu", Text, "the URL of the HTTP request", "RFC 9449 §4.2"),
    ("ath", Text, "ties it to an access token", "RFC 9449 §4.2"),
    ("response_type", Text, "what the client asks the authorization endpoint for", "RFC 6749 §3.1.1"),
    ("redirect_uri", Text, "where the answer is to go", "RFC 6749 §3.1.2"),
    ("token_introspection", Any, "what the server says about another token", "RFC 9701 §5"),
    ("events", Any, "what happened", "RFC 8417 §2.2"),
    ("toe", Time, "when it happened", "RFC 8417 §2.2"),
    ("txn", Text, "the transaction", "RFC 8417 §2.2"),
    ("_sd", Any, "digests of claims to be disclosed", "RFC 9901 §4.2.4.1"),
    ("_sd_alg", Text, "the hash of those digests", "RFC 9901 §4.1.1"),
    ("sd_hash", Text, "ties it to an SD-JWT", "RFC 9901 §4.3"),
];

/// The known members of both, in the order of the token.
pub(super) fn explain(header: Option<&Value>, claims: Option<&Value>) -> Vec<Member> {
    let mut members = Vec::new();
    for (place, value, rows) in [("/header/", header, HEADER), ("/claims/", claims, CLAIMS)] {
        for name in value.and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            if let Some((_, _, meaning, source)) = rows.iter().find(|row| row.0 == name) {
                members.push(Member { at: [place, name].concat(), meaning, source, link: link(source) });
            }
        }
    }
    members
}

/// The claims that are there and in the table: name, the type that it should have, source, value.
pub(super) fn typed(
    claims: &Map<String, Value>,
) -> impl Iterator<Item = (&'static str, Type, &'static str, &Value)> {
    CLAIMS.iter().filter_map(|row| Some((row.0, row.1, row.3, claims.get(row.0)?)))
}
