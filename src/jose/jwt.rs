//! JWT claims, RFC 7519 §4: typed, and never "absent" when they have the wrong type.

use std::fmt;

use serde_json::{Map, Value};

use super::jws::MAX_TOKEN_OCTETS;
use crate::json::{self, JsonError};

/// Why claims are not accepted. Times are in seconds since 1970.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClaimError {
    /// The payload is longer than any token.
    #[error("the claims have {octets} octets, more than {MAX_TOKEN_OCTETS}")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// The payload is not JSON, or has a claim twice.
    #[error("claims: {0}")]
    Json(#[from] JsonError),
    /// The payload is not a JSON object, RFC 7519 §7.2.
    #[error("the claims are not a JSON object")]
    NotAnObject,
    /// A claim that must be there is not.
    #[error("the claim {claim:?} is missing")]
    Missing {
        /// Its name.
        claim: String,
    },
    /// A claim has the wrong JSON type.
    #[error("the claim {claim:?} must be {expected}")]
    Type {
        /// Its name.
        claim: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The time of `exp` has come, RFC 7519 §4.1.4.
    #[error("expired at {}, it is {now}", Seconds(*exp))]
    Expired {
        /// The claim.
        exp: f64,
        /// The time of the check.
        now: u64,
    },
    /// The time of `nbf` has not come, RFC 7519 §4.1.5.
    #[error("not valid before {}, it is {now}", Seconds(*nbf))]
    NotYetValid {
        /// The claim.
        nbf: f64,
        /// The time of the check.
        now: u64,
    },
    /// `iat` lies in the future.
    #[error("issued at {}, it is {now}", Seconds(*iat))]
    IssuedInTheFuture {
        /// The claim.
        iat: f64,
        /// The time of the check.
        now: u64,
    },
}

/// A NumericDate in words. The JSON library writes the number, which it can do anyway: the
/// standard library's own way would add 8 KB to the module.
pub struct Seconds(pub f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_possible_truncation, reason = "within the range of exact integers")]
        match self.0 {
            whole if whole.fract() == 0.0 && whole.abs() < 1e15 => write!(f, "{}", whole as i64),
            other => write!(f, "{}", Value::from(other)),
        }
    }
}

