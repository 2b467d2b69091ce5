//! The back-end API: what may be done with a ticket, and when.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use serde_json::{Value, json};
use support::front_end::{
    action_and_error, answered, ask, authorized, call, content_of, fetch, front_end_world, issued, ticket,
};
use support::{Fault, World};

const ISSUE: &str = "backchannel/authentication/issue";
const FAIL: &str = "backchannel/authentication/fail";
const COMPLETE: &str = "backchannel/authentication/complete";

/// What each operation says of a ticket: issue, fail, complete.
fn say(world: &mut World, operation: &str, ticket: &str) -> (String, String) {
    let message = match operation {
        COMPLETE => authorized(ticket, json!({})),
        FAIL => json!({ "ticket": ticket, "reason": "UNKNOWN_USER_ID" }),
        _ => json!({ "ticket": ticket }),
    };
    let answer = ask(world, operation, &message);
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("action"), text("resultMessage"))
}

#[test]
fn issue_gives_what_the_client_is_answered() {
    for (client_id, interval) in [("poller", 5), ("pinged", 5), ("pushed", 0)] {
        let mut world = front_end_world(1);
        let ticket = ticket(&mut world, client_id);
        let answer = ask(&mut world, ISSUE, &json!({ "ticket": ticket }));
        let content = content_of(&answer["responseContent"]);
        let mut expected = json!({ "auth_req_id": answer["authReqId"], "expires_in": 120 });
        if interval > 0 {
            expected["interval"] = json!(interval);
        }
        assert_eq!(content, expected);
        assert_eq!((&answer["action"], &answer["expiresIn"]), (&json!("OK"), &json!(120)));
        assert_eq!(answer["interval"], interval);
        let event = world.events.last().unwrap();
        assert_eq!((event.kind, event.client_id.as_deref()), ("authentication.requested", Some(client_id)));
    }
}

#[test]
fn fail_says_why_and_spends_the_ticket() {
    for (reason, action) in [
        ("EXPIRED_LOGIN_HINT_TOKEN", "BAD_REQUEST"),
        ("UNKNOWN_USER_ID", "BAD_REQUEST"),
        ("UNAUTHORIZED_CLIENT", "BAD_REQUEST"),
        ("MISSING_USER_CODE", "BAD_REQUEST"),
        ("INVALID_USER_CODE", "BAD_REQUEST"),
        ("INVALID_BINDING_MESSAGE", "BAD_REQUEST"),
        ("INVALID_TARGET", "BAD_REQUEST"),
        ("ACCESS_DENIED", "FORBIDDEN"),
        ("SERVER_ERROR", "INTERNAL_SERVER_ERROR"),
    ] {
        for description in [None, Some("they are \"out\"\n")] {
            let mut world = front_end_world(1);
            let ticket = ticket(&mut world, "poller");
            let uri = description.map(|_| "https://example.com/why");
            let message = json!({
                "ticket": ticket, "reason": reason, "errorDescription": description, "errorUri": uri,
            });
            let answer = ask(&mut world, FAIL, &message);
            let error = reason.to_lowercase();
            assert_eq!(action_and_error(&answer), (action.into(), error.clone()));
            let content = content_of(&answer["responseContent"]);
            assert_eq!(content["error_uri"].as_str(), uri);
            if description.is_some() {
                assert_eq!(content["error_description"], "they are 'out'?");
            }
            let event = world.events.last().unwrap();
            assert_eq!((event.kind, event.error), ("authentication.refused", Some(error.as_str())));
            let (action, why) = say(&mut world, ISSUE, &ticket);
            assert_eq!(action, "INVALID_TICKET");
            assert!(why.contains("completed already"), "{why}");
        }
    }
}

#[test]
fn a_ticket_is_good_for_what_comes_next_and_for_nothing_else() {
    const LONG_OVER: i64 = 120 + 300;
    let unknown = "the ticket is unknown";
    for (done, wait, expected) in [
        (&[][..], 0, ["OK", "BAD_REQUEST", "issued yet"]),
        (&[], 121, ["expired", "expired", "issued yet"]),
        (&[], LONG_OVER, [unknown, unknown, unknown]),
        (&[ISSUE], 0, ["issued already", "issued already", "NO_ACTION"]),
        (&[ISSUE], 121, ["issued already", "issued already", "expired"]),
        (&[ISSUE], LONG_OVER, [unknown, unknown, unknown]),
        (&[FAIL], 0, ["completed already", "completed already", "completed already"]),
        (&[ISSUE, COMPLETE], 0, ["completed already", "completed already", "completed already"]),
    ] {
        for (operation, expected) in [ISSUE, FAIL, COMPLETE].into_iter().zip(expected) {
            let mut world = front_end_world(1);
            let ticket = ticket(&mut world, "poller");
            for operation in done {
                say(&mut world, operation, &ticket);
            }
            world.advance(wait);
            let (action, message) = say(&mut world, operation, &ticket);
            let context = format!("{operation} after {done:?} and {wait} s: {action} {message}");
            if action == expected {
                continue;
            }
            assert!(message.contains(expected), "{context}");
            let failed = match operation {
                ISSUE => "INVALID_TICKET",
                FAIL => "INTERNAL_SERVER_ERROR",
                _ => "SERVER_ERROR",
            };
            assert_eq!(action, failed, "{context}");
        }
    }
}

