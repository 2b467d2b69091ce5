//! The back-end API: who may call it, where, and how; and what it says to clients' requests.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edgegrant::http::{Body, Headers};
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::front_end::{
    API_KEY, CIBA, NOTIFICATION_TOKEN, OTHER, SERVICE, action_and_error, answered, ask, asking, assertion,
    call, front_end_world, old_id_token,
};
use support::{API, ORIGIN, SECRET, World, body, client_key, jwt, request};

const AUTHENTICATION: &str = "backchannel/authentication";
const GOOD: &str = "scope=openid&login_hint=alice";

/// The binding that holds the access token of the service is the test's API key.
const SERVICE_TOKEN: &str = support::API_KEY;

#[test]
fn the_front_end_calls_at_each_base_with_either_credential_and_nobody_else_does() {
    let basic = |credentials: &str| Some(format!("Basic {}", STANDARD.encode(credentials)));
    let (good, own) = (format!("{API_KEY}:{SECRET}"), format!("{API_KEY}other:{SECRET}"));
    let bases = ["/api".to_owned(), format!("/api/{SERVICE}"), format!("/api/{API_KEY}")];
    for base in &bases {
        for (authorization, passes) in [
            (basic(&good), true),
            (Some(format!("bearer  {SERVICE_TOKEN}")), true),
            (None, false),
            (Some(String::new()), false),
            (basic(&own), false),
            (basic(&format!("{API_KEY}:{SECRET}x")), false),
            (basic(&format!("{API_KEY}x:{SECRET}")), false),
            (basic(API_KEY), false),
            (basic(":"), false),
            (Some("Bearer ".into()), false),
            (Some(format!("Bearer {SECRET}")), false),
            (Some(format!("DPoP {SERVICE_TOKEN}")), false),
        ] {
            let mut world = front_end_world(1);
            let mut call = call(&format!("{base}/{AUTHENTICATION}"), &asking("poller", GOOD));
            call.headers.authorization.clone_from(&authorization);
            let response = world.ask(call);
            if passes {
                assert_eq!(answered(&response)["action"], "USER_IDENTIFICATION", "{base} {authorization:?}");
                continue;
            }
            assert_eq!(response.status, 401, "{base} {authorization:?}");
            assert_eq!(body(&response)["resultCode"], "A400002");
            let challenge = format!("Basic realm=\"{ORIGIN}\", Bearer realm=\"{ORIGIN}\"");
            assert!(response.headers.contains(&("www-authenticate", challenge)));
            assert_eq!(world.events, [], "nothing happened");
        }
    }
    let mut world = front_end_world(1);
    for unknown in ["/api/9", "/api/1", "/api/", "/api/api-keyother", "/other/api/api-key"] {
        let response = world.ask(call(&format!("{unknown}/{AUTHENTICATION}"), &json!({})));
        assert_eq!(response.status, 404, "{unknown}");
    }
}

#[test]
fn a_call_that_is_no_call_is_told_what_is_wrong() {
    let json = Some("application/json; charset=utf-8");
    for (content_type, text, status, message) in [
        (None, "{}", 415, "send what you ask as application/json"),
        (Some("text/plain"), "{}", 415, "send what you ask as application/json"),
        (json, "", 400, "the body must be a JSON object: not JSON"),
        (json, "[]", 400, "the body must be a JSON object: it is another value"),
        (json, "{\"ticket\": \"a\", \"ticket\": \"b\"}", 400, "the member \"ticket\" stands twice"),
        (json, "{\"ticket\": 5}", 400, "ticket must be string"),
        (json, "{\"properties\": {}}", 400, "properties must be {key, value, hidden}[]"),
        (json, "{\"scopes\": [1]}", 400, "scopes must be string[]"),
        (json, "{\"authTime\": \"1\"}", 400, "authTime must be number"),
        (json, "{\"result\": \"MAYBE\"}", 400, "result must be one of AUTHORIZED, ACCESS_DENIED"),
    ] {
        let mut call = call("/api/backchannel/authentication/complete", &json!({}));
        call.headers.content_type = content_type.map(str::to_owned);
        call.body = Body::Bytes(text.as_bytes().to_vec().into());
        let response = front_end_world(1).ask(call);
        let answer = body(&response);
        assert_eq!(response.status, status, "{text}");
        assert!(answer["resultMessage"].as_str().unwrap().contains(message), "{text}: {answer}");
        assert_eq!((&answer["resultCode"], &answer["action"]), (&json!("A400001"), &json!("SERVER_ERROR")));
    }
    let mut over = call("/api/auth/token", &json!({}));
    over.body = Body::OverLimit;
    let get = request("GET", "/api/auth/token", Headers::default(), b"");
    for (call, status) in [(over, 413), (get, 405)] {
        let response = front_end_world(1).ask(call);
        assert_eq!((response.status, &body(&response)["resultCode"]), (status, &json!("A400001")));
    }
}

