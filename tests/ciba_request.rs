//! CIBA Core §7: authentication requests, and what is refused of them.
mod support;

use edgegrant::http::Headers;
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

#[test]
fn s7_3_the_acknowledgement() {
    let mut world = ciba_world(1);
    let mut seen = std::collections::BTreeSet::new();
    for (client, interval) in [("poll", json!(5)), ("ping", json!(5)), ("push", Value::Null)] {
        let response = world.ask(asking(client, &[]));
        assert_eq!(response.status, 200, "{}", response.body);
        assert!(response.headers.contains(&("cache-control", "no-store".into())));
        assert!(response.headers.contains(&("content-type", "application/json".into())));
        let id = auth_req_id_of(&response);
        let expected =
            merged(json!({ "auth_req_id": id, "expires_in": 120 }), json!({ "interval": interval }));
        assert_eq!(body(&response), expected, "{client}");
        // Letters, digits, `.`, `-` and `_`; a part that nobody can guess.
        assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)), "{id}");
        assert!(id.split_once('.').unwrap().1.len() >= 43 && seen.insert(id));
    }
    let [first, ..] = &world.asked[..] else { panic!("nobody was asked") };
    assert_eq!(
        (&*first.client_id, first.client_name.as_deref(), &*first.sub, &*first.scope, first.expires_at),
        ("poll", Some("Poll"), "alice", "openid read", NOW + 120)
    );
    let event = world.events.last().unwrap();
    assert_eq!((event.kind, event.client_id.as_deref()), ("authentication.requested", Some("push")));
    assert_eq!((event.subject.as_deref(), event.policy_version.as_deref()), (Some("alice"), Some("ciba-1")));
}

