//! RFC 8725, JSON Web Token Best Current Practices: what it asks of JOSE, and where that is tested.
//!
//! | § | what | test |
//! | --- | --- | --- |
//! | 2.1, 3.1 | a public key is no HMAC secret, in whatever form | here; `jws/tests.rs` |
//! | 3.1 | the caller's algorithm, one a key; JWK `alg`, `kty`, `crv` agree with it | here; `key_tests.rs` |
//! | 3.2 | `none` in no spelling | here; `jws/tests.rs`, `rfc7515.rs` |
//! | 3.3 | one failing step refuses the whole; no nested token unless asked for | here; `jws/content_tests.rs`, `properties.rs` |
//! | 3.4 | points on the curve, R and S in range, one encoding of an EdDSA signature | `ec_tests.rs`, `okp.rs`, `vectors.rs` |
//! | 3.5 | secrets as long as the hash, RSA of 2048 bits or more, e odd and ≥ 3, no ROCA | `oct.rs`, `rsa_tests.rs` |
//! | 3.6 | nothing is decrypted or inflated: five segments are refused | here |
//! | 3.7 | UTF-8 alone | here; `json.rs` |
//! | 3.10 | `jku`, `x5u`, `jwk`, `x5c` are not looked at, `kid` is data | here; `jws/tests.rs`, `rfc7517.rs` |
//! | 3.11 | `typ` is compared as a media type | `jws/tests.rs` |
//!
//! And of the RFCs that it builds on:
//!
//! | RFC | what | test |
//! | --- | --- | --- |
//! | 7515 §2 | canonical base64url, three segments, no JSON where a token is expected | here; `base64url.rs`, `jws/tests.rs` |
//! | 7515 §4, 7519 §4 | a name stands once | here; `json.rs`, `jwt.rs` |
//! | 7515 §4.1.11 | `crit` is understood or refused | `jws/tests.rs`, `jws/content_tests.rs` |
//! | 7517 §4, §5 | `use`, `key_ops`, unique `kid`, unknown keys passed over | `jwk_tests.rs`, `jwk_set.rs` |
//! | 7519 §4.1 | times are numbers and never taken for absent | `jwt.rs` |
//! | 7638, 9278 | thumbprints of the required members | `rfc7638.rs` |
//! | 7797 §7 | no `b64` in a token | `rfc7797.rs` |
//! | 8037 | OKP is Ed25519, no small order, S reduced | `okp.rs`, `rfc8037.rs` |
//! | | length and depth are bounded before anything is parsed | here; `json.rs`, `jwk_tests.rs`, `jwt.rs` |

use edgegrant::jose::jws::{self, JwsError, Unverified};
use edgegrant::jose::jwt::Claims;
use edgegrant::jose::{Algorithm, Jwk, JwkSet, KeyError, SigningKey, VerifyingKey, base64url};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::json;

const PEM: &str = include_str!("pem/rsa_spki.pem");
const PRIVATE_PEM: &str = include_str!("pem/rsa_pkcs8.pem");

fn sign(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let input = jws::signing_input(&base64url::encode(header.as_bytes()), payload);
    let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    jws::assemble(input, &signature)
}

fn hmac(secret: &[u8]) -> SigningKey {
    SigningKey::new(&Jwk::symmetric(secret), Algorithm::Hs256).unwrap()
}

