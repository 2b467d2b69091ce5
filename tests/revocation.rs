//! RFC 7009: a client gives its tokens back.
mod support;

use edgegrant::http::HttpRequest;
use serde_json::{Value, json};
use support::*;

fn revoking(client: &str, token: &str) -> HttpRequest {
    basic("/revoke", client, &form(&[("token", token)]))
}

/// The answer with alice's tokens for `poll`.
fn tokens(world: &mut World) -> Value {
    let id = begin(world, "poll");
    allow(world);
    body(&poll(world, "poll", &id))
}

fn is_active(world: &mut World, token: &str) -> bool {
    body(&world.ask(basic("/introspect", "api", &form(&[("token", token)]))))["active"] == true
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn refreshing(client: &str, token: &str) -> HttpRequest {
    basic("/token", client, &form(&[("grant_type", "refresh_token"), ("refresh_token", token)]))
}

#[test]
fn s2_1_a_token_is_good_no_more() {
    for name in ["access_token", "refresh_token"] {
        let mut world = ciba_world(1);
        let (answer, other) = (tokens(&mut world), tokens(&mut world));
        let token = text(&answer, name);
        assert!(is_active(&mut world, &token));
        for hint in ["", "access_token", "refresh_token", "nonsense"] {
            let with = form(&changed(&[("token", &token)], &[("token_type_hint", hint)]));
            let response = world.ask(basic("/revoke", "poll", &with));
            assert_eq!((response.status, &*response.body), (200, "{}"), "{name} {hint}");
            assert!(response.headers.contains(&("cache-control", "no-store".into())));
        }
        assert!(!is_active(&mut world, &token), "{name}");
        assert!(is_active(&mut world, &text(&other, name)), "another one is as it was");
        let event = world.events.iter().find(|event| event.kind == "token.revoked").unwrap();
        assert_eq!((event.client_id.as_deref(), event.subject.as_deref()), (Some("poll"), Some("alice")));
        assert_eq!(event.jti.is_some(), name == "access_token");
    }
}

#[test]
fn s2_1_a_refresh_token_ends_with_its_family() {
    for spent in [false, true] {
        let mut world = ciba_world(2);
        let first = text(&tokens(&mut world), "refresh_token");
        let second = text(&body(&world.ask(refreshing("poll", &first))), "refresh_token");
        let given = if spent { &first } else { &second };
        assert_eq!(world.ask(revoking("poll", given)).status, 200);
        let refused = world.ask(refreshing("poll", &second));
        assert_refused(&refused, (400, "invalid_grant", ""), "ended");
    }
}

/// §2.2: whatever the token is, the answer is the same; §2.1: another's is left alone.
#[test]
fn s2_2_others_tokens_and_what_is_none() {
    let mut world = ciba_world(3);
    let answer = tokens(&mut world);
    let (access, refresh) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    let id = refresh.split_once('.').unwrap().0;
    let before = world.state.clone();
    for token in [&*access, &*refresh] {
        for client in ["other", "api", "ping"] {
            let response = world.ask(revoking(client, token));
            assert_eq!((response.status, &*response.body), (200, "{}"), "{client}");
        }
    }
    let expired = access_token(json!({ "client_id": "poll", "exp": NOW }));
    for token in ["x", "x.y", "a.b.c", &*format!("{id}."), &*format!("{refresh}x"), &*expired] {
        assert_eq!(world.ask(revoking("poll", token)).status, 200, "{token}");
    }
    assert_eq!(world.ask(revoking("poll", &text(&answer, "id_token"))).status, 200);
    assert!(world.state == before && world.events.iter().all(|event| event.kind != "token.revoked"));
    assert!(is_active(&mut world, &access) && is_active(&mut world, &refresh));
    // At another issuer there is no such token.
    let elsewhere =
        by_assertion("/fapi/revoke", &assertion("fapi", json!({ "aud": FAPI })), &[("token", &access)]);
    assert_eq!(world.ask(elsewhere).status, 200);
    assert!(is_active(&mut world, &access));
}

#[test]
fn s2_1_the_client_authenticates() {
    let mut world = ciba_world(4);
    let token = text(&tokens(&mut world), "refresh_token");
    let with = form(&[("token", &token)]);
    for (what, request, expected) in [
        ("nobody", post("/revoke", &with), (401, "invalid_client", "")),
        ("unknown", basic("/revoke", "nobody", &with), (401, "invalid_client", "")),
        ("no token", basic("/revoke", "poll", ""), (400, "invalid_request", "")),
        ("two", basic("/revoke", "poll", &format!("{with}&{with}")), (400, "invalid_request", "")),
        // A public client names itself, and has none of others.
        ("public", post("/revoke", &format!("{with}&client_id=public")), (200, "none", "")),
        (
            "poll as a public one",
            post("/revoke", &format!("{with}&client_id=poll")),
            (401, "invalid_client", ""),
        ),
    ] {
        assert_refused(&world.ask(request), expected, what);
    }
    assert_eq!(world.ask(get("/revoke")).status, 405);
    assert!(is_active(&mut world, &token));
}

/// A revoked access token is refused wherever this issuer takes one.
#[test]
fn what_was_revoked_is_no_subject_token_and_no_bearer_token() {
    let mut world = exchange_world(5);
    let token = own_token(&mut world, &STANDARD, A);
    let generate = || generate(&STANDARD, &token, "", &json!(["alice"]));
    assert_eq!(world.ask(generate()).status, 200);
    assert_eq!(world.ask(revoking(A, &token)).status, 200);
    assert_refused(&world.ask(generate()), (401, "invalid_token", ""), "bearer");
    // For alice.
    let subject = access_token(json!({}));
    let exchanging = || exchange(B, (&subject, ACCESS_TOKEN), &[]);
    assert_eq!(world.ask(exchanging()).status, 200);
    assert_eq!(world.ask(revoking(A, &subject)).status, 200);
    let (status, code, _) = refusal(&world.ask(exchanging()));
    assert_eq!((status, &*code), (400, "invalid_request"));
}

#[test]
fn at_once_with_a_refresh_the_family_ends() {
    for seed in 0..20 {
        let mut world = ciba_world(seed);
        let first = text(&tokens(&mut world), "refresh_token");
        let one = world.send(refreshing("poll", &first));
        let other = world.send(revoking("poll", &first));
        world.run();
        assert_eq!(world.response(other).unwrap().status, 200, "seed {seed}");
        let refreshed = world.response(one).unwrap().clone();
        // Whichever came first, nothing of the family is left.
        if refreshed.status == 200 {
            let second = text(&body(&refreshed), "refresh_token");
            assert!(!is_active(&mut world, &second), "seed {seed}");
        } else {
            assert_refused(&refreshed, (400, "invalid_grant", ""), &format!("seed {seed}"));
        }
    }
}

#[test]
fn a_store_that_fails_says_so() {
    let mut prepared = ciba_world(6);
    let answer = tokens(&mut prepared);
    for name in ["access_token", "refresh_token"] {
        let mut world = with_document(&prepared, &ciba_document());
        let id = world.send(revoking("poll", &text(&answer, name)));
        world.run_with_fault(id, "commit", Fault::Fail);
        assert_eq!(world.response(id).unwrap().status, 503, "{name}");
        // It is still good, and the client knows to try again.
        assert!(is_active(&mut world, &text(&answer, name)));
        assert_eq!(world.ask(revoking("poll", &text(&answer, name))).status, 200);
        assert!(!is_active(&mut world, &text(&answer, name)));
    }
}
