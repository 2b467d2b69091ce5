//! Properties of signatures and of the parsers, for any input.
#![cfg(all(feature = "all-algorithms", not(target_arch = "wasm32")))]

use std::sync::LazyLock;

use edgegrant::jose::batch::{self, Column, Template};
use edgegrant::jose::jws::{self, Content, Unverified};
use edgegrant::jose::jwt::Claims;
use edgegrant::jose::{Algorithm, Jwk, JwkSet, SigningKey};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::json;
use serde_json::value::to_raw_value;

/// A key for each algorithm. That of RSA is read, since making one takes long.
static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let rsa = Jwk::from_pem(include_str!("pem/rsa_pkcs8.pem")).unwrap();
    let key = |algorithm: &Algorithm| {
        SigningKey::new(&rsa, *algorithm)
            .or_else(|_| SigningKey::generate(*algorithm, &mut ChaCha20Rng::seed_from_u64(5)))
            .unwrap()
    };
    Algorithm::ALL.iter().map(key).collect()
});

/// Texts that the parsers take, to be changed.
static GOOD: LazyLock<Vec<String>> = LazyLock::new(|| {
    let keys: Vec<_> = KEYS.iter().map(|key| key.to_jwk().with_kid(key.algorithm().name())).collect();
    let set = serde_json::json!({"keys": keys.iter().map(Jwk::to_value).collect::<Vec<_>>()});
    let tokens = KEYS.iter().map(|key| token(key, br#"{"iss":"a","aud":["b"],"exp":1.5}"#, 1));
    let in_json = tokens.clone().map(|token| {
        let segments: Vec<_> = token.split('.').collect();
        let (protected, payload, signature) = (segments[0], segments[1], segments[2]);
        serde_json::json!({"payload": payload, "protected": protected, "signature": signature}).to_string()
    });
    let pems = [
        include_str!("pem/rsa_pkcs8.pem"),
        include_str!("pem/rsa_pkcs1_public.pem"),
        include_str!("pem/p256_sec1.pem"),
        include_str!("pem/p521_pkcs8.pem"),
        include_str!("pem/ed25519_pkcs8.pem"),
        include_str!("pem/p256_certificate.pem"),
    ];
    let claims = r#"{"iss":"a","aud":["b"],"exp":1.5,"nbf":0,"iat":-1}"#;
    let jwks = keys.iter().map(Jwk::to_json);
    let texts = pems.into_iter().chain([claims]).map(String::from).chain([set.to_string()]);
    tokens.chain(in_json).chain(jwks).chain(texts).collect()
});

fn token(key: &SigningKey, payload: &[u8], seed: u64) -> String {
    let input = jws::signing_input(&jws::encode_header(key.algorithm(), "JWT", "k"), payload);
    let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(seed)).unwrap();
    jws::assemble(input, &signature)
}

fn key() -> impl Strategy<Value = &'static SigningKey> {
    select(KEYS.iter().collect::<Vec<_>>())
}

fn text() -> impl Strategy<Value = String> {
    let changed = (select(GOOD.clone()), any::<Vec<(Index, u8)>>(), any::<Index>(), any::<bool>());
    let changed = changed.prop_map(|(good, changes, end, cut)| {
        let mut octets = good.into_bytes();
        for (at, octet) in changes.into_iter().take(4) {
            *at.get_mut(&mut octets) = octet;
        }
        let end = if cut { end.index(octets.len()) } else { octets.len() };
        String::from_utf8_lossy(&octets[..end]).into_owned()
    });
    prop_oneof![3 => changed, 1 => any::<String>(), 1 => "[\\[\\]{}\",:.a-zA-Z0-9_ -]{0,200}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_was_signed_verifies(key in key(), payload: Vec<u8>, seed: u64) {
        let token = token(key, &payload, seed);
        let verified = Unverified::parse(&token).unwrap().verify(&key.verifying_key()).unwrap();
        prop_assert_eq!(verified.payload(), payload);
    }

    /// Whatever the key, the lengths and the alignment; RSA needs its generator to be asked in one order.
    #[test]
    fn a_batch_is_what_its_tokens_are_one_by_one(
        key in key(),
        before: String,
        values in proptest::collection::vec(any::<(String, u64)>(), 1..10),
        after in ".{0,80}",
        seed: u64,
    ) {
        let (header, _) = batch::encode_header(&json!({"alg": key.algorithm().name()}).to_string()).unwrap();
        let claims = |text: &str, number: u64| json!({"a": before, "t": text, "b": after, "n": number}).to_string();
        let texts: Vec<_> = values.iter().map(|(text, _)| to_raw_value(text).unwrap()).collect();
        let numbers: Vec<_> = values.iter().map(|(_, number)| to_raw_value(number).unwrap()).collect();
        let columns = [&numbers, &texts].map(|column| Column::Values(column.iter().map(|value| &**value).collect()));
        let template = Template::new(&header, &claims("", 0), &["n", "t"]).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let inputs = template.inputs(&columns, values.len(), &mut rng).unwrap();
        let signatures = batch::sign(key, &inputs, &mut rng).unwrap();
        let tokens = String::from_utf8(inputs.assemble(&signatures).unwrap()).unwrap();

        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let one_by_one: Vec<_> = values.iter().map(|(text, number)| {
            let input = jws::signing_input(&header, claims(text, *number).as_bytes());
            let signature = key.sign(input.as_bytes(), &mut rng).unwrap();
            jws::assemble(input, &signature)
        }).collect();
        prop_assert_eq!(tokens.lines().collect::<Vec<_>>(), one_by_one);
    }

    #[test]
    fn a_flipped_bit_is_refused(key in key(), payload: Vec<u8>, seed: u64, at: Index, bit in 0..7_u8) {
        let token = token(key, &payload, seed);
        let mut octets = token.clone().into_bytes();
        *at.get_mut(&mut octets) ^= 1 << bit;
        let flipped = String::from_utf8(octets).unwrap();
        let verified = Unverified::parse(&flipped).and_then(|read| read.verify(&key.verifying_key()));
        prop_assert!(verified.is_err(), "{} at {:?}", token, at);
    }

    #[test]
    fn other_keys_refuse(key in key(), other in key(), payload: Vec<u8>, seed: u64) {
        let read = Unverified::parse(&token(key, &payload, seed)).unwrap();
        prop_assert_eq!(read.verify(&other.verifying_key()).is_ok(), key.algorithm() == other.algorithm());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..Default::default() })]

    /// What is accepted is written again as it was read.
    #[test]
    fn parsers_never_panic(text in text(), content: Vec<u8>) {
        for kind in [Content::Claims, Content::NestedJwt, Content::Octets] {
            let _ = Unverified::parse_as(&text, kind);
        }
        let _ = Unverified::parse_detached(&text, &content);
        let _ = jws::parse_json(&text, None);
        let _ = jws::parse_json(&text, Some(&content));
        let _ = JwkSet::parse(&text);
        if let Ok(claims) = Claims::parse(text.as_bytes()) {
            let _ = (claims.check_times(1_000, 60), claims.audience(), claims.required_string("iss"));
        }
        for key in Jwk::parse(&text).into_iter().chain(Jwk::from_pem(&text)) {
            prop_assert_eq!(Jwk::parse(&key.to_json()).unwrap().to_value(), key.to_value());
        }
    }

    #[test]
    fn octets_never_panic(octets: Vec<u8>) {
        let _ = Claims::parse(&octets);
        let _ = edgegrant::json::parse(&octets);
    }
}
