//! CIBA Core §10.2, §10.3, §12: what clients are sent, and when.
mod support;

use edgegrant::claims::token_hash;
use edgegrant::host::Outbound;
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

const MODE: &str = "backchannel_token_delivery_mode";
const ENDPOINT: &str = "backchannel_client_notification_endpoint";

/// What was sent last, its body read.
fn sent(world: &World) -> (&Outbound, Value) {
    let outbound = world.outbound.last().expect("something was sent");
    (outbound, serde_json::from_str(outbound.body.as_deref().unwrap()).unwrap())
}

/// §10.3.1: the hashes of the published example, and what they are of.
#[test]
fn s10_3_1_the_published_hashes() {
    let (access_token, at_hash) = ("G5kXH2wHvUra0sHlDy1iTkDJgsgUO1bN", "Wt0kVFXMacqvnHeyU0001w");
    let (refresh_token, rt_hash) = ("4bwc0ESC_IAhflf-ACC_vjD_ltc11ne-8gFPfA2Kx16", "sHahCuSpXCRg5mkDDvvr4w");
    for alg in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256] {
        assert_eq!(token_hash(alg, access_token), at_hash);
        assert_eq!(token_hash(alg, refresh_token), rt_hash);
    }
    // The half of a longer hash is longer.
    for (alg, length) in [(Algorithm::Rs384, 32), (Algorithm::Ps512, 43), (Algorithm::Ed25519, 43)] {
        assert_eq!(token_hash(alg, access_token).len(), length, "{alg}");
    }
}

#[test]
fn s10_2_a_ping_says_that_there_is_a_result_and_no_more() {
    for (result, told) in [(allowed(), "none"), (denied(), "access_denied"), (failed(), "expired_token")] {
        let mut world = ciba_world(1);
        let id = begin(&mut world, "ping");
        assert!(world.outbound.is_empty());
        decide(&mut world, &result);
        let (outbound, said) = sent(&world);
        assert_eq!((outbound.method, &*outbound.url), ("POST", "https://client.example.com/ping"));
        assert_eq!(
            outbound.headers,
            [
                ("authorization".into(), format!("Bearer {NOTIFICATION_TOKEN}")),
                ("content-type".into(), "application/json".into()),
            ]
        );
        assert_eq!((said, world.outbound.len()), (json!({ "auth_req_id": id }), 1), "{result}");
        // The result is fetched, whatever became of the ping.
        assert_eq!(error(&poll(&mut world, "ping", &id)).1, told);
    }
}

#[test]
fn s10_2_nobody_is_told_where_nothing_was_decided() {
    // Nobody is in poll mode.
    let mut world = ciba_world(2);
    begin(&mut world, "poll");
    allow(&mut world);
    assert!(world.outbound.is_empty());
    for client in ["ping", "push"] {
        begin(&mut world, client);
        // Faulty, late, again.
        let ticket = ticket(&world);
        assert_eq!(world.ask(deciding(&ticket, &json!({}))).status, 400);
        assert_eq!(world.ask(deciding(&ticket, &merged(allowed(), json!({ "sub": "bob" })))).status, 400);
        world.advance(120);
        assert_eq!(world.ask(deciding(&ticket, &allowed())).status, 400);
        assert!(world.outbound.is_empty(), "{client}");
        begin(&mut world, client);
        allow(&mut world);
        assert_eq!(world.ask(deciding(&support::ticket(&world), &allowed())).status, 400);
        assert_eq!(world.outbound.len(), 1, "{client}");
        world.outbound.clear();
    }
}

#[test]
fn nothing_is_sent_before_it_is_decided() {
    for client in ["ping", "push"] {
        for result in [allowed(), denied(), failed()] {
            let mut prepared = ciba_world(3);
            begin(&mut prepared, client);
            let asked = deciding(&ticket(&prepared), &result);
            let id = prepared.send(asked.clone());
            let mut world = with_document(&prepared, &ciba_document());
            prepared.run();
            let trace = prepared.trace(id);
            let commit = trace.iter().rposition(|step| *step == "commit").unwrap();
            let notify = trace.iter().position(|step| *step == "notify").unwrap();
            assert!(commit < notify, "{client} {result}: {trace:?}");
            // A store that fails at the decision tells nobody.
            for fault in [Fault::Fail, Fault::Drop] {
                let id = world.send(asked.clone());
                world.fault(id, commit + 1, fault);
                world.run();
                assert_eq!(error(world.response(id).unwrap()).0, 503, "{client} {result}");
                assert!(world.outbound.is_empty(), "{client} {result} {fault:?}");
            }
        }
    }
}

