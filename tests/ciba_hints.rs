//! CIBA Core §7.1, §7.1.2: whom a request is about, and the code that they may ask for.
mod support;

use edgegrant::host::{Hooks, Identified, UserCodeFault};
use edgegrant::http::HttpResponse;
use edgegrant::jose::Algorithm::Es256;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use support::*;

const UNKNOWN: (u16, &str, &str) = (400, "unknown_user_id", "");

/// Asks with this hint alone.
fn ask_by(world: &mut World, client: &str, kind: &str, hint: &str) -> HttpResponse {
    world.ask(asking(client, &[("login_hint", ""), (kind, hint)]))
}

fn put_subject(world: &mut World, sub: &str, active: bool, hints: &Value) {
    let command = json!({
        "command": "put_subject", "issuer": ORIGIN, "sub": sub, "active": active, "hints": hints,
    });
    assert_eq!(world.ask(operator(&command)).status, 200);
}

#[test]
fn s7_1_login_hint_names_a_subject_of_the_directory() {
    let mut world = ciba_world(1);
    put_subject(&mut world, "dora", true, &json!(["dora@example.com"]));
    for (hint, sub) in [("alice", "alice"), ("+491701234567", "alice"), ("dora@example.com", "dora")] {
        assert_eq!(ask_by(&mut world, "poll", "login_hint", hint).status, 200, "{hint}");
        assert_eq!(world.asked.last().unwrap().sub, sub);
    }
    for hint in ["Alice", " alice", "dora@example.org", "+49170123456"] {
        assert_refused(&ask_by(&mut world, "poll", "login_hint", hint), UNKNOWN, hint);
    }
    // The directory has the word over the configuration, about people and about their hints.
    put_subject(&mut world, "dora", true, &json!(["+491701234567"]));
    assert_eq!(ask_by(&mut world, "poll", "login_hint", "+491701234567").status, 200);
    assert_eq!(world.asked.last().unwrap().sub, "dora");
    put_subject(&mut world, "alice", false, &json!([]));
    assert_refused(&ask_by(&mut world, "poll", "login_hint", "alice"), UNKNOWN, "disabled since");
}

/// Nobody learns who is disabled, whatever else is wrong with the request.
#[test]
fn s13_a_disabled_subject_is_answered_as_an_unknown_one() {
    let mut document = ciba_document();
    subject_of(&mut document, 2)["disabled"] = json!(true);
    for more in [
        &[][..],
        &[("scope", "openid nothing")],
        &[("resource", "https://api.example.com/elsewhere")],
        &[("user_code", "0000")],
        &[("user_code", CAROLS_CODE)],
    ] {
        let answers = ["nobody", "bob", "carol"].map(|hint| {
            let mut world = ciba_world_of(&document, 2);
            let response = world.ask(asking("poll", &[more, &[("login_hint", hint)]].concat()));
            assert!(world.asked.is_empty() && world.state.keys().is_empty(), "{hint} {more:?}");
            response
        });
        assert_refused(&answers[0], UNKNOWN, &format!("{more:?}"));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{more:?}: {answers:?}");
    }
}