/// The store holds hashes alone, and the ticket does not follow from what the client gets.
#[test]
fn s7_3_neither_name_of_a_request_is_kept() {
    let mut world = ciba_world(2);
    let id = begin(&mut world, "poll");
    let ticket = ticket(&world);
    let keys = world.state.keys();
    let [key] = keys[..] else { panic!("{keys:?}") };
    let record = world.state.value(key).unwrap();
    for name in [&id, &ticket] {
        let (public, secret) = name.split_once('.').unwrap();
        assert!(!record.contains(secret) && !key.contains(public) && key.starts_with("ciba/"));
    }
    assert_ne!(id, ticket);
    // Each is good for its own purpose only.
    assert_eq!(world.ask(deciding(&id, &allowed())).status, 400);
    assert_refused(&poll(&mut world, "poll", &ticket), (400, "invalid_grant", ""), "the ticket");
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn s7_1_s13_what_each_parameter_must_be() {
    let long = |length: usize| "x".repeat(length);
    let (t1024, t1025, m128, m129) = (long(1024), long(1025), long(128), long(129));
    let large = format!(r#"[{{"type":"payment","x":"{}"}}]"#, long(17_000));
    let refused = |code| Some((400, code));
    let invalid = refused("invalid_request");
    let (token, message) = ("client_notification_token", "binding_message");
    for (client, change, expected) in [
        ("poll", &[][..], None),
        ("poll", &[("unknown", "ignored"), ("request_uri", "https://client.example.com/r")], None),
        // scope
        ("poll", &[("scope", "")], invalid),
        ("poll", &[("scope", "read")], refused("invalid_scope")),
        ("poll", &[("scope", "openid  read")], refused("invalid_scope")),
        ("poll", &[("scope", "openid re\"ad")], refused("invalid_scope")),
        ("poll", &[("scope", "openid nothing")], refused("invalid_scope")),
        ("poll", &[("scope", "openid introspection")], refused("invalid_scope")),
        ("poll", &[("scope", "openid")], None),
        // Exactly one hint.
        ("poll", &[("login_hint", "")], invalid),
        ("poll", &[("login_hint_token", "x")], invalid),
        ("poll", &[("id_token_hint", "x")], invalid),
        ("poll", &[("login_hint", ""), ("login_hint_token", "x"), ("id_token_hint", "x")], invalid),
        ("poll", &[("login_hint_token", "x"), ("id_token_hint", "x")], invalid),
        ("poll", &[("login_hint", "nobody")], refused("unknown_user_id")),
        // client_notification_token
        ("ping", &[(token, "")], invalid),
        ("push", &[(token, "")], invalid),
        ("poll", &[(token, "")], None),
        ("ping", &[(token, &t1024)], None),
        ("ping", &[(token, &t1025)], invalid),
        ("poll", &[(token, &t1025)], None),
        ("ping", &[(token, "az09-._~+/==")], None),
        ("ping", &[(token, "=")], invalid),
        ("ping", &[(token, "a=b")], invalid),
        ("ping", &[(token, "a b")], invalid),
        ("ping", &[(token, "a\r\nb")], invalid),
        ("ping", &[(token, "ü")], invalid),
        // binding_message
        ("poll", &[(message, &m128)], None),
        ("poll", &[(message, &m129)], refused("invalid_binding_message")),
        ("poll", &[(message, "Zahlung 1,50 € ✓")], None),
        ("poll", &[(message, "a\nb")], refused("invalid_binding_message")),
        ("poll", &[(message, "a\u{202e}b")], refused("invalid_binding_message")),
        ("poll", &[(message, "a\u{200b}b")], refused("invalid_binding_message")),
        // requested_expiry
        ("poll", &[("requested_expiry", "0")], invalid),
        ("poll", &[("requested_expiry", "-1")], invalid),
        ("poll", &[("requested_expiry", "x")], invalid),
        ("poll", &[("requested_expiry", "1.5")], invalid),
        ("poll", &[("requested_expiry", "00")], invalid),
        ("poll", &[("requested_expiry", "+30")], invalid),
        // authorization_details
        ("poll", &[("authorization_details", r#"[{"type":"payment"}]"#)], None),
        ("poll", &[("authorization_details", "[")], invalid),
        ("poll", &[("authorization_details", r#"{"type":"payment"}"#)], DETAILS),
        ("poll", &[("authorization_details", "[]")], DETAILS),
        ("poll", &[("authorization_details", r#"[{"kind":"payment"}]"#)], DETAILS),
        ("poll", &[("authorization_details", r#"["payment"]"#)], DETAILS),
        ("poll", &[("authorization_details", r#"[{"type":"payment"},{"type":"x"}]"#)], DETAILS),
        ("poll", &[("authorization_details", &large)], DETAILS),
        // resource, RFC 8707 §2
        ("poll", &[("resource", API)], None),
        ("poll", &[("resource", "orders")], refused("invalid_target")),
        ("poll", &[("resource", "https://api.example.com/orders#x")], refused("invalid_target")),
        ("poll", &[("resource", "https://api.example.com/elsewhere")], refused("invalid_target")),
        ("poll", &[("scope", "openid write"), ("resource", STOCK)], refused("invalid_scope")),
        // request_context
        ("poll", &[("request_context", r#"{"a":1}"#)], None),
        ("poll", &[("request_context", "[]")], invalid),
    ] {
        let mut world = ciba_world(3);
        let response = world.ask(asking(client, change));
        let found = error(&response);
        let expected = expected.map_or((200, "none".to_owned()), |(status, code)| (status, code.to_owned()));
        assert_eq!(found, expected, "{client} {change:?}: {}", response.body);
        // Who is refused has asked nobody, and nothing is kept.
        let kept = usize::from(expected.0 == 200);
        assert_eq!((world.asked.len(), world.state.keys().len()), (kept, kept), "{change:?}");
        let (kind, code) = (world.events[0].kind, world.events[0].error);
        assert_eq!(kind == "authentication.requested", code.is_none(), "{change:?}");
    }
}

const DETAILS: Option<(u16, &str)> = Some((400, "invalid_authorization_details"));

#[test]
fn s7_1_what_was_asked_for_reaches_the_person() {
    let mut world = ciba_world(4);
    let details = r#"[{"type":"payment","amount":"165.88"}]"#;
    let response = world.ask(asking(
        "poll",
        &[
            ("acr_values", "urn:acr:gold urn:acr:platinum urn:acr:silver"),
            ("binding_message", "W4SCT"),
            ("authorization_details", details),
            ("resource", API),
            ("scope", "openid read write"),
        ],
    ));
    assert_eq!(response.status, 200, "{}", response.body);
    let asked = world.asked.last().unwrap();
    // In the order of preference, without those that nobody can reach.
    assert_eq!(asked.acr_values, ["urn:acr:gold", "urn:acr:silver"]);
    assert_eq!(asked.binding_message.as_deref(), Some("W4SCT"));
    assert_eq!(asked.authorization_details, Some(serde_json::from_str(details).unwrap()));
    assert_eq!((&*asked.audience, &*asked.scope), (&[API.to_owned()][..], "openid read write"));
}

#[test]
fn s7_1_requested_expiry_is_granted_up_to_the_most() {
    let huge = u64::MAX.to_string();
    for (asked, given) in [("", 120), ("30", 30), ("1", 1), ("600", 600), ("601", 600), (&*huge, 600)] {
        let mut world = ciba_world(5);
        let response = world.ask(asking("poll", &[("requested_expiry", asked)]));
        assert_eq!(body(&response)["expires_in"], given, "{asked}");
        assert_eq!(world.asked[0].expires_at, NOW + given);
    }
    let larger = format!("{huge}0");
    let response = ciba_world(5).ask(asking("poll", &[("requested_expiry", &larger)]));
    assert_eq!(body(&response)["expires_in"], 600, "more than 64 bits");
}

#[test]
fn s7_1_the_request_is_a_form_by_post_with_each_parameter_once() {
    let mut world = ciba_world(6);
    let good = asking("poll", &[]);
    for (content_type, status) in [
        (Some("application/x-www-form-urlencoded; charset=UTF-8"), 200),
        (Some("APPLICATION/X-WWW-FORM-URLENCODED"), 200),
        (Some("application/x-www-form-urlencoded; charset=latin1"), 415),
        (Some("application/json"), 415),
        (Some("multipart/form-data"), 415),
        (Some("text/plain"), 415),
        (None, 415),
    ] {
        let mut request = good.clone();
        request.headers.content_type = content_type.map(str::to_owned);
        assert_eq!(world.ask(request).status, status, "{content_type:?}");
    }
    for method in ["GET", "PUT", "HEAD"] {
        let mut request = good.clone();
        request.method = method.into();
        let response = world.ask(request);
        assert_eq!(response.status, 405);
        assert!(response.headers.contains(&("allow", "POST".into())));
    }
    for (name, value) in [
        ("scope", "openid read"),
        ("login_hint", "alice"),
        ("binding_message", "x"),
        ("acr_values", "x"),
        ("requested_expiry", "30"),
        ("unknown", "x"),
    ] {
        let usual = [("scope", "openid read"), ("login_hint", "alice"), (name, value), (name, value)];
        let request = basic(BC, "poll", &form(&usual));
        assert_refused(&world.ask(request), (400, "invalid_request", ""), name);
    }
    // RFC 8707 §2 alone may be repeated.
    let both = form(&[
        ("scope", "openid read"),
        ("login_hint", "alice"),
        ("resource", API),
        ("resource", STOCK),
        ("resource", ""),
    ]);
    assert_eq!(world.ask(basic(BC, "poll", &both)).status, 200);
    assert_eq!(world.asked.last().unwrap().audience, [API, STOCK]);
    // Credentials or a request in the query are no request.
    let query = format!("{BC}?{}", form(&[("scope", "openid"), ("login_hint", "alice")]));
    assert_refused(&world.ask(basic(&query, "poll", "")), (400, "invalid_request", ""), "query");
}

#[test]
fn s7_1_s13_the_client_authenticates_and_may_ask() {
    let mut world = ciba_world(7);
    let usual = form(&[("scope", "openid"), ("login_hint", "alice")]);
    let public = format!("{usual}&client_id=public");
    let wrong = {
        let mut request = asking("poll", &[]);
        request.headers.authorization = Some("Basic cG9sbDp3cm9uZw==".into());
        request
    };
    for (what, request, expected) in [
        ("nobody", post(BC, &usual), (401, "invalid_client", "")),
        ("public", post(BC, &public), (401, "invalid_client", "")),
        ("unknown", basic(BC, "nobody", &usual), (401, "invalid_client", "")),
        ("wrong secret", wrong, (401, "invalid_client", "")),
        ("not its method", basic(BC, "jwt", &usual), (401, "invalid_client", "")),
        ("not its grant", basic(BC, "no-grant", &usual), (400, "unauthorized_client", "")),
    ] {
        let response = world.ask(request);
        assert_refused(&response, expected, what);
        let challenged = response.headers.iter().any(|(name, _)| *name == "www-authenticate");
        assert_eq!(challenged, expected.0 == 401, "{what}");
    }
    assert!(world.asked.is_empty());
    let mut document = ciba_document();
    client_in(&mut document, "poll")["status"] = json!("revoked");
    let response = ciba_world_of(&document, 7).ask(asking("poll", &[]));
    assert_refused(&response, (401, "invalid_client", ""), "revoked");
    // Where nobody is authenticated, there is no such endpoint.
    let request = request("POST", "/hii/bc-authorize", Headers::default(), b"");
    assert_eq!(support::world(7).ask(request).status, 404);
}

#[test]
fn s7_1_an_assertion_is_for_the_issuer_or_an_endpoint() {
    let usual = [("scope", "openid"), ("login_hint", "alice")];
    let url = |path: &str| json!(format!("{ORIGIN}{path}"));
    for (aud, status) in [
        (json!(ORIGIN), 200),
        (url("/token"), 200),
        (url("/bc-authorize"), 200),
        (json!([ORIGIN]), 200),
        (json!([ORIGIN, "https://elsewhere.example"]), 401),
        (json!([ORIGIN, format!("{ORIGIN}/token")]), 401),
        (url("/"), 401),
        (url("/fapi/bc-authorize"), 401),
        (url("/fapi"), 401),
        (url("/introspect"), 401),
        (json!("https://elsewhere.example/bc-authorize"), 401),
        (json!([]), 401),
        (Value::Null, 401),
    ] {
        let response = ciba_world(8).ask(by_assertion(BC, &assertion("jwt", json!({ "aud": aud })), &usual));
        assert_eq!(response.status, status, "{aud}: {}", response.body);
    }
    // It is good once.
    let mut world = ciba_world(8);
    let one = assertion("jwt", json!({}));
    assert_eq!(world.ask(by_assertion(BC, &one, &usual)).status, 200);
    assert_refused(&world.ask(by_assertion(BC, &one, &usual)), (401, "invalid_client", ""), "again");
    // The token endpoint of a standard issuer takes the issuer alone.
    let id = auth_req_id_of(&world.ask(by_assertion(BC, &assertion("jwt", json!({})), &usual)));
    let fetch = [("grant_type", CIBA), ("auth_req_id", &*id)];
    let of_endpoint = assertion("jwt", json!({ "aud": format!("{ORIGIN}/token") }));
    assert_eq!(world.ask(by_assertion("/token", &of_endpoint, &fetch)).status, 401);
    let response = world.ask(by_assertion("/token", &assertion("jwt", json!({})), &fetch));
    assert_refused(&response, (400, "authorization_pending", ""), "the issuer");
}

#[test]
fn s4_the_metadata_says_what_is_served() {
    let mut world = ciba_world(9);
    let standard = body(&world.ask(get("/.well-known/openid-configuration")));
    let fapi = body(&world.ask(get("/fapi/.well-known/openid-configuration")));
    assert_eq!(standard["backchannel_authentication_endpoint"], format!("{ORIGIN}/bc-authorize"));
    assert_eq!(fapi["backchannel_authentication_endpoint"], format!("{FAPI}/bc-authorize"));
    let modes = "backchannel_token_delivery_modes_supported";
    assert_eq!(
        (&standard[modes], &fapi[modes]),
        (&json!(["poll", "ping", "push"]), &json!(["poll", "ping"]))
    );
    let algorithms = "backchannel_authentication_request_signing_alg_values_supported";
    assert_eq!(fapi[algorithms], json!(["PS256", "ES256"]));
    let asymmetric = Algorithm::ALL.iter().filter(|alg| !alg.is_symmetric()).map(|alg| alg.name());
    assert_eq!(standard[algorithms], json!(asymmetric.collect::<Vec<_>>()));
    assert_eq!(standard["backchannel_user_code_parameter_supported"], true);
    assert_eq!(standard["acr_values_supported"], json!(["urn:acr:silver", "urn:acr:gold"]));
    assert_eq!(standard["authorization_details_types_supported"], json!(["payment"]));
    assert!(standard["grant_types_supported"].as_array().unwrap().contains(&json!(CIBA)));
    // And nothing of it where nothing is.
    let without = body(&support::world(9).ask(get("/.well-known/openid-configuration")));
    assert!(without.as_object().unwrap().keys().all(|name| !name.starts_with("backchannel")));
}
