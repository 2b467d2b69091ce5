//! RFC 8693 §1.1, §4.1, §4.4: who acts for whom, and that a chain of exchanges never widens.
mod support;

use serde_json::{Value, json};
use support::*;

/// The claims of what B gets for `subject`, with `more`.
fn exchanged(world: &mut World, subject: &str, more: &[(&str, &str)]) -> Value {
    claims(&access_of(&world.ask(exchange(B, (subject, ACCESS_TOKEN), more))))
}

fn with_grant(change: Value) -> World {
    let mut document = exchange_document();
    let grant = grant_of(&mut document, &STANDARD, "token_exchange", A, B);
    *grant = merged(grant.clone(), change);
    world_of(&document, 1)
}

fn acting(token: &str) -> [(&str, &str); 2] {
    [("actor_token", token), ("actor_token_type", ACCESS_TOKEN)]
}

/// An access token that the client got for itself.
fn own(client: &str) -> String {
    access_token(json!({ "sub": client, "client_id": client, "aud": ORIGIN }))
}

#[test]
fn s1_1_act_is_there_where_somebody_acts_and_only_there() {
    let subject = access_token(json!({}));
    let (both, alone, always) =
        (json!({}), json!({ "modes": ["impersonation"] }), json!({ "modes": ["delegation"] }));
    for (modes, actor, expected) in [
        (&both, false, None),
        (&both, true, Some(json!({ "sub": B }))),
        (&alone, false, None),
        (&json!({ "modes": null }), false, None),
        (&always, false, Some(json!({ "sub": B }))),
        (&always, true, Some(json!({ "sub": B }))),
    ] {
        let actor_token = own(B);
        let actor = if actor { &acting(&actor_token)[..] } else { &[] };
        let claims = exchanged(&mut with_grant(modes.clone()), &subject, actor);
        assert_eq!((claims.get("act"), &claims["sub"]), (expected.as_ref(), &json!("alice")), "{modes}");
    }
    for modes in [alone, json!({ "modes": null })] {
        let request = exchange(B, (&subject, ACCESS_TOKEN), &acting(&own(B)));
        let response = with_grant(modes).ask(request);
        assert_refused(&response, (400, "invalid_request", "exchange.delegation-not-allowed"), "alone");
    }
}

#[test]
fn s2_2_2_an_actor_token_is_validated_as_a_subject_token_is() {
    let mut document = exchange_document();
    client_of(&mut document, &STANDARD, C)["status"] = json!("revoked");
    let mut world = world_of(&document, 2);
    let subject = access_token(json!({}));
    let theirs = |change| access_token(merged(json!({ "sub": B, "client_id": B }), change));
    for (actor, rule) in [
        (theirs(json!({ "exp": NOW })), "subject-token.expired"),
        (theirs(json!({ "iss": DKT.issuer })), "subject-token.issuer"),
        (token(&foreign_key(), &issuer_key().1, &claims(&own(B))), "subject-token.signature"),
        (id_token(json!({})), "subject-token.malformed"),
        ("nonsense".to_owned(), "subject-token.malformed"),
        // Good, and not the client's own.
        (own(A), "exchange.actor-not-allowed"),
        (access_token(json!({})), "exchange.actor-not-allowed"),
        // Of somebody who may not act any more.
        (own(C), "exchange.actor-not-allowed"),
        (own("deleted"), "exchange.actor-not-allowed"),
        (theirs(json!({ "sub": "bob" })), "exchange.actor-not-allowed"),
        (theirs(json!({ "sub": "nobody" })), "exchange.actor-not-allowed"),
    ] {
        let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &acting(&actor)));
        assert_refused(&response, (400, "invalid_request", rule), &claims_or(&actor));
    }
    // A person's token that the client holds acts as that person.
    let carol = theirs(json!({ "sub": "carol" }));
    assert_eq!(exchanged(&mut world, &subject, &acting(&carol))["act"], json!({ "sub": "carol" }));
}

fn claims_or(token: &str) -> String {
    if token.contains('.') { claims(token).to_string() } else { token.to_owned() }
}

