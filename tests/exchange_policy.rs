//! What an exchange rests on beside the tokens: quotas, the policy in the registry, and who the subjects are.
mod support;

use edgegrant::host::Hooks;
use serde_json::{Value, json};
use support::*;

/// Midnight after [`NOW`], UTC.
const MIDNIGHT: u64 = 1_700_006_400;

/// The exchange with a quota: A's token for C, five a day.
fn counted() -> edgegrant::http::HttpRequest {
    exchange(C, (&access_token(json!({ "exp": MIDNIGHT + 600 })), ACCESS_TOKEN), &[])
}

fn statuses(world: &World, ids: &[Id]) -> Vec<u16> {
    ids.iter().map(|&id| world.response(id).unwrap().status).collect()
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|&&found| found == status).count()
}

#[test]
fn a_quota_is_so_many_a_day_and_says_when_it_renews() {
    let mut world = exchange_world(1);
    for _ in 0..5 {
        assert_eq!(world.ask(counted()).status, 200);
    }
    let response = world.ask(counted());
    assert_refused(&response, (429, "access_denied", "exchange.quota-exhausted"), "the sixth");
    let until = (MIDNIGHT - NOW).to_string();
    assert!(response.headers.contains(&("retry-after", until)), "{:?}", response.headers);
    assert_eq!(world.signatures, 5);
    let event = world.events.last().unwrap();
    assert_eq!((event.kind, event.rule), ("token.refused", Some("exchange.quota-exhausted")));
    // Other grants are not counted with it, and one without a quota not at all.
    assert_eq!(world.ask(exchange(B, (&access_token(json!({})), ACCESS_TOKEN), &[])).status, 200);
    assert_eq!(world.state.keys().len(), 1);
    world.now = (MIDNIGHT - 1) * 1000;
    let response = world.ask(counted());
    assert_eq!(response.status, 429);
    assert!(response.headers.contains(&("retry-after", "1".into())));
    world.now = MIDNIGHT * 1000;
    assert_eq!(world.ask(counted()).status, 200);
}

#[test]
fn what_is_refused_uses_up_nothing() {
    let mut world = exchange_world(2);
    let expired = access_token(json!({ "exp": NOW }));
    for _ in 0..10 {
        assert_eq!(world.ask(exchange(C, (&expired, ACCESS_TOKEN), &[])).status, 400);
        let beyond = exchange(C, (&access_token(json!({})), ACCESS_TOKEN), &[("scope", "write")]);
        assert_eq!(world.ask(beyond).status, 400);
    }
    // A key that cannot sign costs nobody a token.
    for _ in 0..10 {
        let id = world.send(counted());
        world.run_with_fault(id, "sign", Fault::Fail);
        assert_eq!(world.response(id).unwrap().status, 503);
    }
    let ids: Vec<Id> = (0..5).map(|_| world.send(counted())).collect();
    world.run();
    assert_eq!(count(&statuses(&world, &ids), 200), 5);
}

#[test]
fn of_many_at_once_exactly_the_quota_is_issued_whatever_the_order() {
    for seed in 0..50 {
        let mut world = exchange_world(seed);
        let ids: Vec<Id> = (0..25).map(|_| world.send(counted())).collect();
        world.run();
        let statuses = statuses(&world, &ids);
        assert_eq!((count(&statuses, 200), count(&statuses, 429)), (5, 20), "seed {seed}: {statuses:?}");
    }
}

#[test]
fn no_fault_of_the_store_lets_more_through() {
    for fault in [Fault::Fail, Fault::Drop, Fault::Repeat, Fault::Delay(30)] {
        for effect in 1..=7 {
            let mut world = exchange_world(3);
            let ids: Vec<Id> = (0..10).map(|_| world.send(counted())).collect();
            for &id in &ids[..3] {
                world.fault(id, effect, fault);
            }
            world.run();
            let statuses = statuses(&world, &ids);
            assert!(statuses.iter().all(|status| matches!(status, 200 | 429 | 503)), "{statuses:?}");
            assert!(count(&statuses, 200) <= 5, "{fault:?} at {effect}: {statuses:?}");
        }
    }
}

fn registry_document() -> (Value, String) {
    let mut document = exchange_document();
    let policy = document["issuers"][0]["policy"].take();
    document["issuers"][0]["policy"] = json!("registry");
    (document, policy.to_string())
}

fn publish(world: &mut World, policy: &str) {
    let command = json!({ "command": "publish_policy", "issuer": ORIGIN, "policy": policy });
    let response = world.ask(operator(&command));
    assert_eq!(response.status, 200, "{}", response.body);
}

