//! RFC 6749 §6 and RFC 9700 §4.14.2: refresh tokens in families, had by an exchange.
mod support;

use edgegrant::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use support::*;

const SPENT: (u16, &str, &str) = (400, "invalid_grant", "");

/// The document of the mount whose refresh tokens are tested. B and C may have them, for ten days.
fn refresh_document() -> Value {
    let mut document = exchange_document();
    document["issuers"][0]["policy"]["lifetimes"] = json!({ "refresh_token": { "default": 864_000 } });
    let to_c = grant_of(&mut document, &STANDARD, "token_exchange", A, C);
    *to_c = merged(to_c.clone(), json!({ "quota": null, "requested_token_types": ["refresh_token"] }));
    document
}

fn with_state(document: &Value, world: &World) -> World {
    let mut other = world_of(document, 99);
    (other.state, other.now) = (world.state.clone(), world.now);
    other
}

/// A refresh token for alice; the token that it is exchanged for is good for a month.
fn begin(world: &mut World, client: &str) -> String {
    let subject = access_token(json!({ "exp": NOW + 30 * 86_400 }));
    let of = [("requested_token_type", REFRESH_TOKEN)];
    access_of(&world.ask(exchange(client, (&subject, ACCESS_TOKEN), &of)))
}

fn refreshing(client: &str, token: &str, more: &[(&str, &str)]) -> HttpRequest {
    let required = [("grant_type", "refresh_token"), ("refresh_token", token)];
    basic("/token", client, &form(&[&required, more].concat()))
}

fn refresh(world: &mut World, token: &str) -> HttpResponse {
    world.ask(refreshing(B, token, &[]))
}

fn next_of(response: &HttpResponse) -> String {
    body(response)["refresh_token"].as_str().unwrap_or_else(|| panic!("{}", response.body)).to_owned()
}

#[test]
fn s6_a_refresh_gives_an_access_token_and_the_next_refresh_token() {
    let mut world = world_of(&refresh_document(), 1);
    let first = begin(&mut world, B);
    world.advance(60);
    let response = refresh(&mut world, &first);
    let (answer, token, second) = (body(&response), access_of(&response), next_of(&response));
    assert_eq!(
        answer,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "read write",
                "refresh_token": second })
    );
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    let said = payload(&token, &issuer_key().0);
    assert_eq!(
        said,
        json!({ "iss": ORIGIN, "sub": "alice", "aud": API, "client_id": B, "exp": NOW + 3660, "iat": NOW + 60,
                "jti": said["jti"], "scope": "read write" })
    );
    assert_ne!(first, second);
    let event = world.events.last().unwrap();
    assert_eq!(
        (event.grant_type.as_deref(), event.subject.as_deref()),
        (Some("refresh_token"), Some("alice"))
    );
    assert_eq!(event.grant.as_deref(), Some("token_exchange service -> portal"));
    // The store holds one record for the family, and neither token.
    let keys = world.state.keys();
    let [key] = keys[..] else { panic!("{keys:?}") };
    let record = world.state.value(key).unwrap();
    for secret in [&first, &second] {
        let (id, random) = secret.split_once('.').unwrap();
        assert!(!record.contains(random) && !key.contains(id) && key.starts_with("refresh/"));
    }
}

#[test]
fn rfc9700_s4_14_2_a_spent_token_that_comes_back_ends_its_family() {
    let mut world = world_of(&refresh_document(), 2);
    let (first, other) = (begin(&mut world, B), begin(&mut world, B));
    let second = next_of(&refresh(&mut world, &first));
    let third = next_of(&refresh(&mut world, &second));
    for token in [&first, &second, &third, &first] {
        assert_refused(&refresh(&mut world, token), SPENT, token);
    }
    assert_eq!(refresh(&mut world, &other).status, 200, "another family goes on");
    // One that was spent long ago is unknown, which ends nothing and gives nothing.
    let mut token = begin(&mut world, B);
    let oldest = token.clone();
    for _ in 0..17 {
        token = next_of(&refresh(&mut world, &token));
    }
    assert_refused(&refresh(&mut world, &oldest), SPENT, "the oldest");
    assert_eq!(refresh(&mut world, &token).status, 200);
}

