//! What people said of their data: recorded by a service of the issuer's or by the operator, and read back.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use edgegrant::http::{Headers, HttpRequest};
use serde_json::{Value, json};
use support::*;

const PATH: &str = "/consents";
const PURPOSE: &str = "dpv:FraudPreventionAndDetection";

/// The standard mount, which has the consent API; [`A`] may use it.
fn consent_document() -> Value {
    let mut document = exchange_document();
    document["issuers"][0]["scope"] = json!("read write admin token-generator consents");
    document["issuers"][0]["policy"]["scopes"]["consents"] = json!({ "clients": [A] });
    client_of(&mut document, &STANDARD, A)["scope"] = json!("read consents");
    document
}

fn consent_world(seed: u64) -> (World, String) {
    let mut world = world_of(&consent_document(), seed);
    let bearer = own_token(&mut world, &STANDARD, A);
    world.events.clear();
    (world, bearer)
}

/// What alice said of B, changed.
fn said(change: Value) -> Value {
    let given =
        json!({ "sub": "alice", "client_id": B, "purpose": PURPOSE, "scope": "read", "state": "given" });
    merged(given, change)
}

fn say(bearer: &str, body: &Value) -> HttpRequest {
    let headers = Headers {
        authorization: Some(format!("Bearer {bearer}")),
        content_type: Some("application/json".into()),
        ..Headers::default()
    };
    request("POST", PATH, headers, body.to_string().as_bytes())
}

fn look(bearer: &str, query: &str) -> HttpRequest {
    let headers = Headers { authorization: Some(format!("Bearer {bearer}")), ..Headers::default() };
    request("GET", &format!("{PATH}{query}"), headers, b"")
}

fn put(change: Value) -> HttpRequest {
    operator(&merged(said(json!({ "command": "put_consent", "issuer": ORIGIN })), change))
}

