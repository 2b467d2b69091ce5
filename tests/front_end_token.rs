//! The back-end API: tokens, their introspection and revocation, and what the service publishes.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use edgegrant::http::HttpRequest;
use serde_json::{Value, json};
use support::front_end::{
    CIBA, SERVICE, action_and_error, answered, ask, authorized, call, claims, content_of, fetch,
    front_end_world, issued, signed,
};
use support::{API, Fault, ORIGIN, SECRET, World, body, get, merged};

const TOKEN: &str = "auth/token";
const NOW: u64 = 1_700_000_000;

/// What a client asks, with its secret.
fn by(client_id: &str, parameters: &str) -> Value {
    json!({ "parameters": parameters, "clientId": client_id, "clientSecret": SECRET })
}

fn own_token(world: &mut World) -> Value {
    ask(world, TOKEN, &by("poller", "grant_type=client_credentials&scope=read+write"))
}

/// Tokens about alice, with a hidden property and one that is shown.
fn about_alice(world: &mut World) -> Value {
    let (ticket, auth_req_id) = issued(world, "poller");
    let properties =
        json!([{ "key": "shop", "value": "7" }, { "key": "risk", "value": "9", "hidden": true }]);
    ask(
        world,
        "backchannel/authentication/complete",
        &authorized(&ticket, json!({ "properties": properties })),
    );
    fetch(world, "poller", &auth_req_id)
}

#[test]
fn tokens_are_told_in_detail() {
    let mut world = front_end_world(1);
    let answer = about_alice(&mut world);
    let tokens = content_of(&answer["responseContent"]);
    for (name, value) in [
        ("resultCode", json!("A100001")),
        ("action", json!("OK")),
        ("accessToken", tokens["access_token"].clone()),
        ("jwtAccessToken", tokens["access_token"].clone()),
        ("accessTokenDuration", tokens["expires_in"].clone()),
        ("accessTokenExpiresAt", json!((NOW + tokens["expires_in"].as_u64().unwrap()) * 1_000)),
        ("refreshToken", tokens["refresh_token"].clone()),
        ("refreshTokenDuration", json!(2_592_000)),
        ("refreshTokenExpiresAt", json!((NOW + 2_592_000) * 1_000)),
        ("idToken", tokens["id_token"].clone()),
        ("grantType", json!("CIBA")),
        ("subject", json!("alice")),
        ("scopes", json!(["openid", "read"])),
        ("accessTokenResources", json!([API])),
        ("clientId", json!(5_008_706_718_u64)),
        ("clientIdAlias", json!("poller")),
        ("clientIdAliasUsed", json!(true)),
        ("clientName", json!("The shop")),
        (
            "properties",
            json!([
                { "key": "shop", "value": "7", "hidden": false }, { "key": "risk", "value": "9", "hidden": true },
            ]),
        ),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    let event = world.events.last().unwrap();
    assert_eq!((event.kind, event.subject.as_deref()), ("token.issued", Some("alice")));
    assert_eq!(event.grant_type.as_deref(), Some(CIBA));

    let refreshed = by(
        "poller",
        &format!("grant_type=refresh_token&refresh_token={}", answer["refreshToken"].as_str().unwrap()),
    );
    let refreshed = ask(&mut world, TOKEN, &refreshed);
    assert_eq!((&refreshed["grantType"], &refreshed["subject"]), (&json!("REFRESH_TOKEN"), &json!("alice")));
    assert_ne!(refreshed["refreshToken"], answer["refreshToken"]);
    assert_eq!(refreshed["properties"], answer["properties"]);
}

#[test]
fn a_client_of_its_own_has_no_subject() {
    let mut world = front_end_world(1);
    let answer = own_token(&mut world);
    assert_eq!((&answer["grantType"], &answer["subject"]), (&json!("CLIENT_CREDENTIALS"), &Value::Null));
    assert_eq!((&answer["refreshToken"], &answer["refreshTokenExpiresAt"]), (&Value::Null, &json!(0)));
    assert_eq!(claims(&answer["accessToken"])["client_id"], "poller");
}

#[test]
fn properties_are_tied_to_the_token_and_hidden_ones_are_not_shown() {
    let mut world = front_end_world(1);
    let mut message = by("poller", "grant_type=client_credentials&scope=read");
    message["properties"] =
        json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "2", "hidden": true }]);
    let answer = ask(&mut world, TOKEN, &message);
    let tokens = content_of(&answer["responseContent"]);
    assert_eq!((&tokens["a"], &tokens["b"]), (&json!("1"), &Value::Null));
    let found = ask(&mut world, "auth/introspection", &json!({ "token": answer["accessToken"] }));
    assert_eq!(found["properties"], answer["properties"]);
    message["properties"] = json!([{ "key": "expires_in", "value": "1" }]);
    let refused = ask(&mut world, TOKEN, &message);
    assert_eq!(
        (&refused["action"], &refused["resultCode"]),
        (&json!("INTERNAL_SERVER_ERROR"), &json!("A400001"))
    );
}