#[test]
fn s7_1_login_hint_token_is_of_an_issuer_that_the_policy_trusts() {
    let invalid = |rule| (400, "invalid_request", rule);
    let other = token(&key(Es256, 41), &json!({ "alg": "ES256", "kid": "f1" }), &json!({ "iss": FOREIGN }));
    let unsigned = {
        let payload = foreign_jwt(json!({})).split('.').nth(1).unwrap().to_owned();
        format!("{}.{payload}.", base64_url(br#"{"alg":"none"}"#))
    };
    for (what, hint, expected) in [
        ("good", foreign_jwt(json!({})), None),
        ("among others", foreign_jwt(json!({ "aud": [ORIGIN, "https://x.example"] })), None),
        ("just so", foreign_jwt(json!({ "exp": NOW - 29 })), None),
        (
            "expired",
            foreign_jwt(json!({ "exp": NOW - 30 })),
            Some((400, "expired_login_hint_token", "subject-token.expired")),
        ),
        ("wrong aud", foreign_jwt(json!({ "aud": FAPI })), Some(invalid("subject-token.audience"))),
        ("no aud", foreign_jwt(json!({ "aud": null })), Some(invalid("subject-token.audience"))),
        ("no sub", foreign_jwt(json!({ "sub": null })), Some(invalid("subject-token.malformed"))),
        ("no exp", foreign_jwt(json!({ "exp": null })), Some(invalid("subject-token.malformed"))),
        ("not trusted", foreign_jwt(json!({ "iss": REMOTE })), Some(invalid("issuer.not-trusted"))),
        ("our own", id_token(json!({ "aud": "poll" })), Some(invalid("subject-token.issuer"))),
        ("another key", other, Some(invalid("subject-token.signature"))),
        ("unsigned", unsigned, Some(invalid("subject-token.malformed"))),
        ("no JWT", "alice".into(), Some(invalid("subject-token.malformed"))),
        ("unknown", foreign_jwt(json!({ "sub": "nobody" })), Some(UNKNOWN)),
        ("disabled", foreign_jwt(json!({ "sub": "bob" })), Some(UNKNOWN)),
        // A sub is a sub, and no name that somebody goes by here.
        ("a hint", foreign_jwt(json!({ "sub": "+491701234567" })), Some(UNKNOWN)),
    ] {
        let mut world = ciba_world(3);
        let response = ask_by(&mut world, "poll", "login_hint_token", &hint);
        match expected {
            None => assert_eq!((response.status, &*world.asked[0].sub), (200, "alice"), "{what}"),
            Some(expected) => assert_refused(&response, expected, what),
        }
    }
    // Without a policy nobody is trusted.
    let mut document = ciba_document();
    document["issuers"][0]["policy"] = Value::Null;
    let response =
        ask_by(&mut ciba_world_of(&document, 3), "poll", "login_hint_token", &foreign_jwt(json!({})));
    assert_refused(&response, invalid("issuer.not-trusted"), "no policy");
}

#[test]
fn s7_1_id_token_hint_is_ours_for_this_client() {
    let mut world = ciba_world(4);
    let id = begin(&mut world, "poll");
    allow(&mut world);
    let issued = body(&poll(&mut world, "poll", &id));
    let ours = issued["id_token"].as_str().unwrap().to_owned();
    let of = |change: Value| {
        let mut all = json!({ "aud": "poll" });
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        id_token(all)
    };
    let tampered = {
        let other = of(json!({ "sub": "carol" }));
        let payload = other.split('.').nth(1).unwrap();
        let parts: Vec<_> = ours.split('.').collect();
        format!("{}.{payload}.{}", parts[0], parts[2])
    };
    let unsigned = {
        let payload = ours.split('.').nth(1).unwrap();
        format!("{}.{payload}.", base64_url(br#"{"alg":"none"}"#))
    };
    let claims = json!({ "iss": ORIGIN, "sub": "alice", "aud": "poll", "exp": NOW - 9_999_999, "iat": NOW });
    let by = |key: &edgegrant::jose::SigningKey, kid: &str| {
        token(key, &json!({ "alg": "ES256", "typ": "JWT", "kid": kid }), &claims)
    };
    for (what, hint, fine) in [
        ("ours", ours, true),
        ("expired", of(json!({ "exp": NOW - 1 })), true),
        ("expired long ago", of(json!({ "exp": NOW - 31_536_000 })), true),
        ("of several", of(json!({ "aud": ["other", "poll"] })), true),
        ("by a retired key", by(&key(Es256, 22), "old"), true),
        ("by a key of before", by(&key(Es256, 23), "older"), false),
        ("by another's key", by(&key(Es256, 41), "main"), false),
        ("another client's", of(json!({ "aud": "other" })), false),
        ("nobody's", of(json!({ "aud": null })), false),
        ("another issuer's", of(json!({ "iss": FAPI })), false),
        ("no issuer's", of(json!({ "iss": null })), false),
        ("without sub", of(json!({ "sub": null })), false),
        ("tampered", tampered, false),
        ("alg none", unsigned, false),
        ("an access token", issued["access_token"].as_str().unwrap().to_owned(), false),
        ("of a type like an id token's", of(json!({ "client_id": "poll" })), false),
        ("an access token as id token", access_token(json!({ "aud": "poll" })), false),
        ("a refresh token", issued["refresh_token"].as_str().unwrap().to_owned(), false),
        ("no JWT", "alice".into(), false),
    ] {
        let response = ask_by(&mut world, "poll", "id_token_hint", &hint);
        let expected = if fine { (200, "none", "") } else { (400, "invalid_request", "") };
        assert_refused(&response, expected, what);
        if fine {
            assert_eq!(world.asked.last().unwrap().sub, "alice");
        }
    }
    // A sub is a sub, and no name that somebody goes by here.
    for sub in ["nobody", "bob", "+491701234567"] {
        let response = ask_by(&mut world, "poll", "id_token_hint", &of(json!({ "sub": sub })));
        assert_refused(&response, UNKNOWN, sub);
    }
}

#[test]
fn a_hook_knows_whom_any_hint_names() {
    let hooks = Hooks { audit: true, notify_user: true, identify: true, ..Hooks::default() };
    let mut world = world_with(&ciba_document(), hooks, 5);
    let known = |sub: &str, user_code| Identified { sub: sub.into(), user_code };
    for (hint, identified) in [
        ("phone", known("alice", None)),
        ("opaque-token", known("alice", None)),
        ("alice", known("alice", None)),
        ("locked", known("bob", None)),
        ("gone", known("nobody", None)),
        ("silent", known("alice", Some(UserCodeFault::Missing))),
        ("wrong", known("alice", Some(UserCodeFault::Wrong))),
    ] {
        world.identified.insert(hint.into(), identified);
    }
    for (kind, hint, expected) in [
        ("login_hint", "phone", (200, "none", "")),
        // What such a token says is the operator's to know.
        ("login_hint_token", "opaque-token", (200, "none", "")),
        ("id_token_hint", &*id_token(json!({ "aud": "poll" })), (200, "none", "")),
        ("id_token_hint", "phone", (400, "invalid_request", "")),
        ("login_hint", "nobody-knows", UNKNOWN),
        ("login_hint", "locked", UNKNOWN),
        ("login_hint", "gone", UNKNOWN),
        ("login_hint", "silent", (400, "missing_user_code", "")),
    ] {
        assert_refused(&ask_by(&mut world, "poll", kind, hint), expected, hint);
    }
    let response = world.ask(asking("poll", &[("login_hint", "wrong"), ("user_code", "1")]));
    assert_refused(&response, (400, "invalid_user_code", ""), "wrong");
}

#[test]
fn s7_1_2_user_code() {
    let carol = ("login_hint", "carol");
    for (client, more, expected) in [
        ("poll", &[][..], (400, "missing_user_code")),
        ("poll", &[("user_code", "0000")], (400, "invalid_user_code")),
        ("poll", &[("user_code", "63650")], (400, "invalid_user_code")),
        ("poll", &[("user_code", CAROLS_CODE)], (200, "none")),
        // One that cannot ask for codes does not send any.
        ("other", &[("user_code", CAROLS_CODE)], (400, "missing_user_code")),
    ] {
        let mut world = ciba_world(6);
        let response = world.ask(asking(client, &[&[carol], more].concat()));
        assert_eq!(error(&response), (expected.0, expected.1.into()), "{client} {more:?}");
        assert_eq!(world.asked.len(), usize::from(expected.0 == 200));
    }
    // Who has none is asked whatever was sent.
    let response = ciba_world(6).ask(asking("poll", &[("user_code", "0000")]));
    assert_eq!(response.status, 200, "{}", response.body);
}

#[test]
fn s7_1_2_guesses_are_limited_by_client_person_and_day() {
    let guess = |client: &str, code: &str| asking(client, &[("login_hint", "carol"), ("user_code", code)]);
    let mut document = ciba_document();
    client_in(&mut document, "other")["backchannel_user_code_parameter"] = json!(true);
    let mut world = ciba_world_of(&document, 7);
    let wrong = (400, "invalid_user_code", "");
    // Right ones do not count.
    for _ in 0..20 {
        assert_eq!(world.ask(guess("poll", CAROLS_CODE)).status, 200);
    }
    for n in 0..9 {
        assert_refused(&world.ask(guess("poll", &n.to_string())), wrong, "wrong");
    }
    assert_eq!(world.ask(guess("poll", CAROLS_CODE)).status, 200, "one is left");
    assert_refused(&world.ask(guess("poll", "9")), wrong, "the last");
    assert_refused(&world.ask(guess("poll", CAROLS_CODE)), wrong, "right, and too late");
    assert_eq!(world.ask(guess("other", CAROLS_CODE)).status, 200, "another client");
    world.advance(86_400);
    assert_eq!(world.ask(guess("poll", CAROLS_CODE)).status, 200, "another day");
}

#[test]
fn s7_1_2_many_guesses_at_once_are_no_more() {
    for seed in 0..10 {
        let mut world = ciba_world(seed);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let right = rng.next_u32() as usize % 100;
        let ids: Vec<Id> = (0..100)
            .map(|n| {
                let code = if n == right { CAROLS_CODE.to_owned() } else { format!("{n:04}") };
                world.send(asking("poll", &[("login_hint", "carol"), ("user_code", &code)]))
            })
            .collect();
        world.run();
        let told =
            |says: &str| ids.iter().filter(|&&id| world.response(id).unwrap().body.contains(says)).count();
        // Ten, less the right one while it is counted.
        let judged = told("the user_code is another");
        assert!((9..=10).contains(&judged), "seed {seed}: {judged}");
        assert_eq!(judged + told("too many") + told("auth_req_id"), 100, "seed {seed}");
        let late = world.ask(asking("poll", &[("login_hint", "carol"), ("user_code", CAROLS_CODE)]));
        assert!(judged < 10 || error(&late) == (400, "invalid_user_code".into()), "seed {seed}");
    }
}
