//! RFC 7523 §2.1: JWTs as authorization grants, at the profiles that name subscribers so.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use edgegrant::http::HttpResponse;
use edgegrant::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};
use support::gateway::*;
use support::*;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SWAP: &str = "dpv:FraudPreventionAndDetection sim-swap";

/// The client `app` signs; `shop` has a key of its own.
fn grant_document() -> Value {
    let mut document = ogw_document();
    let other = key(Algorithm::Es256, 77).to_jwk().public().unwrap().to_value();
    for (client_id, jwks) in [("app", json!({ "env": "JWKS" })), ("shop", json!({ "keys": [other] }))] {
        let client = client_in(&mut document, client_id);
        client["jwks"] = jwks;
        client["grant_types"] = json!([CIBA, GRANT, "refresh_token"]);
    }
    document
}

fn said(change: Value) -> Value {
    let usual = json!({
        "iss": "app", "sub": PHONE, "aud": ISSUER, "iat": NOW, "exp": NOW + 300, "jti": fresh(),
    });
    merged(usual, change)
}

fn signed(change: Value) -> String {
    jwt(&client_key(), Algorithm::Es256, &said(change))
}

fn send(world: &mut World, assertion: &str, scope: &str) -> HttpResponse {
    let parameters = [("grant_type", GRANT), ("assertion", assertion), ("scope", scope)];
    world.ask(basic("/ogw/token", "app", &form(&changed(&parameters, &[]))))
}

#[test]
fn s2_1_a_jwt_about_a_subscriber_gets_a_token_for_a_purpose() {
    for (change, scope, expected, id_token, refresh_token) in [
        (json!({}), "dpv:FraudPreventionAndDetection#sim-swap", "openid sim-swap", true, false),
        (json!({}), "openid dpv:FraudPreventionAndDetection sim-swap", "openid sim-swap", true, false),
        (json!({}), SWAP, "sim-swap", false, false),
        (
            json!({}),
            "dpv:FraudPreventionAndDetection sim-swap offline_access",
            "offline_access sim-swap",
            false,
            true,
        ),
        (json!({ "aud": format!("{ISSUER}/token") }), SWAP, "sim-swap", false, false),
        (json!({ "aud": [format!("{ISSUER}/bc-authorize")] }), SWAP, "sim-swap", false, false),
        (json!({ "sub": "operatortoken:opaque" }), SWAP, "sim-swap", false, false),
        (json!({ "sub": "tel: 34666666666" }), SWAP, "sim-swap", false, false),
        (json!({ "iat": NOW - 200, "exp": NOW + 100 }), SWAP, "sim-swap", false, false),
        (json!({ "nbf": NOW }), SWAP, "sim-swap", false, false),
        (
            json!({ "sub": "tel:+34677777777" }),
            "dpv:FraudPreventionAndDetection location",
            "location",
            false,
            false,
        ),
    ] {
        let mut world = world_of(&grant_document(), 1);
        let tokens = body(&send(&mut world, &signed(change.clone()), scope));
        let found = claims(tokens["access_token"].as_str().unwrap_or_else(|| panic!("{change} {tokens}")));
        assert_eq!(
            (&found["purpose"], &found["scope"], &found["client_id"]),
            (&json!(FRAUD), &json!(expected), &json!("app")),
            "{found}"
        );
        assert_eq!(tokens["token_type"], "Bearer");
        let there = |name: &str| tokens.get(name).is_some();
        assert_eq!((there("id_token"), there("refresh_token")), (id_token, refresh_token), "{scope}");
        // Whoever she is asked for by, she is the same to the client, and no number.
        let sub = found["sub"].as_str().unwrap();
        assert!(sub.len() == 43 && !sub.contains("346"), "{sub}");
        if id_token {
            assert_eq!(claims(tokens["id_token"].as_str().unwrap())["sub"], sub);
        }
    }
}