/// The front end says one thing when the person agreed, and another when the token is fetched: the latter counts.
#[test]
fn properties_of_the_request_take_the_place_of_those_of_the_approval() {
    let mut world = front_end_world(1);
    let (ticket, auth_req_id) = issued(&mut world, "poller");
    let approved = json!({ "properties": [{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }] });
    ask(&mut world, "backchannel/authentication/complete", &authorized(&ticket, approved));
    let mut message = by("poller", &format!("grant_type={CIBA}&auth_req_id={auth_req_id}"));
    message["properties"] = json!([{ "key": "b", "value": "3", "hidden": true }]);
    let answer = ask(&mut world, TOKEN, &message);
    let tied = json!([
        { "key": "a", "value": "1", "hidden": false }, { "key": "b", "value": "3", "hidden": true },
    ]);
    assert_eq!(answer["properties"], tied);
    let tokens = content_of(&answer["responseContent"]);
    assert_eq!((&tokens["a"], &tokens["b"]), (&json!("1"), &Value::Null));
}

/// Nobody here asks for the proof of the key.
#[test]
fn a_token_that_is_bound_to_a_key_will_not_do() {
    let mut world = front_end_world(1);
    let claims = |cnf: Value| {
        let claims = json!({ "iss": ORIGIN, "sub": "alice", "client_id": "poller", "aud": [ORIGIN], "exp": NOW + 60,
            "iat": NOW, "jti": "1", "scope": "read", "cnf": cnf });
        signed("at+jwt", &merged(json!({}), claims))
    };
    for (token, action) in [(claims(Value::Null), "OK"), (claims(json!({ "jkt": "x" })), "UNAUTHORIZED")] {
        let answer = ask(&mut world, "auth/introspection", &json!({ "token": token }));
        assert_eq!((&answer["action"], &answer["usable"]), (&json!(action), &json!(true)), "{answer}");
    }
}

#[test]
fn a_token_request_is_refused_with_what_the_client_is_told() {
    let wrong =
        json!({ "parameters": "grant_type=client_credentials", "clientId": "poller", "clientSecret": "x" });
    for (message, action, error) in [
        (wrong, "INVALID_CLIENT", "invalid_client"),
        (json!({ "parameters": "grant_type=client_credentials" }), "INVALID_CLIENT", "invalid_client"),
        (json!({ "parameters": null }), "BAD_REQUEST", "invalid_request"),
        (by("poller", "grant_type=password"), "BAD_REQUEST", "unsupported_grant_type"),
        (by("no-ciba", &format!("grant_type={CIBA}&auth_req_id=x")), "BAD_REQUEST", "unauthorized_client"),
        (by("poller", &format!("grant_type={CIBA}&auth_req_id=x")), "BAD_REQUEST", "invalid_grant"),
        (by("poller", &format!("grant_type={CIBA}")), "BAD_REQUEST", "invalid_request"),
        (by("poller", "grant_type=client_credentials&scope=admin"), "BAD_REQUEST", "invalid_scope"),
        (by("poller", "grant_type=refresh_token&refresh_token=a.b"), "BAD_REQUEST", "invalid_grant"),
    ] {
        let mut world = front_end_world(1);
        let answer = ask(&mut world, TOKEN, &message);
        assert_eq!(action_and_error(&answer), (action.into(), error.into()), "{message}");
        assert_eq!(answer["accessToken"], Value::Null);
        assert_eq!((world.events[0].kind, world.events[0].error), ("token.refused", Some(error)));
    }
}