#[test]
fn s10_3_1_a_push_brings_the_tokens() {
    for refreshes in [true, false] {
        let mut document = ciba_document();
        let grants = if refreshes { json!([CIBA, "refresh_token"]) } else { json!([CIBA]) };
        client_in(&mut document, "push")["grant_types"] = grants;
        let mut world = ciba_world_of(&document, 4);
        let id = begin(&mut world, "push");
        allow(&mut world);
        let (outbound, said) = sent(&world);
        assert_eq!((outbound.method, &*outbound.url), ("POST", "https://client.example.com/push"));
        assert_eq!(outbound.headers[0].1, format!("Bearer {NOTIFICATION_TOKEN}"));
        let (access_token, id_token) =
            (said["access_token"].as_str().unwrap(), said["id_token"].as_str().unwrap());
        let refresh_token = said.get("refresh_token").map(|token| token.as_str().unwrap().to_owned());
        assert_eq!(refresh_token.is_some(), refreshes);
        assert_eq!(
            merged(said.clone(), json!({ "refresh_token": null })),
            json!({ "auth_req_id": id, "access_token": access_token, "token_type": "Bearer",
                    "expires_in": 3600, "scope": "openid read", "id_token": id_token })
        );
        let hash = |token: &str| token_hash(Algorithm::Es256, token);
        let expected = json!({
            "iss": ORIGIN, "sub": "alice", "aud": "push", "exp": NOW + 3600, "iat": NOW, "auth_time": NOW - 5,
            "acr": "urn:acr:gold", "at_hash": hash(access_token),
            "urn:openid:params:jwt:claim:auth_req_id": id,
            "urn:openid:params:jwt:claim:rt_hash": refresh_token.as_deref().map(hash),
        });
        let claims = payload(id_token, &key(Algorithm::Es256, 1));
        assert_eq!(claims, if refreshes { expected } else { without_nulls(expected) });
        assert_eq!(payload(access_token, &key(Algorithm::Es256, 1))["client_id"], "push");
        // The client was never told by anybody else, and cannot fetch them.
        let unauthorized = (400, "unauthorized_client", "");
        assert_refused(&poll(&mut world, "push", &id), unauthorized, "push");
        if let Some(token) = refresh_token {
            let refreshing = form(&[("grant_type", "refresh_token"), ("refresh_token", &token)]);
            assert_eq!(world.ask(basic("/token", "push", &refreshing)).status, 200);
        }
    }
}

fn without_nulls(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    members.into_iter().filter(|(_, member)| !member.is_null()).collect()
}

#[test]
fn s12_a_push_tells_of_a_refusal() {
    let uri = "https://auth.example.com/why";
    let described = json!({ "error_description": "not \"now\"", "error_uri": uri });
    for (result, code, description) in [
        (denied(), "access_denied", "the person refused"),
        (failed(), "transaction_failed", "the person could not be authenticated"),
        (merged(denied(), described.clone()), "access_denied", "not 'now'"),
        (merged(failed(), described), "transaction_failed", "not 'now'"),
    ] {
        let mut world = ciba_world(5);
        let id = begin(&mut world, "push");
        decide(&mut world, &result);
        let expected = json!({
            "error": code, "error_description": description, "auth_req_id": id, "error_uri": result["error_uri"],
        });
        assert_eq!(sent(&world).1, without_nulls(expected), "{result}");
        assert_eq!((world.outbound.len(), world.signatures), (1, 0));
        assert_refused(&poll(&mut world, "push", &id), (400, "unauthorized_client", ""), "push");
    }
}

/// What may not be had any more is not pushed either; the request stays as it was.
#[test]
fn what_counts_when_it_is_pushed_is_the_state_of_now() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("client disabled", |d| client_in(d, "push")["status"] = json!("revoked")),
        ("client gone", |d| {
            d["clients"].as_array_mut().unwrap().retain(|client| client["client_id"] != "push");
        }),
        ("not its grant", |d| {
            let polling = json!({ "grant_types": ["refresh_token"], MODE: null, ENDPOINT: null });
            *client_in(d, "push") = merged(client_in(d, "push").clone(), polling);
        }),
        ("not its mode", |d| {
            let polling = json!({ MODE: null, ENDPOINT: null });
            *client_in(d, "push") = merged(client_in(d, "push").clone(), polling);
        }),
        ("subject disabled", |d| subject_of(d, 0)["disabled"] = json!(true)),
        ("scope withdrawn", |d| client_in(d, "push")["scope"] = json!("openid")),
    ];
    let mut prepared = ciba_world(6);
    begin(&mut prepared, "push");
    let asked = deciding(&ticket(&prepared), &allowed());
    for (what, change) in changes {
        let mut document = ciba_document();
        change(&mut document);
        let mut world = with_document(&prepared, &document);
        let response = world.ask(asked.clone());
        assert_eq!(response.status, 400, "{what}: {}", response.body);
        assert!(world.outbound.is_empty() && world.state == prepared.state, "{what}");
    }
    assert_eq!(prepared.ask(asked).status, 200);
}

#[test]
fn the_event_says_what_was_decided() {
    for (result, code) in
        [(allowed(), None), (denied(), Some("access_denied")), (failed(), Some("transaction_failed"))]
    {
        for client in ["poll", "ping", "push"] {
            let mut world = ciba_world(7);
            begin(&mut world, client);
            decide(&mut world, &result);
            let event = world.events.last().unwrap();
            assert_eq!((event.kind, event.error), ("authentication.completed", code), "{client}");
            assert_eq!(
                (event.client_id.as_deref(), event.subject.as_deref(), event.scope.as_deref()),
                (Some(client), Some("alice"), Some("openid read"))
            );
        }
    }
}
