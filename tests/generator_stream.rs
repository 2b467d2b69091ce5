//! The generator's answer: streamed, whole or broken off, and what a fault at any point leaves behind.
mod support;

use edgegrant::http::HttpRequest;
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

/// The tokens of a day that the store says are used; `None` where it says nothing.
fn used(world: &World) -> Option<u64> {
    let keys: Vec<String> = world.state.keys().into_iter().map(str::to_owned).collect();
    let quota = keys.iter().find(|key| key.starts_with("quota/"))?;
    let record: Value = serde_json::from_str(world.state.value(quota).unwrap()).unwrap();
    record["record"]["tokens"].as_u64()
}

/// A world whose host signs the exchangeable tokens, and the call for `count` of them.
fn signed_by_host(count: usize) -> (World, HttpRequest) {
    let mut document = exchange_document();
    document["issuers"][0]["generator_keys"] =
        json!([{ "alg": "ES256", "private_key": { "env": "HOST_GENERATOR" } }]);
    let mut world = world_of(&document, 1);
    let bearer = own_token(&mut world, &STANDARD, A);
    world.events.clear();
    world.signatures = 0;
    (world, call(&bearer, count))
}

fn call(bearer: &str, count: usize) -> HttpRequest {
    let ids: Vec<String> = (0..count).map(|n| format!("member-{n}")).collect();
    generate(&STANDARD, bearer, "", &json!(ids))
}

#[test]
fn every_id_comes_back_as_it_was_sent_and_in_its_order() {
    let mut world = exchange_world(1);
    let bearer = own_token(&mut world, &STANDARD, A);
    // As the text of JSON strings: quotes, escapes, control characters, JSON inside, unicode in either spelling.
    let ids = [
        r#""b""#,
        r#""a""#,
        r#""10""#,
        r#""2""#,
        r#"" ""#,
        r#""a\"}""#,
        r#""{\"x\":[1]}""#,
        r#""\\""#,
        r#""\/""#,
        r#""\u0000\n\t\u001f""#,
        r#""日本""#,
        r#""\u65e5""#,
        r#""\ud83d\ude00""#,
        r#""😀😀""#,
        r#""\u00e9x""#,
        r#""é""#,
        "\"e\u{301}\"",
        r#""__proto__""#,
        r#""constructor""#,
        r#""../..""#,
        r#""a.b.c""#,
        r#""%00""#,
        r#""<script>""#,
        r#""\u2028""#,
        r#""\"sub\":\"alice\",\"x\":\"""#,
    ];
    let mut request = generate(&STANDARD, &bearer, "", &json!([]));
    request.body = edgegrant::http::Body::Bytes(format!(" [{}]\n", ids.join(" ,\t")).into_bytes().into());
    let response = world.ask(request);
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.headers.contains(&("content-type", "application/json".into())));
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    let mut rest = response.body.as_str();
    for (n, id) in ids.iter().enumerate() {
        let start = format!("{}{id}:\"", if n == 0 { '{' } else { ',' });
        rest = rest.strip_prefix(&*start).unwrap_or_else(|| panic!("{id}: {rest}"));
        let (token, after) = rest.split_once('"').unwrap();
        rest = after;
        let said = payload(token, &key(Algorithm::Hs256, 20));
        let sub: String = serde_json::from_str(id).unwrap();
        assert_eq!(
            said,
            json!({ "aud": format!("{ORIGIN}/token"), "scope": ["read", "write"], "iss": ORIGIN,
                    "exp": NOW + 900, "iat": NOW, "client_id": B, "sub": sub, "jti": said["jti"] })
        );
    }
    assert_eq!(rest, "}");
    assert_eq!(body(&response).as_object().unwrap().len(), ids.len());
}