#[test]
fn s4_1_the_actor_of_now_stands_outermost_and_the_chain_is_bounded() {
    let chain = |depth: usize| {
        (0..depth).fold(Value::Null, |inner, n| match inner {
            Value::Null => json!({ "sub": format!("actor-{n}") }),
            inner => json!({ "sub": format!("actor-{n}"), "act": inner }),
        })
    };
    let subject = |depth| access_token(json!({ "act": chain(depth) }));
    for (deepest, depth, delegation, fits) in [
        (None, 1, true, true),
        (None, 2, true, false),
        (None, 2, false, true),
        (None, 3, false, false),
        (Some(1), 0, true, true),
        (Some(1), 1, true, false),
        (Some(1), 1, false, true),
        (Some(8), 7, true, true),
        (Some(8), 8, true, false),
        (Some(8), 60, true, false),
    ] {
        let mut world = with_grant(json!({ "max_act_depth": deepest }));
        let actor_token = own(B);
        let actor = if delegation { &acting(&actor_token)[..] } else { &[] };
        let response = world.ask(exchange(B, (&subject(depth), ACCESS_TOKEN), actor));
        let what = format!("{deepest:?} {depth} {delegation}");
        if !fits {
            assert_refused(&response, (400, "invalid_request", "exchange.act-too-deep"), &what);
            continue;
        }
        let act = &claims(&access_of(&response))["act"];
        let expected = match (delegation, depth) {
            (true, 0) => json!({ "sub": B }),
            (true, depth) => json!({ "sub": B, "act": chain(depth) }),
            // Who does not act does not take away who did.
            (false, depth) => chain(depth),
        };
        assert_eq!(*act, expected, "{what}");
    }
    // §4.1: who acted before has no say. The chain names C; C's own grant is not asked for.
    let subject = access_token(json!({ "act": { "sub": C } }));
    let response = with_grant(json!({})).ask(exchange(C, (&subject, ACCESS_TOKEN), &[("scope", "write")]));
    assert_refused(&response, (400, "invalid_scope", "scope.beyond-grant"), "C");
}

#[test]
fn s4_4_may_act_names_who_may() {
    let may_act = |value: Value| access_token(json!({ "may_act": value }));
    let carol = access_token(json!({ "sub": "carol", "client_id": B }));
    let own_token = own(B);
    let (client, person, nobody) = (&acting(&own_token)[..], &acting(&carol)[..], &[][..]);
    let foreign_iss = json!({ "sub": B, "iss": FOREIGN });
    for (named, actor, allowed) in [
        (json!({ "sub": B }), nobody, true),
        (json!({ "sub": B }), client, true),
        (json!({ "sub": B }), person, false),
        (json!({ "sub": "carol" }), person, true),
        (json!({ "sub": "carol" }), client, false),
        // Without an actor token the client speaks for itself, and is not who is named.
        (json!({ "sub": "carol" }), nobody, false),
        (json!({ "sub": C }), nobody, false),
        (json!({ "sub": C }), client, false),
        (json!({ "client_id": B }), nobody, true),
        (json!({ "sub": B, "iss": ORIGIN }), client, true),
        (foreign_iss.clone(), client, false),
        (foreign_iss, nobody, false),
        (json!({ "sub": B, "iss": 7 }), nobody, false),
        (json!({}), nobody, false),
        (json!({ "sub": "" }), nobody, false),
        (json!({ "email": "b@example.com" }), client, false),
    ] {
        let mut world = exchange_world(3);
        let response = world.ask(exchange(B, (&may_act(named.clone()), ACCESS_TOKEN), actor));
        if allowed {
            assert_eq!(response.status, 200, "{named} {actor:?}: {}", response.body);
            // What was said of the subject token is not said of the new one.
            assert_eq!(claims(&access_of(&response)).get("may_act"), None);
        } else {
            let rule = "exchange.actor-not-allowed";
            assert_refused(&response, (400, "invalid_request", rule), &named.to_string());
        }
    }
    // Another's grant does not stand in for being named, nor being named for a grant.
    let response = exchange_world(4).ask(exchange(C, (&may_act(json!({ "sub": B })), ACCESS_TOKEN), &[]));
    assert_refused(&response, (400, "invalid_request", "exchange.actor-not-allowed"), "C");
    let theirs = access_token(json!({ "client_id": C, "may_act": { "sub": B } }));
    let response = exchange_world(4).ask(exchange(B, (&theirs, ACCESS_TOKEN), &[]));
    assert_refused(&response, (400, "invalid_request", "exchange.no-grant"), "C's token");
}

