//! CIBA Core §10.1, §11: whatever comes at once, fails, is repeated or stops, there is one result and one set of
//! tokens for it.
mod support;

use edgegrant::http::HttpRequest;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::gateway::{ALICE, FRAUD, ISSUER, PHONE, begin_at, ogw_world};
use support::*;

const FAULTS: [Option<Fault>; 4] = [None, Some(Fault::Fail), Some(Fault::Drop), Some(Fault::Repeat)];

fn succeeded(world: &World, ids: &[Id]) -> usize {
    ids.iter().filter(|&&id| world.response(id).is_some_and(|response| response.status == 200)).count()
}

/// How many records of this kind the store holds.
fn records(world: &World, kind: &str) -> usize {
    world.state.keys().iter().filter(|key| key.split('/').next() == Some(kind)).count()
}

/// Some of the effects come late.
fn delay(world: &mut World, ids: &[Id], seed: u64) {
    let mut delays = ChaCha20Rng::seed_from_u64(seed);
    for &id in ids.iter().filter(|_| seed % 2 == 1) {
        let effect = 1 + delays.next_u32() as usize % 6;
        world.fault(id, effect, Fault::Delay(delays.next_u32() % 200));
    }
}

#[test]
fn of_a_hundred_redemptions_at_once_one_gets_the_tokens() {
    for seed in 0..20 {
        let mut world = ciba_world(seed);
        let id = begin(&mut world, "poll");
        decide(&mut world, &merged(allowed(), json!({ "properties": [{ "key": "a", "value": "b" }] })));
        let ids: Vec<Id> = (0..100).map(|_| world.send(polling("poll", &id))).collect();
        delay(&mut world, &ids, seed);
        world.run();
        assert_eq!(succeeded(&world, &ids), 1, "seed {seed}");
        for &id in &ids {
            let response = world.response(id).unwrap();
            let fine = response.status == 200 || error(response) == (400, "invalid_grant".into());
            assert!(fine, "seed {seed}: {}", response.body);
        }
        // What the others had begun is gone.
        assert_eq!((records(&world, "refresh"), records(&world, "properties")), (1, 1), "seed {seed}");
        let won = ids.iter().find_map(|&id| world.response(id).filter(|response| response.status == 200));
        let answer = body(won.unwrap());
        let token = answer["refresh_token"].as_str().unwrap();
        let refreshing = form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
        assert_eq!(world.ask(basic("/token", "poll", &refreshing)).status, 200);
    }
}

#[test]
fn of_two_decisions_at_once_the_first_stands() {
    for (one, other) in [(allowed(), denied()), (allowed(), allowed()), (failed(), denied())] {
        for client in ["poll", "ping", "push"] {
            for seed in 0..20 {
                let mut world = ciba_world(seed);
                let id = begin(&mut world, client);
                let ticket = ticket(&world);
                let ids = [&one, &other].map(|result| world.send(deciding(&ticket, result)));
                delay(&mut world, &ids, seed);
                world.run();
                let what = format!("{client}, {one}, {other}, seed {seed}");
                assert_eq!(succeeded(&world, &ids), 1, "{what}");
                // One notification, of what stands.
                assert_eq!(world.outbound.len(), usize::from(client != "poll"), "{what}");
                let won = if world.response(ids[0]).unwrap().status == 200 { &one } else { &other };
                let late = ids.iter().map(|&id| world.response(id).unwrap()).find(|late| late.status != 200);
                assert!(late.unwrap().body.contains("completed already"), "{what}");
                if client != "push" {
                    let given = poll(&mut world, client, &id).status == 200;
                    assert_eq!(given, won["outcome"] == "authorized", "{what}");
                }
                assert!(records(&world, "refresh") <= 1, "{what}");
            }
        }
    }
}

