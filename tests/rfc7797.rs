//! RFC 7797, the examples of §4, and §7: never in a JWT.

use edgegrant::jose::jws::{self, Content, JwsError, Unverified};
use edgegrant::jose::{Algorithm, Jwk, VerifyingKey};
use serde_json::json;

const PAYLOAD: &[u8] = b"$.02";
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19";
const SIGNATURE: &str = "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";

/// The key of RFC 7515 §A.1.1.
fn key() -> VerifyingKey {
    let key = json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    });
    VerifyingKey::new(&Jwk::from_value(&key).unwrap(), Algorithm::Hs256).unwrap()
}

/// §4.1.
#[test]
fn the_control_example() {
    let token = "eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ";
    let read = Unverified::parse(token).unwrap();
    assert_eq!(read.verify(&key()).unwrap().payload(), PAYLOAD);
}

/// §4.2: its payload has a period, so it is detached, or in JSON.
#[test]
fn the_example_with_unencoded_payload() {
    let token = format!("{HEADER}..{SIGNATURE}");
    let read = Unverified::parse_detached(&token, PAYLOAD).unwrap();
    assert_eq!(read.verify(&key()).unwrap().payload(), PAYLOAD);

    let text = json!({"protected": HEADER, "payload": "$.02", "signature": SIGNATURE}).to_string();
    let read = jws::parse_json(&text, None).unwrap().remove(0).unwrap();
    assert_eq!(read.verify(&key()).unwrap().payload(), PAYLOAD);

    let attached = format!("{HEADER}.$.02.{SIGNATURE}");
    let error = Unverified::parse_as(&attached, Content::Octets).unwrap_err();
    assert_eq!(error, JwsError::Segments { found: 4 });
}

/// §7.
#[test]
fn never_in_a_jwt() {
    let token = format!("{HEADER}.e30.{SIGNATURE}");
    assert_eq!(Unverified::parse(&token).unwrap_err(), JwsError::B64);
}