#[test]
fn a_ticket_lasts_from_its_issue_on() {
    let mut world = front_end_world(1);
    let ticket = ticket(&mut world, "poller");
    world.advance(100);
    assert_eq!(say(&mut world, ISSUE, &ticket).0, "OK");
    world.advance(100);
    assert_eq!(say(&mut world, COMPLETE, &ticket).0, "NO_ACTION");
}

#[test]
fn what_is_no_ticket_or_has_no_reason_changes_nothing() {
    let mut world = front_end_world(1);
    let (good, auth_req_id) = issued(&mut world, "poller");
    let fresh = ticket(&mut world, "poller");
    let none = [json!({}), json!({ "ticket": null }), json!({ "ticket": "" }), json!({ "ticket": "x.y" })];
    // The client has the auth_req_id: it must not decide with it.
    let stolen = json!({ "ticket": auth_req_id });
    for mut message in none.into_iter().chain([stolen]) {
        for (operation, action) in
            [(ISSUE, "INVALID_TICKET"), (FAIL, "INTERNAL_SERVER_ERROR"), (COMPLETE, "SERVER_ERROR")]
        {
            let more = json!({ "reason": "ACCESS_DENIED", "result": "AUTHORIZED", "subject": "mallory" });
            for (name, value) in more.as_object().unwrap() {
                message[name] = value.clone();
            }
            let answer = ask(&mut world, operation, &message);
            assert_eq!(answer["action"], action, "{operation} {message}");
            assert!(answer["resultMessage"].as_str().unwrap().contains("unknown"), "{answer}");
        }
    }
    let answer = ask(&mut world, FAIL, &json!({ "ticket": fresh, "reason": null }));
    assert_eq!(answer["action"], "INTERNAL_SERVER_ERROR");
    assert!(answer["resultMessage"].as_str().unwrap().contains("reason is missing"));
    assert_eq!(say(&mut world, ISSUE, &fresh).0, "OK");
    assert_eq!(say(&mut world, COMPLETE, &good).0, "NO_ACTION");
}

#[test]
fn of_two_calls_at_once_one_is_first() {
    for (operation, won, lost) in [
        (ISSUE, "OK", "INVALID_TICKET"),
        (FAIL, "BAD_REQUEST", "INTERNAL_SERVER_ERROR"),
        (COMPLETE, "NO_ACTION", "SERVER_ERROR"),
    ] {
        for seed in 0..16 {
            let mut world = front_end_world(seed);
            let ticket = match operation {
                COMPLETE => issued(&mut world, "poller").0,
                _ => ticket(&mut world, "poller"),
            };
            let message = json!({
                "ticket": ticket, "reason": "UNKNOWN_USER_ID", "result": "AUTHORIZED", "subject": "alice",
            });
            let path = format!("/api/{operation}");
            let sent: Vec<_> = (0..4).map(|_| world.send(call(&path, &message))).collect();
            world.run();
            let actions: Vec<Value> =
                sent.iter().map(|id| answered(world.response(*id).unwrap())["action"].clone()).collect();
            assert_eq!(actions.iter().filter(|action| *action == won).count(), 1, "{actions:?}");
            assert_eq!(actions.iter().filter(|action| *action == lost).count(), 3, "{actions:?}");
        }
    }
}

/// Whichever effect fails, or is done and reported failed: an answer that the front end understands, and a ticket
/// that is good or spent, never both.
#[test]
fn a_store_that_fails_leaves_a_ticket_that_can_be_used_or_was() {
    for (operation, won, failed) in [
        (ISSUE, "OK", "INTERNAL_SERVER_ERROR"),
        (FAIL, "BAD_REQUEST", "INTERNAL_SERVER_ERROR"),
        (COMPLETE, "NO_ACTION", "SERVER_ERROR"),
    ] {
        for fault in [Fault::Fail, Fault::Drop] {
            for effect in 1..8 {
                let mut world = front_end_world(1);
                let (ticket, auth_req_id) = match operation {
                    COMPLETE => issued(&mut world, "poller"),
                    _ => (ticket(&mut world, "poller"), String::new()),
                };
                let message = json!({
                    "ticket": ticket, "reason": "UNKNOWN_USER_ID", "result": "AUTHORIZED", "subject": "alice",
                });
                let id = world.send(call(&format!("/api/{operation}"), &message));
                world.fault(id, effect, fault);
                world.run();
                let answer = answered(world.response(id).unwrap());
                let last = effect >= world.effects(id);
                if answer["action"] == won {
                    assert!(last, "only the audit event may be lost: {effect}");
                } else {
                    assert_eq!(
                        (&answer["action"], &answer["resultCode"]),
                        (&json!(failed), &json!("A500001"))
                    );
                    assert!(!answer["responseContent"].as_str().unwrap_or_default().contains("fault"));
                    let again = say(&mut world, operation, &ticket);
                    let spent = again.1.contains("already");
                    assert!(
                        again.0 == won || (fault == Fault::Drop && spent),
                        "{operation} {effect}: {again:?}"
                    );
                }
                if operation == COMPLETE {
                    assert_eq!(
                        fetch(&mut world, "poller", &auth_req_id)["action"],
                        "OK",
                        "{effect} {fault:?}"
                    );
                }
            }
        }
    }
}
