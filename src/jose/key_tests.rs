use rand_core::TryRng as _;
use serde_json::{Value, json};

use super::*;
use crate::jose::samples::{self, Exhausted};

fn sample(algorithm: Algorithm) -> Value {
    match algorithm.family() {
        Family::Rsa(_) => samples::rsa(),
        Family::Ec(ec::Curve::P256) => samples::ec(),
        #[cfg(feature = "all-algorithms")]
        Family::Ec(_) => SigningKey::generate(algorithm, &mut samples::rng(9)).map(|key| bare(&key)).unwrap(),
        Family::Ed25519 => samples::okp(),
        Family::Hmac(_) => samples::oct(),
    }
}

/// A JWK without `alg`, `use` and `kid`.
#[cfg(feature = "all-algorithms")]
fn bare(key: &SigningKey) -> Value {
    let mut value = key.to_jwk().to_value();
    for member in ["alg", "use", "kid"] {
        value.as_object_mut().unwrap().remove(member);
    }
    value
}

fn jwk(value: &Value) -> Jwk {
    Jwk::from_value(value).unwrap()
}

/// For 8 inputs an algorithm: what was signed verifies; no flip of a bit of the signature or of
/// the input does. Cheap algorithms have every bit flipped, RSA a sample of them.
#[test]
fn verifies_what_it_signed_and_nothing_else() {
    let mut rng = samples::rng(7);
    for algorithm in Algorithm::ALL.iter().copied() {
        let signing = SigningKey::new(&jwk(&sample(algorithm)), algorithm).unwrap();
        let verifying = signing.verifying_key();
        for round in 0..8_usize {
            let mut input = vec![0; round * round];
            let Ok(()) = rng.try_fill_bytes(&mut input);
            let signature = signing.sign(&input, &mut rng).unwrap();
            assert_eq!(verifying.verify(&input, &signature), Ok(()), "{algorithm}");

            let step = if round == 0 { 1 } else { 37 };
            for bit in (round..signature.len() * 8).step_by(step) {
                let mut flipped = signature.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verifying.verify(&input, &flipped), Err(VerifyError), "{algorithm} bit {bit}");
            }
            for bit in (round..input.len() * 8).step_by(97) {
                let mut flipped = input.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verifying.verify(&flipped, &signature), Err(VerifyError), "{algorithm} bit {bit}");
            }
            assert_eq!(verifying.verify(&[&input[..], b"\0"].concat(), &signature), Err(VerifyError));
        }
    }
}

#[test]
fn generated_keys_sign() {
    let mut rng = samples::rng(3);
    for algorithm in Algorithm::ALL.iter().copied() {
        let key = SigningKey::generate(algorithm, &mut rng).unwrap();
        let jwk = key.to_jwk();
        assert_eq!((jwk.alg(), jwk.use_(), jwk.is_private()), (Some(algorithm), Some("sig"), true));
        assert_eq!(jwk.kid(), Some(jwk.thumbprint().as_str()));
        let again = SigningKey::new(&Jwk::parse(&jwk.to_json()).unwrap(), algorithm).unwrap();
        let signature = again.sign(b"input", &mut rng).unwrap();
        assert_eq!(key.verifying_key().verify(b"input", &signature), Ok(()));
        let Some(public) = jwk.public() else { continue };
        let public = VerifyingKey::new(&public, algorithm).unwrap();
        assert_eq!(public.verify(b"input", &signature), Ok(()));
    }
}

#[test]
fn generation_follows_the_generator() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let make =
            |seed| SigningKey::generate(algorithm, &mut samples::rng(seed)).unwrap().to_jwk().thumbprint();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}

#[test]
fn generation_fails_without_entropy() {
    for algorithm in Algorithm::ALL.iter().copied() {
        for octets in [0, 31] {
            let made = SigningKey::generate(algorithm, &mut Exhausted::after(octets));
            assert_eq!(made.err(), Some(GenerateError::Entropy), "{algorithm} {octets}");
        }
    }
}

