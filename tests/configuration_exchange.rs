//! What can be wrong with the configuration of generator, exchange and policy: each mistake named by its place.
mod support;

use edgegrant::config::{self, BindingKind};
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let mut document = exchange_document();
    change(&mut document);
    let mut bindings = bindings();
    let secret = key(Algorithm::Hs256, 20).to_jwk();
    bindings.insert("KEY_ID".into(), secret.clone().with_kid("own").to_json());
    bindings.insert("UUID1".into(), "6ba7b810-9dad-11d1-80b4-00c04fd430c8".into());
    bindings.insert("LOUD".into(), API_KEY.to_uppercase());
    bindings.insert("SHORT".into(), json!({ "kty": "oct", "k": base64_url(b"short") }).to_string());
    mistakes_of(&document, &bindings)
}

#[test]
fn generator_keys() {
    fn first(document: &mut Value) -> &mut Value {
        &mut document["issuers"][0]["generator_keys"][0]
    }
    assert_each(
        &[
            (|d| first(d)["alg"] = json!("none"), "/issuers/0/generator_keys/0/alg", "expected one of RS256"),
            (
                |d| first(d)["private_key"] = json!({ "env": "NOWHERE" }),
                "/issuers/0/generator_keys/0/private_key/env",
                "no binding NOWHERE",
            ),
            (
                |d| first(d)["private_key"] = json!({ "env": "SECRET" }),
                "/issuers/0/generator_keys/0/private_key",
                "expected a JWK in binding SECRET",
            ),
            // RFC 7518 §3.2: at least as long as the hash.
            (
                |d| first(d)["private_key"] = json!({ "env": "SHORT" }),
                "/issuers/0/generator_keys/0/private_key",
                "expected a private key for HS256",
            ),
            (
                |d| first(d)["alg"] = json!("RS256"),
                "/issuers/0/generator_keys/0/private_key",
                "expected a key for RS256",
            ),
            (
                |d| first(d)["state"] = json!("next"),
                "/issuers/0/generator_keys",
                "exactly one key whose state is current, found 0",
            ),
            (
                |d| {
                    let mut second = first(d).clone();
                    second["state"] = json!("retired");
                    d["issuers"][0]["generator_keys"].as_array_mut().unwrap().push(second);
                },
                "/issuers/0/generator_keys/1/kid",
                "generator is taken by another key",
            ),
            // A key of its own: what it signs must not pass for an access token.
            (
                |d| *first(d) = json!({ "alg": "ES256", "private_key": { "env": "KEY" } }),
                "/issuers/0/generator_keys/0/private_key",
                "expected a key of its own",
            ),
            (
                |d| {
                    let retired = json!({ "alg": "ES256", "private_key": { "env": "HOST_GENERATOR" }, "state": "retired" });
                    d["issuers"][0]["keys"].as_array_mut().unwrap().push(retired);
                    *first(d) = json!({ "alg": "ES256", "private_key": { "env": "HOST_GENERATOR" } });
                },
                "/issuers/0/generator_keys/0/private_key",
                "expected a key of its own",
            ),
            // A secret that nobody else could verify with does not sign what others read.
            (
                |d| {
                    d["issuers"][0]["keys"][0] =
                        json!({ "alg": "HS256", "private_key": { "env": "GENERATOR" } });
                },
                "/issuers/0/keys/0/alg",
                "EdDSA, Ed25519, found HS256",
            ),
        ],
        mistakes,
    );
    // A key's own kid is not published in its tokens unless the document says so.
    let mut document = exchange_document();
    document["issuers"][0]["generator_keys"][0]["kid"] = json!("g2");
    let mut world = world_of(&document, 1);
    let token = exchangeable(&mut world, &STANDARD, "alice");
    assert_eq!(header(&token), json!({ "kid": "g2", "typ": "exchangeable+jwt", "alg": "HS256" }));
    assert_eq!(world.ask(redeem(&STANDARD, B, &token)).status, 200);
}

#[test]
fn a_generator_key_that_is_retired_still_reads_what_it_signed() {
    let mut world = exchange_world(2);
    let token = exchangeable(&mut world, &STANDARD, "alice");
    let mut document = exchange_document();
    document["issuers"][0]["generator_keys"] = json!([
        { "alg": "HS256", "private_key": { "env": "GENERATOR" }, "state": "retired" },
        { "alg": "ES256", "kid": "new", "private_key": { "env": "HOST_GENERATOR" } },
    ]);
    let mut rotated = world_of(&document, 3);
    let fresh = exchangeable(&mut rotated, &STANDARD, "alice");
    assert_eq!(header(&fresh)["kid"], "new");
    assert_eq!(rotated.ask(redeem(&STANDARD, B, &token)).status, 200);
    assert_eq!(rotated.ask(redeem(&STANDARD, B, &fresh)).status, 200);
    // The one that does not know the new key refuses what it signed.
    let response = world.ask(exchange_at(STANDARD.token, B, (&fresh, JWT), &[]));
    assert_eq!(refusal(&response).0, 400);
}

