//! The back-end API: what becomes of an authentication, told to poll, ping and push clients.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use serde_json::{Value, json};
use support::front_end::{
    NOTIFICATION_TOKEN, action_and_error, answered, ask, authorized, call, claims, content_of, fetch,
    front_end_world, issued,
};
use support::{API, Fault, World, header};

const COMPLETE: &str = "backchannel/authentication/complete";

/// An approval that says all that there is to say.
fn full() -> Value {
    json!({
        "sub": "pseudonym", "authTime": 1_650_000_000, "acr": "urn:mace:gold",
        "claims": "{\"name\":\"Alice\",\"address\":{\"country\":\"FR\"}}", "idtHeaderParams": "{\"tier\":1}",
        "properties": [{ "key": "shop", "value": "7", "hidden": false }, { "key": "risk", "value": "9", "hidden": true }],
        "scopes": ["openid", "write"], "accessTokenDuration": 60, "refreshTokenDuration": 600,
        "errorDescription": "not used", "consentedClaims": ["name"], "idTokenAudType": "string", "unknown": {},
    })
}

/// Checks tokens that were issued by [`full`], as a client sees them.
fn assert_full(tokens: &Value) {
    let access = claims(&tokens["access_token"]);
    assert_eq!((&access["sub"], &access["scope"]), (&json!("alice"), &json!("openid write")));
    assert_eq!(access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap(), 60);
    let id = claims(&tokens["id_token"]);
    for (name, value) in [
        ("sub", json!("pseudonym")),
        ("auth_time", json!(1_650_000_000)),
        ("acr", json!("urn:mace:gold")),
        ("name", json!("Alice")),
        ("address", json!({ "country": "FR" })),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    let head = header(tokens["id_token"].as_str().unwrap());
    assert_eq!((&head["tier"], &head["alg"]), (&json!(1), &json!("ES256")));
    assert_eq!((&tokens["shop"], &tokens["risk"]), (&json!("7"), &Value::Null));
    assert_eq!((&tokens["scope"], &tokens["expires_in"]), (&json!("openid write"), &json!(60)));
    assert!(tokens["refresh_token"].is_string());
}

#[test]
fn a_poll_client_fetches_what_was_approved() {
    let mut world = front_end_world(1);
    let (ticket, auth_req_id) = issued(&mut world, "poller");
    let pending = fetch(&mut world, "poller", &auth_req_id);
    assert_eq!(action_and_error(&pending), ("BAD_REQUEST".into(), "authorization_pending".into()));
    let answer = ask(&mut world, COMPLETE, &authorized(&ticket, full()));
    assert_eq!(
        answer,
        json!({
            "resultCode": "A100001", "resultMessage": "[A100001] the client will ask", "action": "NO_ACTION",
            "clientId": 5_008_706_718_u64, "clientIdAlias": "poller", "clientIdAliasUsed": true,
            "clientName": "The shop", "deliveryMode": "POLL", "authReqId": auth_req_id,
            "accessTokenDuration": 0, "refreshTokenDuration": 0, "idTokenDuration": 0, "resources": [API],
        })
    );
    world.advance(5);
    let tokens = content_of(&fetch(&mut world, "poller", &auth_req_id)["responseContent"]);
    assert_full(&tokens);
    let hash = "urn:openid:params:jwt:claim:auth_req_id";
    assert_eq!(claims(&tokens["id_token"])[hash], Value::Null);
    let again = fetch(&mut world, "poller", &auth_req_id);
    assert_eq!(action_and_error(&again), ("BAD_REQUEST".into(), "invalid_grant".into()));
    let event = world.events.iter().find(|event| event.kind == "authentication.completed").unwrap();
    assert_eq!((event.subject.as_deref(), event.scope.as_deref()), (Some("alice"), Some("openid write")));
}

#[test]
fn a_ping_client_is_told_that_there_is_something_and_nothing_more() {
    for message in
        [json!({}), json!({ "result": "ACCESS_DENIED" }), json!({ "result": "TRANSACTION_FAILED" })]
    {
        let mut world = front_end_world(1);
        let (ticket, auth_req_id) = issued(&mut world, "pinged");
        let answer = ask(&mut world, COMPLETE, &authorized(&ticket, message.clone()));
        assert_eq!((&answer["action"], &answer["deliveryMode"]), (&json!("NOTIFICATION"), &json!("PING")));
        assert_eq!(content_of(&answer["responseContent"]), json!({ "auth_req_id": auth_req_id }));
        assert_eq!(answer["clientNotificationEndpoint"], "https://client.example.com/cb");
        assert_eq!(answer["clientNotificationToken"], NOTIFICATION_TOKEN);
        assert_eq!(answer["accessToken"], Value::Null);
        assert_eq!(world.outbound, [], "the front end tells the client");
        let fetched = fetch(&mut world, "pinged", &auth_req_id);
        assert_eq!(fetched["action"] == "OK", message == json!({}), "{fetched}");
    }
}

#[test]
fn a_push_client_is_sent_its_tokens() {
    let mut world = front_end_world(1);
    let (ticket, auth_req_id) = issued(&mut world, "pushed");
    let answer = ask(&mut world, COMPLETE, &authorized(&ticket, full()));
    let tokens = content_of(&answer["responseContent"]);
    assert_full(&tokens);
    assert_eq!(tokens["auth_req_id"], json!(auth_req_id));
    let id = claims(&tokens["id_token"]);
    assert_eq!(id["urn:openid:params:jwt:claim:auth_req_id"], json!(auth_req_id));
    assert!(id["at_hash"].is_string() && id["urn:openid:params:jwt:claim:rt_hash"].is_string());
    for (name, value) in [
        ("action", json!("NOTIFICATION")),
        ("deliveryMode", json!("PUSH")),
        ("clientNotificationEndpoint", json!("https://client.example.com/cb")),
        ("clientNotificationToken", json!(NOTIFICATION_TOKEN)),
        ("authReqId", json!(auth_req_id)),
        ("accessToken", tokens["access_token"].clone()),
        ("jwtAccessToken", tokens["access_token"].clone()),
        ("refreshToken", tokens["refresh_token"].clone()),
        ("idToken", tokens["id_token"].clone()),
        ("accessTokenDuration", json!(60)),
        ("refreshTokenDuration", json!(600)),
        ("idTokenDuration", json!(60)),
        ("resources", json!([API])),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert_eq!(world.outbound, []);
    let fetched = fetch(&mut world, "pushed", &auth_req_id);
    assert_eq!(action_and_error(&fetched), ("BAD_REQUEST".into(), "unauthorized_client".into()));
}

#[test]
fn a_refusal_is_told_in_push_and_at_the_token_endpoint() {
    for (result, pushed, fetched) in [
        ("ACCESS_DENIED", "access_denied", "access_denied"),
        ("TRANSACTION_FAILED", "transaction_failed", "expired_token"),
    ] {
        for (description, shown) in [(Value::Null, None), (json!("no \"é\\"), Some("no '??"))] {
            let uri = shown.map(|_| "https://example.com/why");
            // What is for those who agreed is passed over.
            let message = json!({
                "result": result, "subject": null, "errorDescription": description, "errorUri": uri,
                "claims": "{", "scopes": ["x"],
            });
            let assert_told = |told: Value, error: &str| {
                assert_eq!((&told["error"], told["error_uri"].as_str()), (&json!(error), uri));
                let text = told["error_description"].as_str().unwrap();
                assert!(shown.is_none_or(|shown| text == shown), "{text}");
                assert!(text.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
            };
            let mut world = front_end_world(1);
            let (ticket, auth_req_id) = issued(&mut world, "pushed");
            let answer = ask(&mut world, COMPLETE, &authorized(&ticket, message.clone()));
            let told = content_of(&answer["responseContent"]);
            assert_eq!(told["auth_req_id"], json!(auth_req_id));
            assert_told(told, pushed);
            assert_eq!((&answer["action"], &answer["accessToken"]), (&json!("NOTIFICATION"), &Value::Null));

            let (ticket, auth_req_id) = issued(&mut world, "poller");
            assert_eq!(ask(&mut world, COMPLETE, &authorized(&ticket, message))["action"], "NO_ACTION");
            let answer = fetch(&mut world, "poller", &auth_req_id);
            assert_eq!(answer["action"], "BAD_REQUEST");
            assert_told(content_of(&answer["responseContent"]), fetched);
        }
    }
}

#[test]
fn a_decision_that_is_wrong_is_refused_and_the_ticket_stays() {
    let property = |key: &str| json!({ "properties": [{ "key": key, "value": "x" }] });
    let large = |value: usize| json!({ "properties": [{ "key": "k", "value": "v".repeat(value) }] });
    let missing = "result is missing";
    let subject = "subject is missing";
    let cases = [
        (json!({ "result": null }), missing),
        (json!({ "result": "" }), missing),
        (json!({ "subject": null }), subject),
        (json!({ "subject": "" }), subject),
        (json!({ "claims": "{" }), "claims must be a JSON object as a text"),
        (json!({ "claims": "[]" }), "claims must be a JSON object as a text"),
        (json!({ "claims": "{\"a\":1,\"a\":2}" }), "claims must be a JSON object as a text"),
        (json!({ "idtHeaderParams": "x" }), "idtHeaderParams must be a JSON object as a text"),
        (json!({ "idtHeaderParams": "null" }), "idtHeaderParams must be a JSON object as a text"),
        (json!({ "scopes": ["read"] }), "openid"),
        (json!({ "scopes": ["openid", "admin"] }), "admin"),
        (json!({ "scopes": ["openid", "a\"b"] }), "scope tokens"),
        (property("access_token"), "properties must not set access_token"),
        (property("auth_req_id"), "properties must not set auth_req_id"),
        (json!({ "properties": [{ "value": "x" }] }), "properties must be"),
        (large(49_200), "at most 65535 bytes"),
    ];
    let claims = ["iss", "sub", "aud", "exp", "iat", "nonce", "acr", "auth_time", "at_hash", "azp"]
        .map(|name| (json!({ "claims": format!("{{\"{name}\":1}}") }), "claims must not set"));
    let headers = ["alg", "kid", "typ", "crit", "jwk", "b64"].map(|name| {
        (json!({ "idtHeaderParams": format!("{{\"{name}\":1}}") }), "idtHeaderParams must not set")
    });
    for client_id in ["poller", "pushed"] {
        let mut world = front_end_world(1);
        let (ticket, _) = issued(&mut world, client_id);
        for (message, why) in cases.iter().chain(&claims).chain(&headers) {
            let answer = ask(&mut world, COMPLETE, &authorized(&ticket, message.clone()));
            assert_eq!(
                (&answer["action"], &answer["resultCode"]),
                (&json!("SERVER_ERROR"), &json!("A300002"))
            );
            assert!(answer["resultMessage"].as_str().unwrap().contains(why), "{message:.200}: {answer}");
            assert_eq!((&answer["responseContent"], world.signatures), (&Value::Null, 0));
        }
        let answer = ask(&mut world, COMPLETE, &authorized(&ticket, large(49_000)));
        assert_ne!(answer["action"], "SERVER_ERROR", "{answer}");
        let again = ask(&mut world, COMPLETE, &authorized(&ticket, json!({ "result": "ACCESS_DENIED" })));
        assert!(again["resultMessage"].as_str().unwrap().contains("completed already"), "{again}");
    }
}

#[test]
fn members_that_are_not_set_mean_the_default() {
    let unset = json!({
        "sub": "", "authTime": 0, "acr": null, "claims": "", "properties": [], "scopes": [], "idtHeaderParams": null,
        "errorDescription": "", "errorUri": null, "accessTokenDuration": 0, "refreshTokenDuration": 0,
        "idTokenAudType": null, "consentedClaims": null, "jwtAtClaims": null,
    });
    let with = |name: &str, value: Value| {
        let mut message = unset.clone();
        message[name] = value;
        message
    };
    for members in [json!({}), unset.clone(), with("scopes", Value::Null), with("authTime", json!(-1))] {
        let mut world = front_end_world(1);
        let (ticket, _) = issued(&mut world, "pushed");
        let answer = ask(&mut world, COMPLETE, &authorized(&ticket, members));
        let id = claims(&answer["idToken"]);
        assert_eq!((&id["sub"], &id["auth_time"], &id["acr"]), (&json!("alice"), &Value::Null, &Value::Null));
        assert_eq!(claims(&answer["accessToken"])["scope"], "openid read");
        assert_eq!(answer["refreshTokenDuration"], 2_592_000);
    }
}

#[test]
fn a_scope_that_was_not_asked_for_is_granted_where_the_client_may_have_it() {
    let mut world = front_end_world(1);
    let (ticket, _) = issued(&mut world, "pushed");
    let answer = ask(&mut world, COMPLETE, &authorized(&ticket, json!({ "scopes": ["openid", "write"] })));
    assert_eq!(claims(&answer["accessToken"])["scope"], "openid write");
}

#[test]
fn a_client_without_refresh_tokens_gets_none() {
    let mut world = front_end_world(1);
    let (ticket, auth_req_id) = issued(&mut world, "no-refresh");
    ask(&mut world, COMPLETE, &authorized(&ticket, json!({})));
    let answer = fetch(&mut world, "no-refresh", &auth_req_id);
    assert_eq!((&answer["refreshToken"], &answer["refreshTokenDuration"]), (&Value::Null, &json!(0)));
    assert_eq!(content_of(&answer["responseContent"])["refresh_token"], Value::Null);
}

/// What is pushed is issued once, whichever of many calls comes first and whatever fails on the way.
#[test]
fn tokens_are_pushed_once() {
    for seed in 0..8 {
        let mut world = front_end_world(seed);
        let (ticket, _) = issued(&mut world, "pushed");
        let path = format!("/api/{COMPLETE}");
        let sent: Vec<_> = (0..6).map(|_| world.send(call(&path, &authorized(&ticket, full())))).collect();
        world.run();
        let answers: Vec<Value> = sent.iter().map(|id| answered(world.response(*id).unwrap())).collect();
        assert_eq!(answers.iter().filter(|answer| answer["action"] == "NOTIFICATION").count(), 1);
        for lost in answers.iter().filter(|answer| answer["action"] != "NOTIFICATION") {
            assert_eq!(lost["action"], "SERVER_ERROR");
            assert!(lost["resultMessage"].as_str().unwrap().contains("completed already"), "{lost}");
        }
    }
    for fault in [Fault::Fail, Fault::Drop] {
        for effect in 1..12 {
            let mut world: World = front_end_world(1);
            let (ticket, _) = issued(&mut world, "pushed");
            let id = world.send(call(&format!("/api/{COMPLETE}"), &authorized(&ticket, full())));
            world.fault(id, effect, fault);
            world.run();
            let answer = answered(world.response(id).unwrap());
            if answer["action"] == "NOTIFICATION" {
                continue;
            }
            assert_eq!(
                (&answer["action"], &answer["resultCode"]),
                (&json!("SERVER_ERROR"), &json!("A500001"))
            );
            let again = ask(&mut world, COMPLETE, &authorized(&ticket, full()));
            let stands = again["resultMessage"].as_str().unwrap().contains("completed already");
            assert!(
                again["action"] == "NOTIFICATION" || (fault == Fault::Drop && stands),
                "{effect}: {again}"
            );
        }
    }
}
