//! CIBA Core §10.1, §11: the client fetches what was decided.
mod support;

use edgegrant::http::HttpResponse;
use edgegrant::jose::Algorithm::Es256;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::*;

const PENDING: (u16, &str, &str) = (400, "authorization_pending", "");
const SLOW_DOWN: (u16, &str, &str) = (400, "slow_down", "");
const GRANT: (u16, &str, &str) = (400, "invalid_grant", "");

fn left_half(token: &str) -> String {
    base64_url(&Sha256::digest(token)[..16])
}

#[test]
fn s10_1_1_the_tokens() {
    let mut world = ciba_world(1);
    let id = begin(&mut world, "poll");
    world.advance(3);
    decide(
        &mut world,
        &json!({
            "outcome": "authorized", "sub": "alice", "auth_time": NOW, "acr": "urn:acr:gold",
            "claims": { "name": "Alice" }, "properties": [
                { "key": "receipt", "value": "r1" }, { "key": "internal", "value": "i1", "hidden": true },
            ],
        }),
    );
    let response = poll(&mut world, "poll", &id);
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    let (answer, access_token) = (body(&response), access_of(&response));
    let id_token = answer["id_token"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": 3600, "scope": "openid read",
            "refresh_token": answer["refresh_token"], "id_token": id_token, "receipt": "r1",
        })
    );
    let said = payload(&access_token, &key(Es256, 1));
    assert_eq!(
        said,
        json!({ "iss": ORIGIN, "sub": "alice", "aud": ORIGIN, "client_id": "poll", "exp": NOW + 3603,
                "iat": NOW + 3, "jti": said["jti"], "scope": "openid read" })
    );
    // OpenID Connect Core §2, §3.1.3.6; the claims of a push are not for it.
    assert_eq!(header(id_token), json!({ "alg": "ES256", "typ": "JWT", "kid": "main" }));
    assert_eq!(
        payload(id_token, &key(Es256, 1)),
        json!({ "iss": ORIGIN, "sub": "alice", "aud": "poll", "exp": NOW + 3603, "iat": NOW + 3,
                "auth_time": NOW, "acr": "urn:acr:gold", "at_hash": left_half(&access_token), "name": "Alice" })
    );
    let event = world.events.last().unwrap();
    assert_eq!(
        (event.kind, event.grant_type.as_deref(), event.subject.as_deref()),
        ("token.issued", Some(CIBA), Some("alice"))
    );
    // §11: once.
    assert_refused(&poll(&mut world, "poll", &id), GRANT, "again");
}

#[test]
fn what_was_agreed_to_counts_within_what_may_be_had() {
    let approve = |world: &World, more: Value| deciding(&ticket(world), &merged(allowed(), more));
    for (more, expected) in [
        (json!({ "scope": "openid" }), json!("openid")),
        (json!({ "scope": "openid read profile" }), json!("openid profile read")),
        (json!({ "access_token_lifetime": 60 }), json!("openid read")),
    ] {
        let mut world = ciba_world(2);
        let id = begin(&mut world, "poll");
        assert_eq!(world.ask(approve(&world, more.clone())).status, 200, "{more}");
        let answer = body(&poll(&mut world, "poll", &id));
        assert_eq!(answer["scope"], expected, "{answer}");
        let lifetime = more["access_token_lifetime"].as_u64().unwrap_or(3600);
        assert_eq!(answer["expires_in"], lifetime);
    }
    // What is no decision, or not this issuer's to give, leaves the request as it was.
    let mut world = ciba_world(2);
    let id = begin(&mut world, "poll");
    for faulty in [
        json!(null),
        json!({}),
        json!({ "outcome": "perhaps" }),
        merged(allowed(), json!({ "sub": "carol" })),
        merged(allowed(), json!({ "sub": 7 })),
        merged(allowed(), json!({ "scope": "read" })),
        merged(allowed(), json!({ "scope": "openid introspection" })),
        merged(allowed(), json!({ "claims": { "iss": "x" } })),
    ] {
        let response = world.ask(deciding(&ticket(&world), &faulty));
        assert_refused(&response, (400, "invalid_request", ""), &faulty.to_string());
    }
    assert_eq!(world.ask(deciding("x.y", &allowed())).status, 400);
    assert_refused(&poll(&mut world, "poll", &id), PENDING, "nothing is decided");
    allow(&mut world);
    assert_eq!(poll(&mut world, "poll", &id).status, 200);
    // The first decision stands, and is said to.
    for later in [allowed(), denied()] {
        let response = world.ask(deciding(&ticket(&world), &later));
        assert!(response.body.contains("completed already"), "{}", response.body);
    }
}