#[test]
fn api_keys_and_subjects() {
    assert_each(
        &[
            (
                |d| client_of(d, &STANDARD, A)["api_keys"] = json!([{ "env": "NOWHERE" }]),
                "/clients/0/api_keys/0/env",
                "no binding NOWHERE",
            ),
            (
                |d| {
                    client_of(d, &STANDARD, A)["api_keys"] =
                        json!([{ "env": "API_KEY" }, { "env": "SECRET" }]);
                },
                "/clients/0/api_keys/1",
                "expected a UUID of version 4 in binding SECRET",
            ),
            (
                |d| client_of(d, &STANDARD, A)["api_keys"] = json!([{ "env": "UUID1" }]),
                "/clients/0/api_keys/0",
                "expected a UUID of version 4",
            ),
            (
                |d| client_of(d, &STANDARD, A)["api_keys"] = json!([{ "env": "LOUD" }]),
                "/clients/0/api_keys/0",
                "expected a UUID of version 4",
            ),
            (
                |d| client_of(d, &STANDARD, A)["api_keys"] = json!([API_KEY]),
                "/clients/0/api_keys/0",
                "expected an object, found a string",
            ),
            (
                |d| d["issuers"][0]["generator_keys"] = json!([]),
                "/clients/0/api_keys",
                "issuer / has no generator_keys",
            ),
            (
                |d| d["issuers"][0]["subjects"][0]["sub"] = json!(""),
                "/issuers/0/subjects/0/sub",
                "expected 1 to 255 bytes",
            ),
            (
                |d| d["issuers"][0]["subjects"][0]["sub"] = json!("é".repeat(128)),
                "/issuers/0/subjects/0/sub",
                "expected 1 to 255 bytes",
            ),
            (
                |d| d["issuers"][0]["subjects"][1]["sub"] = json!("alice"),
                "/issuers/0/subjects/1/sub",
                "expected each subject once",
            ),
            (
                |d| d["issuers"][0]["subjects"][0] = json!({ "sub": "alice", "active": true }),
                "/issuers/0/subjects/0/active",
                "unknown member",
            ),
        ],
        mistakes,
    );
}

#[test]
fn a_policy_in_the_configuration() {
    assert_each(
        &[
            (
                |d| d["issuers"][0]["policy"] = json!("registrar"),
                "/issuers/0/policy",
                "expected one of registry",
            ),
            (|d| d["issuers"][0]["policy"] = json!(7), "/issuers/0/policy", "expected a string, an object"),
            (
                |d| d["issuers"][0]["policy"]["version"] = json!(""),
                "/issuers/0/policy/version",
                "1 to 64 characters",
            ),
            (
                |d| d["issuers"][0]["policy"]["scopes"]["a b/c~"] = json!({}),
                "/issuers/0/policy/scopes/a b~1c~0",
                "expected a scope token",
            ),
            (
                |d| d["issuers"][0]["policy"]["scopes"]["read"]["client"] = json!([]),
                "/issuers/0/policy/scopes/read/client",
                "unknown member; expected one of",
            ),
            (
                |d| d["issuers"][0]["policy"]["audiences"] = json!({ A: ["api"] }),
                "/issuers/0/policy/audiences/service/0",
                "an absolute URI",
            ),
            (
                |d| d["issuers"][0]["policy"]["audiences"] = json!([]),
                "/issuers/0/policy/audiences",
                "expected an object",
            ),
            (
                |d| d["issuers"][0]["policy"]["purposes"] = json!({ "dpv:Fraud": { "read": "because" } }),
                "/issuers/0/policy/purposes/dpv:Fraud/read",
                "expected one of consent, contract",
            ),
            (|d| d["dev_env"] = json!({ "A": 7 }), "/dev_env/A", "expected a string, an object"),
            (
                |d| d["issuers"][0]["policy"]["lifetimes"] = json!({ "access_token": { "max": 0 } }),
                "/issuers/0/policy/lifetimes/access_token/max",
                "expected 1 to 31622400 seconds",
            ),
            (
                |d| {
                    d["issuers"][0]["policy"]["lifetimes"] =
                        json!({ "refresh_token": { "default": 9, "max": 8 } });
                },
                "/issuers/0/policy/lifetimes/refresh_token/default",
                "expected at most max, 8 seconds",
            ),
        ],
        mistakes,
    );
}