#[test]
fn s4_4_an_actor_of_another_issuer() {
    let mut world = exchange_world(5);
    let actor = [("actor_token", foreign_jwt(json!({ "sub": "carol" }))), ("actor_token_type", JWT.into())];
    let actor: Vec<(&str, &str)> = actor.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // Nobody's own here: it acts only where it is named.
    let subject = access_token(json!({}));
    let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &actor));
    assert_refused(&response, (400, "invalid_request", "exchange.actor-not-allowed"), "not named");
    let subject = access_token(json!({ "may_act": { "sub": "carol" } }));
    let act = &exchanged(&mut world, &subject, &actor)["act"];
    assert_eq!(*act, json!({ "sub": "carol", "iss": FOREIGN }));
}

#[test]
fn a_key_that_the_subject_token_is_bound_to_is_kept_or_the_exchange_refused() {
    let mut world = exchange_world(6);
    for cnf in [json!({ "jkt": "thumb" }), json!({ "x5t#S256": "thumb" })] {
        let subject = access_token(json!({ "cnf": cnf }));
        assert_eq!(exchanged(&mut world, &subject, &[])["cnf"], cnf);
        // And by the next hop, and by a jwt.
        let mine = access_of(&world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[])));
        let theirs = access_of(&world.ask(exchange(C, (&mine, ACCESS_TOKEN), &[])));
        assert_eq!(claims(&theirs)["cnf"], cnf);
        let jwt = [("requested_token_type", JWT), ("audience", STOCK)];
        assert_eq!(exchanged(&mut world, &subject, &jwt)["cnf"], cnf);
    }
    for cnf in [
        json!({}),
        json!({ "jwk": {} }),
        json!({ "kid": "k" }),
        json!({ "jkt": "thumb", "x5t#S256": "thumb" }),
        json!({ "jkt": "thumb", "osc": {} }),
    ] {
        let subject = access_token(json!({ "cnf": cnf }));
        let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[]));
        assert_refused(&response, (400, "invalid_request", "exchange.confirmation"), &cnf.to_string());
    }
    assert!(world.state.keys().is_empty());
}

#[test]
fn a_refresh_token_in_between_loses_neither_actors_nor_key_nor_end() {
    let mut world = exchange_world(7);
    let (cnf, act) = (json!({ "jkt": "thumb" }), json!({ "sub": "somebody" }));
    let subject = access_token(json!({ "cnf": cnf, "act": act }));
    let of = [("requested_token_type", REFRESH_TOKEN)];
    let refresh_token = access_of(&world.ask(exchange(B, (&subject, ACCESS_TOKEN), &of)));
    let refreshing = form(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]);
    let mut document = exchange_document();
    let again = grant(json!({
        "from": B, "to": B, "scope": "read", "subject_token_types": ["refresh_token"],
    }));
    document["issuers"][0]["policy"]["exchange"].as_array_mut().unwrap().push(again);
    let state = world.state.clone();
    // By an exchange for an access token.
    let mut world = world_of(&document, 8);
    world.state = state;
    world.advance(100);
    let response = world.ask(exchange(B, (&refresh_token, REFRESH_TOKEN), &[]));
    let by_exchange = claims(&access_of(&response));
    // By refreshing.
    let by_refreshing = claims(&access_of(&world.ask(basic("/token", B, &refreshing))));
    for claims in [by_exchange, by_refreshing] {
        assert_eq!((&claims["cnf"], &claims["act"]), (&cnf, &act), "{claims}");
        assert_eq!(claims["exp"], NOW + 600, "{claims}");
    }
}