#[test]
fn one_and_many_and_no_more_than_ten_thousand() {
    let mut world = exchange_world(2);
    let bearer = own_token(&mut world, &STANDARD, A);
    let mut total = 0;
    for (count, chunks) in
        [(1, 1), (31, 1), (32, 1), (33, 2), (64, 2), (65, 3), (512, 5), (513, 6), (9_999, 24)]
    {
        let id = world.send(call(&bearer, count));
        world.run();
        let response = world.response(id).unwrap();
        let (status, answer) = (response.status, body(response));
        assert_eq!((status, answer.as_object().unwrap().len()), (200, count));
        let trace = world.trace(id);
        assert_eq!(trace.iter().filter(|step| **step == "chunk").count(), chunks, "{count}: {trace:?}");
        total += count as u64;
        // Nothing is stored for a token: the day's count alone.
        assert_eq!((used(&world), world.state.keys().len()), (Some(total), 1));
        assert!(world.registry.keys().is_empty());
    }
    let response = world.ask(call(&bearer, 10_001));
    assert_refused(&response, (400, "invalid_request", ""), "one too many");
    assert_eq!(used(&world), Some(total));
    let response = world.ask(call(&bearer, 10_000));
    assert_refused(&response, (429, "access_denied", "exchange.quota-exhausted"), "the day's are used up");
    world.advance(86_400);
    assert_eq!(world.ask(call(&bearer, 10_000)).status, 401, "the bearer token has expired");
    let bearer = own_token(&mut world, &STANDARD, A);
    let longest: Vec<String> = (0..10_000).map(|n| format!("{n:0255}")).collect();
    let response = world.ask(generate(&STANDARD, &bearer, "", &json!(longest)));
    assert_eq!(body(&response).as_object().unwrap().len(), 10_000);
}

#[test]
fn without_a_quota_nothing_is_written_at_all() {
    let mut document = exchange_document();
    grant_of(&mut document, &STANDARD, "exchangeable_token", A, B)["quota"] = Value::Null;
    let mut world = world_of(&document, 3);
    let bearer = own_token(&mut world, &STANDARD, A);
    let id = world.send(call(&bearer, 1000));
    world.run();
    assert_eq!(body(world.response(id).unwrap()).as_object().unwrap().len(), 1000);
    let trace = world.trace(id);
    assert_eq!(trace[..5], ["get", "get", "record", "head", "chunk"]);
    assert!(trace[5..].iter().all(|step| *step == "chunk"), "{trace:?}");
    assert!(world.state.keys().is_empty() && world.registry.keys().is_empty());
}

#[test]
fn everything_is_decided_and_counted_before_the_first_octet() {
    let (mut world, request) = signed_by_host(600);
    let id = world.send(request);
    world.run();
    let trace = world.trace(id);
    // Whether the token was revoked, the API key, the quota, the first tokens, the event; then the answer begins.
    assert_eq!(trace[..8], ["get", "get", "get", "commit", "sign", "record", "head", "chunk"]);
    assert!(trace[8..].chunks(2).all(|steps| steps == ["sign", "chunk"]), "{trace:?}");
    assert_eq!(world.signatures, 600);
}

#[test]
fn one_event_says_who_for_whom_how_many_by_what() {
    let (mut world, request) = signed_by_host(600);
    assert_eq!(world.ask(request.clone()).status, 200);
    let [event] = &world.events[..] else { panic!("{:?}", world.events) };
    assert_eq!((event.kind, &*event.issuer, event.time), ("tokens.generated", ORIGIN, NOW));
    assert_eq!((event.client_id.as_deref(), event.for_client_id.as_deref()), (Some(A), Some(B)));
    assert_eq!((event.count, event.scope.as_deref()), (Some(600), Some("read write")));
    assert_eq!(event.grant.as_deref(), Some("exchangeable_token service -> portal"));
    assert_eq!(event.policy_version.as_deref(), Some("standard-1"));
    // The ids themselves stand nowhere in it; the digest tells two lists apart.
    assert!(!format!("{event:?}").contains("member-"));
    let digest = event.digest.clone().unwrap();
    assert_eq!(digest.len(), 43);
    world.ask(request.clone());
    assert_eq!(world.events[1].digest.as_ref(), Some(&digest));
    let mut refused = request;
    refused.headers.x_api_key = None;
    world.ask(refused);
    let event = &world.events[2];
    assert_eq!((event.kind, event.error, event.count), ("generation.refused", Some("invalid_client"), None));
    assert_eq!((event.client_id.as_deref(), event.for_client_id.as_deref()), (Some(A), None));
    assert_eq!(world.events.len(), 3);
}

#[test]
fn where_the_first_tokens_cannot_be_signed_the_day_has_them_back() {
    for fault in [Fault::Fail, Fault::Drop] {
        let (mut world, request) = signed_by_host(600);
        let id = world.send(request.clone());
        world.run_with_fault(id, "sign", fault);
        assert_refused(world.response(id).unwrap(), (503, "temporarily_unavailable", ""), "sign");
        assert_eq!((used(&world), world.streamed(id)), (Some(0), ""));
        let [event] = &world.events[..] else { panic!("{:?}", world.events) };
        assert_eq!((event.kind, event.error), ("generation.refused", Some("temporarily_unavailable")));
        assert_eq!(world.ask(request).status, 200);
        assert_eq!(used(&world), Some(600));
    }
}