#[test]
fn lifetimes_are_the_policys_at_most() {
    let approved = json!({ "access_token_lifetime": 5000, "refresh_token_lifetime": 9000 });
    let limits = json!({ "access_token": { "max": 600 }, "refresh_token": { "default": 800, "max": 1000 } });
    for (lifetimes, agreed, access, refresh) in [
        (Value::Null, json!({}), 3600, 30 * 86_400),
        (Value::Null, approved.clone(), 5000, 9000),
        (Value::Null, json!({ "access_token_lifetime": 100_000 }), 86_400, 30 * 86_400),
        (Value::Null, json!({ "access_token_lifetime": 0, "refresh_token_lifetime": 0 }), 3600, 30 * 86_400),
        (limits.clone(), json!({}), 600, 800),
        (limits, approved, 600, 1000),
    ] {
        let mut document = ciba_document();
        let policy = &mut document["issuers"][0]["policy"];
        *policy = merged(policy.clone(), json!({ "lifetimes": lifetimes }));
        let mut world = ciba_world_of(&document, 2);
        let id = begin(&mut world, "poll");
        decide(&mut world, &merged(allowed(), agreed.clone()));
        let answer = body(&poll(&mut world, "poll", &id));
        assert_eq!(answer["expires_in"], access, "{agreed}");
        let token = form(&[("token", answer["refresh_token"].as_str().unwrap())]);
        let ends = body(&world.ask(basic("/introspect", "poll", &token)))["exp"].as_u64();
        assert_eq!(ends, Some(NOW + refresh), "{agreed}");
    }
}

#[test]
fn an_id_token_says_what_was_decided_and_nothing_of_it_is_the_issuers() {
    let mut world = ciba_world(2);
    let id = begin(&mut world, "poll");
    let said = json!({
        "id_token_sub": "pseudonym", "auth_time": null, "acr": null, "claims": { "nested": { "a": [1] } },
        "id_token_header": { "x": "y" },
    });
    decide(&mut world, &merged(allowed(), said));
    let answer = body(&poll(&mut world, "poll", &id));
    let token = answer["id_token"].as_str().unwrap();
    let found = payload(token, &key(Es256, 1));
    assert_eq!((&found["sub"], &found["nested"]), (&json!("pseudonym"), &json!({ "a": [1] })));
    assert!(found.get("acr").is_none() && found.get("auth_time").is_none(), "{found}");
    assert_eq!(header(token)["x"], "y");
    assert_eq!(claims(answer["access_token"].as_str().unwrap())["sub"], "alice");
}

#[test]
fn s11_pending_and_slow_down() {
    let mut world = ciba_world(3);
    let id = begin(&mut world, "poll");
    // The first comes at once, each of the others after the interval; 5 seconds more, once it was too short.
    for (after, expected) in [
        (0, PENDING),
        (5, PENDING),
        (4, SLOW_DOWN),
        (9, SLOW_DOWN),
        (14, SLOW_DOWN),
        (20, PENDING),
        (19, SLOW_DOWN),
        (25, PENDING),
    ] {
        world.advance(after);
        assert_refused(&poll(&mut world, "poll", &id), expected, &after.to_string());
    }
    // What is decided is told at once.
    allow(&mut world);
    assert_eq!(poll(&mut world, "poll", &id).status, 200);
}

#[test]
fn s11_a_request_ends() {
    for (decision, told) in [(None, PENDING), (Some(allowed()), (200, "none", ""))] {
        for (at, expected) in
            [(119, told), (120, (400, "expired_token", "")), (419, (400, "expired_token", "")), (420, GRANT)]
        {
            let mut world = ciba_world(4);
            let id = begin(&mut world, "poll");
            if let Some(decision) = &decision {
                decide(&mut world, decision);
            }
            world.advance(at);
            assert_refused(&poll(&mut world, "poll", &id), expected, &format!("{decision:?} at {at}"));
            let late = world.ask(deciding(&ticket(&world), &allowed()));
            assert_eq!(late.status, if at == 119 && decision.is_none() { 200 } else { 400 }, "{}", late.body);
        }
    }
}

