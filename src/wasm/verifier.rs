//! The verifier; `js/verify/core.ts` states it as `VerifierCore`.
//!
//! Verifiers are named by numbers that the caller chooses. Answers are JSON texts, except that of
//! [`examine`].

use std::cell::RefCell;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wasm_bindgen::prelude::*;

use crate::jose::base64url;
use crate::verifier::{Examined, Rules, Verdict, Verifier};

thread_local! {
    /// Few: looked through from the start, which takes less code than a map.
    static VERIFIERS: RefCell<Vec<(u32, Verifier)>> = const { RefCell::new(Vec::new()) };
}

/// Makes verifier `id` by these rules. Answers the mistakes in them, as an array.
#[wasm_bindgen]
pub fn open(id: u32, rules: &str) -> String {
    match Rules::parse(rules) {
        Ok(rules) => {
            VERIFIERS.with_borrow_mut(|verifiers| verifiers.push((id, Verifier::new(rules))));
            "[]".into()
        }
        Err(mistakes) => serde_json::to_string(&mistakes).unwrap_or_default(),
    }
}

/// Gives verifier `id` a JWK Set. Answers
/// `{keys: [{kid, kty, thumbprint, algorithms, jwk}], ignored: [{index, reason}]}` or `{mistake}`.
#[wasm_bindgen]
pub fn set_keys(id: u32, jwks: &str) -> String {
    let answer = with(id, |verifier| match verifier.set_keys(jwks) {
        Err(error) => json!({"mistake": error.to_string()}),
        Ok(ignored) => {
            let ignored = ignored.iter().map(|i| json!({"index": i.index, "reason": i.reason.to_string()}));
            json!({"keys": keys(verifier), "ignored": ignored.collect::<Vec<_>>()})
        }
    });
    answer.unwrap_or_else(|| json!({"mistake": "no such verifier"})).to_string()
}

fn keys(verifier: &Verifier) -> Vec<Value> {
    let ready = verifier.keys().map(|key| {
        let names: Vec<_> = key.algorithms.iter().map(|algorithm| algorithm.name()).collect();
        json!({
            "kid": key.jwk.kid(),
            "kty": key.jwk.kty(),
            "thumbprint": key.jwk.thumbprint(),
            "algorithms": names,
            "jwk": key.jwk.public(),
        })
    });
    ready.collect()
}

/// Looks at a token; `now` in seconds since 1970. Answers the length of its signature as two octets
/// with the more significant first, the signature, and a JSON text:
/// `{refused}`, `{key, header, claims}` or `{alg, keys, refused?, header, claims}`. The signature is
/// empty where nothing is left to verify.
#[wasm_bindgen]
pub fn examine(id: u32, token: &str, now: f64) -> Vec<u8> {
    with(id, |verifier| answer(&verifier.examine(token, super::seconds(now)))).unwrap_or_default()
}

fn answer(examined: &Examined) -> Vec<u8> {
    let text = |value: Value| value.to_string().into_bytes();
    let (signature, opening) = match &examined.verdict {
        Verdict::Refused(refusal) => {
            return [&[0, 0], &text(json!({ "refused": refusal }))[..]].concat();
        }
        Verdict::Verified { key } => (&[][..], format!("{{\"key\":{key}").into_bytes()),
        Verdict::Unproven { algorithm, keys, signature, refusal } => {
            // By hand: this is written for every good token.
            let keys: Vec<_> = keys.iter().map(usize::to_string).collect();
            let mut opening = format!("{{\"alg\":\"{algorithm}\",\"keys\":[{}]", keys.join(","));
            if let Some(refusal) = refusal {
                opening.push_str(",\"refused\":");
                opening.push_str(&serde_json::to_string(refusal).unwrap_or_default());
            }
            (&signature[..], opening.into_bytes())
        }
    };
    // A token's length is bounded, and so is its signature's.
    let length = u16::try_from(signature.len()).unwrap_or(0).to_be_bytes();
    let (header, claims) = (&examined.header[..], &examined.claims[..]);
    [&length, signature, &opening, b",\"header\":", header, b",\"claims\":", claims, b"}"].concat()
}

/// The SHA-256 of a token, base64url.
#[wasm_bindgen]
pub fn digest(token: &str) -> String {
    base64url::encode(&Sha256::digest(token))
}

/// Forgets verifier `id`.
#[wasm_bindgen]
pub fn close(id: u32) {
    VERIFIERS.with_borrow_mut(|verifiers| verifiers.retain(|(other, _)| *other != id));
}

fn with<T>(id: u32, act: impl FnOnce(&mut Verifier) -> T) -> Option<T> {
    VERIFIERS.with_borrow_mut(|verifiers| {
        let found = verifiers.iter_mut().find(|(other, _)| *other == id);
        found.map(|(_, verifier)| act(verifier))
    })
}
