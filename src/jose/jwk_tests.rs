use serde_json::json;

use super::*;
use crate::jose::{base64url, samples};

fn all() -> [Value; 5] {
    [samples::rsa(), samples::other_rsa(), samples::ec(), samples::okp(), samples::oct()]
}

#[test]
fn writes_what_it_read() {
    for mut value in all() {
        value["kid"] = json!("a");
        value["use"] = json!("sig");
        value["key_ops"] = json!(["sign", "something"]);
        let jwk = Jwk::from_value(&value).unwrap();
        assert_eq!(jwk.to_value(), value);
        assert_eq!(Jwk::parse(&jwk.to_json()).unwrap().to_value(), value);
    }
}

#[test]
fn public_drops_every_private_member() {
    for value in all() {
        let jwk = Jwk::from_value(&value).unwrap();
        assert!(jwk.is_private());
        let Some(public) = jwk.public() else {
            assert_eq!(jwk.kty(), "oct");
            continue;
        };
        assert!(!public.is_private());
        let mut expected = value.clone();
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            expected.as_object_mut().unwrap().remove(member);
        }
        assert_eq!(public.to_value(), expected);
        assert_eq!(public.thumbprint(), jwk.thumbprint());
    }
}

#[test]
fn public_verifies_what_private_signs() {
    let mut value = samples::ec();
    value["key_ops"] = json!(["sign", "verify"]);
    let public = Jwk::from_value(&value).unwrap().public().unwrap();
    assert_eq!(public.to_value()["key_ops"], json!(["verify"]));
}

#[test]
fn ignores_what_it_does_not_know() {
    let mut value = samples::ec();
    for (name, other) in [("x5c", json!(1)), ("x5u", json!("https://keys.example/")), ("ext", json!(true))] {
        value[name] = other;
    }
    assert_eq!(Jwk::from_value(&value).unwrap().to_value(), samples::ec());
}

#[test]
fn refuses_malformed_members() {
    let text = |member| JwkError::Type { member, expected: "a string" };
    let operations = JwkError::Type { member: "key_ops", expected: "an array of strings" };
    let cases = [
        ("kid", json!(1), text("kid")),
        ("kid", json!(null), text("kid")),
        ("alg", json!(["ES256"]), text("alg")),
        ("use", json!({}), text("use")),
        ("kty", json!(null), text("kty")),
        ("kty", json!("ec"), JwkError::UnknownKeyType { kty: "ec".into() }),
        ("key_ops", json!("sign"), operations.clone()),
        ("key_ops", json!(["sign", 1]), operations),
        ("key_ops", json!(["sign", "x", "sign"]), JwkError::DuplicateOperation { operation: "sign".into() }),
    ];
    for (member, wrong, error) in cases {
        let mut value = samples::ec();
        value[member] = wrong;
        assert_eq!(Jwk::from_value(&value).unwrap_err(), error);
    }
    assert_eq!(Jwk::parse("[]").unwrap_err(), JwkError::NotAnObject);
    assert_eq!(Jwk::parse("{}").unwrap_err(), JwkError::Missing { member: "kty" });
    let twice = r#"{"kty":"oct","k":"AA","k":"AA"}"#;
    assert!(matches!(Jwk::parse(twice), Err(JwkError::Json(json::JsonError::DuplicateMember { .. }))));
}

#[test]
fn bounds_the_length_before_all_else() {
    let text = |octets| "[".repeat(octets);
    assert!(matches!(Jwk::parse(&text(Jwk::MAX_OCTETS)), Err(JwkError::Json(_))));
    let octets = Jwk::MAX_OCTETS + 1;
    assert_eq!(Jwk::parse(&text(octets)).unwrap_err(), JwkError::TooLong { octets });
}

#[test]
fn debug_shows_no_private_member() {
    for value in all() {
        let jwk = Jwk::from_value(&value).unwrap();
        for algorithm in jwk.algorithms() {
            let signing = crate::jose::SigningKey::new(&jwk, algorithm).unwrap();
            let shown = format!("{jwk:?} {signing:?} {:?}", signing.verifying_key());
            for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                let secret = value.get(member).and_then(Value::as_str).map(|s| &s[..20]);
                assert!(!secret.is_some_and(|secret| shown.contains(secret)), "{shown}");
            }
            assert!(shown.len() < 400, "{shown}");
        }
    }
}

#[test]
fn algorithms_follow_type_and_members() {
    use Algorithm::{Ed25519, EdDsa, Es256, Hs256, Hs384, Hs512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let cases: [(Value, Value, &[Algorithm]); 15] = [
        (samples::rsa(), json!({}), &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512]),
        (samples::ec(), json!({}), &[Es256]),
        (samples::okp(), json!({}), &[EdDsa, Ed25519]),
        (samples::oct(), json!({}), &[Hs256, Hs384, Hs512]),
        (samples::rsa(), json!({"alg": "PS256", "use": "sig"}), &[Ps256]),
        (samples::rsa(), json!({"alg": "RSA-OAEP"}), &[]),
        (samples::rsa(), json!({"alg": "HS256"}), &[]),
        (samples::rsa(), json!({"alg": "none"}), &[]),
        (samples::rsa(), json!({"use": "enc"}), &[]),
        (samples::ec(), json!({"key_ops": ["sign"]}), &[Es256]),
        (samples::ec(), json!({"key_ops": ["verify"]}), &[Es256]),
        (samples::ec(), json!({"key_ops": ["deriveBits"]}), &[]),
        (samples::oct(), json!({"k": base64url::encode(&[1; 31])}), &[]),
        (samples::oct(), json!({"k": base64url::encode(&[1; 47])}), &[Hs256]),
        (samples::oct(), json!({"k": base64url::encode(&[1; 63])}), &[Hs256, Hs384]),
    ];
    for (mut value, members, algorithms) in cases {
        for (name, member) in members.as_object().unwrap() {
            value[name] = member.clone();
        }
        assert_eq!(Jwk::from_value(&value).unwrap().algorithms(), algorithms, "{members}");
    }
}