#[test]
fn s11_a_refusal_is_told_as_often_as_asked() {
    let uri = "https://auth.example.com/why";
    for (result, error, description) in [
        (denied(), "access_denied", "the person refused"),
        (failed(), "expired_token", "the person could not be authenticated"),
        (merged(denied(), json!({ "error_description": "no", "error_uri": uri })), "access_denied", "no"),
    ] {
        let mut world = ciba_world(5);
        let id = begin(&mut world, "poll");
        decide(&mut world, &result);
        for _ in 0..3 {
            let response = poll(&mut world, "poll", &id);
            assert_refused(&response, (400, error, ""), &result.to_string());
            let answer = body(&response);
            assert!(answer["error_description"].as_str().unwrap().starts_with(description));
            assert_eq!(answer.get("error_uri"), result.get("error_uri"));
        }
        assert_eq!(world.ask(deciding(&ticket(&world), &allowed())).status, 400, "the first stands");
    }
}

#[test]
fn s11_it_is_the_clients_own() {
    let mut world = ciba_world(6);
    let id = begin(&mut world, "poll");
    allow(&mut world);
    let refused = |world: &mut World, client: &str, id: &str| poll(world, client, id);
    assert_refused(&refused(&mut world, "other", &id), GRANT, "another client");
    assert_refused(&refused(&mut world, "no-grant", &id), (400, "unauthorized_client", ""), "not its grant");
    let (public, secret) = id.split_once('.').unwrap();
    for unknown in ["x", public, secret, &format!("{public}."), &format!("{id}x"), &id.to_uppercase()] {
        assert_refused(&refused(&mut world, "poll", unknown), GRANT, unknown);
    }
    let without = basic("/token", "poll", &form(&[("grant_type", CIBA)]));
    assert_refused(&world.ask(without), (400, "invalid_request", ""), "none");
    let elsewhere = form(&[("grant_type", CIBA), ("auth_req_id", &*id)]);
    assert_eq!(world.ask(post("/token", &elsewhere)).status, 401);
    // A client of this name at another issuer is another.
    let mut document = ciba_document();
    let path = &mut document["issuers"][1];
    path["profile"] = json!("standard");
    client_in(&mut document, "poll")["issuers"] = json!(["/", "/fapi"]);
    let response = with_document(&world, &document).ask(basic("/fapi/token", "poll", &elsewhere));
    assert_refused(&response, GRANT, "another issuer");
    // None of that used it up.
    assert_eq!(poll(&mut world, "poll", &id).status, 200);
}

#[test]
fn s11_who_is_pushed_does_not_poll_and_who_is_pinged_may() {
    let mut world = ciba_world(7);
    let pushed = begin(&mut world, "push");
    assert_refused(&poll(&mut world, "push", &pushed), (400, "unauthorized_client", ""), "push");
    let pinged = begin(&mut world, "ping");
    assert_refused(&poll(&mut world, "ping", &pinged), PENDING, "ping");
    allow(&mut world);
    assert_eq!(poll(&mut world, "ping", &pinged).status, 200);
}

#[test]
fn openid_connect_core_s11_refresh_tokens_are_for_who_may_refresh() {
    let mut world = ciba_world(8);
    let id = begin(&mut world, "plain");
    allow(&mut world);
    assert_eq!(body(&poll(&mut world, "plain", &id)).get("refresh_token"), None);

    let id = begin(&mut world, "poll");
    decide(&mut world, &merged(allowed(), json!({ "refresh_token_lifetime": 4000 })));
    let first = body(&poll(&mut world, "poll", &id))["refresh_token"].as_str().unwrap().to_owned();
    let refreshing = |token: &str| {
        basic("/token", "poll", &form(&[("grant_type", "refresh_token"), ("refresh_token", token)]))
    };
    world.advance(1000);
    let response = world.ask(refreshing(&first));
    let (answer, token) = (body(&response), access_of(&response));
    // What is left of the refresh token, and no id token.
    assert_eq!(
        answer,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3000, "scope": "openid read",
                "refresh_token": answer["refresh_token"] })
    );
    assert_eq!(claims(&token)["sub"], "alice");
    assert_refused(&world.ask(refreshing(&first)), GRANT, "spent");
}

