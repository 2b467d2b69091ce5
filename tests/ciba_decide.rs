//! Who may decide an authentication: the program that embeds the server and, in development, anybody.
mod support;

use edgegrant::http::Headers;
use serde_json::{Value, json};
use support::gateway::{FRAUD, PHONE, begin_at, ogw_document};
use support::*;

const DEV: &str = "http://127.0.0.1:8787";

fn in_development(mut document: Value) -> Value {
    document["origin"] = json!(DEV);
    document["dev"] = json!(true);
    document
}

fn dev_path(id: &str, action: &str) -> String {
    format!("/_dev/ciba/{id}/{action}")
}

#[test]
fn in_development_anybody_decides() {
    for client in ["poll", "ping", "push"] {
        for (action, outcome, told) in
            [("allow", "authorized", "none"), ("deny", "access_denied", "access_denied")]
        {
            for method in ["GET", "POST"] {
                let mut world = ciba_world_of(&in_development(ciba_document()), 1);
                let response = world.ask(asking(client, &[("acr_values", "urn:acr:gold urn:acr:silver")]));
                let id = auth_req_id_of(&response);
                let decide = || request(method, &dev_path(&id, action), Headers::default(), b"");
                let response = world.ask(decide());
                assert_eq!((response.status, body(&response)), (200, json!({ "outcome": outcome })));
                // The first stands.
                assert_refused(&world.ask(decide()), (400, "invalid_request", ""), "again");
                assert_eq!(world.outbound.len(), usize::from(client != "poll"));
                if client == "push" {
                    continue;
                }
                let response = poll(&mut world, client, &id);
                assert_eq!(error(&response).1, told);
                if response.status == 200 {
                    let answer = body(&response);
                    let said = claims(answer["id_token"].as_str().unwrap());
                    assert_eq!((&said["sub"], &said["acr"]), (&json!("alice"), &json!("urn:acr:gold")));
                }
            }
        }
    }
}

#[test]
fn what_leads_nowhere_in_development() {
    let mut world = ciba_world_of(&in_development(ciba_document()), 2);
    let id = begin(&mut world, "poll");
    let ticket = ticket(&world);
    for path in [
        dev_path(&id, ""),
        dev_path(&id, "perhaps"),
        dev_path(&id, "allow/"),
        dev_path(&id.to_uppercase(), "allow"),
        dev_path(&ticket, "allow"),
        dev_path("", "allow"),
        format!("/_dev/ciba/{id}"),
        "/_dev/ciba/".to_owned(),
        "/_dev/consent?request=x".to_owned(),
    ] {
        assert_eq!(error(&world.ask(get(&path))), (404, "not_found".into()), "{path}");
    }
    let delete = request("DELETE", &dev_path(&id, "allow"), Headers::default(), b"");
    assert_eq!(world.ask(delete).status, 405);
    assert_eq!(error(&poll(&mut world, "poll", &id)).1, "authorization_pending");
    world.advance(120);
    let response = world.ask(get(&dev_path(&id, "allow")));
    assert!(response.status == 400 && response.body.contains("has expired"), "{}", response.body);
}

#[test]
fn in_development_the_consent_page_says_what_is_asked_for() {
    let mut world = world_of(&in_development(ogw_document()), 3);
    let begun = begin_at(&mut world, "app", PHONE, &format!("{FRAUD}#location"));
    let id = begun["auth_req_id"].as_str().unwrap().split('.').next().unwrap();
    let page = body(&world.ask(get(&format!("/_dev/consent?request={id}"))));
    assert_eq!(
        (&page["client_id"], &page["purpose"], &page["scope"]),
        (&json!("app"), &json!(FRAUD), &json!("location openid"))
    );
}

#[test]
fn nobody_decides_over_http_where_it_is_no_development() {
    let mut world = ciba_world(4);
    let id = begin(&mut world, "poll");
    let mut commands = vec![
        get(&dev_path(&id, "allow")),
        post(&dev_path(&id, "allow"), ""),
        get("/_dev/consent?request=x"),
        get("/_dev/env"),
    ];
    // The same bytes, but from the network.
    let mut command = deciding(&ticket(&world), &allowed());
    command.operator = false;
    commands.push(command);
    for request in commands {
        let path = request.path.clone();
        assert_eq!(error(&world.ask(request)), (404, "not_found".into()), "{path}");
    }
    assert_eq!(error(&poll(&mut world, "poll", &id)).1, "authorization_pending");
}

#[test]
fn a_command_that_is_none_decides_nothing() {
    let mut world = ciba_world(5);
    let id = begin(&mut world, "poll");
    let ticket = ticket(&world);
    let command =
        |members: Value| operator(&merged(json!({ "command": "complete_authentication" }), members));
    for (members, says) in [
        (json!({ "result": allowed() }), "ticket must be a text"),
        (json!({ "ticket": 7, "result": allowed() }), "ticket must be a text"),
        (json!({ "ticket": ticket }), "outcome must be one of"),
        (json!({ "ticket": ticket, "result": "authorized" }), "outcome must be one of"),
        (json!({ "ticket": ticket, "result": { "outcome": "AUTHORIZED" } }), "outcome must be one of"),
        (json!({ "ticket": "", "result": allowed() }), "the ticket is unknown"),
        (json!({ "ticket": format!("{ticket}x"), "result": allowed() }), "the ticket is unknown"),
        (json!({ "ticket": id, "result": allowed() }), "the ticket is unknown"),
    ] {
        let response = world.ask(command(members.clone()));
        assert_refused(&response, (400, "invalid_request", ""), &members.to_string());
        assert!(response.body.contains(says), "{members}: {}", response.body);
    }
    assert_eq!(error(&poll(&mut world, "poll", &id)).1, "authorization_pending");
    assert_eq!(world.ask(deciding(&ticket, &allowed())).body, "{}");
}