#[test]
fn a_good_request_is_told_in_full() {
    let mut world = front_end_world(1);
    let details = r#"[{ "type": "payment", "datatypes": ["iban"], "amount": { "EUR": 5 } }]"#;
    let parameters = format!(
        "scope=openid+profile+phone+write&login_hint=alice&binding_message=W4SCT&requested_expiry=300&user_code=1234\
         &acr_values=urn%3Amace%3Asilver+urn%3Aelse&resource={}&request_context=%7B%22ip%22%3A%221.2.3.4%22%7D\
         &authorization_details={}",
        API.replace(':', "%3A"),
        details.replace('"', "%22")
    );
    let answer = ask(&mut world, AUTHENTICATION, &asking("poller", &parameters));
    let ticket = answer["ticket"].clone();
    assert!(ticket.as_str().is_some_and(|ticket| ticket.len() > 60), "{answer}");
    let profile = "name family_name given_name middle_name nickname preferred_username profile picture website gender \
                   birthdate zoneinfo locale updated_at phone_number phone_number_verified";
    let claims: Vec<&str> = profile.split_whitespace().collect();
    let scope = |name: &str| json!({ "name": name, "defaultEntry": false });
    assert_eq!(
        answer,
        json!({
            "resultCode": "A100001", "resultMessage": "[A100001] find the person, then issue or fail",
            "action": "USER_IDENTIFICATION", "clientId": 5_008_706_718_u64, "clientIdAlias": "poller",
            "clientIdAliasUsed": true, "clientName": "The shop", "deliveryMode": "POLL",
            "scopes": [scope("openid"), scope("phone"), scope("profile"), scope("write")], "claimNames": claims,
            "acrs": ["urn:mace:silver"], "hintType": "LOGIN_HINT", "hint": "alice", "bindingMessage": "W4SCT",
            "userCodeRequired": false, "requestedExpiry": 300, "requestContext": "{\"ip\":\"1.2.3.4\"}",
            "resources": [API],
            "authorizationDetails": { "elements": [{
                "type": "payment", "dataTypes": ["iban"], "otherFields": "{\"amount\":{\"EUR\":5}}",
            }]},
            "warnings": ["acr_values urn:else are not supported and were dropped"], "ticket": ticket,
        })
    );
}

