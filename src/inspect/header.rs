//! What can be wrong with the header.

use serde_json::{Map, Value};

use super::problem::{self as code, Problems};
use super::{Form, key};
use crate::jose::Algorithm;
use crate::jose::jws::same_media_type;

/// Members that bring a key or point to one.
const KEYS: [&str; 4] = ["jku", "jwk", "x5u", "x5c"];
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// What a key's name has no reason to hold.
const SUSPICIOUS: [&str; 12] = ["..", "://", "\\", "'", "\"", ";", "|", "`", "$(", "<", "%", "\0"];

/// `expected`: the members by which tokens of this kind bring their key.
pub(super) fn check(header: &Map<String, Value>, form: Form, expected: &[&str], problems: &mut Problems) {
    for member in ["alg", "typ", "cty", "kid"] {
        if header.get(member).is_some_and(|value| !value.is_string()) {
            problems.add(code::HEADER_WRONG_TYPE, &["/header/", member].concat(), "expected a string");
        }
    }
    let text = |member| header.get(member).and_then(Value::as_str);
    if !form.is_encrypted() {
        algorithm(header.get("alg"), problems);
    }
    if !header.contains_key("typ") {
        problems.add(code::TYP_MISSING, "/header", "");
    }
    critical(header, problems);
    let is_jwt = matches!(form, Form::CompactJws | Form::Unsecured);
    if is_jwt && header.contains_key("b64") {
        problems.add(code::B64_IN_JWT, "/header/b64", "");
    }
    if is_jwt && text("cty").is_some_and(|cty| same_media_type(cty, "jwt")) {
        problems.add(code::NESTED_TOKEN, "/header/cty", "");
    }
    if text("kid").is_some_and(|kid| kid.starts_with('/') || SUSPICIOUS.iter().any(|part| kid.contains(part)))
    {
        problems.add(code::KID_SUSPICIOUS, "/header/kid", "");
    }
    for member in KEYS.iter().filter(|member| header.contains_key(**member) && !expected.contains(member)) {
        problems.add(code::KEY_IN_HEADER, &["/header/", member].concat(), "");
    }
    if let Some(jwk) = header.get("jwk") {
        if PRIVATE.iter().any(|member| jwk.get(member).is_some()) {
            problems.add(code::PRIVATE_KEY_IN_HEADER, "/header/jwk", "");
        }
        key::read(jwk, "/header/jwk", problems);
    }
}

fn algorithm(alg: Option<&Value>, problems: &mut Problems) {
    let at = "/header/alg";
    let Some(alg) = alg else { return problems.add(code::ALG_MISSING, "/header", "") };
    let Some(name) = alg.as_str() else { return };
    if name.trim().eq_ignore_ascii_case("none") {
        return problems.add(code::ALG_NONE, at, "");
    }
    match name.parse::<Algorithm>() {
        Err(_) => problems.add(code::ALG_UNKNOWN, at, &format!("{name:?}")),
        Ok(Algorithm::EdDsa) => problems.add(code::ALG_DEPRECATED, at, ""),
        Ok(algorithm) if algorithm.is_symmetric() => problems.add(code::ALG_SYMMETRIC, at, ""),
        Ok(_) => {}
    }
}

/// `b64` is the one extension that is understood, where it is there.
fn critical(header: &Map<String, Value>, problems: &mut Problems) {
    let at = "/header/crit";
    let Some(crit) = header.get("crit") else { return };
    let names: Option<Vec<_>> = crit.as_array().and_then(|names| names.iter().map(Value::as_str).collect());
    let Some(names) = names else {
        return problems.add(code::HEADER_WRONG_TYPE, at, "expected an array of strings");
    };
    let unknown: Vec<_> =
        names.iter().filter(|name| **name != "b64" || !header.contains_key("b64")).copied().collect();
    if names.is_empty() {
        problems.add(code::CRIT_EMPTY, at, "");
    } else if !unknown.is_empty() {
        problems.add(code::CRIT_UNKNOWN, at, &unknown.join(", "));
    }
}