#[test]
fn what_is_never_asked_for_is_answered_all_the_same() {
    for operation in ["auth/token/issue", "auth/token/fail"] {
        let answer = ask(&mut front_end_world(1), operation, &json!({ "ticket": "x", "subject": "alice" }));
        assert_eq!(
            (&answer["action"], &answer["resultCode"]),
            (&json!("INTERNAL_SERVER_ERROR"), &json!("A300003"))
        );
    }
}

#[test]
fn an_access_token_will_do_or_is_told_why_not() {
    let mut world = front_end_world(1);
    let issued = about_alice(&mut world);
    let own = own_token(&mut world);
    let (token, own) = (issued["accessToken"].clone(), own["accessToken"].clone());
    let good = json!({ "token": token, "scopes": ["read"], "subject": "alice", "resources": [API] });
    for (message, action, error, usable) in [
        (good, "OK", None, true),
        (json!({ "token": token, "scopes": null, "subject": "", "maxAge": 0 }), "OK", None, true),
        (
            json!({ "token": token, "scopes": ["read", "write"] }),
            "FORBIDDEN",
            Some("insufficient_scope"),
            true,
        ),
        (json!({ "token": token, "subject": "bob" }), "FORBIDDEN", Some("invalid_token"), true),
        (json!({ "token": own, "subject": "alice" }), "FORBIDDEN", Some("invalid_token"), true),
        (
            json!({ "token": token, "resources": ["https://else.example"] }),
            "FORBIDDEN",
            Some("invalid_token"),
            true,
        ),
        (
            json!({ "token": token, "maxAge": 60 }),
            "UNAUTHORIZED",
            Some("insufficient_user_authentication"),
            true,
        ),
        (json!({ "token": "x\"y" }), "UNAUTHORIZED", Some("invalid_token"), false),
        (json!({ "token": issued["refreshToken"] }), "UNAUTHORIZED", Some("invalid_token"), false),
        (json!({ "token": issued["idToken"] }), "UNAUTHORIZED", Some("invalid_token"), false),
        (json!({}), "BAD_REQUEST", Some("invalid_request"), false),
    ] {
        let answer = ask(&mut world, "auth/introspection", &message);
        assert_eq!(
            (&answer["action"], &answer["usable"]),
            (&json!(action), &json!(usable)),
            "{message}: {answer}"
        );
        assert_eq!(answer["sufficient"], action == "OK");
        match error {
            None => assert_eq!(answer["responseContent"], Value::Null),
            Some(error) => {
                let challenge = answer["responseContent"].as_str().unwrap();
                assert!(challenge.starts_with(&format!("Bearer error=\"{error}\", error_description=\"")));
                assert_eq!(challenge.matches('"').count(), 4, "{challenge}");
            }
        }
    }
    let answer = ask(&mut world, "auth/introspection", &json!({ "token": token }));
    for (name, value) in [
        ("existent", json!(true)),
        ("refreshable", json!(false)),
        ("expiresAt", issued["accessTokenExpiresAt"].clone()),
        ("subject", json!("alice")),
        ("scopes", json!(["openid", "read"])),
        ("properties", issued["properties"].clone()),
        ("accessTokenResources", json!([API])),
        ("clientId", json!(5_008_706_718_u64)),
        ("clientIdAlias", json!("poller")),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    world.advance(100_000);
    let expired = ask(&mut world, "auth/introspection", &json!({ "token": token }));
    assert_eq!((&expired["action"], &expired["existent"]), (&json!("UNAUTHORIZED"), &json!(true)));
    assert_eq!((&expired["usable"], &expired["properties"]), (&json!(false), &json!([])));
}

#[test]
fn a_resource_server_introspects_by_rfc_7662() {
    let mut world = front_end_world(1);
    let issued = about_alice(&mut world);
    let parameters = format!("token={}", issued["accessToken"].as_str().unwrap());
    for (hidden, risk) in [(json!(null), Value::Null), (json!(true), json!("9"))] {
        let message = json!({ "parameters": parameters, "withHiddenProperties": hidden });
        let answer = ask(&mut world, "auth/introspection/standard", &message);
        let found = content_of(&answer["responseContent"]);
        assert_eq!(
            (&answer["action"], &found["active"], &found["sub"]),
            (&json!("OK"), &json!(true), &json!("alice"))
        );
        assert_eq!((&found["shop"], &found["risk"]), (&json!("7"), &risk));
    }
    let none = ask(&mut world, "auth/introspection/standard", &json!({ "parameters": "token=x" }));
    assert_eq!(content_of(&none["responseContent"]), json!({ "active": false }));
    let wrong = ask(&mut world, "auth/introspection/standard", &json!({ "parameters": "" }));
    assert_eq!(action_and_error(&wrong), ("BAD_REQUEST".into(), "invalid_request".into()));
}

#[test]
fn a_client_revokes_its_own_tokens() {
    let mut world = front_end_world(1);
    let issued = about_alice(&mut world);
    let token = issued["accessToken"].clone();
    let parameters = format!("token={}", token.as_str().unwrap());
    let usable =
        |world: &mut World| ask(world, "auth/introspection", &json!({ "token": token }))["usable"].clone();
    for (message, action, still) in [
        (json!({ "parameters": parameters }), "INVALID_CLIENT", true),
        (by("poller", ""), "BAD_REQUEST", true),
        (by("pinged", &parameters), "OK", true),
        (by("poller", &parameters), "OK", false),
        (by("poller", &parameters), "OK", false),
    ] {
        let answer = ask(&mut world, "auth/revocation", &message);
        assert_eq!((&answer["action"], usable(&mut world)), (&json!(action), json!(still)), "{message}");
    }
}

#[test]
fn the_service_publishes_what_its_issuer_does() {
    let mut world = front_end_world(1);
    let authorized = |method: &str, path: &str| {
        let mut request: HttpRequest = call(path, &json!({ "pretty": true }));
        request.method = method.into();
        request.query = "pretty=true&includePrivateKeys=true".into();
        request
    };
    let metadata = body(&world.ask(get("/.well-known/openid-configuration")));
    let keys = body(&world.ask(get("/.well-known/jwks.json")));
    for base in ["/api".to_owned(), format!("/api/{SERVICE}")] {
        let path = format!("{base}/service/configuration");
        for method in ["GET", "POST"] {
            assert_eq!(body(&world.ask(authorized(method, &path))), metadata);
        }
        let jwks = world.ask(authorized("GET", &format!("{base}/service/jwks/get")));
        assert_eq!(body(&jwks), keys);
        assert!(!jwks.body.contains("\"d\""), "private keys stay where they are");
    }
    assert_eq!(metadata["issuer"], ORIGIN);
    let mut nobody = authorized("GET", "/api/service/configuration");
    nobody.headers.authorization = None;
    assert_eq!(world.ask(nobody).status, 401);
}

/// Whichever effect fails: an answer that the front end understands, and never a fault of this server's by HTTP.
#[test]
fn a_store_that_fails_is_told_as_such() {
    for (operation, message) in [
        ("backchannel/authentication", by("poller", "scope=openid&login_hint=alice")),
        (TOKEN, by("poller", "grant_type=client_credentials")),
        ("auth/introspection", json!({})),
        ("auth/introspection/standard", json!({})),
        ("auth/revocation", by("poller", "")),
    ] {
        for effect in 1..4 {
            let mut world = front_end_world(1);
            let token = own_token(&mut world)["accessToken"].as_str().unwrap().to_owned();
            let mut message = message.clone();
            message["token"] = json!(token);
            if operation.starts_with("auth/introspection/") || operation == "auth/revocation" {
                message["parameters"] = json!(format!("token={token}"));
            }
            let id = world.send(call(&format!("/api/{operation}"), &message));
            world.fault(id, effect, Fault::Fail);
            world.run();
            let answer = answered(world.response(id).unwrap());
            if effect < world.effects(id) || (effect == 1 && world.effects(id) == 1) {
                let expected = ("INTERNAL_SERVER_ERROR".into(), "server_error".into());
                assert_eq!(action_and_error(&answer), expected, "{operation} {effect}");
            }
        }
    }
}