#[test]
fn a_decision_and_polls_at_once_lose_nothing() {
    for seed in 0..40 {
        let mut world = ciba_world(seed);
        let id = begin(&mut world, "poll");
        let decides = world.send(deciding(&ticket(&world), &allowed()));
        let mut ids: Vec<Id> = (0..5).map(|_| world.send(polling("poll", &id))).collect();
        delay(&mut world, &ids, seed);
        world.run();
        assert_eq!(world.response(decides).unwrap().status, 200, "seed {seed}");
        ids.push(world.send(polling("poll", &id)));
        world.run();
        assert_eq!((succeeded(&world, &ids), records(&world, "refresh")), (1, 1), "seed {seed}");
        for &id in &ids {
            let (status, code) = error(world.response(id).unwrap());
            let known = ["none", "invalid_grant", "authorization_pending", "slow_down"];
            assert!(status < 500 && known.contains(&&*code), "seed {seed}: {code}");
        }
    }
}

/// A request that waits for a consent is redeemed as it waits, while others of its polls are counted.
#[test]
fn a_consent_and_polls_at_once_lose_nothing() {
    for seed in 0..50 {
        let mut world = ogw_world(seed);
        let begun = begin_at(&mut world, "app", PHONE, &format!("{FRAUD}#location"));
        let asked = form(&[("grant_type", CIBA), ("auth_req_id", begun["auth_req_id"].as_str().unwrap())]);
        let ids: Vec<Id> = (0..4).map(|_| world.send(basic("/ogw/token", "app", &asked))).collect();
        world.send(operator(&json!({
            "command": "put_consent", "issuer": ISSUER, "sub": ALICE, "client_id": "app", "purpose": FRAUD,
            "scope": "location", "state": "given",
        })));
        delay(&mut world, &ids, seed);
        world.run();
        let told =
            |code: &str| ids.iter().filter(|&&id| error(world.response(id).unwrap()).1 == code).count();
        assert!(told("none") == 1 || told("invalid_grant") == 0 && told("none") == 0, "seed {seed}");
    }
}

/// One run: `fault` befalls effect number `effect` of `first`, which stops after `stop` effects; then comes `second`.
struct Run {
    world: World,
    ids: [Id; 2],
    stopped: bool,
    what: String,
}

/// Every fault at every effect, and every stop, of `first`.
fn sweep(prepared: &World, first: &HttpRequest, second: &HttpRequest, check: impl Fn(Run)) {
    let again = || with_document(prepared, &ciba_document());
    let mut world = again();
    let id = world.send(first.clone());
    world.run();
    let effects = world.effects(id);
    for fault in FAULTS {
        for effect in 1..=effects {
            for stop in std::iter::once(None).chain((0..=effects).map(Some)) {
                let mut world = again();
                let one = world.send(first.clone());
                if let Some(fault) = fault {
                    world.fault(one, effect, fault);
                }
                if let Some(stop) = stop {
                    world.stop_after(one, stop);
                }
                world.run();
                let other = world.send(second.clone());
                world.run();
                let what = format!("{fault:?} at {effect} of {effects}, stop {stop:?}");
                for id in [one, other] {
                    let known = |status| matches!(status, 200 | 400 | 503);
                    assert!(world.response(id).is_none_or(|answer| known(answer.status)), "{what}");
                }
                check(Run { world, ids: [one, other], stopped: stop.is_some(), what });
            }
        }
    }
}

/// Where the one request of the store stands.
fn state(world: &World) -> Value {
    let key = world.state.keys().into_iter().find(|key| key.starts_with("ciba/")).unwrap().to_owned();
    let record: Value = serde_json::from_str(world.state.value(&key).unwrap()).unwrap();
    record["record"]["state"].clone()
}

#[test]
fn a_redemption_that_fails_gives_tokens_once_or_is_not_used_up() {
    let mut prepared = ciba_world(1);
    let id = begin(&mut prepared, "poll");
    decide(&mut prepared, &merged(allowed(), json!({ "properties": [{ "key": "a", "value": "b" }] })));
    let asked = polling("poll", &id);
    sweep(&prepared, &asked, &asked, |Run { world, ids, stopped, what }| {
        let won = succeeded(&world, &ids);
        assert!(won <= 1, "{what}: two sets of tokens");
        // Nobody got them only where the last commit had been done.
        assert!(won == 1 || state(&world) == "redeemed", "{what}");
        assert!(won == 0 || state(&world) == "redeemed", "{what}");
        for kind in ["refresh", "properties"] {
            // Who stops leaves what was begun to end by itself.
            assert!(records(&world, kind) == won || stopped, "{what}: {}", records(&world, kind));
        }
    });
}