#[test]
fn two_hops_never_widen() {
    let mut world = exchange_world(9);
    let subject = access_token(json!({ "exp": NOW + 300, "scope": "read" }));
    let first = access_of(&world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[])));
    assert_eq!((&claims(&first)["scope"], &claims(&first)["exp"]), (&json!("read"), &json!(NOW + 300)));
    world.advance(100);
    let second = claims(&access_of(&world.ask(exchange(C, (&first, ACCESS_TOKEN), &[]))));
    assert_eq!(second["exp"], NOW + 300);
    assert_eq!(
        (&second["sub"], &second["client_id"], &second["scope"]),
        (&json!("alice"), &json!(C), &json!("read"))
    );
    assert_eq!((&second["aud"], &second["act"]), (&json!(API), &json!({ "sub": C })));
    let stock = access_of(&world.ask(exchange(B, (&subject, ACCESS_TOKEN), &[("audience", STOCK)])));
    for (subject, more, rule, code) in [
        (&first, [("scope", "write")], "scope.beyond-subject", "invalid_scope"),
        (&first, [("audience", STOCK)], "audience.beyond-grant", "invalid_target"),
        // What the first hop left behind does not come back.
        (&stock, [("audience", API)], "audience.beyond-grant", "invalid_target"),
        (&stock, [("audience", ORIGIN)], "audience.beyond-grant", "invalid_target"),
    ] {
        let response = world.ask(exchange(C, (subject, ACCESS_TOKEN), &more));
        assert_refused(&response, (400, code, rule), &format!("{more:?}"));
    }
    // A is not C: the token of the first hop is B's.
    let response = world.ask(exchange(A, (&first, ACCESS_TOKEN), &[]));
    assert_refused(&response, (400, "invalid_request", "exchange.no-grant"), "A");
}

#[test]
fn a_lifetime_is_the_least_of_what_all_allow() {
    for (left, grant, policy, expected) in [
        (7200, None, None, 3600),
        (7200, Some(120), None, 120),
        (7200, None, Some(json!({ "max": 90 })), 90),
        (7200, Some(120), Some(json!({ "max": 90 })), 90),
        (7200, Some(7200), None, 3600),
        (7200, None, Some(json!({ "default": 60 })), 60),
        (50, Some(120), Some(json!({ "max": 90 })), 50),
        (1, None, None, 1),
    ] {
        let mut document = exchange_document();
        grant_of(&mut document, &STANDARD, "token_exchange", A, B)["lifetime"] = json!(grant);
        document["issuers"][0]["policy"]["lifetimes"] = json!({ "access_token": policy });
        let subject = access_token(json!({ "exp": NOW + left }));
        let response = world_of(&document, 1).ask(exchange(B, (&subject, ACCESS_TOKEN), &[]));
        let what = format!("{left} {grant:?} {policy:?}");
        assert_eq!(body(&response)["expires_in"], expected, "{what}");
        assert_eq!(claims(&access_of(&response))["exp"], NOW + expected, "{what}");
    }
}

#[test]
fn s2_2_1_expires_in_of_a_refresh_token_is_its_own() {
    for (left, lifetimes, expected) in [
        (7200, json!({}), 7200),
        (600, json!({ "refresh_token": { "max": 60 } }), 60),
        (100 * 86_400, json!({}), 30 * 86_400),
    ] {
        let mut document = exchange_document();
        document["issuers"][0]["policy"]["lifetimes"] = lifetimes;
        let mut world = world_of(&document, 1);
        let subject = access_token(json!({ "exp": NOW + left }));
        let of = [("requested_token_type", REFRESH_TOKEN)];
        let response = world.ask(exchange(B, (&subject, ACCESS_TOKEN), &of));
        assert_eq!(body(&response)["expires_in"], expected, "{}", response.body);
        assert_eq!(world.signatures, 0);
        let refresh = |world: &mut World| {
            let token = access_of(&response);
            let parameters = form(&[("grant_type", "refresh_token"), ("refresh_token", &token)]);
            world.ask(basic("/token", B, &parameters)).status
        };
        // It is good until then.
        world.advance(expected);
        assert_eq!(refresh(&mut world), 400);
        world.advance(-1);
        assert_eq!(refresh(&mut world), 200);
    }
}