#[test]
fn s3_what_a_grant_must_say() {
    let mut world = world_of(&grant_document(), 2);
    let mut refused = |change: Value, says: &str| {
        let response = send(&mut world, &signed(change.clone()), SWAP);
        assert_eq!(error(&response), (400, "invalid_grant".into()), "{change} {}", response.body);
        assert!(response.body.contains(says), "{says}: {}", response.body);
        assert!(world.state.keys().is_empty(), "{change}: a refused grant uses up no jti");
    };
    for name in ["iss", "sub", "aud", "exp", "iat", "jti"] {
        refused(json!({ name: null }), name);
    }
    for (change, says) in [
        (json!({ "iss": "shop" }), "iss must be the client_id"),
        (json!({ "iss": ISSUER }), "iss must be the client_id"),
        (json!({ "aud": ORIGIN }), "aud must be"),
        (json!({ "aud": format!("{ISSUER}/") }), "aud must be"),
        (json!({ "aud": [ISSUER, "https://other.example"] }), "aud must be"),
        (json!({ "aud": [] }), "aud"),
        (json!({ "exp": NOW + 301, "iat": NOW + 10 }), "exp must be at most 300 seconds"),
        (json!({ "exp": NOW + 300, "iat": NOW - 1 }), "exp must be at most 300 seconds"),
        (json!({ "exp": NOW - 31, "iat": NOW - 100 }), "expired"),
        (json!({ "exp": 1e300 }), "exp"),
        (json!({ "exp": "soon" }), "exp"),
        (json!({ "iat": NOW + 31 }), "issued at"),
        (json!({ "iat": "now" }), "iat"),
        (json!({ "nbf": NOW + 31 }), "not"),
        (json!({ "jti": "" }), "jti"),
        (json!({ "jti": "x".repeat(257) }), "jti"),
        (json!({ "jti": 7 }), "jti"),
        (json!({ "sub": "alice" }), "tel:, ipport: or operatortoken:"),
        (json!({ "sub": "tel:0034666666666" }), "begins with +"),
        (json!({ "sub": "ipport:[2001:db8::1]:8080" }), "sub must begin with tel: or operatortoken:"),
        (json!({ "sub": "operatortoken:" }), "printable"),
        (json!({ "sub": "tel:+34600000000" }), "nobody who is known"),
        // One who is disabled looks like one who is not there.
        (json!({ "sub": "tel:+34688888888" }), "nobody who is known"),
    ] {
        refused(change, says);
    }
}

#[test]
fn s3_item_9_signed_by_the_client_under_its_keys_algorithm() {
    let mut world = world_of(&grant_document(), 3);
    let es256 = Algorithm::Es256;
    let public = client_key().to_jwk().public().unwrap().to_json();
    let keys: [(SigningKey, Algorithm); 6] = [
        (key(es256, 99), es256),
        // Another client's.
        (key(es256, 77), es256),
        (key(Algorithm::EdDsa, 99), Algorithm::EdDsa),
        (hmac(SECRET), Algorithm::Hs256),
        // RFC 8725 §2.1
        (hmac(&public), Algorithm::Hs256),
        (client_key(), Algorithm::EdDsa),
    ];
    let mut assertions: Vec<String> =
        keys.iter().map(|(key, alg)| jwt(key, *alg, &said(json!({})))).collect();
    let segment = |text: String| base64_url(text.as_bytes());
    for alg in ["none", "None", "HS256"] {
        let header = json!({ "alg": alg }).to_string();
        assertions.push(format!("{}.{}.", segment(header), segment(said(json!({})).to_string())));
    }
    let good = signed(json!({}));
    let (rest, _) = good.rsplit_once('.').unwrap();
    assertions.extend([format!("{rest}."), format!("{rest}.AAAA"), "nonsense".into(), format!("{good}.")]);
    for assertion in assertions {
        let response = send(&mut world, &assertion, SWAP);
        assert_eq!(error(&response), (400, "invalid_grant".into()), "{assertion} {}", response.body);
    }
    assert!(world.state.keys().is_empty());
    assert_eq!(send(&mut world, &good, SWAP).status, 200);
    // A JWT of one client is nobody else's.
    let others = jwt(&key(es256, 77), es256, &said(json!({ "iss": "shop" })));
    assert_eq!(error(&send(&mut world, &others, SWAP)), (400, "invalid_grant".into()));
}

