//! Tokens explained: each code of a problem, kinds, times, signatures.
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Write as _;

use edgegrant::inspect::{CODES, Form, Inspection, Payload, Severity, Status, inspect, link};
use edgegrant::jose::jws::{self, MAX_TOKEN_OCTETS};
use edgegrant::jose::{Algorithm, Jwk, SigningKey, base64url};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256, &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn public() -> Value {
    key().to_jwk().with_kid("k").public().unwrap().to_value()
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": "k"})
}

/// All that RFC 9068 asks for.
fn claims() -> Value {
    json!({
        "iss": "https://as.example", "sub": "s", "aud": "https://api.example", "client_id": "c",
        "scope": "read write", "iat": NOW - 60, "exp": NOW + 899, "jti": "j",
    })
}

fn sign(header: &str, payload: &[u8]) -> String {
    let input = jws::signing_input(&base64url::encode(header.as_bytes()), payload);
    let signature = key().sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    jws::assemble(input, &signature)
}

fn good() -> String {
    sign(&header().to_string(), claims().to_string().as_bytes())
}

fn with(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().shift_remove(name)),
            change => value[name] = change.clone(),
        }
    }
    value
}

/// A token whose header has these members; those that are `null` it has not.
fn headed(changes: &Value) -> String {
    sign(&with(header(), changes).to_string(), claims().to_string().as_bytes())
}

/// The same of claims.
fn claiming(changes: &Value) -> String {
    sign(&header().to_string(), with(claims(), changes).to_string().as_bytes())
}