#[test]
fn signing_without_entropy_fails_where_it_is_needed() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let key = SigningKey::new(&jwk(&sample(algorithm)), algorithm).unwrap();
        let signed = key.sign(b"input", &mut Exhausted::after(0));
        let needs = matches!(algorithm.family(), Family::Rsa(_));
        assert_eq!(signed.err(), needs.then_some(SignError::Entropy), "{algorithm}");
    }
}

#[test]
fn a_key_does_only_what_its_type_and_curve_do() {
    for own in Algorithm::ALL.iter().copied() {
        let key = jwk(&sample(own));
        let kty = key.kty();
        for algorithm in Algorithm::ALL.iter().copied() {
            let other = sample(algorithm);
            let expected = if other["kty"] != kty {
                Some(KeyError::KeyType { algorithm, kty })
            } else if other["crv"] != sample(own)["crv"] {
                let Material::Ec(key) = &key.material else { panic!("only EC has several curves") };
                Some(KeyError::Curve { algorithm, crv: key.curve().name() })
            } else {
                None
            };
            assert_eq!(SigningKey::new(&key, algorithm).err(), expected, "{own} {algorithm}");
            assert_eq!(VerifyingKey::new(&key, algorithm).err(), expected, "{own} {algorithm}");
        }
    }
}

/// RFC 9864: one key, one signature, two names for it.
#[test]
fn an_ed25519_key_goes_by_either_name() {
    let names = [Algorithm::EdDsa, Algorithm::Ed25519];
    for declared in names {
        let mut value = samples::okp();
        value["alg"] = json!(declared.name());
        let signatures = names.map(|algorithm| {
            SigningKey::new(&jwk(&value), algorithm).unwrap().sign(b"input", &mut samples::rng(1)).unwrap()
        });
        assert_eq!(signatures[0], signatures[1]);
    }
    let mut value = samples::okp();
    for other in ["ed25519", "Ed448", "ES256"] {
        value["alg"] = json!(other);
        assert_eq!(jwk(&value).algorithms(), [], "{other}");
    }
}

#[test]
fn honours_alg_use_and_key_ops() {
    let algorithm = Algorithm::Es256;
    let other = |declared: &str| KeyError::Algorithm { algorithm, declared: declared.into() };
    let operation = |operation| Some(KeyError::Operation { operation });
    let cases = [
        (json!({"alg": "ES256", "use": "sig", "key_ops": ["sign", "verify"]}), None, None),
        (json!({"alg": "ES384"}), Some(other("ES384")), Some(other("ES384"))),
        (json!({"alg": "es256"}), Some(other("es256")), Some(other("es256"))),
        (json!({"alg": ""}), Some(other("")), Some(other(""))),
        (
            json!({"use": "enc"}),
            Some(KeyError::Use { declared: "enc".into() }),
            Some(KeyError::Use { declared: "enc".into() }),
        ),
        (json!({"key_ops": []}), operation("sign"), operation("verify")),
        (json!({"key_ops": ["sign"]}), None, operation("verify")),
        (json!({"key_ops": ["verify"]}), operation("sign"), None),
    ];
    for (members, sign, verify) in cases {
        let mut value = samples::ec();
        for (name, member) in members.as_object().unwrap() {
            value[name] = member.clone();
        }
        assert_eq!(SigningKey::new(&jwk(&value), algorithm).err(), sign, "{members}");
        assert_eq!(VerifyingKey::new(&jwk(&value), algorithm).err(), verify, "{members}");
    }
}

#[test]
fn a_public_key_does_not_sign() {
    for algorithm in Algorithm::ALL.iter().copied() {
        let Some(public) = jwk(&sample(algorithm)).public() else { continue };
        assert_eq!(SigningKey::new(&public, algorithm).err(), Some(KeyError::NotPrivate));
        assert!(VerifyingKey::new(&public, algorithm).is_ok());
    }
}
