//! The profile `camara`: clients sign, poll, and are told nothing by which a number could be found.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;

use edgegrant::http::{HttpRequest, HttpResponse};
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::gateway::*;
use support::*;

const SWAP: &str = "openid dpv:FraudPreventionAndDetection sim-swap";

/// The gateway's mount in this profile; all clients but the consent desk sign with the same key.
fn camara_document() -> Value {
    let mut document = ogw_document();
    document["issuers"][0]["profile"] = json!("camara");
    for client in document["clients"].as_array_mut().unwrap() {
        let client = client.as_object_mut().unwrap();
        client.shift_remove("client_secret");
        client.insert("token_endpoint_auth_method".into(), json!("private_key_jwt"));
        client.insert("jwks".into(), json!({ "env": "JWKS" }));
    }
    document
}

fn assertion_of(client: &str, change: Value) -> String {
    let usual = json!({
        "iss": client, "sub": client, "aud": ISSUER, "iat": NOW, "exp": NOW + 300, "jti": fresh(),
    });
    jwt(&client_key(), Algorithm::Es256, &merged(usual, change))
}

fn request_of(client: &str, path: &str, parameters: &[(&str, &str)]) -> HttpRequest {
    by_assertion(path, &assertion_of(client, json!({})), parameters)
}

fn ask_for(world: &mut World, client: &str, hint: &str, more: &[(&str, &str)]) -> HttpResponse {
    let usual = [("login_hint", hint), ("scope", SWAP)];
    world.ask(request_of(client, "/ogw/bc-authorize", &changed(&usual, more)))
}

fn redeemed(world: &mut World, client: &str, begun: &HttpResponse) -> Value {
    let begun = body(begun);
    let id = begun["auth_req_id"].as_str().unwrap_or_else(|| panic!("{begun}"));
    let parameters = [("grant_type", CIBA), ("auth_req_id", id)];
    let response = world.ask(request_of(client, "/ogw/token", &parameters));
    assert_eq!(response.status, 200, "{}", response.body);
    body(&response)
}

#[test]
fn an_assertion_is_for_here_and_good_for_five_minutes() {
    let mut world = world_of(&camara_document(), 1);
    let mut status = |path: &str, change: Value| {
        let assertion = assertion_of("app", change);
        let usual = [("login_hint", PHONE), ("scope", SWAP)];
        let response = world.ask(by_assertion(path, &assertion, &usual));
        if response.status == 401 { error(&response).1 } else { response.status.to_string() }
    };
    for (change, expected) in [
        (json!({}), "200"),
        (json!({ "aud": [ISSUER] }), "200"),
        (json!({ "aud": format!("{ISSUER}/bc-authorize") }), "200"),
        (json!({ "aud": format!("{ISSUER}/token") }), "200"),
        (json!({ "iat": NOW - 200, "exp": NOW + 100 }), "200"),
        (json!({ "exp": NOW + 301, "iat": NOW + 10 }), "invalid_client"),
        (json!({ "exp": NOW + 300, "iat": NOW - 1 }), "invalid_client"),
        (json!({ "exp": NOW + 3600 }), "invalid_client"),
        (json!({ "iat": null }), "invalid_client"),
        (json!({ "exp": null }), "invalid_client"),
        (json!({ "aud": ORIGIN }), "invalid_client"),
        (json!({ "aud": format!("{ISSUER}/introspect") }), "invalid_client"),
        (json!({ "aud": [ISSUER, "https://other.example"] }), "invalid_client"),
        (json!({ "iss": "shop" }), "invalid_client"),
        (json!({ "iss": "shop", "sub": PHONE }), "invalid_client"),
    ] {
        assert_eq!(status("/ogw/bc-authorize", change.clone()), expected, "{change}");
    }
}

#[test]
fn secrets_and_other_modes_are_refused_by_the_configuration() {
    let mistakes = |change: fn(&mut Value)| {
        let mut document = camara_document();
        change(&mut document);
        mistakes_of(&document, &bindings())
    };
    assert_each(
        &[
            (
                |document| {
                    let client = client_in(document, "app").as_object_mut().unwrap();
                    client.shift_remove("token_endpoint_auth_method");
                    client.insert("client_secret".into(), json!({ "env": "SECRET" }));
                },
                "/clients/0/token_endpoint_auth_method",
                "private_key_jwt",
            ),
            (
                |document| {
                    let client = client_in(document, "app");
                    client["backchannel_token_delivery_mode"] = json!("ping");
                    client["backchannel_client_notification_endpoint"] = json!("https://app.example.com/cb");
                    document["issuers"][0]["ciba"]["notification_hosts"] = json!(["app.example.com"]);
                },
                "/clients/0/backchannel_token_delivery_mode",
                "expected one of poll",
            ),
            (
                |document| {
                    document["issuers"][0].as_object_mut().unwrap().shift_remove("pairwise_salt");
                },
                "/issuers/0",
                "pairwise_salt is missing",
            ),
        ],
        mistakes,
    );
}