/// What stands of `sub`, as the operator sees it: scope, state and time of each.
fn history(world: &mut World, sub: &str) -> Vec<(String, String, u64)> {
    let command = json!({ "command": "read_consents", "issuer": ORIGIN, "sub": sub });
    let answer = body(&world.ask(operator(&command)));
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let entries = answer["consents"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    entries.map(|one| (text(one, "scope"), text(one, "state"), one["at"].as_u64().unwrap())).collect()
}

fn is(scope: &str, state: &str, at: u64) -> (String, String, u64) {
    (scope.into(), state.into(), at)
}

#[test]
fn what_is_recorded_is_read_back_by_both_the_oldest_first() {
    let (mut world, bearer) = consent_world(1);
    let response = world.ask(say(&bearer, &said(json!({ "scope": "write read" }))));
    assert_eq!((response.status, &*response.body), (200, "{}"));
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    world.advance(60);
    assert_eq!(world.ask(put(json!({ "state": "withdrawn" }))).body, "{}");
    let entry = |scope: &str, state: &str, at: u64, by: &str| {
        json!({
            "client_id": B, "purpose": PURPOSE, "scope": scope, "state": state, "at": at, "by": by,
        })
    };
    let expected = json!({ "consents": [
        entry("read", "given", NOW, A),
        entry("write", "given", NOW, A),
        entry("read", "withdrawn", NOW + 60, "operator"),
    ] });
    let response = world.ask(look(&bearer, "?sub=alice"));
    assert_eq!((response.status, body(&response)), (200, expected.clone()));
    let command = json!({ "command": "read_consents", "issuer": ORIGIN, "sub": "alice" });
    assert_eq!(body(&world.ask(operator(&command))), expected);
    assert_eq!(body(&world.ask(look(&bearer, "?sub=bob"))), json!({ "consents": [] }));
    // Each issuer has its own.
    let command = json!({ "command": "read_consents", "issuer": DKT.issuer, "sub": "alice" });
    assert_eq!(body(&world.ask(operator(&command))), json!({ "consents": [] }));
}

#[test]
fn recording_is_audited_and_reading_is_not() {
    let (mut world, bearer) = consent_world(2);
    world.ask(say(&bearer, &said(json!({ "scope": "write read", "state": "refused" }))));
    world.ask(put(json!({ "sub": "carol" })));
    world.ask(look(&bearer, "?sub=alice"));
    let events: Vec<_> = world
        .events
        .iter()
        .map(|event| {
            assert_eq!((event.kind, &*event.issuer), ("consent.recorded", ORIGIN));
            assert_eq!((event.for_client_id.as_deref(), event.purpose.as_deref()), (Some(B), Some(PURPOSE)));
            (&event.client_id, &event.subject, &event.scope, &event.cause)
        })
        .map(|(client, subject, scope, cause)| {
            (client.as_deref(), subject.as_deref().unwrap(), scope.as_deref().unwrap(), cause.as_deref())
        })
        .collect();
    let expected =
        [(Some(A), "alice", "read write", Some("refused")), (None, "carol", "read", Some("given"))];
    assert_eq!(events, expected);
}

#[test]
fn calls_that_are_refused_are_audited() {
    let (mut world, bearer) = consent_world(2);
    let event = |world: &mut World, request| {
        world.events.clear();
        world.ask(request);
        let [event] = &world.events[..] else { panic!("{:?}", world.events) };
        assert_eq!((event.kind, &*event.issuer, event.time), ("consent.refused", ORIGIN, NOW));
        event.clone()
    };
    let refused = event(&mut world, look("nonsense", "?sub=alice"));
    assert_eq!((refused.error, refused.client_id), (Some("invalid_token"), None));
    let refused = event(&mut world, look(&bearer, ""));
    assert_eq!((refused.error, refused.client_id.as_deref()), (Some("invalid_request"), Some(A)));
    let refused = event(&mut world, say(&bearer, &said(json!({ "state": "maybe" }))));
    let about = (refused.for_client_id.as_deref(), refused.subject.as_deref(), refused.purpose.as_deref());
    assert_eq!(about, (Some(B), Some("alice"), Some(PURPOSE)));
    assert_eq!((refused.scope.as_deref(), refused.error), (Some("read"), Some("invalid_request")));
    assert!(refused.cause.unwrap().contains("state must be one of"));
}

#[test]
fn what_cannot_be_a_consent_is_refused_and_changes_nothing() {
    let (mut world, bearer) = consent_world(3);
    for (change, error, says) in [
        (json!({ "sub": 7 }), "invalid_request", "sub must be a text"),
        (json!({ "sub": "" }), "invalid_request", "1 to 255 bytes"),
        (json!({ "sub": "é".repeat(128) }), "invalid_request", "1 to 255 bytes"),
        (json!({ "client_id": null }), "invalid_request", "client_id must be a text"),
        (json!({ "client_id": "nobody" }), "invalid_request", "no client nobody"),
        (json!({ "purpose": null }), "invalid_request", "purpose must be a text"),
        (json!({ "purpose": "" }), "invalid_request", "expected a purpose"),
        (json!({ "purpose": "a b" }), "invalid_request", "expected a purpose"),
        (json!({ "purpose": "a".repeat(256) }), "invalid_request", "expected a purpose"),
        (json!({ "purpose": "dpv:Spying" }), "invalid_request", "dpv:Spying is no purpose"),
        (json!({ "scope": ["read"] }), "invalid_request", "scope must be a text"),
        (json!({ "scope": "" }), "invalid_scope", "scope tokens are"),
        (json!({ "scope": "read  write" }), "invalid_scope", "scope tokens are"),
        (json!({ "scope": "read fly" }), "invalid_scope", "scope fly is not known"),
        (json!({ "state": "unknown" }), "invalid_request", "state must be one of given, refused, withdrawn"),
        (json!({ "state": true }), "invalid_request", "state must be a text"),
    ] {
        for request in [say(&bearer, &said(change.clone())), put(change.clone())] {
            let response = world.ask(request);
            assert_refused(&response, (400, error, ""), &change.to_string());
            assert!(response.body.contains(says), "{says}: {}", response.body);
        }
    }
    for (change, says) in [
        (json!({ "sub": null }), "either sub or login_hint"),
        (json!({ "login_hint": "alice" }), "either sub or login_hint"),
        (json!({ "sub": null, "login_hint": 7 }), "login_hint must be a text"),
    ] {
        let response = world.ask(say(&bearer, &said(change)));
        assert_refused(&response, (400, "invalid_request", ""), says);
        assert!(response.body.contains(says), "{says}: {}", response.body);
    }
    // The operator knows people by their sub.
    let response = world.ask(put(json!({ "sub": null, "login_hint": "alice" })));
    assert_refused(&response, (400, "invalid_request", ""), "sub");
    let nobody = said(json!({ "sub": null, "login_hint": "zoe" }));
    assert_refused(&world.ask(say(&bearer, &nobody)), (400, "unknown_user_id", ""), "zoe");
    for wrong in [json!([]), json!("x"), json!(null)] {
        assert_refused(&world.ask(say(&bearer, &wrong)), (400, "invalid_request", ""), &wrong.to_string());
    }
    for (query, says) in [
        ("", "either sub or login_hint"),
        ("?sub=", "either sub or login_hint"),
        ("?sub=alice&login_hint=alice", "either sub or login_hint"),
        ("?sub=a&sub=b", "only once"),
    ] {
        let response = world.ask(look(&bearer, query));
        assert_refused(&response, (400, "invalid_request", ""), query);
        assert!(response.body.contains(says), "{says}: {}", response.body);
    }
    let long = format!("?sub={}", "a".repeat(256));
    assert_refused(&world.ask(look(&bearer, &long)), (400, "invalid_request", ""), &long);
    let mut not_json = say(&bearer, &json!({}));
    not_json.body = edgegrant::http::Body::Bytes(b"{".to_vec().into());
    assert_refused(&world.ask(not_json), (400, "invalid_request", ""), "{");
    assert!(world.state.keys().is_empty());
    assert!(world.events.iter().all(|event| event.kind == "consent.refused"), "{:?}", world.events);
}

#[test]
fn the_api_takes_a_clients_own_token_with_its_scope_and_json_alone() {
    let (mut world, bearer) = consent_world(4);
    let others = own_token(&mut world, &STANDARD, B);
    // Of the same client, for somebody else.
    let for_alice = access_token(json!({ "aud": ORIGIN, "scope": "consents" }));
    world.events.clear();
    for (token, status, error) in [
        ("", 401, "invalid_token"),
        ("nonsense", 401, "invalid_token"),
        (&*for_alice, 401, "invalid_token"),
        (&*others, 403, "insufficient_scope"),
    ] {
        for request in [say(token, &said(json!({}))), look(token, "?sub=alice")] {
            let response = world.ask(request);
            assert_refused(&response, (status, error, ""), token);
            assert!(response.headers.iter().any(|(name, _)| *name == "www-authenticate"));
        }
    }
    for content_type in [None, Some("application/x-www-form-urlencoded"), Some("text/plain")] {
        let mut request = say(&bearer, &said(json!({})));
        request.headers.content_type = content_type.map(str::to_owned);
        assert_refused(&world.ask(request), (415, "invalid_request", ""), &format!("{content_type:?}"));
    }
    let response = world.ask(request("PUT", PATH, Headers::default(), b""));
    assert_eq!(response.status, 405);
    assert!(response.headers.contains(&("allow", "GET, POST".into())));
    assert!(world.state.keys().is_empty());
    assert!(world.events.iter().all(|event| event.kind == "consent.refused"), "{:?}", world.events);
    // The mount whose scope has no `consents` has no such endpoint.
    assert_eq!(error(&world.ask(get("/dkt/consents?sub=alice"))), (404, "not_found".into()));
    let mut world = exchange_world(4);
    assert_eq!(error(&world.ask(get("/consents?sub=alice"))), (404, "not_found".into()));
}

#[test]
fn the_same_word_in_the_same_second_is_one_word_unless_another_came_between() {
    let (mut world, _) = consent_world(5);
    for state in ["given", "given", "withdrawn", "given"] {
        assert_eq!(world.ask(put(json!({ "state": state }))).status, 200);
    }
    let expected = ["given", "withdrawn", "given"].map(|state| is("read", state, NOW));
    assert_eq!(history(&mut world, "alice"), expected);
    world.advance(1);
    world.ask(put(json!({})));
    assert_eq!(history(&mut world, "alice").len(), 4);
}

#[test]
fn of_words_at_once_none_is_lost() {
    for seed in 0..50 {
        let (mut world, bearer) = consent_world(seed);
        let scopes = ["read", "write", "admin"];
        let sent: Vec<_> = scopes
            .iter()
            .flat_map(|scope| {
                [say(&bearer, &said(json!({ "scope": scope }))), put(json!({ "scope": scope }))]
            })
            .map(|request| world.send(request))
            .collect();
        world.run();
        assert!(sent.iter().all(|&id| world.response(id).unwrap().status == 200));
        let mut found = history(&mut world, "alice");
        found.sort();
        let expected: Vec<_> = ["admin", "read", "write"]
            .iter()
            .flat_map(|scope| [is(scope, "given", NOW), is(scope, "given", NOW)])
            .collect();
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn a_store_that_fails_or_repeats_does_no_harm() {
    for (effect, fault, status, entries) in [
        ("get", Fault::Fail, 503, 0),
        ("commit", Fault::Fail, 503, 0),
        ("commit", Fault::Drop, 503, 1),
        ("commit", Fault::Repeat, 200, 1),
        // An audit event that is lost does not undo what was recorded.
        ("record", Fault::Fail, 200, 1),
    ] {
        let (mut world, _) = consent_world(6);
        let id = world.send(put(json!({})));
        world.run_with_fault(id, effect, fault);
        assert_eq!(world.response(id).unwrap().status, status, "{effect} {fault:?}");
        assert_eq!(history(&mut world, "alice").len(), entries, "{effect} {fault:?}");
    }
    let (mut world, bearer) = consent_world(6);
    let id = world.send(look(&bearer, "?sub=alice"));
    world.run_with_fault(id, "get", Fault::Fail);
    assert_eq!(error(world.response(id).unwrap()), (503, "temporarily_unavailable".into()));
}

#[test]
fn a_history_is_bounded_and_its_last_words_stay() {
    let (mut world, _) = consent_world(7);
    for round in 0..400 {
        let scope = if round == 0 { "read write" } else { "read" };
        assert_eq!(world.ask(put(json!({ "scope": scope }))).status, 200);
        world.advance(1);
    }
    let found = history(&mut world, "alice");
    assert!((200..400).contains(&found.len()), "{}", found.len());
    assert_eq!(
        (&found[0], found.last().unwrap()),
        (&is("write", "given", NOW), &is("read", "given", NOW + 399))
    );

    // Purposes that nobody asked for before, until there is no room: nothing is lost, nothing is recorded.
    let purpose = |n: usize| json!({ "sub": "bob", "purpose": format!("{n}{}", "x".repeat(250)) });
    let refused = (0..512).find(|&n| world.ask(put(purpose(n))).status != 200).expect("there is an end");
    let response = world.ask(put(purpose(refused)));
    assert_refused(&response, (400, "invalid_request", ""), "full");
    assert!(response.body.contains("no room"), "{}", response.body);
    assert_eq!(history(&mut world, "bob").len(), refused);
    // Who said yes can still say no, to each.
    for n in 0..refused {
        let withdrawn = merged(purpose(n), json!({ "state": "withdrawn" }));
        assert_eq!(world.ask(put(withdrawn)).status, 200, "{n}");
    }
    let found = history(&mut world, "bob");
    assert!(found.len() == refused && found.iter().all(|(_, state, _)| state == "withdrawn"));
}
