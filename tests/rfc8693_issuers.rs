//! RFC 8693 §2.1: the validation of tokens of other issuers, of id tokens, and of refresh tokens.
mod support;

use edgegrant::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};
use support::*;

/// A JWT of the issuer whose keys are fetched, signed by `key` under `kid`.
fn remote_jwt(key: &SigningKey, kid: &Value) -> String {
    let claims = json!({ "iss": REMOTE, "sub": "alice", "aud": ORIGIN, "exp": NOW + 3600, "iat": NOW });
    token(key, &merged(json!({ "alg": "ES256" }), json!({ "kid": kid })), &claims)
}

/// A world whose foreign issuer has these keys at its `jwks_uri`.
fn serving(keys: &Value) -> World {
    let mut world = exchange_world(1);
    world.served.insert(REMOTE_JWKS.into(), (200, keys.to_string().into_bytes()));
    world
}

fn exchanged(world: &mut World, token: &str) -> (u16, String, String) {
    refusal(&world.ask(exchange(B, (token, JWT), &[])))
}

fn refused(rule: &str) -> (u16, String, String) {
    (400, "invalid_request".into(), rule.into())
}

fn unavailable() -> (u16, String, String) {
    (503, "temporarily_unavailable".into(), String::new())
}

fn good() -> (u16, String, String) {
    (200, "none".into(), String::new())
}

#[test]
fn a_jwt_of_an_issuer_that_the_policy_names() {
    let mut world = exchange_world(1);
    let response = world.ask(exchange(B, (&foreign_jwt(json!({ "scope": "admin", "x": 1 })), JWT), &[]));
    // Its scope is of another world: the grant says what it may become.
    assert_eq!(body(&response)["scope"], "read");
    let claims = claims(&access_of(&response));
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["client_id"]),
        (&json!("alice"), &json!(ORIGIN), &json!(B))
    );
    let event = world.events.last().unwrap();
    assert_eq!(event.grant.as_deref(), Some(&*format!("token_exchange {FOREIGN} -> portal")));
}

