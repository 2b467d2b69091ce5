//! Redeeming exchangeable tokens: once, by the state of now, and never twice whatever fails. At both mounts.
mod support;

use edgegrant::http::HttpRequest;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::*;

const USED: (u16, &str, &str) = (400, "invalid_request", "subject-token.used");

fn with_grant(change: &Value) -> Value {
    let mut document = exchange_document();
    for mount in [&STANDARD, &DKT] {
        let grant = grant_of(&mut document, mount, "exchangeable_token", A, B);
        *grant = merged(grant.clone(), change.clone());
    }
    document
}

fn succeeded(world: &World, ids: &[Id]) -> usize {
    ids.iter().filter(|&&id| world.response(id).is_some_and(|response| response.status == 200)).count()
}

#[test]
fn a_token_is_redeemed_once() {
    for mount in [&STANDARD, &DKT] {
        let mut world = exchange_world(1);
        let (first, second) =
            (exchangeable(&mut world, mount, "alice"), exchangeable(&mut world, mount, "alice"));
        assert_eq!(world.ask(redeem(mount, B, &first)).status, 200);
        for _ in 0..3 {
            let signatures = world.signatures;
            assert_refused(&world.ask(redeem(mount, B, &first)), USED, mount.issuer);
            assert_eq!(world.signatures, signatures, "nothing is signed for a token that is used");
        }
        assert_eq!(world.events.last().unwrap().rule, Some("subject-token.used"));
        // Another for the same member is another.
        assert_eq!(world.ask(redeem(mount, B, &second)).status, 200);
        // Until it ends by itself the store remembers; then it is refused for its age.
        world.advance(899);
        assert_refused(&world.ask(redeem(mount, B, &first)), USED, "at its end");
        world.advance(1);
        let expired = (400, "invalid_request", "subject-token.expired");
        assert_refused(&world.ask(redeem(mount, B, &first)), expired, "after its end");
        world.advance(-300);
        assert_refused(&world.ask(redeem(mount, B, &first)), USED, "a clock that leaps back");
    }
}

#[test]
fn or_as_often_as_the_grant_lets_it() {
    for mount in [&STANDARD, &DKT] {
        let mut world = world_of(&with_grant(&json!({ "single_use": false })), 2);
        let token = exchangeable(&mut world, mount, "alice");
        let before = world.state.clone();
        let mut jtis = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let access_token = access_of(&world.ask(redeem(mount, B, &token)));
            jtis.insert(claims(&access_token)["jti"].to_string());
        }
        assert_eq!((jtis.len(), &world.state), (5, &before));
        world.advance(900);
        let expired = (400, "invalid_request", "subject-token.expired");
        assert_refused(&world.ask(redeem(mount, B, &token)), expired, "after its end");
    }
}

#[test]
fn of_a_hundred_at_once_exactly_one_succeeds_whatever_the_order() {
    for seed in 0..30 {
        let mut world = exchange_world(seed);
        let mut delays = ChaCha20Rng::seed_from_u64(seed);
        let token = exchangeable(&mut world, &STANDARD, "alice");
        let ids: Vec<Id> = (0..100).map(|_| world.send(redeem(&STANDARD, B, &token))).collect();
        for &id in &ids {
            if seed % 2 == 1 {
                let effect = 1 + delays.next_u32() as usize % 4;
                world.fault(id, effect, Fault::Delay(delays.next_u32() % 200));
            }
        }
        world.run();
        assert_eq!(succeeded(&world, &ids), 1, "seed {seed}");
        for &id in &ids {
            let response = world.response(id).unwrap();
            if response.status != 200 {
                assert_refused(response, USED, &format!("seed {seed}"));
            }
        }
    }
}