/// §2.1: a token whose MAC was made with the public key as the secret, in any of its forms.
#[test]
fn s2_1_a_public_key_is_no_hmac_secret() {
    let public = Jwk::from_pem(PEM).unwrap();
    let set = JwkSet::from_value(&json!({"keys": [public.to_value()]})).unwrap();
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let n = public.to_value()["n"].as_str().unwrap().to_owned();
    let (json, raw) = (public.to_json(), base64url::decode(&n).unwrap());
    let secrets: [&[u8]; 7] = [
        PEM.as_bytes(),
        PEM.trim_end().as_bytes(),
        body.as_bytes(),
        json.as_bytes(),
        n.as_bytes(),
        &raw,
        &[0; 32],
    ];
    for secret in secrets {
        let forged = Unverified::parse(&sign(&hmac(secret), r#"{"alg":"HS256"}"#, b"{}")).unwrap();
        assert_eq!(set.find(None, forged.header().alg).count(), 0);
        let key = VerifyingKey::new(&public, Algorithm::Rs256).unwrap();
        let algorithm = Algorithm::Hs256;
        assert_eq!(forged.verify(&key), Err(JwsError::OtherAlgorithm { algorithm }));
    }
    assert!(matches!(VerifyingKey::new(&public, Algorithm::Hs256), Err(KeyError::KeyType { .. })));
    let empty = VerifyingKey::new(&Jwk::symmetric(b""), Algorithm::Hs256).unwrap_err();
    assert!(matches!(empty, KeyError::TooShort { octets: 0, .. }));
}

/// §3.1: one key, bound to each algorithm in turn, takes that one and no other.
#[test]
fn s3_1_a_key_verifies_the_algorithm_that_it_is_bound_to() {
    let private = Jwk::from_pem(PRIVATE_PEM).unwrap();
    for signing in private.algorithms() {
        let header = format!(r#"{{"alg":"{signing}"}}"#);
        let token = sign(&SigningKey::new(&private, signing).unwrap(), &header, b"{}");
        for bound in private.algorithms() {
            let key = VerifyingKey::new(&private, bound).unwrap();
            let verified = Unverified::parse(&token).unwrap().verify(&key);
            assert_eq!(verified.is_ok(), signing == bound, "{signing} {bound}");
        }
        // The same octets under another name.
        for claimed in private.algorithms().into_iter().filter(|claimed| *claimed != signing) {
            let header = format!(r#"{{"alg":"{claimed}"}}"#);
            let token = sign(&SigningKey::new(&private, signing).unwrap(), &header, b"{}");
            let key = VerifyingKey::new(&private, claimed).unwrap();
            assert!(Unverified::parse(&token).unwrap().verify(&key).is_err(), "{signing} as {claimed}");
        }
    }
}

#[test]
fn s3_2_none_is_refused_signed_or_not() {
    for alg in ["none", "None", "NONE", "nOnE", "none\0", " none"] {
        let header = json!({"alg": alg}).to_string();
        let signed = sign(&hmac(&[7; 32]), &header, b"{}");
        let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
        for token in [signed, unsigned] {
            assert!(matches!(Unverified::parse(&token), Err(JwsError::UnknownAlgorithm(_))), "{alg:?}");
        }
    }
}

#[test]
fn s3_3_what_was_changed_is_refused() {
    let key = hmac(&[7; 32]);
    let token = sign(&key, r#"{"alg":"HS256"}"#, br#"{"sub":"a"}"#);
    let parts: Vec<_> = token.split('.').collect();
    let other = sign(&key, r#"{"alg":"HS256","kid":"b"}"#, br#"{"sub":"b"}"#);
    let others: Vec<_> = other.split('.').collect();
    let changed = [
        [others[0], parts[1], parts[2]],
        [parts[0], others[1], parts[2]],
        [parts[0], parts[1], others[2]],
        [parts[0], parts[1], ""],
        [parts[0], parts[1], &parts[2][..40]],
        [parts[0], "", parts[2]],
    ];
    for segments in changed {
        let token = segments.join(".");
        let verified = Unverified::parse(&token).and_then(|read| read.verify(&key.verifying_key()));
        assert!(verified.is_err(), "{token}");
    }
    assert!(Unverified::parse(&token).unwrap().verify(&key.verifying_key()).is_ok());
}

#[test]
fn s3_6_encrypted_tokens_are_refused_unread() {
    let header = base64url::encode(br#"{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}"#);
    let error = Unverified::parse(&format!("{header}.AAAA.AAAA.AAAA.AAAA")).unwrap_err();
    assert_eq!(error, JwsError::Segments { found: 5 });
}

#[test]
fn s3_7_utf8_alone() {
    let token = format!("{}.e30.AAAA", base64url::encode(b"{\"alg\":\"HS256\",\"kid\":\"\xff\"}"));
    assert!(matches!(Unverified::parse(&token), Err(JwsError::Json(_))));
    assert!(Claims::parse(b"{\"sub\":\"\xc0\xaf\"}").is_err());
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Claims::parse(&utf16).is_err());
}

/// §3.10: whatever `kid` says, it is compared and nothing else.
#[test]
fn s3_10_kid_is_data() {
    let set = JwkSet::from_value(&json!({"keys": [Jwk::from_pem(PEM).unwrap().with_kid("a").to_value()]}));
    let set = set.unwrap();
    for kid in ["../a", "a/../a", "a' OR '1'='1", "https://keys.example/a", "a\0", "A", "", "a "] {
        assert_eq!(set.find(Some(kid), Algorithm::Rs256).count(), 0, "{kid:?}");
    }
    assert_eq!(set.find(Some("a"), Algorithm::Rs256).count(), 1);
}

#[test]
fn names_stand_once_and_nesting_is_bounded() {
    let header = |text: &str| Unverified::parse(&format!("{}.e30.AAAA", base64url::encode(text.as_bytes())));
    for text in
        [r#"{"alg":"HS256","alg":"none"}"#, r#"{"alg":"HS256","kid":"a","kid":"a"}"#, &"[".repeat(10_000)]
    {
        assert!(matches!(header(text), Err(JwsError::Json(_))), "{text}");
    }
    for claims in [r#"{"sub":"a","sub":"b"}"#, r#"{"a":{"b":1,"\u0062":2}}"#, &r#"{"a":"#.repeat(3_000)] {
        assert!(Claims::parse(claims.as_bytes()).is_err());
    }
}