#[test]
fn the_grants_of_a_policy() {
    assert_each(
        &[
            (
                |d| d["issuers"][1]["policy"]["exchange"][0]["flow"] = json!("magic"),
                "/issuers/1/policy/exchange/0/flow",
                "expected one of token_exchange, exchangeable_token, id_token",
            ),
            (
                |d| d["issuers"][1]["policy"]["exchange"][2]["flow"] = json!("id_token"),
                "/issuers/1/policy/exchange/2",
                "one grant for each flow and pair",
            ),
            (
                |d| d["issuers"][0]["policy"]["exchange"][0]["from"] = Value::Null,
                "/issuers/0/policy/exchange/0",
                "expected either from or from_issuer",
            ),
            (
                |d| d["issuers"][0]["policy"]["exchange"][0]["from_issuer"] = json!(FOREIGN),
                "/issuers/0/policy/exchange/0",
                "expected either from or from_issuer",
            ),
            (
                |d| {
                    d["issuers"][0]["policy"]["exchange"][3]["from_issuer"] =
                        json!("https://evil.example.com");
                },
                "/issuers/0/policy/exchange/3/from_issuer",
                "expected one of the issuers",
            ),
            (
                |d| d["issuers"][0]["policy"]["exchange"][0]["expires_at"] = json!("next year"),
                "/issuers/0/policy/exchange/0/expires_at",
                "2026-11-25T00:00:00Z",
            ),
            (
                |d| d["issuers"][0]["policy"]["exchange"][0]["max_act_depth"] = json!(9),
                "/issuers/0/policy/exchange/0/max_act_depth",
                "expected 1 to 8",
            ),
            (
                |d| d["issuers"][0]["policy"]["exchange"][0]["scope"] = json!(""),
                "/issuers/0/policy/exchange/0/scope",
                "expected scope tokens",
            ),
        ],
        mistakes,
    );
}

#[test]
fn the_issuers_that_a_policy_trusts() {
    assert_each(
        &[
            (
                |d| {
                    d["issuers"][0]["policy"]["issuers"][0]["jwks"] =
                        json!({ "keys": [foreign_key().to_jwk().to_value()] });
                },
                "/issuers/0/policy/issuers/0/jwks",
                "expected public keys",
            ),
            (
                |d| d["issuers"][0]["policy"]["issuers"][0]["jwks"] = json!({}),
                "/issuers/0/policy/issuers/0/jwks",
                "expected a JWK Set",
            ),
            (
                |d| d["issuers"][0]["policy"]["issuers"][0]["jwks_uri"] = json!(REMOTE_JWKS),
                "/issuers/0/policy/issuers/0",
                "expected either jwks or jwks_uri",
            ),
            (
                |d| {
                    d["issuers"][0]["policy"]["issuers"][1]["jwks_uri"] =
                        json!("http://idp.example.net/jwks.json");
                },
                "/issuers/0/policy/issuers/1/jwks_uri",
                "expected an https URL",
            ),
            (
                |d| d["issuers"][0]["policy"]["issuers"][0]["algorithms"] = json!(["ES256", "HS256"]),
                "/issuers/0/policy/issuers/0/algorithms",
                "no symmetric one",
            ),
            (
                |d| d["issuers"][0]["policy"]["issuers"][0]["algorithms"] = json!([]),
                "/issuers/0/policy/issuers/0/algorithms",
                "at least one algorithm",
            ),
        ],
        mistakes,
    );
}

#[test]
fn the_plan_tells_secrets_that_the_core_signs_with_from_keys_that_the_host_keeps() {
    let mut document = exchange_document();
    document["issuers"][1]["generator_keys"][0] =
        json!({ "alg": "RS256", "private_key": { "env": "RS256_GENERATOR" } });
    let plan = config::plan(&document.to_string()).unwrap();
    let of = |name: &str| plan.bindings.iter().find(|binding| binding.name == name).unwrap();
    let secret = of("GENERATOR");
    assert_eq!((secret.kind, secret.alg), (BindingKind::Text, Some("HS256")));
    assert_eq!(secret.pointer, "/issuers/0/generator_keys/0/private_key/env");
    assert_eq!(
        (of("RS256_GENERATOR").kind, of("RS256_GENERATOR").alg),
        (BindingKind::PrivateKey, Some("RS256"))
    );
    assert_eq!(
        (of("API_KEY").kind, &*of("API_KEY").pointer),
        (BindingKind::Text, "/clients/0/api_keys/0/env")
    );
}