#[test]
fn at_the_dialects_endpoint_by_basic_and_bearer_at_once_too() {
    for seed in 0..3 {
        let mut world = exchange_world(seed);
        let bearer = own_token(&mut world, &DKT, B);
        let token = exchangeable(&mut world, &DKT, "alice");
        let ids: Vec<Id> = (0..24)
            .map(|n| {
                let mut request = redeem(&DKT, B, &token);
                if n % 2 == 0 {
                    request.headers.authorization = Some(format!("Bearer {bearer}"));
                }
                world.send(request)
            })
            .collect();
        world.run();
        assert_eq!(succeeded(&world, &ids), 1, "seed {seed}");
        assert!(ids.iter().all(|&id| matches!(world.response(id).unwrap().status, 200 | 400)));
    }
}

#[test]
fn no_fault_and_no_stop_ever_gives_two_tokens_or_loses_one_before_its_commit() {
    let faults = [None, Some(Fault::Fail), Some(Fault::Drop), Some(Fault::Repeat), Some(Fault::Delay(5))];
    let mut world = exchange_world(3);
    let token = exchangeable(&mut world, &STANDARD, "alice");
    let asked = redeem(&STANDARD, B, &token);
    let state = world.state.clone();
    let id = world.send(asked.clone());
    world.run();
    let trace = world.trace(id).to_vec();
    assert_eq!(trace, ["get", "get", "sign", "commit", "record", "answer"]);
    let effects = world.effects(id);
    for fault in faults {
        for effect in 1..=effects {
            for stop in std::iter::once(None).chain((0..=effects).map(Some)) {
                let mut world = exchange_world(4);
                world.state = state.clone();
                let first = world.send(asked.clone());
                if let Some(fault) = fault {
                    world.fault(first, effect, fault);
                }
                if let Some(stop) = stop {
                    world.stop_after(first, stop);
                }
                world.run();
                let committed = world.state.keys().iter().any(|key| key.starts_with("jti/"));
                let second = world.send(asked.clone());
                world.run();
                let what = format!("{fault:?} at {effect}, stop {stop:?}");
                let won = [first, second].map(|id| succeeded(&world, &[id]) == 1);
                assert!(!(won[0] && won[1]), "{what}");
                // Lost only where the commit had happened; else the second one gets it.
                assert!(won[0] || committed || won[1], "{what}");
                assert!(!won[0] || committed, "{what}");
                for id in [first, second] {
                    let response = world.response(id);
                    assert!(
                        response.is_none_or(|response| matches!(response.status, 200 | 400 | 503)),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// The document of a mount whose policy the operator publishes, and that policy.
fn published(mount: &Mount) -> (Value, Value) {
    let mut document = exchange_document();
    let policy = document["issuers"][mount.index]["policy"].take();
    document["issuers"][mount.index]["policy"] = json!("registry");
    (document, policy)
}

fn publish(mount: &Mount, policy: &Value) -> HttpRequest {
    let text = policy.to_string();
    operator(&json!({ "command": "publish_policy", "issuer": mount.issuer, "policy": text }))
}

#[test]
fn the_policy_of_now_decides_and_not_that_of_when_it_was_generated() {
    type Change = fn(&mut Value, usize);
    fn grant_in(policy: &mut Value) -> &mut Value {
        let grants = policy["exchange"].as_array_mut().unwrap();
        grants.iter_mut().find(|grant| grant["flow"] == "exchangeable_token").unwrap()
    }
    const SCOPES: [[&str; 2]; 2] = [["read", "write"], ["sports", "phone"]];
    let changes: [(&str, Change, &str); 9] = [
        ("nothing", |_, _| {}, ""),
        ("withdrawn", |p, _| grant_in(p)["to"] = json!(C), "exchange.no-grant"),
        ("expired", |p, _| grant_in(p)["expires_at"] = json!("2023-11-14T22:13:20Z"), "exchange.expired"),
        (
            "not approved",
            |p, _| grant_in(p)["approved_at"] = json!("2023-12-01T00:00:00Z"),
            "exchange.not-yet-approved",
        ),
        ("not written down", |p, _| grant_in(p)["approved_by"] = json!(""), "exchange.no-justification"),
        ("narrowed", |p, i| grant_in(p)["scope"] = json!(SCOPES[i][0]), "scope.beyond-grant"),
        (
            "no longer auto-approved",
            |p, i| p["scopes"][SCOPES[i][1]]["auto_approved"] = json!([]),
            "scope.not-auto-approved",
        ),
        (
            "not B's any more",
            |p, i| p["scopes"][SCOPES[i][1]]["clients"] = json!([C]),
            "scope.not-auto-approved",
        ),
        (
            "no scope any more",
            |p, i| drop(p["scopes"].as_object_mut().unwrap().shift_remove(SCOPES[i][1])),
            "scope.not-auto-approved",
        ),
    ];
    for mount in [&STANDARD, &DKT] {
        for (what, change, rule) in changes {
            let (document, mut policy) = published(mount);
            let mut world = world_of(&document, 5);
            assert_eq!(world.ask(publish(mount, &policy)).status, 200);
            let token = exchangeable(&mut world, mount, "alice");
            let before = policy.clone();
            change(&mut policy, mount.index);
            policy["version"] = json!("2");
            assert_eq!(world.ask(publish(mount, &policy)).status, 200, "{what}");
            let response = world.ask(redeem(mount, B, &token));
            assert_eq!(world.events.last().unwrap().policy_version.as_deref(), Some("2"));
            if rule.is_empty() {
                assert_eq!(response.status, 200);
                continue;
            }
            assert_refused(&response, (400, "invalid_request", rule), what);
            // A refused token is not used up: where the change was a mistake, it is still good.
            assert_eq!(world.ask(publish(mount, &before)).status, 200);
            assert_eq!(world.ask(redeem(mount, B, &token)).status, 200, "{what}");
        }
    }
}

#[test]
fn clients_and_subjects_of_now() {
    type Change = fn(&mut Value, &Mount);
    let changes: [(&str, Change, (u16, &str, &str)); 6] = [
        (
            "A disabled",
            |d, m| client_of(d, m, A)["status"] = json!("revoked"),
            (400, "invalid_request", "client.inactive"),
        ),
        ("B disabled", |d, m| client_of(d, m, B)["status"] = json!("revoked"), (401, "invalid_client", "")),
        (
            "B may not exchange",
            |d, m| client_of(d, m, B)["grant_types"] = json!(["client_credentials"]),
            (400, "unauthorized_client", ""),
        ),
        (
            "the member disabled",
            |d, m| d["issuers"][m.index]["subjects"][0]["disabled"] = json!(true),
            (400, "invalid_request", "subject.disabled"),
        ),
        (
            "the member gone",
            |d, m| drop(d["issuers"][m.index]["subjects"].as_array_mut().unwrap().remove(0)),
            (400, "invalid_request", "subject.unknown"),
        ),
        (
            "A deleted",
            |d, m| {
                let path = d["issuers"][m.index]["path"].clone();
                let clients = d["clients"].as_array_mut().unwrap();
                clients.retain(|client| client["client_id"] != A || client["issuers"][0] != path);
            },
            (400, "invalid_request", "client.inactive"),
        ),
    ];
    for mount in [&STANDARD, &DKT] {
        let mut world = exchange_world(6);
        let token = exchangeable(&mut world, mount, "alice");
        for (what, change, expected) in &changes {
            let mut document = exchange_document();
            change(&mut document, mount);
            let mut other = world_of(&document, 7);
            other.state = world.state.clone();
            assert_refused(&other.ask(redeem(mount, B, &token)), *expected, what);
            assert_eq!(other.state, world.state, "{what}: it is not used up");
        }
        // The directory disables a member at once.
        let put = |active: bool| {
            operator(
                &json!({ "command": "put_subject", "issuer": mount.issuer, "sub": "alice", "active": active }),
            )
        };
        world.ask(put(false));
        assert_refused(
            &world.ask(redeem(mount, B, &token)),
            (400, "invalid_request", "subject.disabled"),
            "directory",
        );
        world.ask(put(true));
        assert_eq!(world.ask(redeem(mount, B, &token)).status, 200);
    }
}

#[test]
fn of_two_services_with_a_grant_each_token_is_the_ones_that_had_it_generated() {
    // C is another service with a grant to B; to withdraw A's stops the tokens of A alone.
    let mut document = exchange_document();
    client_of(&mut document, &STANDARD, C)["scope"] = json!("read token-generator");
    document["issuers"][0]["policy"]["scopes"]["token-generator"]["clients"] = json!([A, C]);
    let of_c = grant(json!({ "flow": "exchangeable_token", "from": C, "to": B, "scope": "read write" }));
    document["issuers"][0]["policy"]["exchange"].as_array_mut().unwrap().push(of_c);
    let mut world = world_of(&document, 8);
    let create = json!({ "command": "create_api_key", "issuer": ORIGIN, "client_id": C });
    let api_key = body(&world.ask(operator(&create)))["api_key"].as_str().unwrap().to_owned();
    let bearer = own_token(&mut world, &STANDARD, C);
    let mut request = generate(&STANDARD, &bearer, "", &json!(["alice"]));
    request.headers.x_api_key = Some(api_key);
    let of_c = body(&world.ask(request))["alice"].as_str().unwrap().to_owned();
    let of_a = exchangeable(&mut world, &STANDARD, "alice");
    grant_of(&mut document, &STANDARD, "exchangeable_token", A, B)["expires_at"] =
        json!("2023-11-14T22:13:20Z");
    let mut world = world_of(&document, 9);
    let expired = (400, "invalid_request", "exchange.expired");
    assert_refused(&world.ask(redeem(&STANDARD, B, &of_a)), expired, "A's");
    let response = world.ask(redeem(&STANDARD, B, &of_c));
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(world.events.last().unwrap().grant.as_deref(), Some("exchangeable_token other -> portal"));
}

/// The default audience, unless one is asked for that the grant adds.
#[test]
fn the_audience_is_the_default_one_or_what_is_asked_for_of_the_grants() {
    let refused = || json!((400, "invalid_target", "audience.beyond-grant"));
    for (adds, asked, expected) in [
        (json!([]), &[][..], json!(ORIGIN)),
        (json!([API, STOCK]), &[], json!(ORIGIN)),
        (json!([API]), &[API], json!(API)),
        (json!([API, STOCK]), &[API, STOCK], json!([API, STOCK])),
        (json!([API]), &[STOCK], refused()),
        (json!([]), &[API], refused()),
    ] {
        let mut world = world_of(&with_grant_at_standard(&json!({ "audience": adds })), 10);
        let token = exchangeable(&mut world, &STANDARD, "alice");
        let resources: Vec<_> = asked.iter().map(|one| ("resource", *one)).collect();
        let parameters = [&[("scope", "read")], &resources[..]].concat();
        let response = world.ask(exchange(B, (&token, JWT), &parameters));
        let found = match response.status {
            200 => claims(&access_of(&response))["aud"].clone(),
            _ => json!(refusal(&response)),
        };
        assert_eq!(found, expected, "{asked:?} of {adds}");
    }
}

fn with_grant_at_standard(change: &Value) -> Value {
    let mut document = exchange_document();
    let grant = grant_of(&mut document, &STANDARD, "exchangeable_token", A, B);
    *grant = merged(grant.clone(), change.clone());
    document
}

/// RFC 8725 §3.11: a type of its own, where the dialect does not say another.
#[test]
fn at_the_standard_mount_its_type_must_be_that_of_an_exchangeable_token() {
    let mut world = exchange_world(12);
    let good = exchangeable(&mut world, &STANDARD, "alice");
    assert_eq!(header(&good), json!({ "kid": "generator", "typ": "exchangeable+jwt", "alg": "HS256" }));
    let generator = key(edgegrant::jose::Algorithm::Hs256, 20);
    for typ in [json!("JWT"), json!("at+jwt"), Value::Null] {
        let header = merged(header(&good), json!({ "typ": typ }));
        let response = world.ask(redeem(&STANDARD, B, &token(&generator, &header, &claims(&good))));
        assert_refused(&response, (400, "invalid_request", "subject-token.malformed"), &typ.to_string());
    }
    assert_eq!(world.ask(redeem(&STANDARD, B, &good)).status, 200);
}
