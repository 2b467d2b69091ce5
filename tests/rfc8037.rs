//! RFC 8037, the Ed25519 examples of appendix A.

use std::convert::Infallible;

use edgegrant::jose::jws::{self, Unverified};
use edgegrant::jose::{Algorithm, Jwk, JwkError, SigningKey, VerifyingKey};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};

const TOKEN: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
);

/// Ed25519 is deterministic: it must not ask for octets.
struct NotAsked;

impl TryRng for NotAsked {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("asked for octets")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("asked for octets")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        panic!("asked for octets")
    }
}

impl TryCryptoRng for NotAsked {}

/// §A.1.
fn private() -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

#[test]
fn the_public_key_of_a2() {
    let public = Jwk::from_value(&private()).unwrap().public().unwrap();
    let expected = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    assert_eq!(public.to_value(), expected);
    assert_eq!(public.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "§A.3");
}

#[test]
fn signing_as_in_a4() {
    let key = SigningKey::new(&Jwk::from_value(&private()).unwrap(), Algorithm::EdDsa).unwrap();
    let input = jws::signing_input("eyJhbGciOiJFZERTQSJ9", b"Example of Ed25519 signing");
    let signature = key.sign(input.as_bytes(), &mut NotAsked).unwrap();
    assert_eq!(jws::assemble(input, &signature), TOKEN);
}

#[test]
fn validating_as_in_a5() {
    let public = Jwk::from_value(&private()).unwrap().public().unwrap();
    let key = VerifyingKey::new(&public, Algorithm::EdDsa).unwrap();
    let verified = Unverified::parse(TOKEN).unwrap().verify(&key).unwrap();
    assert_eq!(verified.payload(), b"Example of Ed25519 signing");
}

/// §A.6: X25519 is for ECDH; it signs nothing.
#[test]
fn x25519_is_refused() {
    let key = json!({
        "kty": "OKP",
        "crv": "X25519",
        "kid": "Bob",
        "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
    });
    let crv = "X25519".into();
    assert_eq!(Jwk::from_value(&key).unwrap_err(), JwkError::UnknownCurve { crv });
}
