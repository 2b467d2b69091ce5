//! What can be wrong with the claims.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::kind::Row;
use super::member::{self, Type};
use super::problem::{self as code, Code, Problems};
use super::when::{Time, words};
use crate::scope::is_token;

/// Claims that a token should have even where no specification says so.
const USUAL: [(&str, &Code); 3] =
    [("exp", code::EXP_MISSING), ("iss", code::ISS_MISSING), ("aud", code::AUD_MISSING)];
/// In seconds.
const LONG: u64 = 86_400;
const LOCAL: [&str; 3] = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
const SECRETS: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "pin",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "private_key",
    "access_token",
    "refresh_token",
    "card_number",
    "cvv",
];
/// RFC 8259 §6: "good interoperability" ends at 2^53 - 1.
const EXACT: f64 = 9_007_199_254_740_991.0;

/// The times of the claims, and how long the token lives where it says so, in seconds.
pub(super) fn check(
    claims: &Map<String, Value>,
    kind: &Row,
    now: i64,
    problems: &mut Problems,
) -> (Vec<Time>, Option<u64>) {
    let mut times = Vec::new();
    for (name, expected, source, value) in member::typed(claims) {
        let at = &["/claims/", name].concat();
        match expected {
            Type::Text if !value.is_string() => {
                let code = if name == "sub" { code::SUB_WRONG_TYPE } else { code::CLAIM_WRONG_TYPE };
                problems.add_by(code, source, at, "expected a string");
            }
            Type::Time => match Time::new(name, value, now) {
                Some(time) => times.push(time),
                None => problems.add(code::TIME_WRONG_TYPE, at, ""),
            },
            Type::Audience => audience(value, at, problems),
            Type::Scope => match value.as_str() {
                None => problems.add(code::SCOPE_WRONG_TYPE, at, ""),
                Some(scope) if !scope.split(' ').all(is_token) => problems.add(code::SCOPE_MALFORMED, at, ""),
                Some(_) => {}
            },
            Type::Text | Type::Any => {}
        }
    }
    missing(claims, kind, problems);
    let iss = claims.get("iss").and_then(Value::as_str).filter(|_| kind.by_issuer);
    if iss
        .is_some_and(|iss| !iss.starts_with("https://") && !LOCAL.iter().any(|local| iss.starts_with(local)))
    {
        problems.add(code::ISS_NOT_HTTPS, "/claims/iss", "");
    }
    let lifetime = check_times(&times, now, problems);
    if let Some(long) = lifetime.filter(|seconds| kind.is_access && *seconds > LONG) {
        problems.add(code::LIFETIME_LONG, "/claims/exp", &words(long));
    }
    (times, lifetime)
}

fn audience(value: &Value, at: &str, problems: &mut Problems) {
    match value {
        Value::String(one) if !one.is_empty() => {}
        Value::Array(items) if !items.is_empty() => {
            if !items.iter().all(Value::is_string) {
                problems.add(code::AUD_WRONG_TYPE, at, "");
            }
        }
        Value::String(_) | Value::Array(_) => problems.add(code::AUD_MISSING, at, "it is empty"),
        _ => problems.add(code::AUD_WRONG_TYPE, at, ""),
    }
}

fn missing(claims: &Map<String, Value>, kind: &Row, problems: &mut Problems) {
    for name in kind.claims.iter().filter(|name| !claims.contains_key(**name)) {
        problems.add_by(code::CLAIM_MISSING, kind.source, "/claims", name);
    }
    for (_, code) in USUAL.iter().filter(|(name, _)| kind.is_general && !claims.contains_key(*name)) {
        problems.add(code, "/claims", "");
    }
}

fn check_times(times: &[Time], now: i64, problems: &mut Problems) -> Option<u64> {
    let find = |name| times.iter().find(|time| time.claim == name);
    let seconds = |name| find(name).map(|time: &Time| time.seconds);
    for (name, code, at_fault) in [
        ("exp", code::EXPIRED, |time: i64, now: i64| time <= now),
        ("nbf", code::NOT_YET_VALID, |time, now| time > now),
        ("iat", code::ISSUED_IN_THE_FUTURE, |time, now| time > now),
    ] as [(_, _, fn(i64, i64) -> bool); 3]
    {
        if let Some(time) = find(name).filter(|time| at_fault(time.seconds, now)) {
            problems.add(code, &["/claims/", name].concat(), &time.relative);
        }
    }
    for time in times {
        if let Some(utc) = &time.as_milliseconds {
            problems.add(code::TIME_IN_MILLISECONDS, &["/claims/", time.claim].concat(), utc);
        }
    }
    let (exp, iat) = (seconds("exp")?, seconds("iat"));
    if iat.is_some_and(|iat| exp <= iat) {
        problems.add(code::TIME_OUT_OF_ORDER, "/claims/exp", "exp is not after iat");
    }
    if seconds("nbf").is_some_and(|nbf| nbf >= exp) {
        problems.add(code::TIME_OUT_OF_ORDER, "/claims/nbf", "exp is not after nbf");
    }
    u64::try_from(i128::from(exp) - i128::from(iat?)).ok()
}

/// Looks at every value, at whatever depth; `at` is the pointer to this one.
pub(super) fn walk(value: &Value, at: &mut String, problems: &mut Problems) {
    let end = at.len();
    match value {
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() > EXACT) => {
            problems.add(code::NUMBER_PRECISION, at, "");
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // Writing to a String does not fail.
                let _ = write!(at, "/{index}");
                walk(item, at, problems);
                at.truncate(end);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                at.push('/');
                // RFC 6901 §3
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
                    problems.add(code::CLAIM_SECRET, at, "");
                }
                walk(member, at, problems);
                at.truncate(end);
            }
        }
        _ => {}
    }
}