#[test]
fn a_policy_in_the_registry_decides_from_the_next_request_on() {
    let (document, policy) = registry_document();
    let mut world = world_of(&document, 4);
    let ask = |world: &mut World| {
        let response = world.ask(exchange(B, (&access_token(json!({})), ACCESS_TOKEN), &[]));
        let event = world.events.last().unwrap();
        (refusal(&response), event.policy_version.clone())
    };
    let good = (200, "none".to_owned(), String::new());
    let unavailable = (503, "temporarily_unavailable".to_owned(), String::new());
    // None is published: nothing is decided, whoever asks for what.
    assert_eq!(ask(&mut world), (unavailable.clone(), None));
    assert_eq!(world.ask(basic("/token", A, "grant_type=client_credentials")).status, 503);
    publish(&mut world, &policy);
    assert_eq!(ask(&mut world), (good.clone(), Some("standard-1".into())));
    // Withdrawn: the next request is refused by the version of now.
    let mut narrower: Value = serde_json::from_str(&policy).unwrap();
    narrower["version"] = json!("standard-2");
    narrower["exchange"].as_array_mut().unwrap().remove(0);
    publish(&mut world, &narrower.to_string());
    let refused = (400, "invalid_request".to_owned(), "exchange.no-grant".to_owned());
    assert_eq!(ask(&mut world), (refused, Some("standard-2".into())));
    publish(&mut world, &policy);
    assert_eq!(ask(&mut world), (good, Some("standard-1".into())));
    // A record that cannot be read is none to go by.
    let key = world.registry.keys()[0].to_owned();
    let text = world.registry.value(&key).unwrap().replace("standard-1", "");
    world.registry.overwrite(&key, &text);
    assert_eq!(ask(&mut world), (unavailable, None));
    assert!(world.events.last().unwrap().cause.as_ref().unwrap().contains("/version"));
}

#[test]
fn a_registry_that_fails_decides_nothing() {
    let (document, policy) = registry_document();
    for fault in [Fault::Fail, Fault::Drop] {
        let mut world = world_of(&document, 5);
        publish(&mut world, &policy);
        let id = world.send(exchange(B, (&access_token(json!({})), ACCESS_TOKEN), &[]));
        world.fault(id, 1, fault);
        world.run();
        let expected = (503, "temporarily_unavailable", "");
        assert_refused(world.response(id).unwrap(), expected, "registry");
        assert!(world.response(id).unwrap().headers.contains(&("retry-after", "5".into())));
        assert_eq!(world.signatures, 0);
    }
}

#[test]
fn subjects_by_configuration_directory_and_hook() {
    let put = |sub: &str, active: bool| {
        operator(&json!({ "command": "put_subject", "issuer": ORIGIN, "sub": sub, "active": active }))
    };
    let ask = |world: &mut World, sub: &str| {
        let token = access_token(json!({ "sub": sub }));
        refusal(&world.ask(exchange(B, (&token, ACCESS_TOKEN), &[]))).2
    };
    let mut world = exchange_world(6);
    assert_eq!(ask(&mut world, "alice"), "");
    assert_eq!(ask(&mut world, "bob"), "subject.disabled");
    assert_eq!(ask(&mut world, "dave"), "subject.unknown");
    // The directory has the word over the configuration, at once.
    for (sub, active) in [("alice", false), ("bob", true), ("dave", true)] {
        assert_eq!(world.ask(put(sub, active)).status, 200);
        assert_eq!(ask(&mut world, sub), if active { "" } else { "subject.disabled" }, "{sub}");
        assert_eq!(world.ask(put(sub, !active)).status, 200);
        assert_eq!(ask(&mut world, sub), if active { "subject.disabled" } else { "" }, "{sub}");
    }
    // Names are not trimmed, folded or decoded.
    for other in ["Alice", "alice ", "alic%65", "alice\u{0}"] {
        assert_eq!(ask(&mut world, other), "subject.unknown", "{other:?}");
    }
    // Another mount has its own.
    assert_eq!(world.ask(put("erin", true)).status, 200);
    let token = exchangeable(&mut world, &DKT, "erin");
    assert_eq!(refusal(&world.ask(redeem(&DKT, B, &token))).2, "subject.unknown");
    // A hook has the word over both.
    let state = world.state.clone();
    let mut world =
        world_with(&exchange_document(), Hooks { audit: true, subject: true, ..Hooks::default() }, 7);
    world.state = state;
    assert_eq!(ask(&mut world, "alice"), "subject.unknown");
    for (sub, active, rule) in [("alice", true, ""), ("dave", false, "subject.disabled"), ("zoe", true, "")] {
        world.subjects.insert((ORIGIN.into(), sub.into()), active);
        assert_eq!(ask(&mut world, sub), rule, "{sub}");
    }
    // It is told of which issuer the token speaks.
    let foreign = exchange(B, (&foreign_jwt(json!({ "sub": "zoe" })), JWT), &[]);
    assert_eq!(refusal(&world.ask(foreign.clone())).2, "subject.unknown");
    world.subjects.insert((FOREIGN.into(), "zoe".into()), true);
    assert_eq!(world.ask(foreign).status, 200);
}

#[test]
fn where_it_cannot_be_told_who_a_subject_is_nothing_is_issued() {
    for (hooks, kind) in [(true, "subject"), (false, "get")] {
        for fault in [Fault::Fail, Fault::Drop] {
            let hooks = Hooks { audit: true, subject: hooks, ..Hooks::default() };
            let mut world = world_with(&exchange_document(), hooks, 8);
            world.subjects.insert((ORIGIN.into(), "alice".into()), true);
            let id = world.send(exchange(B, (&access_token(json!({})), ACCESS_TOKEN), &[]));
            world.run_with_fault(id, kind, fault);
            let expected = (503, "temporarily_unavailable", "");
            assert_refused(world.response(id).unwrap(), expected, kind);
            assert_eq!((world.signatures, world.events.len()), (0, 1));
        }
    }
}
