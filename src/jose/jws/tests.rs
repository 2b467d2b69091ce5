use serde_json::json;

use super::*;
use crate::jose::{Jwk, SigningKey, UnknownAlgorithm, VerifyError, VerifyingKey, samples};

fn key(value: &Value, algorithm: Algorithm) -> SigningKey {
    SigningKey::new(&Jwk::from_value(value).unwrap(), algorithm).unwrap()
}

fn token(header: &Value, key: &SigningKey) -> String {
    let input = signing_input(&base64url::encode(header.to_string().as_bytes()), b"{}");
    let signature = key.sign(input.as_bytes(), &mut samples::rng(1)).unwrap();
    assemble(input, &signature)
}

fn with_header(header: &[u8]) -> Result<Unverified, JwsError> {
    Unverified::parse(&format!("{}.e30.AAAA", base64url::encode(header)))
}

#[test]
fn header_is_the_given_members_in_order() {
    let header = encode_header(Algorithm::Es256, "at+jwt", "k\"1");
    let text = base64url::decode(&header).unwrap();
    assert_eq!(text, br#"{"kid":"k\"1","typ":"at+jwt","alg":"ES256"}"#);
}

#[test]
fn what_was_assembled_verifies() {
    let key = key(&samples::ec(), Algorithm::Es256);
    let input = signing_input(&encode_header(Algorithm::Es256, "JWT", "k"), br#"{"sub":"s"}"#);
    let signature = key.sign(input.as_bytes(), &mut samples::rng(1)).unwrap();
    let capacity = input.capacity();
    let token = assemble(input, &signature);
    assert_eq!(token.capacity(), capacity, "assembling does not allocate");

    let verified = Unverified::parse(&token).unwrap().verify(&key.verifying_key()).unwrap();
    assert_eq!(verified.payload(), br#"{"sub":"s"}"#);
    let (typ, kid) = (Some("JWT".into()), Some("k".into()));
    assert_eq!(verified.header(), &Header { alg: Algorithm::Es256, typ, cty: None, kid });
}

#[test]
fn any_change_of_the_token_is_refused() {
    let key = key(&samples::okp(), Algorithm::EdDsa);
    let token = token(&json!({"alg": "EdDSA"}), &key);
    for at in 0..token.len() {
        for replacement in ["", "A", "B", ".", "=", "A."] {
            let changed = format!("{}{replacement}{}", &token[..at], &token[at + 1..]);
            let accepted = Unverified::parse(&changed).and_then(|t| t.verify(&key.verifying_key()));
            assert!(changed == token || accepted.is_err(), "{changed}");
        }
    }
    let cut = token.rsplit_once('.').unwrap().0;
    let unsigned = Unverified::parse(&format!("{cut}.")).unwrap();
    assert_eq!(unsigned.verify(&key.verifying_key()), Err(JwsError::Signature(VerifyError)));
}

#[test]
fn refuses_other_shapes() {
    for (text, found) in [("", 1), ("a", 1), ("a.b", 2), ("a.b.c.d", 4), ("a.b.c.d.e", 5), ("......", 7)] {
        assert_eq!(Unverified::parse(text).unwrap_err(), JwsError::Segments { found }, "{text}");
    }
    let header = base64url::encode(br#"{"alg":"ES256"}"#);
    for (token, segment) in [
        (format!("{header}=.e30.AAAA"), "header"),
        (format!(" {header}.e30.AAAA"), "header"),
        (format!("{header}.e30=.AAAA"), "payload"),
        (format!("{header}.e31.AAAA"), "payload"),
        (format!("{header}.e30.AAA\n"), "signature"),
        (format!("{header}.e30.A+AA"), "signature"),
        (format!("{header}.e30.é"), "signature"),
    ] {
        assert_eq!(Unverified::parse(&token).unwrap_err(), JwsError::NotBase64Url { segment }, "{token}");
    }
    let json = r#"{"payload":"e30","signatures":[]}"#;
    assert!(Unverified::parse(json).is_err());
}

#[test]
fn bounds_the_length_before_all_else() {
    let long = |octets: usize| Unverified::parse(&"=".repeat(octets)).unwrap_err();
    assert_eq!(long(MAX_TOKEN_OCTETS), JwsError::Segments { found: 1 });
    assert_eq!(long(MAX_TOKEN_OCTETS + 1), JwsError::TooLong { octets: MAX_TOKEN_OCTETS + 1 });
}

#[test]
fn refuses_none_in_any_spelling() {
    for alg in ["none", "None", "NONE", "nOnE", "none ", "", "es256", "ES256K", "HS1"] {
        let header = json!({ "alg": alg }).to_string();
        let expected = JwsError::UnknownAlgorithm(UnknownAlgorithm(alg.into()));
        assert_eq!(with_header(header.as_bytes()).unwrap_err(), expected);
        let unsigned = format!("{}.e30.", base64url::encode(header.as_bytes()));
        assert_eq!(Unverified::parse(&unsigned).unwrap_err(), expected);
    }
}

#[test]
fn refuses_malformed_headers() {
    let text = |member| JwsError::Type { member, expected: "a string" };
    let crit = JwsError::Type { member: "crit", expected: "an array of strings, not empty" };
    let critical =
        |names: &[&str]| JwsError::Critical { names: names.iter().map(|name| String::from(*name)).collect() };
    let cases = [
        ("[]", JwsError::NotAnObject),
        ("\"ES256\"", JwsError::NotAnObject),
        ("{}", JwsError::NoAlgorithm),
        (r#"{"alg":null}"#, text("alg")),
        (r#"{"alg":["ES256"]}"#, text("alg")),
        (r#"{"alg":"ES256","typ":1}"#, text("typ")),
        (r#"{"alg":"ES256","cty":{}}"#, text("cty")),
        (r#"{"alg":"ES256","kid":null}"#, text("kid")),
        (r#"{"alg":"ES256","kid":1}"#, text("kid")),
        (r#"{"alg":"ES256","crit":[]}"#, crit.clone()),
        (r#"{"alg":"ES256","crit":null}"#, crit.clone()),
        (r#"{"alg":"ES256","crit":"exp"}"#, crit.clone()),
        (r#"{"alg":"ES256","crit":{}}"#, crit.clone()),
        (r#"{"alg":"ES256","crit":["exp",1]}"#, crit),
        (r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, critical(&["exp"])),
        (r#"{"alg":"ES256","crit":["absent"]}"#, critical(&["absent"])),
        (r#"{"alg":"ES256","crit":["alg","alg"]}"#, critical(&["alg", "alg"])),
        (r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, JwsError::B64),
        (r#"{"alg":"ES256","b64":false}"#, JwsError::B64),
        (r#"{"alg":"ES256","b64":true}"#, JwsError::B64),
    ];
    for (header, error) in cases {
        assert_eq!(with_header(header.as_bytes()).unwrap_err(), error, "{header}");
    }
    for header in [
        &br#"{"alg":"ES256","alg":"ES256"}"#[..],
        br#"{"alg":"ES256","x":{"a":1,"a":2}}"#,
        b"\xff",
        b"",
        b"{\"alg\":\"ES256\"} {}",
        "[".repeat(9000).as_bytes(),
    ] {
        assert!(matches!(with_header(header), Err(JwsError::Json(_))), "{}", header.escape_ascii());
    }
}

#[test]
fn keys_in_the_header_are_not_looked_at() {
    let own = key(&samples::ec(), Algorithm::Es256);
    let theirs = key(
        &SigningKey::generate(Algorithm::Es256, &mut samples::rng(5)).unwrap().to_jwk().to_value(),
        Algorithm::Es256,
    );
    let header = json!({
        "alg": "ES256",
        "jwk": theirs.to_jwk().public().unwrap().to_value(),
        "jku": "https://attacker.example/jwks",
        "x5u": 7,
        "x5c": ["AA=="],
    });
    let forged = Unverified::parse(&token(&header, &theirs)).unwrap();
    assert_eq!(forged.verify(&own.verifying_key()), Err(JwsError::Signature(VerifyError)));
    let signed = Unverified::parse(&token(&header, &own)).unwrap();
    assert!(signed.verify(&own.verifying_key()).is_ok());
}

/// RFC 8725 §2.1: an HMAC whose secret is the text of the public key.
#[test]
fn a_public_key_is_no_hmac_secret() {
    let public = Jwk::from_value(&samples::rsa()).unwrap().public().unwrap();
    let verifying = VerifyingKey::new(&public, Algorithm::Rs256).unwrap();
    let n = base64url::decode(samples::rsa()["n"].as_str().unwrap()).unwrap();
    for secret in [public.to_json().as_bytes(), samples::rsa()["n"].as_str().unwrap().as_bytes(), &n] {
        let attacker = SigningKey::new(&Jwk::symmetric(secret), Algorithm::Hs256).unwrap();
        let forged = Unverified::parse(&token(&json!({"alg": "HS256"}), &attacker)).unwrap();
        let algorithm = Algorithm::Hs256;
        assert_eq!(forged.verify(&verifying), Err(JwsError::OtherAlgorithm { algorithm }));
    }
}

#[test]
fn a_key_verifies_one_algorithm() {
    let (rs, ps) = (key(&samples::rsa(), Algorithm::Rs256), key(&samples::rsa(), Algorithm::Ps256));
    let signed = Unverified::parse(&token(&json!({"alg": "PS256"}), &ps)).unwrap();
    let algorithm = Algorithm::Ps256;
    assert_eq!(signed.clone().verify(&rs.verifying_key()), Err(JwsError::OtherAlgorithm { algorithm }));
    assert!(signed.verify(&ps.verifying_key()).is_ok());
}

#[test]
fn types_are_compared_as_media_types() {
    let cases = [
        (Some("at+jwt"), true),
        (Some("AT+JWT"), true),
        (Some("application/at+jwt"), true),
        (Some("Application/At+Jwt"), true),
        (Some("application/application/at+jwt"), false),
        (Some("text/at+jwt"), false),
        (Some("application/"), false),
        (Some("jwt"), false),
        (Some("at+jwt "), false),
        (Some(""), false),
        (None, false),
    ];
    for (typ, same) in cases {
        let typ = typ.map(String::from);
        let header = Header { alg: Algorithm::Es256, typ, cty: None, kid: None };
        assert_eq!(header.has_type("at+jwt"), same, "{:?}", header.typ);
    }
}
