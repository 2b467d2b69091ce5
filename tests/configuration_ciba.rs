//! The configuration of CIBA: every mistake of issuers, clients, subjects and front ends at its place.
mod support;

use edgegrant::config;
use serde_json::{Value, json};
use support::*;

/// The mistakes of the test document after `change`. Its third issuer has an API for a front end; its fourth, pairwise
/// subjects.
fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let mut document = document();
    change(&mut document);
    let mut bindings = bindings();
    bindings.insert("SHORT".into(), "x".repeat(21));
    bindings.insert("URL".into(), "https://client.example.com/ping".into());
    mistakes_of(&document, &bindings)
}

fn document() -> Value {
    let mut document = ciba_document();
    let keys = document["issuers"][1]["keys"].clone();
    let front_end = json!({
        "service_id": "s-1", "api_key": "k-1", "api_secret": { "env": "SECRET" },
        "access_token": { "env": "SECRET" },
    });
    let issuers = document["issuers"].as_array_mut().unwrap();
    issuers.push(json!({
        "path": "/front", "profile": "authlete", "keys": keys, "scope": "openid", "front_end": front_end, "ciba": {},
    }));
    issuers.push(json!({
        "path": "/gateway", "profile": "open_gateway", "keys": keys, "scope": "openid",
        "pairwise_salt": { "env": "SECRET" }, "ciba": { "consent_page": "https://consent.example.com/ask" },
    }));
    document
}

fn ciba(document: &mut Value) -> &mut Value {
    &mut document["issuers"][0]["ciba"]
}

fn front_end(document: &mut Value) -> &mut Value {
    &mut document["issuers"][2]["front_end"]
}

const ENDPOINT: &str = "backchannel_client_notification_endpoint";
const MODE: &str = "backchannel_token_delivery_mode";
const ALG: &str = "backchannel_authentication_request_signing_alg";

#[test]
fn mistakes_of_an_issuer() {
    let table: &[Mistaken] = &[
        (|d| ciba(d)["expires_in"] = json!(0), "/issuers/0/ciba/expires_in", "expected 1 to 86400 seconds"),
        (|d| ciba(d)["expires_in"] = json!(86_401), "/issuers/0/ciba/expires_in", "expected 1 to 86400"),
        (|d| ciba(d)["expires_in"] = json!("120"), "/issuers/0/ciba/expires_in", "expected a whole number"),
        (
            |d| ciba(d)["max_expires_in"] = json!(119),
            "/issuers/0/ciba/max_expires_in",
            "expected 120 to 86400",
        ),
        (|d| ciba(d)["max_expires_in"] = json!(86_401), "/issuers/0/ciba/max_expires_in", "to 86400"),
        (|d| ciba(d)["interval"] = json!(0), "/issuers/0/ciba/interval", "expected 1 to 60 seconds"),
        (|d| ciba(d)["interval"] = json!(61), "/issuers/0/ciba/interval", "expected 1 to 60 seconds"),
        (|d| ciba(d)["long_polling"] = json!(31), "/issuers/0/ciba/long_polling", "expected 0 to 30 seconds"),
        (
            |d| ciba(d)["extra"] = json!(1),
            "/issuers/0/ciba/extra",
            "unknown member; expected one of expires_in",
        ),
        (
            |d| ciba(d)["notification_hosts"] = json!(["client.example.com", ""]),
            "/issuers/0/ciba/notification_hosts/1",
            "expected a host",
        ),
        (
            |d| ciba(d)["notification_hosts"] = json!(["https://x.example", "client.example.com"]),
            "/issuers/0/ciba/notification_hosts/0",
            "expected a host",
        ),
        (
            |d| ciba(d)["notification_hosts"] = json!(["client.example.com", "u@x.example"]),
            "/issuers/0/ciba/notification_hosts/1",
            "expected a host",
        ),
        (
            |d| ciba(d)["notification_hosts"] = json!(["client.example.com", "x.example/path"]),
            "/issuers/0/ciba/notification_hosts/1",
            "expected a host",
        ),
        (
            |d| ciba(d)["consent_page"] = json!("https://consent.example.com/?a=b"),
            "/issuers/0/ciba/consent_page",
            "expected a URL without query and fragment",
        ),
        (|d| ciba(d)["consent_page"] = json!("/ask"), "/issuers/0/ciba/consent_page", "expected a URL"),
        (
            |d| ciba(d)["consent_page"] = json!({ "env": "NOWHERE" }),
            "/issuers/0/ciba/consent_page/env",
            "no binding NOWHERE",
        ),
        (
            |d| d["issuers"][3]["pairwise_salt"] = Value::Null,
            "/issuers/3",
            "member pairwise_salt is missing: this profile's subjects are pairwise",
        ),
        (
            |d| d["issuers"][0]["pairwise_salt"] = json!({ "env": "SECRET" }),
            "/issuers/0/pairwise_salt",
            "this profile's subjects are not pairwise",
        ),
        (
            |d| d["issuers"][3]["pairwise_salt"] = json!({ "env": "SHORT" }),
            "/issuers/3/pairwise_salt",
            "at least 32",
        ),
        (
            |d| d["issuers"][0]["front_end"] = front_end(d).clone(),
            "/issuers/0/front_end",
            "this profile has no API for a front end",
        ),
        (|d| front_end(d)["service_id"] = json!("a/b"), "/issuers/2/front_end/service_id", "letters, digits"),
        (|d| front_end(d)["service_id"] = json!(".."), "/issuers/2/front_end/service_id", "letters, digits"),
        (|d| front_end(d)["api_key"] = json!(""), "/issuers/2/front_end/api_key", "letters, digits and -._~"),
        (
            |d| front_end(d)["api_secret"] = json!({ "env": "SHORT" }),
            "/issuers/2/front_end/api_secret",
            "expected a secret of at least 22 characters",
        ),
        (
            |d| front_end(d)["api_secret"] = json!({ "env": "NOWHERE" }),
            "/issuers/2/front_end/api_secret/env",
            "no binding NOWHERE",
        ),
        (
            |d| front_end(d)["access_token"] = json!({ "env": "SHORT" }),
            "/issuers/2/front_end/access_token",
            "expected a secret of at least 22 characters",
        ),
    ];
    assert_each(table, |change| mistakes(change));
}