/// The claims of a JWT.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Parses a payload: a JSON object without duplicate names (RFC 7519 §4).
    pub fn parse(payload: &[u8]) -> Result<Self, ClaimError> {
        if payload.len() > MAX_TOKEN_OCTETS {
            return Err(ClaimError::TooLong { octets: payload.len() });
        }
        match json::parse(payload)? {
            Value::Object(claims) => Ok(Self(claims)),
            _ => Err(ClaimError::NotAnObject),
        }
    }

    /// A claim of any type; one that is `null` is there.
    pub fn value(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim)
    }

    /// A claim that is a string where it is there.
    pub fn string(&self, claim: &str) -> Result<Option<&str>, ClaimError> {
        self.typed(claim, "a string", Value::as_str)
    }

    /// A claim that must be there and be a string.
    pub fn required_string(&self, claim: &str) -> Result<&str, ClaimError> {
        self.string(claim)?.ok_or_else(|| ClaimError::Missing { claim: claim.into() })
    }

    /// `aud`: a string, or an array of strings (RFC 7519 §4.1.3). Empty where it is absent.
    pub fn audience<'a>(&'a self) -> Result<Vec<&'a str>, ClaimError> {
        let texts = |value: &'a Value| match value {
            Value::String(one) => Some(vec![one.as_str()]),
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            _ => None,
        };
        Ok(self.typed("aud", "a string or an array of strings", texts)?.unwrap_or_default())
    }

    /// A NumericDate: seconds since 1970, perhaps with a fraction (RFC 7519 §2). Always finite.
    pub fn numeric_date(&self, claim: &str) -> Result<Option<f64>, ClaimError> {
        self.typed(claim, "a number of seconds", Value::as_f64)
    }

    /// A NumericDate that must be there.
    pub fn required_numeric_date(&self, claim: &str) -> Result<f64, ClaimError> {
        self.numeric_date(claim)?.ok_or_else(|| ClaimError::Missing { claim: claim.into() })
    }

    /// Checks `exp`, `nbf` and `iat`, those that are there, against clocks that may differ by
    /// `leeway`. Both arguments are in seconds, `now` since 1970. A token is good up to the second
    /// before `exp + leeway`.
    pub fn check_times(&self, now: u64, leeway: u64) -> Result<(), ClaimError> {
        let (at, slack) = (seconds(now), seconds(leeway));
        if let Some(exp) = self.numeric_date("exp")?.filter(|exp| at >= exp + slack) {
            return Err(ClaimError::Expired { exp, now });
        }
        if let Some(nbf) = self.numeric_date("nbf")?.filter(|nbf| at + slack < *nbf) {
            return Err(ClaimError::NotYetValid { nbf, now });
        }
        if let Some(iat) = self.numeric_date("iat")?.filter(|iat| at + slack < *iat) {
            return Err(ClaimError::IssuedInTheFuture { iat, now });
        }
        Ok(())
    }

    fn typed<'a, T>(
        &'a self,
        claim: &str,
        expected: &'static str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ClaimError> {
        let wrong = || ClaimError::Type { claim: claim.into(), expected };
        self.0.get(claim).map(|value| convert(value).ok_or_else(wrong)).transpose()
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
fn seconds(whole: u64) -> f64 {
    whole as f64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        Claims::parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn payload_is_one_object_without_duplicates() {
        for payload in ["[]", "\"a\"", "1", "null", "true"] {
            assert_eq!(Claims::parse(payload.as_bytes()), Err(ClaimError::NotAnObject), "{payload}");
        }
        for payload in [&b""[..], b"{", b"{}{}", b"\xff", br#"{"sub":"a","sub":"b"}"#, br#"{"exp":1e400}"#] {
            assert!(matches!(Claims::parse(payload), Err(ClaimError::Json(_))), "{}", payload.escape_ascii());
        }
    }

    #[test]
    fn bounds_the_length_before_all_else() {
        let octets = MAX_TOKEN_OCTETS + 1;
        assert_eq!(Claims::parse(&vec![b'['; octets]), Err(ClaimError::TooLong { octets }));
    }

    #[test]
    fn a_wrong_type_is_not_absent() {
        for wrong in [json!(null), json!(1), json!([]), json!(["a"]), json!({}), json!(true)] {
            let claims = claims(&json!({"iss": wrong}));
            let error = ClaimError::Type { claim: "iss".into(), expected: "a string" };
            assert_eq!(claims.string("iss"), Err(error));
            assert_eq!(claims.string("sub"), Ok(None));
        }
        for wrong in [json!(null), json!(1), json!([1]), json!(["a", null]), json!([["a"]]), json!({})] {
            let expected = "a string or an array of strings";
            let error = ClaimError::Type { claim: "aud".into(), expected };
            assert_eq!(claims(&json!({"aud": wrong})).audience(), Err(error));
        }
        for wrong in [json!(null), json!("1"), json!([1]), json!({}), json!(true), json!("")] {
            for claim in ["exp", "nbf", "iat"] {
                let claims = claims(&json!({claim: wrong}));
                let error = ClaimError::Type { claim: claim.into(), expected: "a number of seconds" };
                assert_eq!(claims.numeric_date(claim), Err(error.clone()));
                assert_eq!(claims.check_times(1000, 60), Err(error));
            }
        }
    }

    #[test]
    fn audience_is_one_or_many() {
        assert_eq!(claims(&json!({"aud": "a"})).audience(), Ok(vec!["a"]));
        assert_eq!(claims(&json!({"aud": ["a", "b"]})).audience(), Ok(vec!["a", "b"]));
        assert_eq!(claims(&json!({"aud": []})).audience(), Ok(vec![]));
        assert_eq!(claims(&json!({})).audience(), Ok(vec![]));
    }

    #[test]
    fn what_is_required_is_there_and_has_its_type() {
        let claims = claims(&json!({"iss": "a", "exp": 5, "sub": null, "iat": "5"}));
        let missing = |claim: &str| ClaimError::Missing { claim: claim.into() };
        let wrong = |claim: &str, expected| ClaimError::Type { claim: claim.into(), expected };
        assert_eq!(claims.required_string("iss"), Ok("a"));
        assert_eq!(claims.required_string("jti"), Err(missing("jti")));
        assert_eq!(claims.required_string("sub"), Err(wrong("sub", "a string")));
        assert_eq!(claims.required_numeric_date("exp"), Ok(5.0));
        assert_eq!(claims.required_numeric_date("nbf"), Err(missing("nbf")));
        assert_eq!(claims.required_numeric_date("iat"), Err(wrong("iat", "a number of seconds")));
    }

    #[test]
    fn times_are_checked_to_the_second() {
        let (now, leeway) = (1_000_000, 60);
        let expired = |exp| Err(ClaimError::Expired { exp, now });
        let early = |nbf| Err(ClaimError::NotYetValid { nbf, now });
        let future = |iat| Err(ClaimError::IssuedInTheFuture { iat, now });
        let cases = [
            (json!({}), Ok(())),
            (json!({"exp": 999_941, "nbf": 1_000_060, "iat": 1_000_060}), Ok(())),
            (json!({"exp": 999_940}), expired(999_940.0)),
            (json!({"exp": 999_939}), expired(999_939.0)),
            (json!({"exp": 999_940.5}), Ok(())),
            (json!({"exp": 999_939.5}), expired(999_939.5)),
            (json!({"exp": 0}), expired(0.0)),
            (json!({"exp": -1}), expired(-1.0)),
            (json!({"exp": -1e300}), expired(-1e300)),
            (json!({"exp": 1e300}), Ok(())),
            (json!({"exp": u64::MAX}), Ok(())),
            (json!({"nbf": 1_000_061}), early(1_000_061.0)),
            (json!({"nbf": 1_000_060.25}), early(1_000_060.25)),
            (json!({"nbf": -5}), Ok(())),
            (json!({"iat": 1_000_061}), future(1_000_061.0)),
            (json!({"iat": 0, "nbf": 0, "exp": 2_000_000}), Ok(())),
            (json!({"exp": 2_000_000, "nbf": 1_500_000}), early(1_500_000.0)),
        ];
        for (value, result) in cases {
            assert_eq!(claims(&value).check_times(now, leeway), result, "{value}");
        }
        assert_eq!(claims(&json!({"exp": now + 1})).check_times(now, 0), Ok(()));
        let exp = 1_000_000.0;
        assert_eq!(claims(&json!({"exp": now})).check_times(now, 0), Err(ClaimError::Expired { exp, now }));
    }
}
