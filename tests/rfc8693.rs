//! RFC 8693: the request, the response, and what is refused.
mod support;

use serde_json::{Value, json};
use support::*;

#[test]
fn s2_1_what_a_request_must_have() {
    let mut world = exchange_world(1);
    let subject = access_token(json!({}));
    let good = [
        ("grant_type", EXCHANGE),
        ("subject_token", &*subject),
        ("subject_token_type", ACCESS_TOKEN),
        ("requested_token_type", ACCESS_TOKEN),
        ("scope", "read"),
        ("unknown", "ignored"),
    ];
    assert_eq!(world.ask(basic("/token", B, &form(&good))).status, 200);
    let without = |name: &str| {
        let left: Vec<_> = good.iter().copied().filter(|(known, _)| *known != name).collect();
        form(&left)
    };
    let with = |more: &[(&str, &str)]| form(&[&good[..], more].concat());
    let saml = "urn:ietf:params:oauth:token-type:saml2";
    let of = |name: &str, value: &str| format!("{}&{}", without(name), form(&[(name, value)]));
    let refused = |code| (400, code, "");
    for (body, expected) in [
        (without("grant_type"), refused("invalid_request")),
        (without("subject_token"), refused("invalid_request")),
        (without("subject_token_type"), refused("invalid_request")),
        (of("subject_token_type", saml), refused("invalid_request")),
        (of("subject_token_type", "access_token"), refused("invalid_request")),
        (of("subject_token_type", &ACCESS_TOKEN.to_uppercase()), refused("invalid_request")),
        (of("requested_token_type", saml), refused("invalid_request")),
        (of("requested_token_type", ID_TOKEN), refused("invalid_request")),
        (of("grant_type", &EXCHANGE.to_uppercase()), refused("unsupported_grant_type")),
        // actor_token_type is required with actor_token, and must not be there without.
        (with(&[("actor_token", &subject)]), refused("invalid_request")),
        (with(&[("actor_token_type", ACCESS_TOKEN)]), refused("invalid_request")),
        (with(&[("actor_token", &subject), ("actor_token_type", saml)]), refused("invalid_request")),
        (with(&[("subject_token", &subject)]), refused("invalid_request")),
        (with(&[("subject_token_type", ACCESS_TOKEN)]), refused("invalid_request")),
        (with(&[("requested_token_type", ACCESS_TOKEN)]), refused("invalid_request")),
        (with(&[("scope", "read")]), refused("invalid_request")),
        (of("scope", "read  write"), refused("invalid_scope")),
        (of("scope", "re\"ad"), refused("invalid_scope")),
    ] {
        assert_refused(&world.ask(basic("/token", B, &body)), expected, &body);
    }
    // A parameter without a value counts as left out.
    let empty = [&[("actor_token", ""), ("actor_token_type", ""), ("resource", "")], &good[..]].concat();
    assert_eq!(world.ask(basic("/token", B, &form(&empty))).status, 200);
}

#[test]
fn s2_1_the_client_authenticates_and_may_use_the_grant() {
    let mut document = exchange_document();
    client_of(&mut document, &STANDARD, C)["grant_types"] = json!(["client_credentials"]);
    let mut world = world_of(&document, 2);
    let subject = access_token(json!({}));
    let unauthenticated = {
        let mut request = exchange(B, (&subject, ACCESS_TOKEN), &[]);
        request.headers.authorization = None;
        request
    };
    assert_refused(&world.ask(unauthenticated), (401, "invalid_client", ""), "nobody");
    let mut wrong = exchange(B, (&subject, ACCESS_TOKEN), &[]);
    wrong.headers.authorization = Some("Basic cG9ydGFsOndyb25n".into());
    assert_refused(&world.ask(wrong), (401, "invalid_client", ""), "wrong secret");
    let not_registered = exchange(C, (&subject, ACCESS_TOKEN), &[]);
    assert_refused(&world.ask(not_registered), (400, "unauthorized_client", ""), "not its grant");
    // A bearer token is no client authentication at the token endpoint.
    let mut bearer = exchange(B, (&subject, ACCESS_TOKEN), &[]);
    bearer.headers.authorization = Some(format!("Bearer {}", own_token(&mut world, &STANDARD, B)));
    assert_refused(&world.ask(bearer), (401, "invalid_client", ""), "bearer");
    assert!(world.state.keys().is_empty());
}

