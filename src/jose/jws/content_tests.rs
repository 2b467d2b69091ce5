//! What a token may hold, detached content, and the serialisation in JSON.

use serde_json::{Value, json};

use super::*;
use crate::jose::{Jwk, SigningKey, UnknownAlgorithm, VerifyError, samples};

const SECRET: [u8; 32] = [7; 32];

fn key() -> SigningKey {
    SigningKey::new(&Jwk::symmetric(&SECRET), Algorithm::Hs256).unwrap()
}

fn encode(header: &Value) -> String {
    base64url::encode(header.to_string().as_bytes())
}

/// base64url of the signature over header and payload as they stand.
fn sign(header: &str, payload: &[u8]) -> String {
    let input = [header.as_bytes(), b".", payload].concat();
    base64url::encode(&key().sign(&input, &mut samples::rng(1)).unwrap())
}

/// A compact token whose payload stands in it as given.
fn token(header: &Value, payload: &str) -> String {
    let header = encode(header);
    format!("{header}.{payload}.{}", sign(&header, payload.as_bytes()))
}

fn verified(unverified: Unverified) -> Result<Vec<u8>, JwsError> {
    Ok(unverified.verify(&key().verifying_key())?.payload().to_vec())
}

#[test]
fn a_nested_token_must_be_asked_for() {
    let inner = "a.b.c";
    let payload = base64url::encode(inner.as_bytes());
    for cty in ["JWT", "jwt", "application/jwt", "Application/JWT"] {
        let token = token(&json!({"alg": "HS256", "cty": cty}), &payload);
        assert_eq!(Unverified::parse(&token).unwrap_err(), JwsError::Nested, "{cty}");
        let nested = Unverified::parse_as(&token, Content::NestedJwt).unwrap();
        assert_eq!(verified(nested), Ok(inner.into()));
        assert!(Unverified::parse_as(&token, Content::Octets).is_ok());
    }
    for header in [json!({"alg": "HS256"}), json!({"alg": "HS256", "cty": "json"})] {
        let token = token(&header, "e30");
        assert!(Unverified::parse(&token).is_ok());
        let error = Unverified::parse_as(&token, Content::NestedJwt).unwrap_err();
        assert_eq!(error, JwsError::NotNested);
    }
}

/// RFC 7797 §6, §7.
#[test]
fn b64_is_read_where_it_may_stand() {
    let raw = json!({"alg": "HS256", "b64": false, "crit": ["b64"]});
    let encoded = json!({"alg": "HS256", "b64": true, "crit": ["b64"]});
    for (header, payload, content) in
        [(&raw, "$02 {x}", "$02 {x}"), (&raw, "", ""), (&encoded, "e30", "{}"), (&raw, "e30", "e30")]
    {
        let token = token(header, payload);
        let read = Unverified::parse_as(&token, Content::Octets).unwrap();
        assert_eq!(verified(read), Ok(content.into()));
        for kind in [Content::Claims, Content::NestedJwt] {
            assert_eq!(Unverified::parse_as(&token, kind).unwrap_err(), JwsError::B64, "{kind:?}");
        }
    }
    let critical = |names: &[&str]| JwsError::Critical { names: names.iter().map(|n| (*n).into()).collect() };
    let kind = JwsError::Type { member: "b64", expected: "true or false" };
    let cases = [
        (json!({"alg": "HS256", "b64": false}), JwsError::B64),
        (json!({"alg": "HS256", "b64": "false", "crit": ["b64"]}), kind.clone()),
        (json!({"alg": "HS256", "b64": null}), kind),
        (json!({"alg": "HS256", "crit": ["b64"]}), critical(&["b64"])),
        (json!({"alg": "HS256", "b64": false, "crit": ["b64", "exp"]}), critical(&["b64", "exp"])),
        (json!({"alg": "HS256", "b64": false, "crit": ["b64", "b64"]}), critical(&["b64", "b64"])),
        (json!({"alg": "HS256", "crit": ["alg"]}), critical(&["alg"])),
    ];
    for (header, error) in cases {
        let read = Unverified::parse_as(&token(&header, "e30"), Content::Octets);
        assert_eq!(read.unwrap_err(), error, "{header}");
    }
    for payload in ["a\nb", "\u{e9}", "\u{7f}", "a\tb"] {
        let read = Unverified::parse_as(&token(&raw, payload), Content::Octets);
        assert_eq!(read.unwrap_err(), JwsError::Characters, "{payload:?}");
    }
}

/// RFC 7515 appendix F, RFC 7797 §5.
#[test]
fn detached_content_is_what_was_signed() {
    let content = b"any octets. \xff\0";
    let plain = encode(&json!({"alg": "HS256"}));
    let raw = encode(&json!({"alg": "HS256", "b64": false, "crit": ["b64"]}));
    let encoded = base64url::encode(content);
    for (header, signed) in [(plain, encoded.as_bytes()), (raw, &content[..])] {
        let token = format!("{header}..{}", sign(&header, signed));
        let read = Unverified::parse_detached(&token, content).unwrap();
        assert_eq!(verified(read), Ok(content.to_vec()));
        let other = Unverified::parse_detached(&token, b"other").unwrap();
        assert_eq!(verified(other), Err(JwsError::Signature(VerifyError)));
        let without = Unverified::parse_as(&token, Content::Octets).unwrap();
        assert_eq!(verified(without), Err(JwsError::Signature(VerifyError)));
        let text = json!({"protected": header, "signature": sign(&header, signed)}).to_string();
        let read = parse_json(&text, Some(content)).unwrap().remove(0).unwrap();
        assert_eq!(verified(read), Ok(content.to_vec()));
    }
    let whole = token(&json!({"alg": "HS256"}), "e30");
    assert_eq!(Unverified::parse_detached(&whole, b"{}").unwrap_err(), JwsError::NotDetached);
}