#[test]
fn where_later_ones_cannot_the_answer_breaks_off() {
    let (mut world, request) = signed_by_host(600);
    let id = world.send(request);
    // The second chunk's.
    world.fault(id, 7, Fault::Fail);
    world.run();
    let trace = world.trace(id);
    assert_eq!(trace[6..], ["head", "chunk", "sign", "answer"], "an answer after the head: it broke off");
    assert_eq!(world.response(id).unwrap().status, 503);
    let streamed = world.streamed(id);
    assert!(streamed.starts_with('{') && !streamed.ends_with('}'));
    assert!(serde_json::from_str::<Value>(streamed).is_err(), "half an answer is no JSON");
    assert_eq!((used(&world), world.events.len()), (Some(600), 1));
}

#[test]
fn a_fault_anywhere_gives_no_token_or_all_of_them() {
    let (mut world, request) = signed_by_host(40);
    let id = world.send(request);
    world.run();
    let effects = world.effects(id);
    for effect in 1..=effects {
        for fault in [Fault::Fail, Fault::Drop, Fault::Repeat] {
            let (mut world, request) = signed_by_host(40);
            let id = world.send(request);
            world.fault(id, effect, fault);
            world.run();
            let response = world.response(id).unwrap();
            let head = world.trace(id).contains(&"head");
            let what = format!("{fault:?} at {effect}");
            match response.status {
                200 => assert_eq!(body(response).as_object().unwrap().len(), 40, "{what}"),
                // Before the head a whole answer and no token; after it one that breaks off.
                503 => assert_eq!(world.streamed(id).is_empty(), !head, "{what}"),
                status => panic!("{what}: {status}"),
            }
            assert!(used(&world).is_none_or(|used| used <= 40 || fault == Fault::Repeat), "{what}");
        }
    }
}

#[test]
fn a_call_that_stops_half_way_leaves_nothing_but_the_count() {
    let (mut world, request) = signed_by_host(600);
    let id = world.send(request);
    world.run();
    for stop in 0..=world.effects(id) {
        let (mut world, request) = signed_by_host(600);
        let id = world.send(request.clone());
        world.stop_after(id, stop);
        world.run();
        let keys = world.state.keys();
        assert!(keys.len() <= 1 && keys.iter().all(|key| key.starts_with("quota/")), "{keys:?}");
        assert!(world.registry.keys().is_empty() && world.events.len() <= 1);
        // And the next one is served.
        let again = world.ask(request);
        assert_eq!(body(&again).as_object().unwrap().len(), 600, "stopped after {stop}");
    }
}

#[test]
fn of_many_calls_at_once_no_more_than_the_quota_is_generated() {
    for seed in 0..20 {
        let mut document = exchange_document();
        grant_of(&mut document, &STANDARD, "exchangeable_token", A, B)["quota"] = json!(100);
        let mut world = world_of(&document, seed);
        let bearer = own_token(&mut world, &STANDARD, A);
        let ids: Vec<Id> = (0..25).map(|_| world.send(call(&bearer, 12))).collect();
        world.run();
        let statuses: Vec<u16> = ids.iter().map(|&id| world.response(id).unwrap().status).collect();
        assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 8, "seed {seed}: {statuses:?}");
        assert_eq!(statuses.iter().filter(|&&status| status == 429).count(), 17, "seed {seed}: {statuses:?}");
        assert_eq!(used(&world), Some(96));
    }
}

#[test]
fn the_body_limit_is_the_generators_own() {
    let server =
        edgegrant::endpoint::Server::configure(&exchange_document().to_string(), &bindings()).unwrap();
    for (path, limit) in [
        (STANDARD.generator, 4 << 20),
        (DKT.generator, 4 << 20),
        (STANDARD.token, 1 << 20),
        (DKT.redeem, 1 << 20),
        (DKT.token, 1 << 20),
    ] {
        assert_eq!(server.body_limit(path), limit, "{path}");
    }
    let mut world = exchange_world(4);
    for mount in [&STANDARD, &DKT] {
        let mut request = generate(mount, "", "", &json!([]));
        request.body = edgegrant::http::Body::OverLimit;
        assert_refused(&world.ask(request), (413, "invalid_request", ""), "over the limit");
    }
    // A mount without generator keys has no such endpoint.
    let mut document = exchange_document();
    document["issuers"][0].as_object_mut().unwrap().shift_remove("generator_keys");
    client_of(&mut document, &STANDARD, A)["api_keys"] = json!([]);
    assert_eq!(world_of(&document, 5).ask(generate(&STANDARD, "", "", &json!([]))).status, 404);
}