#[test]
fn s2_1_resources_and_audiences() {
    let mut world = exchange_world(3);
    let subject = access_token(json!({}));
    let (refused, elsewhere) = ("invalid_target", "https://api.example.com/elsewhere");
    for (targets, expected) in [
        (&[][..], Ok(json!(API))),
        (&[("resource", API)], Ok(json!(API))),
        (&[("audience", API)], Ok(json!(API))),
        // The grant adds this one, though the subject token has it not.
        (&[("resource", STOCK)], Ok(json!(STOCK))),
        (&[("resource", API), ("resource", STOCK)], Ok(json!([API, STOCK]))),
        (&[("audience", STOCK), ("audience", API)], Ok(json!([STOCK, API]))),
        (&[("audience", API), ("resource", STOCK), ("audience", STOCK)], Ok(json!([STOCK, API]))),
        // An absolute URI without a fragment (RFC 3986 §4.3).
        (&[("resource", "https://api.example.com/orders#part")], Err((refused, ""))),
        (&[("resource", "/orders")], Err((refused, ""))),
        (&[("resource", "orders")], Err((refused, ""))),
        (&[("resource", API), ("resource", "#")], Err((refused, ""))),
        (&[("resource", elsewhere)], Err((refused, "audience.beyond-grant"))),
        (&[("audience", "nobody")], Err((refused, "audience.beyond-grant"))),
        (&[("resource", API), ("audience", "nobody")], Err((refused, "audience.beyond-grant"))),
        // The issuer itself is no audience of this subject token.
        (&[("audience", ORIGIN)], Err((refused, "audience.beyond-grant"))),
    ] {
        let scope = [("scope", "read")];
        let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[&scope, targets].concat()));
        match expected {
            Ok(audience) => assert_eq!(claims(&access_of(&response))["aud"], audience, "{targets:?}"),
            Err((code, rule)) => assert_refused(&response, (400, code, rule), &format!("{targets:?}")),
        }
    }
    // §2.1.1: the scope must mean something at each of the targets.
    let both = [("resource", API), ("resource", STOCK), ("scope", "write")];
    let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &both));
    assert_refused(&response, (400, "invalid_scope", "scope.not-of-resource"), "write at stock");
    let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &both[..2]));
    assert_eq!(body(&response)["scope"], "read");
}

#[test]
fn s2_1_exchanging_leaves_the_subject_token_as_it_was() {
    let mut world = exchange_world(4);
    let subject = access_token(json!({}));
    for _ in 0..3 {
        assert_eq!(world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[])).status, 200);
    }
    assert!(world.state.keys().is_empty() && world.registry.keys().is_empty());
}

#[test]
fn s2_2_1_a_successful_response() {
    let mut world = exchange_world(5);
    let subject = access_token(json!({}));
    let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[]));
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    assert!(response.headers.contains(&("content-type", "application/json".into())));
    let token = access_of(&response);
    // No more lifetime than the subject token has.
    assert_eq!(
        body(&response),
        json!({ "access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
                "expires_in": 600, "scope": "read write" })
    );
    let claims = payload(&token, &issuer_key().0);
    assert_eq!(header(&token), issuer_key().1);
    assert_eq!(
        claims,
        json!({ "iss": ORIGIN, "sub": "alice", "aud": API, "client_id": B, "exp": NOW + 600, "iat": NOW,
                "jti": claims["jti"], "scope": "read write" })
    );
    // The event says what was decided, by which grant and which policy.
    let event = world.events.last().unwrap();
    assert_eq!((event.kind, event.client_id.as_deref()), ("token.issued", Some(B)));
    assert_eq!(event.grant.as_deref(), Some("token_exchange service -> portal"));
    assert_eq!(event.policy_version.as_deref(), Some("standard-1"));
    assert_eq!((event.subject.as_deref(), event.jti.as_deref()), (Some("alice"), claims["jti"].as_str()));
    assert_eq!(world.events.len(), 1);
}

#[test]
fn s2_2_1_the_type_of_what_is_issued() {
    let mut world = exchange_world(6);
    let plain = access_token(json!({}));
    let jkt = access_token(json!({ "cnf": { "jkt": "thumb" } }));
    let mtls = access_token(json!({ "cnf": { "x5t#S256": "thumb" } }));
    let for_stock = [("requested_token_type", JWT), ("resource", STOCK)];
    for (subject, more, issued, token_type) in [
        (&plain, &[][..], ACCESS_TOKEN, "Bearer"),
        (&plain, &[("requested_token_type", ACCESS_TOKEN)], ACCESS_TOKEN, "Bearer"),
        // What is no access token has no such type.
        (&plain, &for_stock, JWT, "N_A"),
        (&plain, &[("requested_token_type", REFRESH_TOKEN)], REFRESH_TOKEN, "N_A"),
        // RFC 9449 §5
        (&jkt, &[], ACCESS_TOKEN, "DPoP"),
        (&jkt, &for_stock, JWT, "N_A"),
        (&mtls, &[], ACCESS_TOKEN, "Bearer"),
    ] {
        let response = body(&world.ask(exchange(B, (subject, ACCESS_TOKEN), more)));
        assert_eq!(
            (&response["issued_token_type"], &response["token_type"]),
            (&json!(issued), &json!(token_type))
        );
        assert_eq!(response.get("refresh_token"), None, "{response}");
    }
    // A jwt that is no access token does not pass for one, here or elsewhere.
    let jwt = access_of(&world.ask(exchange(B, (&plain, ACCESS_TOKEN), &for_stock)));
    assert_eq!(header(&jwt)["typ"], "JWT");
    for of in [ACCESS_TOKEN, ID_TOKEN] {
        let response = world.ask(exchange(C, (&jwt, of), &[]));
        assert_refused(&response, (400, "invalid_request", "subject-token.malformed"), of);
    }
    // And it is for somebody in particular.
    let response = world.ask(exchange(B, (&plain, ACCESS_TOKEN), &[("requested_token_type", JWT)]));
    assert_refused(&response, (400, "invalid_request", ""), "for nobody");
}