#[test]
fn signatures_in_json_stand_for_themselves() {
    let (known, unknown) = (encode(&json!({"alg": "HS256"})), encode(&json!({"alg": "none"})));
    let good = sign(&known, b"e30");
    let text = json!({"payload": "e30", "signatures": [
        {"protected": known, "signature": good},
        {"protected": unknown, "signature": ""},
        {"protected": known, "signature": "AAAA", "header": {"kid": "other"}},
        {"header": {"alg": "HS256", "kid": "unprotected"}, "signature": sign("", b"e30")},
    ]});
    let mut read = parse_json(&text.to_string(), None).unwrap().into_iter();
    assert_eq!(verified(read.next().unwrap().unwrap()), Ok(b"{}".to_vec()));
    let unknown = JwsError::UnknownAlgorithm(UnknownAlgorithm("none".into()));
    assert_eq!(read.next().unwrap().unwrap_err(), unknown);
    let bad = read.next().unwrap().unwrap();
    assert_eq!(bad.header().kid.as_deref(), Some("other"));
    assert_eq!(verified(bad), Err(JwsError::Signature(VerifyError)));
    assert_eq!(verified(read.next().unwrap().unwrap()), Ok(b"{}".to_vec()), "RFC 7520 §4.7");
}

#[test]
fn headers_in_json_are_disjoint_and_critical_members_protected() {
    let protected = encode(&json!({"alg": "HS256", "kid": "a"}));
    let twice = |name: &str| JwsError::HeaderTwice { name: name.into() };
    let cases = [
        (json!({"kid": "a"}), twice("kid")),
        (json!({"alg": "HS256"}), twice("alg")),
        (json!({"crit": ["b64"]}), JwsError::Unprotected { member: "crit" }),
        (json!({"b64": false}), JwsError::Unprotected { member: "b64" }),
    ];
    for (header, error) in cases {
        let text = json!({"payload": "e30", "protected": protected, "header": header, "signature": "AAAA"});
        assert_eq!(parse_json(&text.to_string(), None).unwrap().remove(0).unwrap_err(), error);
    }
}

#[test]
fn refuses_what_is_no_jws_in_json() {
    let p = encode(&json!({"alg": "HS256"}));
    let cases = [
        json!([]),
        json!("e30"),
        json!({}),
        json!({"payload": "e30"}),
        json!({"payload": 1, "protected": p, "signature": "AAAA"}),
        json!({"payload": "e30", "protected": p}),
        json!({"payload": "e30", "signature": "AAAA"}),
        json!({"payload": "e30", "protected": "", "header": {"alg": "HS256"}, "signature": "AAAA"}),
        json!({"payload": "e30", "protected": {"alg": "HS256"}, "signature": "AAAA"}),
        json!({"payload": "e30", "protected": p, "header": [], "signature": "AAAA"}),
        json!({"payload": "e30", "protected": p, "signature": null}),
        json!({"payload": "e30", "signatures": []}),
        json!({"payload": "e30", "signatures": {}}),
        json!({"payload": "e30", "signatures": [1]}),
        json!({"payload": "e30", "signatures": [{"protected": p}]}),
        json!({"payload": "e30", "signatures": vec![json!({"protected": p, "signature": ""}); 17]}),
        json!({"payload": "e30", "signatures": [{"protected": p, "signature": ""}], "signature": ""}),
        json!({"payload": "e30", "signatures": [{"protected": p, "signature": ""}], "header": {}}),
    ];
    for text in cases {
        let error = parse_json(&text.to_string(), None).unwrap_err();
        assert!(matches!(error, JwsError::Serialisation { .. }), "{text}: {error}");
    }
    let flat = json!({"payload": "e30", "protected": p, "signature": "AAAA"}).to_string();
    assert_eq!(parse_json(&flat, Some(b"{}")).unwrap_err(), JwsError::NotDetached);
    let segment = |segment| JwsError::NotBase64Url { segment };
    for (from, to, error) in [
        ("e30", "e30=", segment("payload")),
        ("AAAA", "AAA+", segment("signature")),
        (p.as_str(), "e30 ", segment("header")),
    ] {
        assert_eq!(parse_json(&flat.replace(from, to), None).unwrap_err(), error);
    }
    let twice = flat.replace('{', r#"{"payload":"e30","#);
    assert!(matches!(parse_json(&twice, None), Err(JwsError::Json(_))));
    let octets = MAX_TOKEN_OCTETS + 1;
    assert_eq!(parse_json(&"[".repeat(octets), None).unwrap_err(), JwsError::TooLong { octets });
    let deep = format!("{{\"payload\":{}", "[".repeat(9000));
    assert!(matches!(parse_json(&deep, None), Err(JwsError::Json(_))));
}

/// RFC 7797 §3.
#[test]
fn signatures_agree_on_b64() {
    let plain = encode(&json!({"alg": "HS256"}));
    let raw = encode(&json!({"alg": "HS256", "b64": false, "crit": ["b64"]}));
    let signature = |header: &str| json!({"protected": header, "signature": sign(header, b"e30")});
    let text = |signatures: [Value; 2]| json!({"payload": "e30", "signatures": signatures}).to_string();
    let mixed = text([signature(&plain), signature(&raw)]);
    assert_eq!(parse_json(&mixed, None).unwrap_err(), JwsError::B64);
    for unverified in parse_json(&text([signature(&raw), signature(&raw)]), None).unwrap() {
        assert_eq!(verified(unverified.unwrap()), Ok(b"e30".to_vec()), "the payload as it stands");
    }
}
