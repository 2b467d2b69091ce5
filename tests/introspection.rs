//! RFC 7662: what a token is good for now, for whoever may know.
mod support;

use edgegrant::http::HttpRequest;
use serde_json::{Value, json};
use support::*;

const INACTIVE: &str = r#"{"active":false}"#;

fn asking_about(client: &str, token: &str) -> HttpRequest {
    basic("/introspect", client, &form(&[("token", token)]))
}

/// What `client` is told of a token.
fn told(world: &mut World, client: &str, token: &str) -> Value {
    let response = world.ask(asking_about(client, token));
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    body(&response)
}

/// The answer with alice's tokens for `poll`.
fn tokens(world: &mut World) -> Value {
    let details = r#"[{"type":"payment"}]"#;
    let response = world.ask(asking("poll", &[("authorization_details", details), ("resource", API)]));
    let id = auth_req_id_of(&response);
    let properties = json!([
        { "key": "receipt", "value": "r1" }, { "key": "internal", "value": "i1", "hidden": true },
    ]);
    decide(world, &merged(allowed(), json!({ "properties": properties, "refresh_token_lifetime": 7200 })));
    body(&poll(world, "poll", &id))
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn s2_2_an_access_token() {
    let mut world = ciba_world(1);
    let answer = tokens(&mut world);
    let token = text(&answer, "access_token");
    let known = json!({
        "active": true, "token_type": "Bearer", "client_id": "poll", "sub": "alice", "scope": "openid read",
        "aud": [API], "iss": ORIGIN, "exp": NOW + 3600, "iat": NOW, "jti": claims(token)["jti"],
        "authorization_details": [{ "type": "payment" }], "receipt": "r1",
    });
    assert_eq!(told(&mut world, "poll", token), known);
    // A resource server is shown what the client is not.
    assert_eq!(told(&mut world, "api", token), merged(known.clone(), json!({ "internal": "i1" })));
    // A hint changes nothing, §2.1.
    for hint in ["access_token", "refresh_token", "nonsense"] {
        let request = basic("/introspect", "poll", &form(&[("token", token), ("token_type_hint", hint)]));
        assert_eq!(body(&world.ask(request)), known);
    }
    world.advance(3599);
    assert_eq!(told(&mut world, "poll", token)["active"], true);
    world.advance(1);
    assert_eq!(told(&mut world, "poll", token), json!({ "active": false }));
}

#[test]
fn s2_2_a_refresh_token() {
    let mut world = ciba_world(2);
    let answer = tokens(&mut world);
    let first = text(&answer, "refresh_token");
    let known = json!({
        "active": true, "token_type": "refresh_token", "client_id": "poll", "sub": "alice",
        "scope": "openid read", "iss": ORIGIN, "exp": NOW + 7200,
        "authorization_details": [{ "type": "payment" }], "receipt": "r1",
    });
    assert_eq!(told(&mut world, "poll", first), known);
    assert_eq!(told(&mut world, "api", first), merged(known, json!({ "internal": "i1" })));
    let refreshing = form(&[("grant_type", "refresh_token"), ("refresh_token", first)]);
    let next = body(&world.ask(basic("/token", "poll", &refreshing)));
    let second = text(&next, "refresh_token");
    // To ask about a spent one is not to use it: the family goes on.
    assert_eq!(told(&mut world, "api", first), json!({ "active": false }));
    assert_eq!(told(&mut world, "api", second)["active"], true);
    // The properties follow the access tokens.
    assert_eq!(told(&mut world, "api", text(&next, "access_token"))["internal"], "i1");
    world.advance(7200);
    assert_eq!(told(&mut world, "api", second), json!({ "active": false }));
}

#[test]
fn s2_2_what_is_no_token_of_now_is_inactive_and_nothing_more() {
    let mut world = ciba_world(3);
    let answer = tokens(&mut world);
    let access = text(&answer, "access_token").to_owned();
    let tampered = format!("{}A", &access[..access.len() - 1]);
    let elsewhere = access_token(json!({ "iss": FAPI, "client_id": "poll" }));
    for token in [
        "x",
        "x.y",
        "a.b.c",
        &tampered,
        &elsewhere,
        text(&answer, "id_token"),
        &foreign_jwt(json!({})),
        &access_token(json!({ "client_id": "nobody" })),
    ] {
        for client in ["poll", "api"] {
            assert_eq!(world.ask(asking_about(client, token)).body, INACTIVE, "{token}");
        }
    }
    // §4: others learn nothing, not even that there is one.
    for name in ["access_token", "refresh_token"] {
        for client in ["other", "ping", "no-grant"] {
            assert_eq!(world.ask(asking_about(client, text(&answer, name))).body, INACTIVE, "{client}");
        }
    }
}

#[test]
fn s2_2_the_state_of_now_counts() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change, [bool; 2]); 5] = [
        ("nothing", |_| {}, [true, true]),
        ("client disabled", |d| client_in(d, "poll")["status"] = json!("revoked"), [false, false]),
        (
            "client gone",
            |d| d["clients"].as_array_mut().unwrap().retain(|client| client["client_id"] != "poll"),
            [false, false],
        ),
        ("subject disabled", |d| subject_of(d, 0)["disabled"] = json!(true), [false, false]),
        // What an access token says it is for, it is for until it ends; a refresh token would not be taken.
        ("scope withdrawn", |d| client_in(d, "poll")["scope"] = json!("openid"), [true, false]),
    ];
    let mut prepared = ciba_world(4);
    let answer = tokens(&mut prepared);
    for (what, change, active) in changes {
        let mut document = ciba_document();
        change(&mut document);
        let mut world = with_document(&prepared, &document);
        let found = ["access_token", "refresh_token"]
            .map(|name| told(&mut world, "api", text(&answer, name))["active"] == true);
        assert_eq!(found, active, "{what}");
    }
}

#[test]
fn s2_1_whoever_asks_is_authenticated() {
    let mut world = ciba_world(5);
    let answer = tokens(&mut world);
    let with = form(&[("token", text(&answer, "access_token"))]);
    for (what, request, expected) in [
        ("nobody", post("/introspect", &with), (401, "invalid_client", "")),
        ("public", post("/introspect", &format!("{with}&client_id=public")), (401, "invalid_client", "")),
        ("unknown", basic("/introspect", "nobody", &with), (401, "invalid_client", "")),
        ("no token", basic("/introspect", "poll", ""), (400, "invalid_request", "")),
        ("two", basic("/introspect", "poll", &format!("{with}&{with}")), (400, "invalid_request", "")),
        ("in the query", basic(&format!("/introspect?{with}"), "poll", ""), (400, "invalid_request", "")),
    ] {
        let response = world.ask(request);
        assert_refused(&response, expected, what);
        let challenged = response.headers.iter().any(|(name, _)| *name == "www-authenticate");
        assert_eq!(challenged, expected.0 == 401, "{what}");
    }
    let mut bearer = post("/introspect", &with);
    bearer.headers.authorization = Some(format!("Bearer {}", text(&answer, "access_token")));
    assert_eq!(world.ask(bearer).status, 401, "a bearer token is no client authentication here");
    assert_eq!(world.ask(get("/introspect")).status, 405);
    let mut json = basic("/introspect", "poll", &with);
    json.headers.content_type = Some("application/json".into());
    assert_eq!(world.ask(json).status, 415);
    let own = by_assertion("/introspect", &assertion("jwt", json!({})), &[("token", "x")]);
    assert_eq!(world.ask(own).body, INACTIVE);
}
