//! RFC 7523: JWT client authentication, and its races.
mod support;

use edgegrant::jose::{Algorithm, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::*;

const NOW: u64 = 1_700_000_000;

fn claims(client: &str) -> Value {
    json!({ "iss": client, "sub": client, "aud": ORIGIN, "jti": "j1", "iat": NOW, "exp": NOW + 60 })
}

fn changed(member: &str, value: Value) -> Value {
    let mut claims = claims("jwt");
    claims[member] = value;
    claims
}

fn without(member: &str) -> Value {
    let mut claims = claims("jwt");
    claims.as_object_mut().unwrap().remove(member);
    claims
}

fn ask(world: &mut World, key: &SigningKey, alg: Algorithm, claims: &Value) -> (u16, String) {
    error(&world.ask(post("/token", &with_assertion(&jwt(key, alg, claims)))))
}

#[test]
fn s2_2_a_jwt_under_the_clients_key_or_secret_is_good_once() {
    let mut world = world(1);
    for (client, key, alg) in
        [("jwt", client_key(), Algorithm::Es256), ("hmac", hmac(SECRET), Algorithm::Hs256)]
    {
        assert_eq!(ask(&mut world, &key, alg, &claims(client)), (200, "none".into()), "{client}");
        assert_eq!(ask(&mut world, &key, alg, &claims(client)), (401, "invalid_client".into()), "{client}");
    }
    // The store holds a hash, not what the client sent.
    assert_eq!(world.state.keys().len(), 2);
    assert!(world.state.keys().iter().all(|key| key.starts_with("jti/") && !key.contains("j1")));
    // Once the assertion has expired its record may go, and it is refused for its age.
    world.advance(120);
    assert_eq!(ask(&mut world, &client_key(), Algorithm::Es256, &claims("jwt")).0, 401);
}

#[test]
fn s3_what_an_assertion_must_say() {
    let far = NOW + 3600 + 31;
    let refused = [
        without("iss"),
        without("sub"),
        without("aud"),
        without("exp"),
        without("jti"),
        changed("iss", json!("other")),
        changed("sub", json!("other")),
        changed("aud", json!("https://evil.example.com")),
        changed("aud", json!([ORIGIN, "https://evil.example.com"])),
        changed("aud", json!([])),
        changed("aud", json!(format!("{ORIGIN}/"))),
        changed("aud", json!(format!("{ORIGIN}/token"))),
        changed("aud", json!(ORIGIN.to_uppercase())),
        changed("aud", json!(7)),
        changed("exp", json!(NOW - 31)),
        changed("exp", json!(far)),
        changed("exp", json!(1e300)),
        changed("exp", json!((NOW + 60).to_string())),
        changed("exp", json!(null)),
        changed("exp", json!(-1)),
        changed("nbf", json!(NOW + 31)),
        changed("nbf", json!("now")),
        changed("iat", json!(NOW + 31)),
        changed("jti", json!("")),
        changed("jti", json!(1)),
        changed("jti", json!("x".repeat(257))),
    ];
    let mut world = world(2);
    for claims in refused {
        let answer = ask(&mut world, &client_key(), Algorithm::Es256, &claims);
        assert_eq!(answer, (401, "invalid_client".into()), "{claims}");
    }
    assert!(world.state.keys().is_empty(), "a refused assertion uses up no jti");
    for (i, mut claims) in [
        changed("aud", json!([ORIGIN])),
        changed("exp", json!(NOW - 29)),
        changed("exp", json!(NOW + 3600)),
        changed("exp", json!(1_700_000_000.5)),
        changed("nbf", json!(NOW + 29)),
        without("iat"),
    ]
    .into_iter()
    .enumerate()
    {
        claims["jti"] = json!(format!("good-{i}"));
        assert_eq!(ask(&mut world, &client_key(), Algorithm::Es256, &claims).0, 200, "{claims}");
    }
}

#[test]
fn s3_only_the_registered_key_and_algorithm() {
    let mut world = world(3);
    let public = client_key().to_jwk().public().unwrap();
    for (key, alg, claims) in [
        (key(Algorithm::Es256, 99), Algorithm::Es256, claims("jwt")),
        (key(Algorithm::EdDsa, 99), Algorithm::EdDsa, claims("jwt")),
        // RFC 8725 §2.1: the public key as an HMAC secret.
        (hmac(&public.to_json()), Algorithm::Hs256, claims("jwt")),
        // A header that names another algorithm than the key's.
        (client_key(), Algorithm::EdDsa, claims("jwt")),
        (hmac(SECRET), Algorithm::Es256, claims("hmac")),
        (hmac(SECRET), Algorithm::Hs256, claims("basic")),
        (hmac(SECRET), Algorithm::Hs256, claims("jwt")),
        (hmac(&SECRET.to_uppercase()), Algorithm::Hs256, claims("hmac")),
        (client_key(), Algorithm::Es256, claims("hmac")),
        (client_key(), Algorithm::Es256, claims("nobody")),
    ] {
        assert_eq!(ask(&mut world, &key, alg, &claims), (401, "invalid_client".into()), "{alg} {claims}");
    }
    assert!(world.state.keys().is_empty(), "nobody uses up another's jti");
}

#[test]
fn malformed_assertions_are_refused() {
    let mut world = world(4);
    let good = jwt(&client_key(), Algorithm::Es256, &claims("jwt"));
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let segment = |text: &str| base64_url(text.as_bytes());
    for assertion in [
        "a".to_owned(),
        "a.b.c".to_owned(),
        "....".to_owned(),
        format!("{good}."),
        format!("{good}="),
        good.replacen('.', "..", 1),
        format!("{}.{}.", segment(r#"{"alg":"none"}"#), segment(&claims("jwt").to_string())),
        format!("{}.{}.", segment(r#"{"alg":"nOnE"}"#), segment(&claims("jwt").to_string())),
        format!("{}.{}.AA", segment(&deep), segment("{}")),
        format!("{}.{}.AA", segment(r#"{"alg":"ES256"}"#), segment(&deep)),
        format!("{}.{}.AA", segment(r#"{"alg":"ES256","alg":"ES256"}"#), segment("{}")),
        format!("{}.{}.AA", segment(r#"{"alg":"ES256"}"#), segment(r#"{"sub":"a","sub":"jwt"}"#)),
        format!("{}.{}.AA", segment(r#"{"alg":"ES256","crit":["x"],"x":1}"#), segment("{}")),
        format!("{}.{}.AA", segment(r#"{"alg":"ES256"}"#), base64_url(b"{\"sub\":\"\xff\"}")),
        format!("{}.{}.AA", segment(r#"{"alg":"ES256"}"#), segment("[]")),
        "x".repeat(100_000),
    ] {
        let shown = assertion.chars().take(60).collect::<String>();
        let answer = error(&world.ask(post("/token", &with_assertion(&assertion))));
        assert_eq!(answer, (401, "invalid_client".into()), "{shown}");
    }
    let wrong_type =
        format!("grant_type=client_credentials&client_assertion={good}&client_assertion_type=saml");
    assert_eq!(error(&world.ask(post("/token", &wrong_type))), (400, "invalid_request".into()));
    let no_assertion = with_assertion("");
    assert_eq!(error(&world.ask(post("/token", &no_assertion))), (400, "invalid_request".into()));
    let other_id = format!("{}&client_id=basic", with_assertion(&good));
    assert_eq!(error(&world.ask(post("/token", &other_id))), (400, "invalid_request".into()));
    assert_eq!(error(&world.ask(post("/token", &with_assertion(&good)))).0, 200);
}

#[test]
fn of_many_uses_at_once_exactly_one_wins_whatever_the_order() {
    for seed in 0..200 {
        let mut world = world(seed);
        let mut delays = ChaCha20Rng::seed_from_u64(seed);
        let assertion = with_assertion(&jwt(&client_key(), Algorithm::Es256, &claims("jwt")));
        let ids: Vec<Id> = (0..25).map(|_| world.send(post("/token", &assertion))).collect();
        for &id in &ids {
            if seed % 2 == 1 {
                world.fault(id, 1, Fault::Delay(delays.next_u32() % 40));
            }
        }
        world.run();
        let answers: Vec<u16> = ids.iter().map(|&id| world.response(id).unwrap().status).collect();
        assert_eq!(answers.iter().filter(|&&status| status == 200).count(), 1, "seed {seed}: {answers:?}");
        assert_eq!(answers.iter().filter(|&&status| status == 401).count(), 24, "seed {seed}: {answers:?}");
        assert_eq!(world.signatures, 1, "seed {seed}");
    }
}

#[test]
fn no_fault_and_no_stop_ever_gives_two_tokens() {
    let faults = [None, Some(Fault::Fail), Some(Fault::Drop), Some(Fault::Repeat), Some(Fault::Delay(5))];
    for fault in faults {
        for effect in 1..=3 {
            for stop in [None, Some(0), Some(1), Some(2), Some(3)] {
                let mut world = world(7);
                let assertion = with_assertion(&jwt(&client_key(), Algorithm::Es256, &claims("jwt")));
                let first = world.send(post("/token", &assertion));
                if let Some(fault) = fault {
                    world.fault(first, effect, fault);
                }
                if let Some(stop) = stop {
                    world.stop_after(first, stop);
                }
                world.run();
                let second = world.send(post("/token", &assertion));
                world.run();
                let ok = |id| world.response(id).is_some_and(|response| response.status == 200);
                assert!(!(ok(first) && ok(second)), "{fault:?} at {effect}, stop {stop:?}");
                // Never a server error but the one that says to try again.
                for id in [first, second] {
                    let status = world.response(id).map(|response| response.status);
                    assert!(matches!(status, None | Some(200 | 401 | 503)), "{status:?}");
                }
                // What stopped before its commit left nothing behind, and the client may try again.
                if stop == Some(0) {
                    assert!(ok(second), "{fault:?} at {effect}");
                }
            }
        }
    }
}

#[test]
fn a_clock_that_leaps_back_does_not_revive_an_assertion() {
    let mut world = world(8);
    assert_eq!(ask(&mut world, &client_key(), Algorithm::Es256, &claims("jwt")).0, 200);
    world.advance(-25);
    assert_eq!(ask(&mut world, &client_key(), Algorithm::Es256, &claims("jwt")).0, 401);
    // At the last moment of its leeway the record must still be there.
    world.advance(25 + 60 + 29);
    assert_eq!(ask(&mut world, &client_key(), Algorithm::Es256, &claims("jwt")).0, 401);
    assert_eq!(world.signatures, 1);
}