/// A token of no certain kind.
fn plain(claims: &Value) -> String {
    sign(r#"{"alg":"ES256","typ":"JWT"}"#, claims.to_string().as_bytes())
}

/// The good token with another text for one of its segments.
fn replaced(segment: usize, text: &str) -> String {
    let token = good();
    let mut segments: Vec<_> = token.split('.').collect();
    segments[segment] = text;
    segments.join(".")
}

fn flattened() -> Value {
    let token = good();
    let segments: Vec<_> = token.split('.').collect();
    json!({"protected": segments[0], "payload": segments[1], "signature": segments[2]})
}

fn general(signatures: usize) -> String {
    let one = with(flattened(), &json!({"payload": null}));
    json!({"payload": flattened()["payload"], "signatures": vec![one; signatures]}).to_string()
}

fn found(inspection: &Inspection) -> Vec<(&str, &str)> {
    inspection.problems.iter().map(|problem| (problem.code, problem.at.as_str())).collect()
}

fn has_error(inspection: &Inspection) -> bool {
    inspection.problems.iter().any(|problem| problem.severity == Severity::Error)
}

#[test]
fn a_good_token_has_no_problems() {
    let inspection = inspect(&good(), Some(&jwks(&[public()])), NOW);
    assert_eq!(found(&inspection), []);
    assert_eq!(inspection.form, Form::CompactJws);
    assert_eq!((inspection.header, inspection.claims), (Some(header()), Some(claims())));
    assert_eq!(inspection.payload, None);
    assert_eq!(inspection.lifetime.as_deref(), Some("15 minutes 59 seconds"));
    assert_eq!(inspection.algorithm.unwrap().key, "EC on P-256");
    let segments: Vec<_> = inspection.segments.iter().map(|s| (s.name, s.text_octets, s.octets)).collect();
    let payload = claims().to_string().len();
    assert_eq!(segments[1], ("payload", base64url::encoded_length(payload), payload));
    assert_eq!(segments[2], ("signature", 86, 64));
    let members: Vec<_> = inspection.members.iter().map(|member| member.at.as_str()).collect();
    assert_eq!(members[..4], ["/header/alg", "/header/typ", "/header/kid", "/claims/iss"]);
    assert_eq!(members.len(), 3 + 8);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn each_code_has_its_cause() {
    let weak_rsa = json!({"kty": "RSA", "n": base64url::encode(&[0xff; 128]), "e": "AQAB", "kid": "w"});
    let even_rsa = json!({"kty": "RSA", "n": base64url::encode(&[0xfe; 256]), "e": "AQAB"});
    let exponent = json!({"kty": "RSA", "n": base64url::encode(&[0xff; 256]), "e": "AQ"});
    let short_oct = json!({"kty": "oct", "k": "AAAA", "kid": "k"});
    let hs256 = headed(&json!({"alg": "HS256"}));
    let in_seven = "[".repeat(70) + &"]".repeat(70);
    let long_lived = json!({"exp": NOW + 90_000});
    let dot = |parts: &[&str]| parts.join(".");
    let encoded = |octets: &[u8]| base64url::encode(octets);
    let two = "A".repeat(85) + "B";
    let both = [public(), public()];
    let many = vec![short_oct.clone(); 101];

    let table: Vec<(&str, &str, String, Option<String>)> = vec![
        ("token_too_long", "token", "A".repeat(MAX_TOKEN_OCTETS + 1), None),
        ("not_a_token", "token", String::new(), None),
        ("not_a_token", "token", "2YotnFZFEjr1zCsicMWpAA".into(), None),
        ("not_a_token", "token", "a.b".into(), None),
        ("not_a_token", "token", claims().to_string(), None),
        ("not_a_token", "token", "{".into(), None),
        ("json_serialization", "token", flattened().to_string(), None),
        ("json_jws_refused", "token", with(flattened(), &json!({"signature": 1})).to_string(), None),
        (
            "json_jws_refused",
            "token",
            with(flattened(), &json!({"header": {"alg": "ES256"}})).to_string(),
            None,
        ),
        ("more_signatures", "token", general(2), None),
        ("selective_disclosure", "token", good() + "~WyJhIiwgImIiLCAiYyJd~", None),
        ("whitespace_around", "token", good() + "\n", None),
        ("bearer_prefix", "token", "bearer ".to_owned() + &good(), None),
        ("segments_count", "token", good().rsplit_once('.').unwrap().0.into(), None),
        ("segments_count", "token", good() + ".", None),
        (
            "encrypted",
            "token",
            dot(&[&encoded(br#"{"alg":"dir","enc":"A256GCM"}"#), "", "AA", "AA", "AA"]),
            None,
        ),
        ("encrypted", "token", json!({"protected": "e30", "ciphertext": "AA"}).to_string(), None),
        ("base64url_padding", "payload", replaced(1, "e30="), None),
        ("base64url_alphabet", "header", replaced(0, &format!("{}\n", encoded(br#"{"alg":"ES256"}"#))), None),
        ("base64url_alphabet", "signature", replaced(2, "+/AA"), None),
        ("base64url_length", "payload", replaced(1, "e30AA"), None),
        ("base64url_not_canonical", "payload", replaced(1, "e31"), None),
        ("base64url_not_canonical", "signature", replaced(2, &two), None),
        ("header_not_utf8", "header", replaced(0, &encoded(b"{\"alg\":\"ES256\",\"kid\":\"\xff\"}")), None),
        ("header_not_json", "header", replaced(0, &encoded(b"{alg}")), None),
        ("header_not_object", "header", replaced(0, &encoded(b"[]")), None),
        ("header_wrong_type", "/header/kid", headed(&json!({"kid": 1})), None),
        ("header_wrong_type", "/header/alg", headed(&json!({"alg": ["ES256"]})), None),
        ("header_wrong_type", "/header/crit", headed(&json!({"crit": "b64"})), None),
        ("payload_not_json", "payload", replaced(1, &encoded(b"hello")), None),
        ("payload_not_json", "payload", replaced(1, ""), None),
        ("payload_not_object", "payload", replaced(1, &encoded(b"[]")), None),
        ("duplicate_member", "header", sign(r#"{"alg":"ES256","alg":"ES256"}"#, b"{}"), None),
        ("duplicate_member", "payload", sign(r#"{"alg":"ES256"}"#, br#"{"a":{"b":1,"b":2}}"#), None),
        ("too_deep", "payload", sign(r#"{"alg":"ES256"}"#, in_seven.as_bytes()), None),
        ("alg_missing", "/header", headed(&json!({"alg": null})), None),
        ("alg_none", "/header/alg", headed(&json!({"alg": "nOnE"})), None),
        ("alg_unknown", "/header/alg", headed(&json!({"alg": "es256"})), None),
        ("alg_unknown", "/header/alg", headed(&json!({"alg": "ES256K"})), None),
        ("alg_deprecated", "/header/alg", headed(&json!({"alg": "EdDSA"})), None),
        ("alg_symmetric", "/header/alg", hs256.clone(), None),
        ("typ_missing", "/header", headed(&json!({"typ": null})), None),
        ("crit_empty", "/header/crit", headed(&json!({"crit": []})), None),
        ("crit_unknown", "/header/crit", headed(&json!({"crit": ["exp"], "exp": 1})), None),
        ("crit_unknown", "/header/crit", headed(&json!({"crit": ["b64"]})), None),
        ("b64_in_jwt", "/header/b64", headed(&json!({"b64": true})), None),
        ("nested_token", "/header/cty", headed(&json!({"cty": "application/jwt"})), None),
        ("key_in_header", "/header/jku", headed(&json!({"jku": "https://attacker.example"})), None),
        ("key_in_header", "/header/x5u", headed(&json!({"x5u": 1})), None),
        ("key_in_header", "/header/x5c", headed(&json!({"x5c": []})), None),
        ("key_in_header", "/header/jwk", headed(&json!({"jwk": public()})), None),
        ("private_key_in_header", "/header/jwk", headed(&json!({"jwk": key().to_jwk().to_value()})), None),
        ("kid_suspicious", "/header/kid", headed(&json!({"kid": "../../dev/null"})), None),
        ("kid_suspicious", "/header/kid", headed(&json!({"kid": "x' UNION SELECT 'a"})), None),
        ("weak_key", "/header/jwk", headed(&json!({"jwk": weak_rsa})), None),
        ("weak_key", "/keys/1", good(), Some(jwks(&[public(), weak_rsa]))),
        ("weak_key", "/keys/0", good(), Some(jwks(&[even_rsa]))),
        ("weak_key", "/keys/0", good(), Some(exponent.to_string())),
        ("weak_key", "/keys/0", hs256, Some(short_oct.to_string())),
        ("key_unusable", "/keys/0", good(), Some(jwks(&[json!({"kty": "EC", "crv": "P-192"})]))),
        ("key_unusable", "keys", good(), Some(jwks(&many))),
        ("keys_unreadable", "keys", good(), Some("{}".into())),
        ("keys_unreadable", "keys", good(), Some("nonsense".into())),
        ("keys_unreadable", "keys", good(), Some(" ".repeat(1 << 20))),
        ("kid_duplicate", "/keys/1", good(), Some(jwks(&both))),
        ("key_not_found", "keys", headed(&json!({"kid": "other"})), Some(jwks(&[public()]))),
        ("signature_missing", "signature", replaced(2, ""), None),
        ("signature_length", "signature", replaced(2, &encoded(&[7; 70])), None),
        ("signature_length", "signature", headed(&json!({"alg": "RS256"})), None),
        ("signature_invalid", "signature", replaced(2, &encoded(&[7; 64])), Some(jwks(&[public()]))),
        ("expired", "/claims/exp", claiming(&json!({"exp": NOW})), None),
        ("not_yet_valid", "/claims/nbf", claiming(&json!({"nbf": NOW + 1})), None),
        ("issued_in_the_future", "/claims/iat", claiming(&json!({"iat": NOW + 1})), None),
        ("exp_missing", "/claims", plain(&json!({"scope": "a"})), None),
        ("time_wrong_type", "/claims/exp", claiming(&json!({"exp": "1800000899"})), None),
        ("time_wrong_type", "/claims/auth_time", claiming(&json!({"auth_time": []})), None),
        ("time_in_milliseconds", "/claims/exp", claiming(&json!({"exp": (NOW + 899) * 1000})), None),
        ("time_out_of_order", "/claims/exp", claiming(&json!({"exp": NOW - 60})), None),
        ("time_out_of_order", "/claims/nbf", claiming(&json!({"nbf": NOW + 899})), None),
        ("lifetime_long", "/claims/exp", claiming(&long_lived), None),
        ("iss_missing", "/claims", plain(&json!({})), None),
        ("iss_not_https", "/claims/iss", claiming(&json!({"iss": "http://as.example"})), None),
        ("aud_missing", "/claims", plain(&json!({})), None),
        ("aud_missing", "/claims/aud", claiming(&json!({"aud": []})), None),
        ("aud_wrong_type", "/claims/aud", claiming(&json!({"aud": ["a", 1]})), None),
        ("aud_wrong_type", "/claims/aud", claiming(&json!({"aud": 1})), None),
        ("sub_wrong_type", "/claims/sub", claiming(&json!({"sub": 7})), None),
        ("scope_wrong_type", "/claims/scope", claiming(&json!({"scope": ["read"]})), None),
        ("scope_malformed", "/claims/scope", claiming(&json!({"scope": "read  write"})), None),
        ("claim_wrong_type", "/claims/iss", claiming(&json!({"iss": 1})), None),
        ("claim_missing", "/claims", claiming(&json!({"client_id": null})), None),
        ("claim_secret", "/claims/a/1/Password", claiming(&json!({"a": [0, {"Password": "x"}]})), None),
        ("number_precision", "/claims/a~1b", claiming(&json!({"a/b": u64::MAX})), None),
        ("number_precision", "/header/n", headed(&json!({"n": -9_007_199_254_740_993_i64})), None),
    ];
    for (code, at, token, keys) in &table {
        let inspection = inspect(token, keys.as_deref(), NOW);
        assert!(
            found(&inspection).contains(&(*code, *at)),
            "{code} {at}: {:?}\n{token}",
            inspection.problems
        );
        let problem = inspection.problems.iter().find(|problem| problem.code == *code).unwrap();
        let row = CODES.iter().find(|row| row.name == *code).unwrap();
        assert!(problem.message.starts_with(row.summary));
        assert_eq!((problem.severity, problem.link.as_str()), (row.severity, link(problem.source).as_str()));
    }
    for row in CODES {
        assert!(table.iter().any(|(code, ..)| *code == row.name), "{} is not in the table", row.name);
    }
}

/// What is right beside each check.
#[test]
fn what_is_right_is_not_a_problem() {
    for token in [
        headed(&json!({"typ": "application/AT+JWT"})),
        headed(&json!({"cty": "json"})),
        claiming(&json!({"aud": ["a", "b"], "nbf": NOW, "iat": NOW, "exp": NOW + 1})),
        claiming(&json!({"exp": 1_800_000_000.5, "iss": "http://localhost:8787", "auth_time": 0})),
        claiming(&json!({"iat": NOW, "exp": NOW + 86_400, "n": 9_007_199_254_740_991_u64, "passwords": 1})),
    ] {
        assert_eq!(found(&inspect(&token, Some(&public().to_string()), NOW)), [], "{token}");
    }
    let thumbprint = headed(&json!({"kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}));
    assert_eq!(found(&inspect(&thumbprint, None, NOW)), []);
}

#[test]
fn kinds_are_guessed_and_say_why() {
    let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let sample = "urn:openid:params:jwt:claim:auth_req_id";
    for (typ, claims, code, why) in [
        (Some("at+jwt"), claims(), "access_token", &["typ is at+jwt"][..]),
        (Some("application/DPoP+jwt"), json!({}), "dpop_proof", &["typ is dpop+jwt"]),
        (Some("logout+jwt"), json!({}), "logout_token", &["typ is logout+jwt"]),
        (Some("oauth-authz-req+jwt"), json!({}), "request_object", &["typ is oauth-authz-req+jwt"]),
        (
            Some("token-introspection+jwt"),
            json!({}),
            "introspection_response",
            &["typ is token-introspection+jwt"],
        ),
        (Some("secevent+jwt"), json!({}), "security_event_token", &["typ is secevent+jwt"]),
        (Some("kb+jwt"), json!({}), "key_binding_jwt", &["typ is kb+jwt"]),
        (Some("dc+sd-jwt"), json!({}), "sd_jwt", &["typ ends with +sd-jwt"]),
        (None, json!({"_sd": []}), "sd_jwt", &["it has _sd"]),
        (
            Some("JWT"),
            json!({"events": event}),
            "logout_token",
            &["events has http://schemas.openid.net/event/backchannel-logout"],
        ),
        (Some("JWT"), json!({"events": {}}), "security_event_token", &["it has events"]),
        (
            None,
            json!({sample: "1", "nonce": "n"}),
            "ciba_id_token",
            &["it has urn:openid:params:jwt:claim:auth_req_id"],
        ),
        (None, json!({"nonce": "n"}), "id_token", &["it has nonce", "it has no scope", "it has no scp"]),
        (None, json!({"at_hash": "n"}), "id_token", &["it has at_hash"]),
        (
            None,
            json!({"response_type": "code", "client_id": "c"}),
            "request_object",
            &["it has response_type", "it has client_id"],
        ),
        (
            Some("JWT"),
            json!({"scope": ["a"], "client_id": "c", "sub": "s", "jti": "j"}),
            "exchangeable_token",
            &["scope is an array", "it has client_id", "it has sub", "it has jti"],
        ),
        (
            Some("JWT"),
            json!({"iss": "c", "sub": "c", "aud": "a"}),
            "client_assertion",
            &["iss equals sub", "it has aud"],
        ),
        (Some("JWT"), json!({"scp": "a"}), "jwt_access_token", &["it has scp"]),
        (Some("JWT"), json!({"sub": "a"}), "jwt", &[]),
    ] {
        let header = with(header(), &json!({ "typ": typ }));
        let kind = inspect(&sign(&header.to_string(), claims.to_string().as_bytes()), None, NOW).kind;
        assert_eq!(
            (kind.code, &kind.why[..]),
            (code, why.iter().map(|s| String::from(*s)).collect::<Vec<_>>().as_slice())
        );
        assert!(kind.link.starts_with("https://"));
    }
    for (token, form, code) in [
        ("opaque".to_owned(), Form::Opaque, "opaque"),
        (replaced(1, "AAAA"), Form::CompactJws, "access_token"),
        (sign(r#"{"alg":"ES256"}"#, b"hello"), Form::CompactJws, "jws"),
        (sign(r#"{"alg":"None"}"#, b"{}"), Form::Unsecured, "jwt"),
        ("eyJhbGciOiJkaXIifQ....".to_owned(), Form::CompactJwe, "jwe"),
        (flattened().to_string(), Form::JsonJws, "access_token"),
        (claims().to_string(), Form::Json, "jwt_access_token"),
    ] {
        let inspection = inspect(&token, None, NOW);
        assert_eq!((inspection.form, inspection.kind.code), (form, code), "{token}");
    }
}

/// RFC 9068 §2.2, RFC 9449 §4.2.
#[test]
fn each_claim_that_a_kind_lacks_is_named() {
    let missing = |token: &str| -> Vec<String> {
        let inspection = inspect(token, None, NOW);
        let missing = inspection.problems.into_iter().filter(|problem| problem.code == "claim_missing");
        missing
            .map(|problem| format!("{} {}", problem.message.rsplit(' ').next().unwrap(), problem.source))
            .collect()
    };
    let required = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"];
    assert_eq!(
        missing(&sign(&header().to_string(), b"{}")),
        required.map(|claim| format!("{claim} RFC 9068 §2.2"))
    );
    let proof = headed(&json!({"typ": "dpop+jwt", "jwk": public()}));
    assert_eq!(missing(&proof), ["htm RFC 9449 §4.2", "htu RFC 9449 §4.2"]);
    let inspection = inspect(&proof, None, NOW);
    assert!(!found(&inspection).iter().any(|(code, _)| *code == "key_in_header"), "a proof brings its key");
    let inspection = inspect(&claiming(&json!({"nonce": 1})), None, NOW);
    assert!(inspection.problems.iter().any(|problem| problem.source == "OIDC Core §2"));
}

#[test]
fn times_are_told_in_words() {
    let token = claiming(
        &json!({"exp": NOW - 180, "nbf": NOW + 3_600, "auth_time": 1.5, "iat": 1_800_000_000_000_u64}),
    );
    let times = inspect(&token, None, NOW).times;
    let told: Vec<_> = times
        .iter()
        .map(|time| {
            (time.claim, time.utc.as_deref(), time.relative.as_str(), time.as_milliseconds.as_deref())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("exp", Some("2027-01-15T07:57:00Z"), "expired 3 minutes ago", None),
            ("nbf", Some("2027-01-15T09:00:00Z"), "in 1 hour", None),
            ("iat", None, "in 20812500 days", Some("2027-01-15T08:00:00Z")),
            ("auth_time", Some("1970-01-01T00:00:02Z"), "20833 days 7 hours ago", None),
        ]
    );
}

#[test]
fn signatures_are_checked_with_the_keys_that_could_be_theirs() {
    let other = SigningKey::generate(Algorithm::Es256, &mut ChaCha20Rng::seed_from_u64(2)).unwrap().to_jwk();
    let other = |kid: &str| other.clone().with_kid(kid).to_value();
    let secret = json!({"kty": "oct", "k": base64url::encode(&[7; 32])});
    let thumbprint = key().to_jwk().thumbprint();
    let hmac = {
        let key = SigningKey::new(&Jwk::from_value(&secret).unwrap(), Algorithm::Hs256).unwrap();
        let input = jws::signing_input(&base64url::encode(br#"{"alg":"HS256"}"#), b"{}");
        let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        jws::assemble(input, &signature)
    };
    let no_kid = headed(&json!({"kid": null}));
    for (token, keys, status, by) in [
        (good(), None, Status::NotChecked, None),
        (good(), Some(public().to_string()), Status::Verified, Some(&thumbprint)),
        (good(), Some(jwks(&[other("x"), public()])), Status::Verified, Some(&thumbprint)),
        (good(), Some(jwks(&[other("x")])), Status::NoKey, None),
        (good(), Some(jwks(&[other("k")])), Status::Failed, None),
        (good(), Some(jwks(&[other("k"), public()])), Status::Verified, Some(&thumbprint)),
        (no_kid.clone(), Some(jwks(&[other("x"), public()])), Status::Verified, Some(&thumbprint)),
        (no_kid, Some(jwks(&[other("x")])), Status::Failed, None),
        (good(), Some(secret.to_string()), Status::NoKey, None),
        (good(), Some("[]".into()), Status::NoKey, None),
        (hmac, Some(secret.to_string()), Status::Verified, None),
        (headed(&json!({"crit": ["x"]})), Some(public().to_string()), Status::Verified, Some(&thumbprint)),
        (headed(&json!({"alg": "none"})), Some(public().to_string()), Status::NotChecked, None),
        (flattened().to_string(), Some(public().to_string()), Status::Verified, Some(&thumbprint)),
        (general(2), Some(public().to_string()), Status::Verified, Some(&thumbprint)),
    ] {
        let signature = inspect(&token, keys.as_deref(), NOW).signature;
        assert_eq!((signature.status, signature.thumbprint.as_ref()), (status, by), "{token} {keys:?}");
    }
}

/// RFC 7797 §5.2: what is signed is the payload as it stands. And RFC 7515 §7.2.1: a header that
/// is not signed.
#[test]
fn odd_serialisations_are_shown() {
    let unencoded = sign(r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, b"");
    let (head, tail) = unencoded.split_once("..").unwrap();
    let inspection = inspect(&format!("{head}.$0,02.{tail}"), None, NOW);
    assert_eq!(inspection.payload, Some(Payload::Text("$0,02".into())));
    assert_eq!(inspect(&replaced(1, "_wA"), None, NOW).payload, Some(Payload::Hex("ff00".into())));

    let members = json!({"payload": "e30", "header": {"alg": "ES256", "kid": "k"}, "signature": "AA"});
    let inspection = inspect(&members.to_string(), None, NOW);
    assert_eq!(inspection.header, Some(json!({"alg": "ES256", "kid": "k"})));
    assert!(!has_error_but(&inspection, "signature_length"), "{:?}", inspection.problems);
    let doubled = inspect(&sign(r#"{"alg":"ES256","kid":"a","kid":"b"}"#, b"{}"), None, NOW);
    assert_eq!(doubled.header, Some(json!({"alg": "ES256", "kid": "b"})), "the last is shown");
}

fn has_error_but(inspection: &Inspection, code: &str) -> bool {
    inspection.problems.iter().any(|problem| problem.severity == Severity::Error && problem.code != code)
}

#[test]
fn the_longest_token_is_read() {
    let token = good();
    let padded = format!("{}{token}", " ".repeat(MAX_TOKEN_OCTETS));
    assert_eq!(found(&inspect(&padded, None, NOW)), [("whitespace_around", "token")]);
    let nested = sign(&header().to_string(), "[".repeat(9_000).as_bytes());
    assert!(has_error(&inspect(&nested, None, NOW)));
}

/// `UPDATE=1 cargo test --test inspect` writes the table anew.
#[test]
fn the_documentation_is_the_codes() {
    let mut made = String::from(
        "# Inspection: the problems of a token\n\n\
        `inspect` (`src/inspect/`) explains every part of a token and believes none of it. Each problem has a\n\
        code, which stays. An *error*: who verifies a JWT refuses it for this, or should. A *warning*: it may be\n\
        accepted, and somebody will be sorry. A *note*: good to know. Times are compared without leeway.\n\n\
        | code | severity | what it means | source |\n| --- | --- | --- | --- |\n",
    );
    for code in CODES {
        let severity = serde_json::to_value(code.severity).unwrap();
        let (severity, source) = (severity.as_str().unwrap(), code.source);
        writeln!(made, "| `{}` | {severity} | {} | [{source}]({}) |", code.name, code.summary, link(source))
            .unwrap();
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write("docs/inspection.md", &made).unwrap();
    }
    let committed = std::fs::read_to_string("docs/inspection.md").unwrap_or_default();
    assert!(committed == made, "docs/inspection.md is not what the source says: run with UPDATE=1");
}

#[test]
fn codes_are_unique_and_sources_have_links() {
    for (index, code) in CODES.iter().enumerate() {
        assert!(
            code.name
                .bytes()
                .all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_')
        );
        assert!(!CODES[..index].iter().any(|other| other.name == code.name), "{} twice", code.name);
    }
    assert_eq!(link("RFC 7519 §4.1.4"), "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4");
    assert_eq!(link("RFC 7515 §A.5"), "https://www.rfc-editor.org/rfc/rfc7515#appendix-A.5");
    assert_eq!(link("OIDC Core §2"), "https://openid.net/specs/openid-connect-core-1_0.html#IDToken");
}