#[test]
fn s6_it_is_bound_to_its_client_and_mount() {
    let mut world = world_of(&refresh_document(), 3);
    let mine = begin(&mut world, B);
    assert_refused(&world.ask(refreshing(C, &mine, &[])), SPENT, "C");
    assert_refused(&world.ask(refreshing(A, &mine, &[])), SPENT, "A");
    let elsewhere = form(&[("grant_type", "refresh_token"), ("refresh_token", &mine)]);
    assert_refused(&world.ask(basic(DKT.token, B, &elsewhere)), SPENT, "the other mount");
    // The client authenticates.
    assert_eq!(world.ask(post("/token", &elsewhere)).status, 401);
    let mut document = refresh_document();
    client_of(&mut document, &STANDARD, B)["grant_types"] = json!(["client_credentials"]);
    let response = with_state(&document, &world).ask(refreshing(B, &mine, &[]));
    assert_refused(&response, (400, "unauthorized_client", ""), "not its grant");
    // None of that spent it.
    let second = next_of(&refresh(&mut world, &mine));
    // A spent one of B's that C sends ends the family: somebody has it who must not.
    assert_refused(&world.ask(refreshing(C, &mine, &[])), SPENT, "C");
    assert_refused(&refresh(&mut world, &second), SPENT, "ended");
}

#[test]
fn what_is_no_refresh_token_is_refused_and_ends_nothing() {
    let mut world = world_of(&refresh_document(), 4);
    let good = begin(&mut world, B);
    let (id, random) = good.split_once('.').unwrap();
    let jwt = access_token(json!({}));
    for token in [
        "x".to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        id.to_owned(),
        format!("{id}."),
        format!("{id}.{random}x"),
        format!("{id}.{}", &random[1..]),
        format!("{id}.{}", random.to_uppercase()),
        format!("{id}x.{random}"),
        format!(".{random}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}.x"),
        jwt,
        "a/b.c".to_owned(),
        "\u{0}.\u{0}".to_owned(),
        "x".repeat(100_000),
    ] {
        assert_refused(&refresh(&mut world, &token), SPENT, &token[..token.len().min(80)]);
    }
    let missing = basic("/token", B, "grant_type=refresh_token");
    assert_refused(&world.ask(missing), (400, "invalid_request", ""), "missing");
    let twice = refreshing(B, &good, &[("refresh_token", &good)]);
    assert_refused(&world.ask(twice), (400, "invalid_request", ""), "twice");
    assert_eq!(refresh(&mut world, &good).status, 200);
}

#[test]
fn s6_scope_is_a_part_of_what_was_granted_originally() {
    let mut world = world_of(&refresh_document(), 5);
    let mut token = begin(&mut world, B);
    for (asked, expected) in [
        ("read", Ok("read")),
        ("read write", Ok("read write")),
        ("read admin", Err((400, "invalid_scope", ""))),
        ("nothing", Err((400, "invalid_scope", ""))),
        ("read  write", Err((400, "invalid_scope", ""))),
        // Asking for less once does not narrow the family: §6, "originally".
        ("write", Ok("write")),
        ("", Ok("read write")),
    ] {
        let response = world.ask(refreshing(B, &token, &[("scope", asked)]));
        match expected {
            Ok(scope) => {
                assert_eq!(body(&response)["scope"], scope, "{asked}");
                assert_eq!(claims(&access_of(&response))["scope"], scope);
                token = next_of(&response);
            }
            // And does not spend the token.
            Err(expected) => assert_refused(&response, expected, asked),
        }
    }
}

#[test]
fn a_family_ends_when_it_was_to_end_however_often_it_is_refreshed() {
    let mut world = world_of(&refresh_document(), 6);
    let mut token = begin(&mut world, B);
    for day in 1..10 {
        world.advance(86_400);
        let response = refresh(&mut world, &token);
        assert_eq!(response.status, 200, "day {day}");
        token = next_of(&response);
    }
    world.advance(86_390);
    let response = refresh(&mut world, &token);
    // Nor does an access token outlive it.
    assert_eq!(body(&response)["expires_in"], 10);
    world.advance(10);
    assert_refused(&refresh(&mut world, &next_of(&response)), SPENT, "ended");
}