#[test]
fn a_decision_that_fails_is_taken_once_or_can_be_sent_again() {
    for client in ["poll", "ping", "push"] {
        let mut prepared = ciba_world(2);
        let id = begin(&mut prepared, client);
        let asked = deciding(&ticket(&prepared), &allowed());
        let fetch = polling(client, &id);
        sweep(&prepared, &asked, &asked, |Run { mut world, ids, stopped, what }| {
            let what = format!("{client}: {what}");
            assert!(succeeded(&world, &ids) <= 1, "{what}");
            // Whatever was answered, it is decided.
            let decided = if client == "push" { "redeemed" } else { "approved" };
            assert_eq!(state(&world), decided, "{what}");
            let sent: std::collections::BTreeSet<String> =
                world.outbound.iter().map(|sent| sent.body.clone().unwrap()).collect();
            assert!(sent.len() <= 1, "{what}: {sent:?}");
            let given = world.ask(fetch.clone()).status == 200;
            assert_eq!(given, client != "push", "{what}");
            assert!(records(&world, "refresh") <= 1 || stopped, "{what}");
        });
    }
}

#[test]
fn a_request_that_fails_asks_nobody_for_nothing() {
    let prepared = ciba_world(3);
    let asked = asking("poll", &[]);
    sweep(&prepared, &asked, &asked, |Run { mut world, ids, stopped, what }| {
        // Each of those that were acknowledged can be decided and fetched, apart from the other.
        let acknowledged: Vec<String> = ids
            .iter()
            .filter_map(|&id| world.response(id).filter(|response| response.status == 200))
            .map(auth_req_id_of)
            .collect();
        assert!(world.response(ids[1]).unwrap().status == 200, "{what}");
        for id in &acknowledged {
            assert_refused(&poll(&mut world, "poll", id), (400, "authorization_pending", ""), &what);
        }
        let tickets: std::collections::BTreeSet<String> =
            world.asked.iter().map(|asked| asked.ticket.clone()).collect();
        let decided =
            tickets.iter().filter(|ticket| world.ask(deciding(ticket, &allowed())).status == 200).count();
        // Who was asked for a client that was told of a failure decides nothing.
        assert!(decided == acknowledged.len() || stopped && decided > acknowledged.len(), "{what}");
        for id in &acknowledged {
            assert_eq!(poll(&mut world, "poll", id).status, 200, "{what}");
        }
    });
}

#[test]
fn every_record_ends_by_itself() {
    let mut world = ciba_world(4);
    let id = begin(&mut world, "poll");
    decide(&mut world, &merged(allowed(), json!({ "properties": [{ "key": "a", "value": "b" }] })));
    let answer = body(&poll(&mut world, "poll", &id));
    for token in ["access_token", "refresh_token"] {
        let form = form(&[("token", answer[token].as_str().unwrap())]);
        assert_eq!(world.ask(basic("/revoke", "poll", &form)).status, 200);
    }
    world.ask(asking("poll", &[("login_hint", "carol"), ("user_code", "0")]));
    let usual = [("scope", "openid"), ("login_hint", "alice")];
    assert_eq!(world.ask(by_assertion(BC, &assertion("jwt", json!({})), &usual)).status, 200);
    begin(&mut world, "push");
    decide(&mut world, &denied());
    let kinds: std::collections::BTreeSet<&str> =
        world.state.keys().iter().map(|key| key.split('/').next().unwrap()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["ciba", "jti", "properties", "quota", "refresh"]);
    let left = |seconds: u64| {
        let at = world.now / 1000 + seconds;
        world.state.keys().iter().filter(|key| world.state.get(key, at).is_some()).count()
    };
    // Requests are remembered for five minutes more than they last; all else as long as it is good.
    let all = world.state.keys().len();
    assert_eq!((left(0), left(419), left(30 * 86_400)), (all, all - 1, 0), "{:?}", world.state.keys());
}