#[test]
fn what_makes_a_jwt_of_another_issuer_unacceptable() {
    let mut world = exchange_world(2);
    let of = foreign_jwt;
    let signed = |key: &SigningKey, header: Value| token(key, &header, &claims(&foreign_jwt(json!({}))));
    let header = json!({ "alg": "ES256", "kid": "f1" });
    let public = foreign_key().to_jwk().public().unwrap();
    let unsigned = of(json!({})).rsplit_once('.').unwrap().0.to_owned();
    let none = format!("{}.{}.", base64_url(br#"{"alg":"none"}"#), unsigned.split('.').nth(1).unwrap());
    for (token, rule) in [
        (of(json!({ "iss": "https://evil.example.com" })), "issuer.not-trusted"),
        (of(json!({ "iss": format!("{FOREIGN}/") })), "issuer.not-trusted"),
        (of(json!({ "iss": ORIGIN })), "subject-token.issuer"),
        (of(json!({ "iss": null })), "subject-token.malformed"),
        (of(json!({ "iss": 7 })), "subject-token.malformed"),
        (of(json!({ "aud": null })), "subject-token.audience"),
        (of(json!({ "aud": "https://evil.example.com" })), "subject-token.audience"),
        (of(json!({ "aud": format!("{ORIGIN}/token") })), "subject-token.audience"),
        (of(json!({ "aud": 7 })), "subject-token.malformed"),
        (of(json!({ "exp": NOW - 31 })), "subject-token.expired"),
        // Within the leeway, but there is nothing left of it to give.
        (of(json!({ "exp": NOW - 5 })), "exchange.nothing-left"),
        (of(json!({ "exp": null })), "subject-token.malformed"),
        (of(json!({ "nbf": NOW + 31 })), "subject-token.expired"),
        (of(json!({ "iat": NOW + 31 })), "subject-token.expired"),
        (of(json!({ "sub": null })), "subject-token.malformed"),
        (of(json!({ "sub": "bob" })), "subject.disabled"),
        (of(json!({ "sub": "nobody" })), "subject.unknown"),
        // To name an issuer is to let it speak of subjects, not of clients.
        (of(json!({ "sub": A })), "subject.unknown"),
        (signed(&remote_key(), header.clone()), "subject-token.signature"),
        (signed(&foreign_key(), json!({ "alg": "ES256", "kid": "f2" })), "subject-token.signature"),
        (signed(&issuer_key().0, json!({ "alg": "ES256", "kid": "main" })), "subject-token.signature"),
        // RFC 8725 §2.1: another algorithm than the policy's, and the public key as a secret.
        (
            signed(&key(Algorithm::EdDsa, 33), json!({ "alg": "EdDSA", "kid": "f1" })),
            "subject-token.signature",
        ),
        (signed(&hmac(&public.to_json()), json!({ "alg": "HS256", "kid": "f1" })), "subject-token.signature"),
        (signed(&hmac(&public.to_json()), header), "subject-token.signature"),
        (none, "subject-token.malformed"),
        (format!("{unsigned}."), "subject-token.signature"),
        ("nonsense".into(), "subject-token.malformed"),
    ] {
        assert_eq!(exchanged(&mut world, &token), refused(rule), "{token}");
    }
    let within = [json!({ "nbf": NOW + 29 }), json!({ "iat": NOW + 29 }), json!({ "aud": ["x", ORIGIN] })];
    for change in within {
        assert_eq!(exchanged(&mut world, &of(change.clone())), good(), "{change}");
    }
    assert_eq!(exchanged(&mut world, &signed(&foreign_key(), json!({ "alg": "ES256" }))), good(), "no kid");
    assert!(world.outbound.is_empty(), "a token never says where its keys are");
}

#[test]
fn the_audience_that_the_policy_expects_and_no_grant_that_is_missing() {
    let mut document = exchange_document();
    document["issuers"][0]["policy"]["issuers"][0]["audience"] = json!("urn:edgegrant");
    let mut world = world_of(&document, 3);
    assert_eq!(exchanged(&mut world, &foreign_jwt(json!({}))), refused("subject-token.audience"));
    assert_eq!(exchanged(&mut world, &foreign_jwt(json!({ "aud": "urn:edgegrant" }))), good());
    let response = world.ask(exchange(C, (&foreign_jwt(json!({ "aud": "urn:edgegrant" })), JWT), &[]));
    assert_eq!(refusal(&response), refused("exchange.no-grant"));
    // At a mount whose policy does not name it.
    let request = exchange_at(DKT.token, B, (&foreign_jwt(json!({ "aud": DKT.issuer })), JWT), &[]);
    assert_eq!(refusal(&world.ask(request)), refused("issuer.not-trusted"));
}

#[test]
fn keys_are_fetched_once_and_again_where_a_kid_is_unknown_but_not_at_once() {
    let new_key = key(Algorithm::Es256, 34);
    let mut world = serving(&jwks(&[(&remote_key(), "r1")]));
    let (old, new) = (remote_jwt(&remote_key(), &json!("r1")), remote_jwt(&new_key, &json!("r2")));
    for _ in 0..5 {
        assert_eq!(exchanged(&mut world, &old), good());
    }
    assert_eq!(world.outbound.len(), 1);
    let asked = &world.outbound[0];
    assert_eq!((asked.method, &*asked.url, &asked.body), ("GET", REMOTE_JWKS, &None));
    // The issuer gets a new key. Unknown kids make nobody ask more often than every 30 seconds.
    world.served.insert(
        REMOTE_JWKS.into(),
        (200, jwks(&[(&remote_key(), "r1"), (&new_key, "r2")]).to_string().into()),
    );
    for _ in 0..5 {
        assert_eq!(exchanged(&mut world, &new), refused("subject-token.signature"));
    }
    assert_eq!(world.outbound.len(), 1);
    world.advance(30);
    for _ in 0..5 {
        assert_eq!(exchanged(&mut world, &new), good());
        assert_eq!(exchanged(&mut world, &old), good());
    }
    assert_eq!(world.outbound.len(), 2);
    world.advance(30);
    for kid in 0..5 {
        let unknown = remote_jwt(&new_key, &json!(format!("u{kid}")));
        assert_eq!(exchanged(&mut world, &unknown), refused("subject-token.signature"));
    }
    assert_eq!(world.outbound.len(), 3);
    // A key that is withdrawn counts no more once the set is fetched again.
    world.served.insert(REMOTE_JWKS.into(), (200, jwks(&[(&new_key, "r2")]).to_string().into()));
    world.advance(300);
    assert_eq!(exchanged(&mut world, &old), refused("subject-token.signature"));
    assert_eq!(exchanged(&mut world, &new), good());
    assert_eq!(world.outbound.len(), 4);
}

#[test]
fn keys_that_cannot_be_had_make_the_answer_unavailable_and_nothing_worse() {
    let token = remote_jwt(&remote_key(), &json!("r1"));
    let set = jwks(&[(&remote_key(), "r1")]).to_string();
    let long = format!("{set}{}", " ".repeat(512 * 1024));
    let twice = jwks(&[(&remote_key(), "r1"), (&foreign_key(), "r1")]).to_string();
    let deep = "[".repeat(100_000);
    for (status, body) in [
        (500, set.clone()),
        (404, String::new()),
        (301, set.clone()),
        (204, String::new()),
        (200, String::new()),
        (200, "<html>".into()),
        (200, "[]".into()),
        (200, r#"{"keys":7}"#.into()),
        (200, deep),
        (200, long),
        (200, twice),
    ] {
        let shown: String = body.chars().take(30).collect();
        let mut world = exchange_world(4);
        world.served.insert(REMOTE_JWKS.into(), (status, body.into_bytes()));
        assert_eq!(exchanged(&mut world, &token), unavailable(), "{status} {shown}");
        assert!(world.events.last().unwrap().cause.as_ref().unwrap().contains(REMOTE_JWKS));
        assert!(world.registry.keys().is_empty(), "{status} {shown}: what is no set is not kept");
        // Once it answers, it goes on.
        world.served.insert(REMOTE_JWKS.into(), (200, set.clone().into_bytes()));
        assert_eq!(exchanged(&mut world, &token), good());
    }
    let mut world = exchange_world(5);
    world.served.insert(REMOTE_JWKS.into(), (200, vec![0xff; 10]));
    assert_eq!(exchanged(&mut world, &token), unavailable());
    // A set without a key that fits is a set.
    let mut world = serving(&json!({ "keys": [] }));
    assert_eq!(exchanged(&mut world, &token), refused("subject-token.signature"));
    // A set may hold secrets; they verify nothing here.
    let mut world = serving(&json!({ "keys": [hmac(SECRET).to_jwk().with_kid("r1").to_value()] }));
    let header = json!({ "alg": "HS256", "kid": "r1" });
    let hs256 = support::token(&hmac(SECRET), &header, &claims(&token));
    assert_eq!(exchanged(&mut world, &hs256), refused("subject-token.signature"));
}

#[test]
fn every_fault_of_the_host_is_unavailable_or_makes_no_difference() {
    let token = remote_jwt(&remote_key(), &json!("r1"));
    let set = jwks(&[(&remote_key(), "r1")]);
    let mut world = serving(&set);
    let id = world.send(exchange(B, (&token, JWT), &[]));
    world.run();
    let trace = world.trace(id).to_vec();
    assert_eq!(trace, ["get", "fetch", "commit", "get", "sign", "record", "answer"]);
    for (n, kind) in trace[..6].iter().enumerate() {
        for fault in [Fault::Fail, Fault::Drop] {
            let mut world = serving(&set);
            let id = world.send(exchange(B, (&token, JWT), &[]));
            world.fault(id, n + 1, fault);
            world.run();
            // A registry that cannot keep the set costs a fetch the next time; an event that cannot be written,
            // the event.
            let bears = matches!(*kind, "commit" | "record");
            let expected = if bears { good() } else { unavailable() };
            assert_eq!(refusal(world.response(id).unwrap()), expected, "{fault:?} at {kind}");
        }
    }
}

#[test]
fn an_id_token_is_exchanged_by_the_grant_of_its_client() {
    let mut world = exchange_world(6);
    let ask = |world: &mut World, token: &str| refusal(&world.ask(exchange(B, (token, ID_TOKEN), &[])));
    let response = world.ask(exchange(B, (&id_token(json!({ "scope": "admin" })), ID_TOKEN), &[]));
    let got = claims(&access_of(&response));
    assert_eq!(
        (&got["sub"], &got["scope"], &got["aud"]),
        (&json!("alice"), &json!("read write"), &json!(ORIGIN))
    );
    let (key, _) = issuer_key();
    let typed = |typ: &str| {
        let header = json!({ "alg": "ES256", "kid": "main", "typ": typ });
        token(&key, &header, &claims(&id_token(json!({}))))
    };
    for (token, rule) in [
        (id_token(json!({ "aud": C })), "exchange.no-grant"),
        (id_token(json!({ "aud": "deleted" })), "client.inactive"),
        (id_token(json!({ "aud": [A, C] })), "subject-token.audience"),
        (id_token(json!({ "aud": [A, C], "azp": C })), "exchange.no-grant"),
        (id_token(json!({ "aud": [A, C], "azp": B })), "subject-token.audience"),
        (id_token(json!({ "aud": A, "azp": B })), "subject-token.audience"),
        (id_token(json!({ "aud": null })), "subject-token.audience"),
        (id_token(json!({ "aud": [] })), "subject-token.audience"),
        (id_token(json!({ "azp": 7 })), "subject-token.malformed"),
        (id_token(json!({ "sub": null })), "subject-token.malformed"),
        (id_token(json!({ "exp": NOW })), "subject-token.expired"),
        (id_token(json!({ "exp": null })), "subject-token.malformed"),
        (id_token(json!({ "iss": FOREIGN })), "subject-token.issuer"),
        (id_token(json!({ "client_id": A })), "subject-token.malformed"),
        (id_token(json!({ "sub": "bob" })), "subject.disabled"),
        (id_token(json!({ "may_act": { "sub": C } })), "exchange.actor-not-allowed"),
        (typed("at+jwt"), "subject-token.malformed"),
        (typed("logout+jwt"), "subject-token.malformed"),
    ] {
        assert_eq!(ask(&mut world, &token), refused(rule), "{token}");
    }
    assert_eq!(ask(&mut world, &id_token(json!({ "aud": [A, C], "azp": A }))), good());
    assert_eq!(ask(&mut world, &typed("jwt")), good());
}

#[test]
fn a_refresh_token_is_exchanged_where_the_grant_takes_it_and_for_as_long_as_it_is_one() {
    let mut world = exchange_world(7);
    // A's refresh token: A exchanges a token of the foreign issuer.
    let mut document = exchange_document();
    let to_a = grant(json!({
        "from_issuer": FOREIGN, "to": A, "scope": "read", "subject_token_types": ["jwt"],
        "requested_token_types": ["refresh_token"],
    }));
    document["issuers"][0]["policy"]["exchange"].as_array_mut().unwrap().push(to_a);
    let with = |world: &World, document: &Value| {
        let mut other = world_of(document, 8);
        other.state = world.state.clone();
        other
    };
    world = with(&world, &document);
    let of = [("requested_token_type", REFRESH_TOKEN)];
    let refresh_token = access_of(&world.ask(exchange(A, (&foreign_jwt(json!({})), JWT), &of)));
    let ask = |world: &mut World, client: &str| {
        refusal(&world.ask(exchange(client, (&refresh_token, REFRESH_TOKEN), &[])))
    };
    let before = world.state.clone();
    let response = world.ask(exchange(B, (&refresh_token, REFRESH_TOKEN), &[]));
    let claims = claims(&access_of(&response));
    assert_eq!((&claims["sub"], &claims["scope"]), (&json!("alice"), &json!("read")));
    assert_eq!(world.state, before, "it is not spent by that");
    // C's grant takes access tokens alone.
    assert_eq!(ask(&mut world, C), refused("exchange.subject-token-type"));
    for made_up in ["", "x", ".", &refresh_token[1..], &format!("{refresh_token}x"), "a.b.c"] {
        let response = world.ask(exchange(B, (made_up, REFRESH_TOKEN), &[]));
        let rule = if made_up.is_empty() { "" } else { "subject-token.expired" };
        assert_eq!(refusal(&response), refused(rule), "{made_up}");
    }
    // What it was had for is decided again: the grant, its client, its subject.
    let mut withdrawn = document.clone();
    withdrawn["issuers"][0]["policy"]["exchange"].as_array_mut().unwrap().pop();
    assert_eq!(ask(&mut with(&world, &withdrawn), B), refused("subject-token.expired"));
    let mut deleted = document.clone();
    deleted["clients"].as_array_mut().unwrap().remove(0);
    assert_eq!(ask(&mut with(&world, &deleted), B), refused("client.inactive"));
    let mut disabled = document.clone();
    disabled["issuers"][0]["subjects"][0]["disabled"] = json!(true);
    assert_eq!(ask(&mut with(&world, &disabled), B), refused("subject-token.expired"));
    // Once it is refreshed it is spent, and one that is spent ends its family, whoever sends it.
    let refreshing = form(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]);
    let next =
        body(&world.ask(basic("/token", A, &refreshing)))["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(refusal(&world.ask(exchange(B, (&next, REFRESH_TOKEN), &[]))), good());
    assert_eq!(ask(&mut world, B), refused("subject-token.expired"));
    let response = world.ask(exchange(B, (&next, REFRESH_TOKEN), &[]));
    assert_eq!(refusal(&response), refused("subject-token.expired"));
}
