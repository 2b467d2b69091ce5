//! RFC 7638, the example of §3.1, and what a thumbprint covers.

use edgegrant::jose::Jwk;
use serde_json::{Value, json};

/// §3.1.
fn key() -> Value {
    json!({
        "kty": "RSA",
        "n": concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP",
            "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY",
            "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f",
            "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        ),
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    })
}

fn thumbprint(key: &Value) -> String {
    Jwk::from_value(key).unwrap().thumbprint()
}

#[test]
fn the_example() {
    assert_eq!(thumbprint(&key()), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// §3.2: the required members alone, whatever else is there and in whatever order.
#[test]
fn optional_members_do_not_count() {
    let bare = json!({"n": key()["n"], "kty": "RSA", "e": "AQAB"});
    assert_eq!(thumbprint(&bare), thumbprint(&key()));
    let mut other = key();
    other["e"] = json!("Aw");
    assert_ne!(thumbprint(&other), thumbprint(&key()));
}

/// The key of RFC 7517 §A.1, and the one of RFC 7515 §A.1.1 (§3.2 for "oct").
#[test]
fn other_key_types() {
    let ec = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    });
    assert_eq!(thumbprint(&ec), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
    let oct = json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    });
    assert_eq!(thumbprint(&oct), "y_x3gCJnL6oKGBBIXScabduwxTVy2Wd2bzRVEUbdUzc");
}

/// RFC 9278 §5: the same as a URI.
#[test]
fn the_uri() {
    let uri = Jwk::from_value(&key()).unwrap().thumbprint_uri();
    assert_eq!(uri, format!("urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}", thumbprint(&key())));
}