#[test]
fn s2_2_1_scope_is_said_and_no_more_than_the_subject_tokens_or_the_grants() {
    let mut world = exchange_world(7);
    for (held, asked, expected) in [
        ("read write", None, Ok("read write")),
        ("read write", Some("read"), Ok("read")),
        ("read write", Some("write read"), Ok("read write")),
        ("read", None, Ok("read")),
        ("read admin", None, Ok("read")),
        ("read", Some("write"), Err("scope.beyond-subject")),
        ("read", Some("read write"), Err("scope.beyond-subject")),
        ("read admin", Some("admin"), Err("scope.beyond-grant")),
        ("read", Some("nothing"), Err("scope.unknown")),
        ("admin", None, Ok("")),
    ] {
        let subject = access_token(json!({ "scope": held }));
        let asked: Vec<_> = asked.map(|scope| ("scope", scope)).into_iter().collect();
        let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &asked));
        match expected {
            Ok(scope) => {
                let said = if scope.is_empty() { Value::Null } else { json!(scope) };
                assert_eq!(body(&response)["scope"], said, "{held} {asked:?}");
                assert_eq!(claims(&access_of(&response))["scope"], said);
            }
            Err(rule) => {
                assert_refused(&response, (400, "invalid_scope", rule), &format!("{held} {asked:?}"))
            }
        }
    }
}

#[test]
fn s2_2_2_what_makes_a_subject_token_unacceptable() {
    let mut world = exchange_world(8);
    let (key, header) = issuer_key();
    let of_header = |change: Value| {
        let good = claims(&access_token(json!({})));
        token(&key, &merged(header.clone(), change), &good)
    };
    let good = access_token(json!({}));
    let (signing_input, signature) = good.rsplit_once('.').unwrap();
    let unsigned =
        format!("{}.{}.", base64_url(br#"{"alg":"none","typ":"at+jwt"}"#), good.split('.').nth(1).unwrap());
    let other_key = token(&foreign_key(), &header, &claims(&good));
    let of = |change: Value| access_token(change);
    for (subject, rule) in [
        ("nonsense".to_owned(), "subject-token.malformed"),
        ("a.b.c".to_owned(), "subject-token.malformed"),
        (format!("{good}."), "subject-token.malformed"),
        (unsigned, "subject-token.malformed"),
        (format!("{signing_input}."), "subject-token.signature"),
        (format!("{signing_input}.{}", &signature[..40]), "subject-token.signature"),
        (other_key, "subject-token.signature"),
        (of_header(json!({ "kid": "other" })), "subject-token.signature"),
        (of_header(json!({ "kid": "generator" })), "subject-token.signature"),
        (of_header(json!({ "typ": "JWT" })), "subject-token.malformed"),
        (of_header(json!({ "typ": null })), "subject-token.malformed"),
        (of(json!({ "iss": "https://evil.example.com" })), "subject-token.issuer"),
        (of(json!({ "iss": format!("{ORIGIN}/") })), "subject-token.issuer"),
        (of(json!({ "iss": DKT.issuer })), "subject-token.issuer"),
        (of(json!({ "iss": null })), "subject-token.malformed"),
        (of(json!({ "exp": NOW })), "subject-token.expired"),
        (of(json!({ "exp": NOW - 1 })), "subject-token.expired"),
        (of(json!({ "exp": null })), "subject-token.malformed"),
        (of(json!({ "exp": "soon" })), "subject-token.malformed"),
        (of(json!({ "nbf": NOW + 1 })), "subject-token.expired"),
        (of(json!({ "iat": NOW + 1 })), "subject-token.expired"),
        (of(json!({ "client_id": null })), "subject-token.malformed"),
        (of(json!({ "client_id": 7 })), "subject-token.malformed"),
        (of(json!({ "sub": 7 })), "subject-token.malformed"),
        (of(json!({ "scope": 7 })), "subject-token.malformed"),
        (of(json!({ "scope": ["read", 7] })), "subject-token.malformed"),
        (of(json!({ "act": "me" })), "subject-token.malformed"),
        (of(json!({ "may_act": ["me"] })), "subject-token.malformed"),
        (of(json!({ "cnf": true })), "subject-token.malformed"),
        // Of another client, with which there is no grant; of one that is not active, or no more.
        (of(json!({ "client_id": C })), "exchange.no-grant"),
        (of(json!({ "client_id": B })), "exchange.no-grant"),
        (of(json!({ "client_id": "deleted" })), "client.inactive"),
        (of(json!({ "sub": "bob" })), "subject.disabled"),
        (of(json!({ "sub": "nobody" })), "subject.unknown"),
        (of(json!({ "sub": A, "client_id": "deleted" })), "client.inactive"),
    ] {
        let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[]));
        assert_refused(&response, (400, "invalid_request", rule), &subject);
        let event = world.events.last().unwrap();
        assert_eq!((event.kind, event.rule), ("token.refused", Some(rule)), "{subject}");
    }
    assert_eq!(world.signatures, 0, "nothing is signed for a token that is refused");
    assert!(world.state.keys().is_empty());
}