#[test]
fn a_purpose_is_named_allowed_and_consented_to() {
    let mut world = world_of(&grant_document(), 4);
    for (scope, status, code, says) in [
        ("", 400, "invalid_request", "no purpose is named"),
        ("openid sim-swap", 400, "invalid_request", "no purpose is named"),
        ("dpv:Spying#sim-swap", 400, "invalid_scope", "is no purpose"),
        ("dpv:Marketing#sim-swap", 400, "invalid_scope", "dpv:Marketing"),
        ("dpv:FraudPreventionAndDetection#fly", 400, "invalid_scope", "fly"),
        ("dpv:FraudPreventionAndDetection#consents", 400, "invalid_scope", "consents"),
        ("dpv:FraudPreventionAndDetection#location", 400, "invalid_grant", "needs the person's consent"),
    ] {
        let response = send(&mut world, &signed(json!({})), scope);
        assert_eq!(error(&response), (status, code.into()), "{scope} {}", response.body);
        assert!(response.body.contains(says), "{says}: {}", response.body);
    }
    // What was refused for want of a consent can be sent again.
    let location = "dpv:FraudPreventionAndDetection#location";
    let assertion = signed(json!({}));
    assert_eq!(error(&send(&mut world, &assertion, location)), (400, "invalid_grant".into()));
    say(&mut world, ALICE, "location", "given");
    world.events.clear();
    assert_eq!(send(&mut world, &assertion, location).status, 200);
    let event = world.events.last().unwrap();
    assert_eq!(
        (event.kind, event.purpose.as_deref(), event.legal_basis, event.subject.as_deref()),
        ("token.issued", Some(FRAUD), Some("consent"), Some(ALICE))
    );
    say(&mut world, ALICE, "location", "withdrawn");
    assert_eq!(error(&send(&mut world, &signed(json!({})), location)), (400, "access_denied".into()));
}

#[test]
fn a_grant_is_good_once_and_only_what_was_issued_uses_it_up() {
    let mut world = world_of(&grant_document(), 5);
    let assertion = signed(json!({ "jti": "once" }));
    assert_eq!(send(&mut world, &assertion, SWAP).status, 200);
    let response = send(&mut world, &assertion, SWAP);
    assert_eq!(error(&response), (400, "invalid_grant".into()));
    assert!(response.body.contains("used before"), "{}", response.body);
    // As long as it could be good, by any clock.
    world.advance(329);
    assert_eq!(send(&mut world, &assertion, SWAP).status, 400);
    // A failing key costs nobody a grant; of two that come at once, one is first.
    let mut world = world_of(&grant_document(), 6);
    let ask = |assertion: &str| {
        basic("/ogw/token", "app", &form(&[("grant_type", GRANT), ("assertion", assertion), ("scope", SWAP)]))
    };
    let assertion = signed(json!({}));
    let id = world.send(ask(&assertion));
    world.run_with_fault(id, "sign", Fault::Fail);
    assert_eq!(world.response(id).unwrap().status, 503);
    let ids = [world.send(ask(&assertion)), world.send(ask(&assertion))];
    world.run();
    let mut answers = ids.map(|id| world.response(id).unwrap().status);
    answers.sort_unstable();
    assert_eq!(answers, [200, 400]);
}

#[test]
fn a_grant_is_for_clients_that_may_use_it() {
    let mut document = grant_document();
    client_in(&mut document, "app")["grant_types"] = json!([CIBA]);
    let mut world = world_of(&document, 7);
    assert_eq!(error(&send(&mut world, &signed(json!({})), SWAP)), (400, "unauthorized_client".into()));
    let mut world = world_of(&grant_document(), 8);
    assert_eq!(error(&send(&mut world, "", SWAP)), (400, "invalid_request".into()));
}