#[test]
fn what_the_profile_ignores_changes_nothing() {
    let mut world = world_of(&camara_document(), 2);
    let plain = body(&ask_for(&mut world, "app", PHONE, &[]));
    for more in [
        ("acr_values", "2"),
        ("binding_message", "anything\u{7}at all"),
        ("user_code", "1234"),
        ("requested_expiry", "no number"),
        ("client_notification_token", "not a token!"),
    ] {
        let response = ask_for(&mut world, "app", PHONE, &[more]);
        let begun = body(&response);
        assert_eq!((response.status, &begun["expires_in"]), (200, &plain["expires_in"]), "{more:?} {begun}");
        // The first poll comes at once, and gets the tokens.
        let tokens = redeemed(&mut world, "app", &response);
        assert!(claims(tokens["id_token"].as_str().unwrap()).get("acr").is_none(), "{tokens}");
    }
    let hint = ("id_token_hint", "x.y.z");
    assert_eq!(error(&ask_for(&mut world, "app", PHONE, &[hint])), (400, "invalid_request".into()));
    let token_hint = [("login_hint", ""), ("login_hint_token", "x.y.z")];
    assert_eq!(error(&ask_for(&mut world, "app", PHONE, &token_hint)), (400, "invalid_request".into()));
}

#[test]
fn a_subject_is_the_sectors_and_stays() {
    let mut document = camara_document();
    let mut sister = client_in(&mut document, "app").clone();
    sister["client_id"] = json!("sister");
    document["clients"].as_array_mut().unwrap().push(sister);
    for (client_id, sector) in [("app", "one.example"), ("sister", "one.example")] {
        client_in(&mut document, client_id)["sector_identifier"] = json!(sector);
    }
    let mut world = world_of(&document, 3);
    let mut subs = BTreeMap::new();
    for client in ["app", "sister", "shop"] {
        let more = [("scope", "openid dpv:FraudPreventionAndDetection sim-swap offline_access")];
        let begun = ask_for(&mut world, client, PHONE, &more);
        let tokens = redeemed(&mut world, client, &begun);
        let of = |name: &str| claims(tokens[name].as_str().unwrap())["sub"].clone();
        assert_eq!(of("id_token"), of("access_token"));
        subs.insert(client, of("access_token"));
        if client == "app" {
            let refresh = tokens["refresh_token"].as_str().unwrap();
            let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
            let refreshed = world.ask(request_of(client, "/ogw/token", &parameters));
            let again = claims(&access_of(&refreshed));
            assert_eq!((&again["sub"], &again["purpose"]), (&subs[client], &json!(FRAUD)));
        }
        let answer = tokens.to_string();
        assert!(!answer.contains("34666666666") && !answer.contains("alice"), "{answer}");
    }
    assert_eq!(subs["app"], subs["sister"]);
    assert_ne!(subs["app"], subs["shop"]);
}

#[test]
fn purpose_and_legal_basis_stand_in_the_token_its_introspection_and_the_audit_log() {
    let mut world = world_of(&camara_document(), 4);
    let command = json!({
        "command": "put_consent", "issuer": ISSUER, "sub": ALICE, "client_id": "app", "purpose": FRAUD,
        "scope": "location", "state": "given",
    });
    assert_eq!(world.ask(operator(&command)).status, 200);
    for (scope, basis) in [("sim-swap", "legitimate_interest"), ("location", "consent")] {
        world.events.clear();
        let more = [("scope", &*format!("dpv:FraudPreventionAndDetection {scope}"))];
        let begun = ask_for(&mut world, "app", PHONE, &more);
        let tokens = redeemed(&mut world, "app", &begun);
        assert!(tokens.get("id_token").is_none(), "{tokens}");
        let access_token = tokens["access_token"].as_str().unwrap();
        assert_eq!(claims(access_token)["purpose"], FRAUD);
        let parameters = [("token", access_token)];
        let shown = body(&world.ask(request_of("app", "/ogw/introspect", &parameters)));
        assert_eq!((&shown["active"], &shown["purpose"]), (&json!(true), &json!(FRAUD)));
        let events: Vec<_> = world
            .events
            .iter()
            .map(|event| (event.kind, event.purpose.as_deref(), event.legal_basis, event.subject.as_deref()))
            .collect();
        let expected = ["authentication.requested", "token.issued"]
            .map(|kind| (kind, Some(FRAUD), Some(basis), Some(ALICE)));
        assert_eq!(events, expected);
    }
}
