//! What a strict reader refuses is never shown as faultless, and no text is too strange.
#![cfg(not(target_arch = "wasm32"))]

use std::sync::LazyLock;

use edgegrant::inspect::{Form, Problem, Severity, inspect};
use edgegrant::jose::jws::{self, Unverified};
use edgegrant::jose::jwt::Claims;
use edgegrant::jose::{Algorithm, JwkSet, SigningKey, base64url};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::json;

/// RFC 8037 §A.1.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// A token in each serialisation, to be changed.
static GOOD: LazyLock<Vec<String>> = LazyLock::new(|| {
    let set = JwkSet::parse(KEYS).unwrap();
    let key = SigningKey::new(&set.keys()[0], Algorithm::EdDsa).unwrap();
    let payload = br#"{"iss":"https://as.example","aud":["a"],"sub":"s","exp":1800000899,"scope":"a b"}"#;
    let input = jws::signing_input(&jws::encode_header(Algorithm::EdDsa, "JWT", "k"), payload);
    let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    let token = jws::assemble(input, &signature);
    let [protected, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let signed = json!({"protected": protected, "signature": signature});
    let flattened = json!({"protected": protected, "payload": payload, "signature": signature});
    let general = json!({"payload": payload, "signatures": [signed, signed]});
    assert!(jws::parse_json(&general.to_string(), None).unwrap().iter().all(Result::is_ok));
    vec![token, flattened.to_string(), general.to_string()]
});

const TIMES: [&str; 4] = ["expired", "not_yet_valid", "issued_in_the_future", "time_wrong_type"];

/// Whether the form of the token is at fault, whatever its times and its signature are.
fn has_error(problems: &[Problem]) -> bool {
    let of_form =
        |problem: &&Problem| !problem.at.starts_with("/claims") && !problem.code.starts_with("signature_");
    problems.iter().filter(of_form).any(|problem| problem.severity == Severity::Error)
}

/// Members drawn from those that decide something, behind `first`, and now and then another octet.
fn json_text(
    first: &'static str,
    members: &'static [&'static str],
    values: &'static [&'static str],
) -> impl Strategy<Value = Vec<u8>> {
    let member = (select(members), select(values)).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let text = prop::collection::vec(member, 0..4).prop_map(move |mut all| {
        all.extend((!first.is_empty()).then(|| first.to_owned()));
        format!("{{{}}}", all.join(","))
    });
    changed(text)
}

fn changed(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(any::<(Index, u8)>(), 1..3)];
    (text, changes).prop_map(|(text, changes)| {
        let text_is_empty = text.is_empty();
        let mut octets = text.into_bytes();
        for (at, octet) in changes.into_iter().filter(|_| !text_is_empty) {
            *at.get_mut(&mut octets) = octet;
        }
        octets
    })
}

fn token() -> impl Strategy<Value = String> {
    let values =
        &["\"ES256\"", "\"JWT\"", "\"none\"", "[\"b64\"]", "[]", "null", "false", "{\"kty\":\"RSA\"}"];
    let header = prop_oneof![
        json_text("\"alg\":\"ES256\"", &["typ", "cty", "kid", "crit", "b64", "jwk"], values),
        json_text("", &["alg", "typ", "crit"], values),
    ];
    let claims = json_text(
        "",
        &["iss", "sub", "aud", "exp", "iat", "nbf", "scope", "events", "nonce"],
        &["\"a\"", "1800000000", "1800000000.5", "1e308", "-1", "[\"a\"]", "{\"a\":{\"a\":1}}", "null"],
    );
    let of_json = (header, claims, any::<Vec<u8>>()).prop_map(|(header, claims, signature)| {
        [base64url::encode(&header), base64url::encode(&claims), base64url::encode(&signature)].join(".")
    });
    let cut = (select(GOOD.clone()), any::<Index>(), any::<bool>()).prop_map(|(text, end, cut)| {
        let end = if cut { end.index(text.len()) } else { text.len() };
        text[..end].to_owned()
    });
    let mutated = changed(cut).prop_map(|octets| String::from_utf8_lossy(&octets).into_owned());
    prop_oneof![3 => of_json, 3 => mutated, 1 => any::<String>(), 1 => "[.~=+/{}\"a-zA-Z0-9_ -]{0,60}"]
}

fn jwk() -> impl Strategy<Value = Vec<u8>> {
    json_text("", &["kty", "keys", "kid", "n", "e", "k"], &["\"RSA\"", "\"oct\"", "\"AQAB\"", "[1]", "7"])
}

/// About the times of the tokens, or any.
fn now() -> impl Strategy<Value = u64> {
    prop_oneof![1_799_999_999_u64..1_800_000_002, any::<u64>()]
}

/// The token without what may stand around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) if word.eq_ignore_ascii_case("bearer") => rest.trim_start(),
        _ => text,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_a_strict_reader_refuses_has_an_error(text in token(), now in now()) {
        let inspection = inspect(&text, None, now);
        let bare = bare(&text);
        let claims = Unverified::parse(bare).ok().and_then(|read| Claims::parse(read.payload()).ok());
        let accepted = match inspection.form {
            Form::JsonJws => jws::parse_json(bare, None).is_ok_and(|all| all.iter().all(Result::is_ok)),
            _ => claims.is_some(),
        };
        prop_assert!(accepted || has_error(&inspection.problems), "{text:?}: {:?}", inspection.problems);
        if claims.is_some_and(|claims| claims.check_times(now, 0).is_err()) {
            let of_times = |problem: &Problem| TIMES.contains(&problem.code);
            prop_assert!(inspection.problems.iter().any(of_times), "{text:?} at {now}");
        }
        if let Some((_, signature)) = bare.rsplit_once('.').filter(|(_, signature)| signature.len() > 7) {
            prop_assert!(!inspection.problems.iter().any(|problem| problem.message.contains(signature)));
        }
    }

    #[test]
    fn no_keys_are_too_strange(token in token(), text in any::<String>(), members in jwk()) {
        inspect(&token, Some(KEYS), 0);
        inspect(&GOOD[0], Some(&text), 0);
        let members = String::from_utf8_lossy(&members).into_owned();
        inspect(&GOOD[0], Some(&members), 0);
        inspect(&GOOD[0], Some(&format!("{{\"keys\":[{members}]}}")), 0);
    }
}