#[test]
fn mistakes_of_a_subject() {
    let table: &[Mistaken] = &[
        (|d| subject_of(d, 0)["sub"] = json!(""), "/issuers/0/subjects/0/sub", "expected 1 to 255 bytes"),
        (|d| subject_of(d, 1)["sub"] = json!("é".repeat(128)), "/issuers/0/subjects/1/sub", "1 to 255 bytes"),
        (|d| subject_of(d, 1)["sub"] = json!("alice"), "/issuers/0/subjects/1/sub", "each subject once"),
        (|d| subject_of(d, 0)["hints"] = json!([""]), "/issuers/0/subjects/0/hints/0", "names nobody else"),
        (
            |d| subject_of(d, 1)["hints"] = json!(["x", "+491701234567"]),
            "/issuers/0/subjects/1/hints/1",
            "expected a hint that names nobody else",
        ),
        // Whichever of them comes first.
        (|d| subject_of(d, 1)["hints"] = json!(["alice"]), "/issuers/0/subjects/1/hints/0", "nobody else"),
        (|d| subject_of(d, 0)["hints"] = json!(["carol"]), "/issuers/0/subjects/0/hints/0", "nobody else"),
        (
            |d| subject_of(d, 2)["user_code"] = json!({ "env": "NOWHERE" }),
            "/issuers/0/subjects/2/user_code/env",
            "no binding NOWHERE",
        ),
    ];
    assert_each(table, |change| mistakes(change));
    assert_eq!(mistakes(|d| subject_of(d, 0)["hints"] = json!(["alice", "a2"])), []);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn mistakes_of_a_client() {
    let table: &[Mistaken] = &[
        (
            |d| client_in(d, "poll")[MODE] = json!("pull"),
            "/clients/0/backchannel_token_delivery_mode",
            "poll, ping, push",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = Value::Null,
            "/clients/1",
            "member backchannel_client_notification_endpoint is missing: mode ping needs it",
        ),
        (|d| client_in(d, "push")[ENDPOINT] = Value::Null, "/clients/2", "mode push needs it"),
        (
            |d| client_in(d, "poll")[ENDPOINT] = json!("https://client.example.com/ping"),
            "/clients/0/backchannel_client_notification_endpoint",
            "mode poll has none",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("https://elsewhere.example.com/ping"),
            "/clients/1/backchannel_client_notification_endpoint",
            "elsewhere.example.com is not among the issuer's ciba.notification_hosts",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("https://client.example.com:8443/ping"),
            "/clients/1/backchannel_client_notification_endpoint",
            "client.example.com:8443 is not among",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("https://client.example.com.evil.example/ping"),
            "/clients/1/backchannel_client_notification_endpoint",
            "is not among",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("https://u@client.example.com/ping"),
            "/clients/1/backchannel_client_notification_endpoint",
            "without user and fragment",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("https://client.example.com/ping#x"),
            "/clients/1/backchannel_client_notification_endpoint",
            "without user and fragment",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("http://client.example.com/ping"),
            "/clients/1/backchannel_client_notification_endpoint",
            "expected https",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("http://127.0.0.1/ping"),
            "/clients/1/backchannel_client_notification_endpoint",
            "expected https",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!("client.example.com"),
            "/clients/1/backchannel_client_notification_endpoint",
            "expected a URL as in",
        ),
        (
            |d| client_in(d, "ping")[ENDPOINT] = json!({ "env": "NOWHERE" }),
            "/clients/1/backchannel_client_notification_endpoint/env",
            "no binding NOWHERE",
        ),
        (
            |d| client_in(d, "ping")["grant_types"] = json!(["refresh_token"]),
            "/clients/1/backchannel_token_delivery_mode",
            "mode ping is for clients with the grant urn:openid:params:grant-type:ciba",
        ),
        (
            |d| client_in(d, "public")["grant_types"] = json!([CIBA]),
            "/clients/9/grant_types",
            "a public client cannot have CIBA",
        ),
        (
            |d| {
                let fapi = client_in(d, "fapi");
                fapi[MODE] = json!("push");
                fapi[ENDPOINT] = json!("https://client.example.com/push");
            },
            "/clients/8/backchannel_token_delivery_mode",
            "expected one of poll, ping at issuer /fapi",
        ),
        (
            |d| client_in(d, "fapi")[ALG] = json!("RS256"),
            "/clients/8/backchannel_authentication_request_signing_alg",
            "RS256 is not taken at issuer /fapi",
        ),
        (
            |d| client_in(d, "jwt")[ALG] = json!("HS256"),
            "/clients/6/backchannel_authentication_request_signing_alg",
            "HS256 is not taken at issuer /",
        ),
        (
            |d| client_in(d, "jwt")[ALG] = json!("none"),
            "/clients/6/backchannel_authentication_request_signing_alg",
            "expected one of RS256",
        ),
        (
            |d| client_in(d, "jwt")[ALG] = json!("RS512"),
            "/clients/6/backchannel_authentication_request_signing_alg",
            "expected an algorithm of the keys in jwks, found RS512",
        ),
        (
            |d| client_in(d, "poll")[ALG] = json!("ES256"),
            "/clients/0/backchannel_authentication_request_signing_alg",
            "expected an algorithm of the keys in jwks, found ES256",
        ),
        // What is wrong with the keys is told, and not what follows from it.
        (
            |d| {
                client_in(d, "signing")["jwks"] = json!({ "keys": [] });
            },
            "/clients/7/jwks",
            "expected at least one public key",
        ),
        (|d| client_in(d, "poll")["jwks"] = json!("x"), "/clients/0/jwks", "expected a JWK Set"),
    ];
    assert_each(table, |change| mistakes(change));
}

#[test]
fn what_is_no_mistake() {
    let fine: &[fn(&mut Value)] = &[
        |d| *ciba(d) = json!({ "notification_hosts": ["client.example.com"] }),
        |d| ciba(d)["expires_in"] = json!(3600),
        |d| ciba(d)["long_polling"] = json!(30),
        |d| ciba(d)["notification_hosts"] = json!(["client.example.com", "127.0.0.1:8443", "[::1]"]),
        |d| {
            ciba(d)["notification_hosts"] = json!(["client.example.com:8443"]);
            client_in(d, "ping")[ENDPOINT] = json!("https://client.example.com:8443/ping");
            client_in(d, "push")[ENDPOINT] = json!("https://client.example.com:8443/push?client=push");
        },
        |d| client_in(d, "ping")[ENDPOINT] = json!({ "env": "URL" }),
        // Loopback hosts, in development.
        |d| {
            d["origin"] = json!("http://127.0.0.1:8787");
            d["dev"] = json!(true);
            client_in(d, "ping")[ENDPOINT] = json!("http://127.0.0.1:9000/ping");
            client_in(d, "push")[ENDPOINT] = json!("https://localhost/push");
        },
        // A client that proves itself by a secret may sign with keys of its own.
        |d| {
            let jwks = client_in(d, "jwt")["jwks"].clone();
            client_in(d, "poll")["jwks"] = jwks;
            client_in(d, "poll")[ALG] = json!("PS256");
        },
        |d| client_in(d, "fapi")[ALG] = json!("PS256"),
    ];
    for (f, change) in fine.iter().enumerate() {
        assert_eq!(mistakes(change), [], "{f}");
    }
    // In development too: no other host, and no http to it.
    for url in ["http://client.example.com/ping", "https://elsewhere.example.com/ping"] {
        let found = mistakes(|d| {
            d["origin"] = json!("http://127.0.0.1:8787");
            d["dev"] = json!(true);
            client_in(d, "ping")[ENDPOINT] = json!(url);
        });
        assert_eq!(found.len(), 1, "{url}: {found:?}");
    }
}

#[test]
fn the_plan_names_the_bindings() {
    let mut document = document();
    ciba(&mut document)["consent_page"] = json!({ "env": "PAGE" });
    client_in(&mut document, "ping")[ENDPOINT] = json!({ "env": "URL" });
    front_end(&mut document)["api_key"] = json!({ "env": "API_KEY" });
    let plan = config::plan(&document.to_string()).unwrap();
    for pointer in [
        "/issuers/0/subjects/2/user_code/env",
        "/issuers/0/ciba/consent_page/env",
        "/issuers/2/front_end/api_key/env",
        "/issuers/2/front_end/api_secret/env",
        "/issuers/2/front_end/access_token/env",
        "/issuers/3/pairwise_salt/env",
        "/clients/1/backchannel_client_notification_endpoint/env",
    ] {
        assert!(plan.bindings.iter().any(|binding| binding.pointer == pointer), "{pointer}");
    }
    assert!(plan.state_kinds.contains(&"ciba") && plan.state_kinds.contains(&"properties"));
}