#[test]
fn what_is_not_asked_for_is_not_set() {
    let mut world = front_end_world(1);
    let answer = ask(
        &mut world,
        AUTHENTICATION,
        &asking("with-code", "scope=openid+read+other&login_hint=a&user_code=1"),
    );
    for (name, value) in [
        ("clientId", json!(0)),
        ("clientIdAlias", json!("with-code")),
        ("clientName", Value::Null),
        ("requestedExpiry", json!(0)),
        ("acrs", json!([])),
        ("resources", json!([])),
        ("claimNames", json!([])),
        ("bindingMessage", Value::Null),
        ("clientNotificationToken", Value::Null),
        ("sub", Value::Null),
        ("authorizationDetails", Value::Null),
        ("responseContent", Value::Null),
        ("userCode", json!("1")),
        ("userCodeRequired", json!(true)),
        ("warnings", json!(["scope other is not registered and was dropped"])),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert_eq!(answer["scopes"][1], json!({ "name": "read", "defaultEntry": true }));
    assert!(answer.as_object().unwrap().values().all(|value| !value.is_null()));
}

#[test]
fn modes_and_hints_are_named_as_client_libraries_know_them() {
    let mut world = front_end_world(1);
    for (client_id, mode, token) in [
        ("poller", "POLL", Value::Null),
        ("pinged", "PING", json!(NOTIFICATION_TOKEN)),
        ("pushed", "PUSH", json!(NOTIFICATION_TOKEN)),
    ] {
        let answer = ask(&mut world, AUTHENTICATION, &asking(client_id, GOOD));
        assert_eq!((&answer["deliveryMode"], &answer["clientNotificationToken"]), (&json!(mode), &token));
    }
    let id_token = old_id_token("poller");
    for (hint, kind, text, sub) in [
        ("login_hint=bob".to_owned(), "LOGIN_HINT", "bob", Value::Null),
        ("login_hint_token=x.y.z".into(), "LOGIN_HINT_TOKEN", "x.y.z", Value::Null),
        (format!("id_token_hint={id_token}"), "ID_TOKEN_HINT", id_token.as_str(), json!("al")),
    ] {
        let answer = ask(&mut world, AUTHENTICATION, &asking("poller", &format!("scope=openid&{hint}")));
        assert_eq!(
            (&answer["hintType"], &answer["hint"], &answer["sub"]),
            (&json!(kind), &json!(text), &sub),
            "{answer}"
        );
    }
}

#[test]
fn a_bad_request_is_refused_with_what_the_client_is_told() {
    let none = json!({ "parameters": GOOD });
    let with = |client_id: &str, parameters: &str| asking(client_id, parameters);
    let wrong = json!({ "parameters": GOOD, "clientId": "poller", "clientSecret": "wrong" });
    let public =
        json!({ "parameters": format!("{GOOD}&client_id=public"), "clientId": null, "clientSecret": "" });
    for (message, action, error) in [
        (none, "UNAUTHORIZED", "invalid_client"),
        (wrong, "UNAUTHORIZED", "invalid_client"),
        (with("nobody", GOOD), "UNAUTHORIZED", "invalid_client"),
        (public, "UNAUTHORIZED", "invalid_client"),
        (json!({ "parameters": GOOD, "clientId": "public" }), "UNAUTHORIZED", "invalid_client"),
        (with("no-ciba", GOOD), "BAD_REQUEST", "unauthorized_client"),
        (with("poller", "login_hint=alice"), "BAD_REQUEST", "invalid_request"),
        (with("poller", "scope=read&login_hint=alice"), "BAD_REQUEST", "invalid_scope"),
        (with("poller", "scope=openid"), "BAD_REQUEST", "invalid_request"),
        (with("poller", &format!("{GOOD}&id_token_hint=x")), "BAD_REQUEST", "invalid_request"),
        (with("poller", &format!("{GOOD}&requested_expiry=0")), "BAD_REQUEST", "invalid_request"),
        (with("poller", &format!("{GOOD}&binding_message=a%0Ab")), "BAD_REQUEST", "invalid_binding_message"),
        (
            with("poller", &format!("{GOOD}&resource=https%3A%2F%2Felse.example")),
            "BAD_REQUEST",
            "invalid_target",
        ),
        (with("poller", &format!("{GOOD}&client_secret=x")), "BAD_REQUEST", "invalid_request"),
        (with("poller", &format!("{GOOD}&scope=openid")), "BAD_REQUEST", "invalid_request"),
        (with("poller", "%ff"), "BAD_REQUEST", "invalid_request"),
        (json!({}), "UNAUTHORIZED", "invalid_client"),
    ] {
        let mut world = front_end_world(1);
        let answer = ask(&mut world, AUTHENTICATION, &message);
        assert_eq!(action_and_error(&answer), (action.into(), error.into()), "{message}");
        assert_eq!(answer["ticket"], Value::Null);
        let event = world.events.last().unwrap();
        assert_eq!((event.kind, event.error), ("authentication.refused", Some(error)));
        assert_eq!(event.grant_type.as_deref(), Some(CIBA));
    }
}

#[test]
fn clients_authenticate_by_what_the_front_end_passes_on() {
    let mut world = front_end_world(1);
    let now = world.now / 1000;
    let by_jwt = |jti: &str| format!("{GOOD}&{}", assertion("bearer", now, jti));
    for message in [
        json!({ "parameters": by_jwt("1") }),
        json!({ "parameters": by_jwt("2"), "clientId": "bearer" }),
        json!({ "parameters": GOOD, "clientId": "poller", "clientSecret": SECRET, "clientCertificate": null,
                "clientCertificatePath": [] }),
    ] {
        let answer = ask(&mut world, AUTHENTICATION, &message);
        assert_eq!(answer["action"], "USER_IDENTIFICATION", "{answer}");
    }
    let again = json!({ "parameters": by_jwt("1") });
    assert_eq!(ask(&mut world, AUTHENTICATION, &again)["action"], "UNAUTHORIZED");
}

/// CIBA Core §7.1.1. What is refused for something else has not lost its `jti`.
#[test]
fn a_signed_request_is_good_once() {
    let mut world = front_end_world(1);
    let now = world.now / 1000;
    let signed = |scope: &str, resource: &str| {
        let claims = json!({
            "iss": "bearer", "aud": ORIGIN, "iat": now, "nbf": now, "exp": now + 60, "jti": "1", "scope": scope,
            "login_hint": "alice", "resource": resource,
        });
        format!("request={}", jwt(&client_key(), Algorithm::Es256, &claims))
    };
    for (request, action) in [
        (signed("openid", "https://else.example"), "BAD_REQUEST"),
        (signed("openid", API), "USER_IDENTIFICATION"),
        (signed("openid", API), "BAD_REQUEST"),
    ] {
        let jti = world.now.to_string();
        let message = json!({ "parameters": format!("{request}&{}", assertion("bearer", now, &jti)) });
        let answer = ask(&mut world, AUTHENTICATION, &message);
        assert_eq!(answer["action"], action, "{answer}");
        world.now += 1;
    }
}

#[test]
fn tickets_are_of_one_service() {
    let mut world: World = front_end_world(1);
    let ticket = support::front_end::ticket(&mut world, "poller");
    for (operation, action) in
        [("issue", "INVALID_TICKET"), ("fail", "INTERNAL_SERVER_ERROR"), ("complete", "SERVER_ERROR")]
    {
        let message = json!({
            "ticket": ticket, "reason": "ACCESS_DENIED", "result": "AUTHORIZED", "subject": "mallory",
        });
        if operation == "complete" {
            ask(&mut world, "backchannel/authentication/issue", &json!({ "ticket": ticket }));
        }
        let elsewhere = call(&format!("{OTHER}/backchannel/authentication/{operation}"), &message);
        let answer = answered(&world.ask(elsewhere));
        assert_eq!(answer["action"], action);
        assert!(answer["resultMessage"].as_str().unwrap().contains("the ticket is unknown"), "{answer}");
    }
    let here = ask(
        &mut world,
        "backchannel/authentication/complete",
        &support::front_end::authorized(&ticket, json!({})),
    );
    assert_eq!(here["action"], "NO_ACTION", "{here}");
}