#[test]
fn what_it_was_had_for_is_decided_again() {
    type Change = fn(&mut Value);
    fn to_b(document: &mut Value) -> &mut Value {
        grant_of(document, &STANDARD, "token_exchange", A, B)
    }
    let changes: [(&str, Change, &str); 10] = [
        ("withdrawn", |d| to_b(d)["from"] = json!("somebody"), "exchange.no-grant"),
        ("expired", |d| to_b(d)["expires_at"] = json!("2023-11-14T22:13:20Z"), "exchange.expired"),
        ("not written down", |d| to_b(d)["justification"] = Value::Null, "exchange.no-justification"),
        ("narrowed", |d| to_b(d)["scope"] = json!("read"), "scope.beyond-grant"),
        (
            "subject disabled",
            |d| d["issuers"][0]["subjects"][0]["disabled"] = json!(true),
            "subject.disabled",
        ),
        ("subject gone", |d| d["issuers"][0]["subjects"] = json!([]), "subject.unknown"),
        ("A disabled", |d| client_of(d, &STANDARD, A)["status"] = json!("revoked"), "client.inactive"),
        ("B has less", |d| client_of(d, &STANDARD, B)["scope"] = json!("read"), "scope.not-allowed"),
        (
            "B has less by the policy",
            |d| d["issuers"][0]["policy"]["scopes"]["write"] = json!({ "clients": [A] }),
            "scope.not-in-policy",
        ),
        (
            "B has no such audience",
            |d| client_of(d, &STANDARD, B)["resources"] = json!([STOCK]),
            "audience.not-allowed",
        ),
    ];
    let mut world = world_of(&refresh_document(), 7);
    let token = begin(&mut world, B);
    for (what, change, rule) in changes {
        let mut document = refresh_document();
        change(&mut document);
        let mut other = with_state(&document, &world);
        assert_refused(&refresh(&mut other, &token), (400, "invalid_grant", rule), what);
        assert_eq!(other.state, world.state, "{what}: it is not spent");
    }
    // Less may still be had, where a part is left.
    let mut document = refresh_document();
    to_b(&mut document)["scope"] = json!("read");
    let response = with_state(&document, &world).ask(refreshing(B, &token, &[("scope", "read")]));
    assert_eq!(body(&response)["scope"], "read");
    // Client authentication comes first.
    let mut document = refresh_document();
    client_of(&mut document, &STANDARD, B)["status"] = json!("revoked");
    assert_refused(&refresh(&mut with_state(&document, &world), &token), (401, "invalid_client", ""), "B");
}

#[test]
fn of_many_at_once_exactly_one_succeeds() {
    for seed in 0..100 {
        let mut world = world_of(&refresh_document(), seed);
        let token = begin(&mut world, B);
        let ids: Vec<Id> = (0..25).map(|_| world.send(refreshing(B, &token, &[]))).collect();
        for (n, &id) in ids.iter().enumerate() {
            world.fault(id, 1 + n % 4, Fault::Delay(u32::try_from(seed).unwrap() % 7 * 10));
        }
        world.run();
        let statuses: Vec<u16> = ids.iter().map(|&id| world.response(id).unwrap().status).collect();
        assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 1, "seed {seed}: {statuses:?}");
        for &id in ids.iter().filter(|&&id| world.response(id).unwrap().status != 200) {
            assert_refused(world.response(id).unwrap(), SPENT, &format!("seed {seed}"));
        }
        // A thief's use and the client's own end with one of them or neither, never with both.
        let won = ids.iter().find(|&&id| world.response(id).unwrap().status == 200).unwrap();
        let next = next_of(world.response(*won).unwrap());
        assert!(matches!(refresh(&mut world, &next).status, 200 | 400));
        assert_refused(&refresh(&mut world, &token), SPENT, "the first");
    }
}

#[test]
fn no_fault_and_no_stop_ever_gives_two_successors() {
    let mut world = world_of(&refresh_document(), 8);
    let token = begin(&mut world, B);
    let state = world.state.clone();
    let id = world.send(refreshing(B, &token, &[]));
    world.run();
    assert_eq!(world.trace(id), ["get", "get", "sign", "commit", "record", "answer"]);
    let faults = [None, Some(Fault::Fail), Some(Fault::Drop), Some(Fault::Repeat)];
    for fault in faults {
        for effect in 1..=5 {
            for stop in std::iter::once(None).chain((0..=5).map(Some)) {
                let mut world = world_of(&refresh_document(), 9);
                world.state = state.clone();
                let first = world.send(refreshing(B, &token, &[]));
                if let Some(fault) = fault {
                    world.fault(first, effect, fault);
                }
                if let Some(stop) = stop {
                    world.stop_after(first, stop);
                }
                world.run();
                let rotated = world.state != state;
                let second = world.send(refreshing(B, &token, &[]));
                world.run();
                let won =
                    [first, second].map(|id| world.response(id).is_some_and(|answer| answer.status == 200));
                let what = format!("{fault:?} at {effect}, stop {stop:?}");
                assert!(!(won[0] && won[1]), "{what}");
                assert_eq!(won[1], !rotated, "{what}: lost only where the commit had happened");
                for id in [first, second] {
                    let response = world.response(id);
                    assert!(response.is_none_or(|answer| matches!(answer.status, 200 | 400 | 503)), "{what}");
                }
            }
        }
    }
}
