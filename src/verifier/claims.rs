//! The claims, in the order of RFC 7519 §4.1 and then what the rules ask for beyond it.

use serde_json::{Value, json};

use super::{Code, Refusal, Rules};
use crate::jose::jwt::{ClaimError, Claims, Seconds};

/// Checks claims whose signature is good, or will be looked at. `now` is in seconds since 1970.
pub(super) fn check(claims: &Claims, rules: &Rules, now: u64) -> Result<(), Box<Refusal>> {
    let claim_error = |error: ClaimError| refusal(claims, error);
    let iss = claims.required_string("iss").map_err(claim_error)?;
    if !rules.issuer.iter().any(|issuer| issuer == iss) {
        return Err(Refusal::new(Code::IssuerMismatch, "the token is of another issuer").of(
            "iss",
            Some(one_or_many(&rules.issuer)),
            Some(iss.into()),
        ));
    }
    for name in ["sub", "jti", "client_id"] {
        claims.string(name).map_err(claim_error)?;
    }
    let audience = claims.audience().map_err(claim_error)?;
    if let Some(expected) = &rules.audience {
        check_audience(claims, &audience, expected)?;
    }
    claims.required_numeric_date("exp").map_err(claim_error)?;
    claims.check_times(now, rules.clock_tolerance).map_err(claim_error)?;
    if let Some(max_age) = rules.max_age {
        check_age(claims, max_age, rules.clock_tolerance, now)?;
    }
    if let Some(name) = rules.required_claims.iter().find(|name| claims.value(name).is_none()) {
        return Err(claim_error(ClaimError::Missing { claim: name.clone() }));
    }
    for (name, expected) in &rules.claims {
        let actual =
            claims.value(name).ok_or_else(|| claim_error(ClaimError::Missing { claim: name.clone() }))?;
        if actual != expected {
            let message = format!("the claim {name:?} has another value");
            return Err(Refusal::new(Code::ClaimMismatch, message).of(
                name,
                Some(expected.clone()),
                Some(actual.clone()),
            ));
        }
    }
    Ok(())
}

fn check_audience(claims: &Claims, audience: &[&str], expected: &[String]) -> Result<(), Box<Refusal>> {
    let actual = claims.value("aud").cloned();
    if actual.is_none() {
        return Err(refusal(claims, ClaimError::Missing { claim: "aud".into() }));
    }
    if audience.iter().any(|aud| expected.iter().any(|expected| expected == aud)) {
        return Ok(());
    }
    let refused = Refusal::new(Code::AudienceMismatch, "the token is for another audience");
    Err(refused.of("aud", Some(one_or_many(expected)), actual))
}

#[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
fn check_age(claims: &Claims, max_age: u64, tolerance: u64, now: u64) -> Result<(), Box<Refusal>> {
    let iat = claims.required_numeric_date("iat").map_err(|error| refusal(claims, error))?;
    if now as f64 - iat <= (max_age + tolerance) as f64 {
        return Ok(());
    }
    let message = format!("issued at {}, more than {max_age} seconds before {now}", Seconds(iat));
    Err(Refusal::new(Code::TooOld, message).of("iat", Some(json!({"max_age": max_age})), Some(json!(iat))))
}

fn refusal(claims: &Claims, error: ClaimError) -> Box<Refusal> {
    let message = error.to_string();
    let (code, claim, expected) = match error {
        ClaimError::TooLong { .. } | ClaimError::Json(_) | ClaimError::NotAnObject => {
            return Refusal::new(Code::TokenMalformed, message);
        }
        ClaimError::Missing { claim } => (Code::ClaimMissing, claim, None),
        ClaimError::Type { claim, expected } => (Code::ClaimMalformed, claim, Some(expected.into())),
        ClaimError::Expired { now, .. } => (Code::Expired, "exp".into(), Some(json!({"after": now}))),
        ClaimError::NotYetValid { now, .. } => (Code::NotYetValid, "nbf".into(), Some(json!({"until": now}))),
        ClaimError::IssuedInTheFuture { now, .. } => {
            (Code::IssuedInTheFuture, "iat".into(), Some(json!({"until": now})))
        }
    };
    let actual = claims.value(&claim).cloned();
    Refusal::new(code, message).of(&claim, expected, actual)
}

/// The claims of a payload.
pub(super) fn parse(payload: &[u8]) -> Result<Claims, Box<Refusal>> {
    Claims::parse(payload).map_err(|error| Refusal::new(Code::TokenMalformed, error.to_string()))
}

fn one_or_many(texts: &[String]) -> Value {
    match texts {
        [one] => one.as_str().into(),
        many => many.to_vec().into(),
    }
}