#[test]
fn at_redemption_the_state_of_now_counts() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change, (u16, &str, &str)); 8] = [
        ("nothing", |_| {}, (200, "none", "")),
        (
            "client disabled",
            |d| client_in(d, "poll")["status"] = json!("revoked"),
            (401, "invalid_client", ""),
        ),
        (
            "client gone",
            |d| d["clients"].as_array_mut().unwrap().retain(|client| client["client_id"] != "poll"),
            (401, "invalid_client", ""),
        ),
        (
            "not its grant",
            |d| client_in(d, "poll")["grant_types"] = json!(["refresh_token"]),
            (400, "unauthorized_client", ""),
        ),
        (
            "tenant disabled",
            |d| {
                d["issuers"][0]["tenants"] = json!([{ "id": "t", "disabled": true }]);
                client_in(d, "poll")["tenant"] = json!("t");
            },
            (401, "invalid_client", ""),
        ),
        (
            "subject disabled",
            |d| subject_of(d, 0)["disabled"] = json!(true),
            (400, "invalid_grant", "subject.disabled"),
        ),
        (
            "scope out of the policy",
            |d| drop(d["issuers"][0]["policy"]["scopes"].as_object_mut().unwrap().shift_remove("read")),
            (400, "invalid_grant", "scope.not-in-policy"),
        ),
        (
            "scope no longer the client's",
            |d| client_in(d, "poll")["scope"] = json!("openid"),
            (400, "invalid_grant", "scope.not-allowed"),
        ),
    ];
    let mut world = ciba_world(9);
    let id = begin(&mut world, "poll");
    allow(&mut world);
    for (what, change, expected) in &changes {
        let mut document = ciba_document();
        change(&mut document);
        let mut other = with_document(&world, &document);
        assert_refused(&poll(&mut other, "poll", &id), *expected, what);
        // A refusal uses nothing up: where the change was a mistake, the result is still there.
        assert!(expected.0 == 200 || other.state == world.state, "{what}");
    }
    // The directory disables a subject at once.
    let put = |active: bool| {
        operator(&json!({ "command": "put_subject", "issuer": ORIGIN, "sub": "alice", "active": active }))
    };
    world.ask(put(false));
    assert_refused(&poll(&mut world, "poll", &id), (400, "invalid_grant", "subject.disabled"), "directory");
    world.ask(put(true));
    assert_eq!(poll(&mut world, "poll", &id).status, 200);
}

/// A world whose polls wait up to 10 seconds.
fn waiting(seed: u64) -> (World, String) {
    let mut document = ciba_document();
    document["issuers"][0]["ciba"]["long_polling"] = json!(10);
    document["issuers"][0]["ciba"]["expires_in"] = json!(30);
    let mut world = ciba_world_of(&document, seed);
    let id = begin(&mut world, "poll");
    (world, id)
}

#[test]
fn s10_1_a_poll_may_wait() {
    let (mut world, id) = waiting(10);
    let (began, response) = (world.now, poll(&mut world, "poll", &id));
    assert_refused(&response, PENDING, "nobody decides");
    assert_eq!((world.now - began, world.waited), (10_000, 10_000));
    // The interval runs from when the last one came.
    assert_refused(&poll(&mut world, "poll", &id), PENDING, "next");
    // It expires meanwhile.
    world.advance(5);
    let began = world.now;
    assert_refused(&poll(&mut world, "poll", &id), (400, "expired_token", ""), "it ends");
    assert_eq!(world.now - began, 5_000);
}

#[test]
fn s10_1_what_is_decided_meanwhile_is_told_at_once() {
    for (decision, expected) in [
        (allowed(), (200, "none", "")),
        (denied(), (400, "access_denied", "")),
        (failed(), (400, "expired_token", "")),
    ] {
        for seed in 0..20 {
            let (mut world, id) = waiting(seed);
            let began = world.now;
            let polls = world.send(polling("poll", &id));
            let decides = world.send(deciding(&ticket(&world), &decision));
            world.run();
            assert_eq!(world.response(decides).unwrap().status, 200);
            assert_refused(world.response(polls).unwrap(), expected, &format!("seed {seed}"));
            assert!(world.now - began <= 1_000, "seed {seed}: {}", world.now - began);
        }
    }
}

#[test]
fn many_that_wait_are_one_and_slow_ones() {
    let (mut world, id) = waiting(11);
    let ids: Vec<Id> = (0..10).map(|_| world.send(polling("poll", &id))).collect();
    world.run();
    let answers: Vec<&HttpResponse> = ids.iter().map(|&id| world.response(id).unwrap()).collect();
    let told = |code: &str| answers.iter().filter(|answer| error(answer).1 == code).count();
    assert_eq!((told("authorization_pending"), told("slow_down")), (1, 9));
    // Those that came too early did not wait.
    assert_eq!(world.waited, 10_000);
}

#[test]
fn a_hundred_polls_at_once_are_answered() {
    for seed in 0..10 {
        let mut world = ciba_world(seed);
        let id = begin(&mut world, "poll");
        let ids: Vec<Id> = (0..100).map(|_| world.send(polling("poll", &id))).collect();
        world.run();
        let told =
            |code: &str| ids.iter().filter(|&&id| error(world.response(id).unwrap()).1 == code).count();
        assert_eq!((told("authorization_pending"), told("slow_down")), (1, 99), "seed {seed}");
    }
}
