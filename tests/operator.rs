//! What the program that embeds the server may do, and nobody over HTTP.
mod support;

use edgegrant::http::{Body, Headers, HttpRequest, HttpResponse};
use serde_json::{Value, json};
use support::*;

/// A world whose policies stand in the registry; and the one of the standard mount.
fn registry() -> (World, Value) {
    let mut document = exchange_document();
    let policy = document["issuers"][0]["policy"].take();
    for i in 0..2 {
        document["issuers"][i]["policy"] = json!("registry");
    }
    (world_of(&document, 1), policy)
}

fn publish(issuer: &str, policy: &str) -> Value {
    json!({ "command": "publish_policy", "issuer": issuer, "policy": policy })
}

fn subject(sub: &str) -> Value {
    json!({ "command": "put_subject", "issuer": ORIGIN, "sub": sub, "active": true })
}

fn key_command(command: &str, client: &str, more: Value) -> Value {
    merged(json!({ "command": command, "issuer": ORIGIN, "client_id": client }), more)
}

/// Whether A's calls of the generator are served with this API key.
fn opens(world: &mut World, api_key: &str) -> bool {
    let bearer = own_token(world, &STANDARD, A);
    let mut request = generate(&STANDARD, &bearer, "", &json!(["alice"]));
    request.headers.x_api_key = Some(api_key.into());
    match world.ask(request).status {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

fn description(response: &HttpResponse) -> String {
    body(response)["error_description"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_decision_is_explained_by_the_policy_in_force() {
    let (mut world, mut policy) = registry();
    let explain = |facts: &Value| {
        operator(&json!({ "command": "explain_policy", "issuer": ORIGIN, "facts": facts.to_string() }))
    };
    let facts = json!({ "kind": "generate", "from": A, "to": B, "now": 1_700_000_000 });
    assert_eq!(error(&world.ask(explain(&facts))), (503, "temporarily_unavailable".into()));
    for (version, expires_at, expected) in [
        ("1", "2100-01-01T00:00:00Z", ("granted", None)),
        ("2", "2020-01-01T00:00:00Z", ("refused", Some("exchange.expired"))),
    ] {
        policy["version"] = json!(version);
        for grant in policy["exchange"].as_array_mut().unwrap() {
            grant["expires_at"] = json!(expires_at);
        }
        assert_eq!(world.ask(operator(&publish(ORIGIN, &policy.to_string()))).status, 200);
        let decision = body(&world.ask(explain(&facts)));
        let refused = decision["rules"].as_array().unwrap().iter().find(|ruling| ruling["holds"] == false);
        let found =
            (decision["outcome"].as_str().unwrap(), refused.and_then(|ruling| ruling["rule"].as_str()));
        assert_eq!((found, &decision["policy_version"]), (expected, &json!(version)));
    }
    let response = world.ask(explain(&json!({ "kind": "generate", "from": A, "extra": 1 })));
    let answer = body(&response);
    let pointers: Vec<_> =
        answer["mistakes"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!((response.status, &*pointers), (400, &["", "", "/extra"][..]), "{answer}");
}

#[test]
fn a_policy_is_published_and_read_back_as_it_was_written() {
    let (mut world, policy) = registry();
    let read = |issuer: &str| json!({ "command": "read_policy", "issuer": issuer });
    assert_eq!(body(&world.ask(operator(&read(ORIGIN)))), json!({ "policy": null }));
    let text = serde_json::to_string_pretty(&policy).unwrap();
    let response = world.ask(operator(&publish(ORIGIN, &text)));
    assert_eq!((response.status, body(&response)), (200, json!({ "version": "standard-1" })));
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    assert_eq!(body(&world.ask(operator(&read(ORIGIN)))), json!({ "policy": text }));
    // Each issuer has its own.
    assert_eq!(body(&world.ask(operator(&read(DKT.issuer)))), json!({ "policy": null }));
    let [event] = &world.events[..] else { panic!("{:?}", world.events) };
    assert_eq!(
        (event.kind, &*event.issuer, event.cause.as_deref()),
        ("operator", ORIGIN, Some("publish_policy"))
    );
    assert_eq!(event.policy_version.as_deref(), Some("standard-1"));
    assert!(world.state.keys().is_empty() && world.registry.keys().len() == 1);
}

#[test]
fn a_policy_with_mistakes_comes_back_with_all_of_them_and_the_old_one_stays() {
    let (mut world, policy) = registry();
    assert_eq!(world.ask(operator(&publish(ORIGIN, &policy.to_string()))).status, 200);
    let registry = world.registry.clone();
    let mut wrong = policy;
    wrong["version"] = json!("");
    wrong["exchange"][0]["quota"] = json!(0);
    wrong["exchange"][1]["modes"] = json!([]);
    wrong["issuers"][1]["algorithms"] = json!(["HS256"]);
    let response = world.ask(operator(&publish(ORIGIN, &wrong.to_string())));
    assert_refused(&response, (400, "invalid_request", ""), "mistakes");
    let answer = body(&response);
    let mistakes = answer["mistakes"].as_array().unwrap();
    let pointers: Vec<&str> = mistakes.iter().map(|mistake| mistake["pointer"].as_str().unwrap()).collect();
    let expected = ["/exchange/0/quota", "/exchange/1/modes", "/issuers/1/algorithms", "/version"];
    assert_eq!(pointers, expected, "{mistakes:?}");
    assert!(mistakes.iter().all(|mistake| !mistake["message"].as_str().unwrap().is_empty()));
    assert_eq!(description(&response), "the policy has 4 mistakes");
    for text in ["", "{", "[]", "null", "{\"version\":\"1\"}", "{\"version\":\"1\",\"scopes\":{},\"x\":1}"] {
        let response = world.ask(operator(&publish(ORIGIN, text)));
        assert_eq!(
            (response.status, body(&response)["mistakes"].as_array().unwrap().len()),
            (400, 1),
            "{text}"
        );
    }
    assert_eq!(world.registry, registry);
}

#[test]
fn what_no_command_can_mean_is_refused_and_changes_nothing() {
    let mut world = exchange_world(2);
    let policy = exchange_document()["issuers"][1]["policy"].to_string();
    for (command, says) in [
        (json!({ "command": "drop_everything", "issuer": ORIGIN }), "no such command"),
        (json!({ "command": "publish_policy", "issuer": ORIGIN }), "policy"),
        (merged(subject("zoe"), json!({ "active": "yes" })), "active must be true or false"),
        (merged(subject("zoe"), json!({ "active": null })), "active must be true or false"),
        (merged(subject("zoe"), json!({ "sub": 7 })), "sub must be a text"),
        (merged(subject("zoe"), json!({ "issuer": "https://evil.example.com" })), "there are https://auth"),
        (merged(subject("zoe"), json!({ "issuer": format!("{ORIGIN}/") })), "no issuer"),
        (subject(""), "1 to 255 bytes"),
        (subject(&"é".repeat(128)), "1 to 255 bytes"),
        // This one stands in the configuration.
        (publish(ORIGIN, &policy), "stands in its configuration"),
        (publish("nobody", &policy), "no issuer"),
        (key_command("create_api_key", "nobody", json!({})), "no client nobody"),
        (key_command("revoke_api_key", A, json!({})), "api_key"),
        (key_command("revoke_api_key", "nobody", json!({ "api_key": API_KEY })), "no client nobody"),
    ] {
        let response = world.ask(operator(&command));
        assert_refused(&response, (400, "invalid_request", ""), &command.to_string());
        assert!(description(&response).contains(says), "{says}: {}", response.body);
    }
    let put = json!({ "issuer": ORIGIN, "sub": "zoe", "active": true });
    let two = json!({ "put_subject": put, "read_policy": { "issuer": ORIGIN } }).to_string();
    let twice = format!(r#"{{"put_subject":{put},"put_subject":{put}}}"#);
    let named = json!({ "command": "put_subject", "put_subject": put }).to_string();
    for text in ["", "{", "{}", "[]", "null", "7", "{\"put_subject\":7}", &two, &twice, &named] {
        let mut odd = operator(&subject("zoe"));
        odd.body = Body::Bytes(text.as_bytes().to_vec().into());
        assert_refused(&world.ask(odd), (400, "invalid_request", ""), text);
    }
    let mut too_long = operator(&subject("zoe"));
    too_long.body = Body::OverLimit;
    assert_eq!(world.ask(too_long).status, 400);
    assert!(world.state.keys().is_empty() && world.registry.keys().is_empty() && world.events.is_empty());
    assert_eq!(world.ask(operator(&subject(&"x".repeat(255)))).status, 200);
}

#[test]
fn an_api_key_opens_until_it_is_revoked_also_one_of_the_configuration() {
    let mut world = exchange_world(3);
    let create = key_command("create_api_key", A, json!({}));
    let [first, second] = [(); 2].map(|()| {
        let answer = body(&world.ask(operator(&create)));
        answer["api_key"].as_str().unwrap().to_owned()
    });
    assert_ne!(first, second);
    for key in [&first, &second] {
        assert_eq!(uuid::Uuid::parse_str(key).unwrap().get_version_num(), 4);
        assert!(opens(&mut world, key));
        // The store holds its hash alone, and no event names it.
        assert!(world.state.keys().iter().all(|stored| !stored.contains(&**key)));
        let values = world.state.keys().into_iter().map(|key| world.state.value(key).unwrap());
        assert!(values.into_iter().all(|value| !value.contains(&**key)));
        assert!(!format!("{:?}", world.events).contains(&**key));
    }
    let revoke = |key: &str| key_command("revoke_api_key", A, json!({ "api_key": key }));
    for (revoked, good) in [(first.as_str(), vec![&*second, API_KEY]), (API_KEY, vec![&*second])] {
        for _ in 0..2 {
            assert_eq!(world.ask(operator(&revoke(revoked))).status, 200);
            assert!(!opens(&mut world, revoked), "{revoked}");
        }
        assert!(good.iter().all(|key| opens(&mut world, key)));
    }
    // Of another client, or at another mount, a key opens nothing.
    let theirs = body(&world.ask(operator(&key_command("create_api_key", C, json!({})))));
    assert!(!opens(&mut world, theirs["api_key"].as_str().unwrap()));
    let elsewhere = key_command("create_api_key", A, json!({ "issuer": DKT.issuer }));
    let elsewhere = body(&world.ask(operator(&elsewhere)));
    assert!(!opens(&mut world, elsewhere["api_key"].as_str().unwrap()));
    let kinds: Vec<_> = world.events.iter().filter(|event| event.kind == "operator").collect();
    assert_eq!(kinds.len(), 8);
    assert!(kinds.iter().all(|event| event.client_id.is_some() && event.cause.is_some()));
}

#[test]
fn a_store_that_fails_is_said_to_and_a_command_can_be_given_again() {
    let (_, policy) = registry();
    for command in [
        publish(ORIGIN, &policy.to_string()),
        json!({ "command": "read_policy", "issuer": ORIGIN }),
        subject("zoe"),
        key_command("create_api_key", A, json!({})),
        key_command("revoke_api_key", A, json!({ "api_key": API_KEY })),
    ] {
        for fault in [Fault::Fail, Fault::Drop] {
            let (mut world, _) = registry();
            let id = world.send(operator(&command));
            world.fault(id, 1, fault);
            world.run();
            let expected = (503, "temporarily_unavailable", "");
            assert_refused(world.response(id).unwrap(), expected, &command.to_string());
            assert_eq!(world.ask(operator(&command)).status, 200);
        }
    }
}

#[test]
fn nothing_that_comes_over_http_reaches_a_command() {
    let (mut world, policy) = registry();
    let dkt = exchange_document()["issuers"][1]["policy"].to_string();
    for (issuer, policy) in [(ORIGIN, &policy.to_string()), (DKT.issuer, &dkt)] {
        assert_eq!(world.ask(operator(&publish(issuer, policy))).status, 200);
    }
    let (state, before) = (world.state.clone(), world.registry.clone());
    let commands =
        [subject("zoe"), publish(ORIGIN, &policy.to_string()), key_command("create_api_key", A, json!({}))];
    let paths = [
        "/",
        "",
        "/operator",
        "/_operator",
        "/admin",
        STANDARD.token,
        STANDARD.generator,
        DKT.token,
        DKT.redeem,
        DKT.generator,
        "/health",
        "/.well-known/jwks.json",
        "/?operator=true",
        "*",
    ];
    for command in &commands {
        for path in paths {
            for method in ["POST", "PUT", "GET", "OPERATOR", ""] {
                let headers = Headers {
                    content_type: Some("application/json".into()),
                    authorization: Some("Operator true".into()),
                    x_api_key: Some(API_KEY.into()),
                };
                let text = merged(command.clone(), json!({ "operator": true })).to_string();
                for body in [command.to_string(), text] {
                    let response = world.ask(request(method, path, headers.clone(), body.as_bytes()));
                    let harmless = method == "GET" && response.status == 200;
                    assert!(
                        harmless || (400..500).contains(&response.status),
                        "{method} {path}: {response:?}"
                    );
                }
            }
        }
    }
    assert_eq!((&world.state, &world.registry), (&state, &before));
    // A request that does not say so is not the operator's.
    let plain = json!({ "method": "POST", "path": "/", "query": "", "headers": {}, "body": { "bytes": [] } });
    let parsed: HttpRequest = serde_json::from_value(plain).unwrap();
    assert!(!parsed.operator);
}