#[test]
fn s2_2_2_a_token_of_one_type_does_not_pass_for_another() {
    let mut world = exchange_world(9);
    let exchangeable_token = exchangeable(&mut world, &STANDARD, "alice");
    let dkt_exchangeable = exchangeable(&mut world, &DKT, "alice");
    let dkt_token = own_token(&mut world, &DKT, A);
    let tokens = [
        ("access token", access_token(json!({})), ACCESS_TOKEN),
        ("id token", id_token(json!({})), ID_TOKEN),
        ("foreign", foreign_jwt(json!({})), JWT),
        ("exchangeable", exchangeable_token, JWT),
        ("the other mount's exchangeable", dkt_exchangeable, "none here"),
        ("the other mount's access token", dkt_token, "none here"),
        ("made up", "00000000000000000000.1111".to_owned(), "none"),
    ];
    for (name, token, good) in &tokens {
        for of in [ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN] {
            let response = world.ask(exchange(B, (token, of), &[]));
            let status = if of == *good { 200 } else { 400 };
            assert_eq!(response.status, status, "{name} as {of}: {}", response.body);
            let code = if of == *good { "none" } else { "invalid_request" };
            assert_eq!(refusal(&response).1, code, "{name} as {of}");
        }
    }
}

#[test]
fn s2_2_2_the_grant_that_the_policy_has() {
    let subject = access_token(json!({}));
    let changes: &[(Value, (u16, &str, &str))] = &[
        (json!({}), (200, "none", "")),
        (json!({ "to": C, "flow": "id_token" }), (400, "invalid_request", "exchange.no-grant")),
        (json!({ "flow": "exchangeable_token", "from": C }), (400, "invalid_request", "exchange.no-grant")),
        (json!({ "justification": null }), (400, "invalid_request", "exchange.no-justification")),
        (json!({ "justification": " " }), (400, "invalid_request", "exchange.no-justification")),
        (json!({ "approved_by": null }), (400, "invalid_request", "exchange.no-justification")),
        (json!({ "expires_at": null }), (400, "invalid_request", "exchange.no-justification")),
        (json!({ "expires_at": "2023-11-14T22:13:20Z" }), (400, "invalid_request", "exchange.expired")),
        (json!({ "expires_at": "2023-11-14T22:13:21Z" }), (200, "none", "")),
        (
            json!({ "approved_at": "2023-11-14T22:13:21Z" }),
            (400, "invalid_request", "exchange.not-yet-approved"),
        ),
        (json!({ "approved_at": "2023-11-14T22:13:20Z" }), (200, "none", "")),
        (
            json!({ "subject_token_types": ["id_token"] }),
            (400, "invalid_request", "exchange.subject-token-type"),
        ),
        (
            json!({ "requested_token_types": ["jwt"] }),
            (400, "invalid_request", "exchange.requested-token-type"),
        ),
        (json!({ "subject_token_types": null, "requested_token_types": null }), (200, "none", "")),
    ];
    for (change, expected) in changes {
        let mut document = exchange_document();
        let grant = grant_of(&mut document, &STANDARD, "token_exchange", A, B);
        *grant = merged(grant.clone(), change.clone());
        let response = world_of(&document, 1).ask(exchange(B, (&subject, ACCESS_TOKEN), &[]));
        assert_refused(&response, *expected, &change.to_string());
    }
    // Without any policy nothing is exchanged.
    let mut document = exchange_document();
    document["issuers"][0].as_object_mut().unwrap().shift_remove("policy");
    let response = world_of(&document, 1).ask(exchange(B, (&subject, ACCESS_TOKEN), &[]));
    // RFC 6749 §5.2: without a policy the issuer does not serve the grant at all.
    assert_eq!(error(&response), (400, "unsupported_grant_type".to_owned()));
}
