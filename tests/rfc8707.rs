//! RFC 8707: resource indicators, and the `audience` parameter beside them.
mod support;

use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

/// The token's `aud`, or the error.
fn ask(client: &str, parameters: &str) -> Value {
    let mut world = world(1);
    let response = world.ask(basic("/token", client, &format!("grant_type=client_credentials&{parameters}")));
    match response.status {
        200 => {
            let token = body(&response)["access_token"].as_str().unwrap().to_owned();
            payload(&token, &key(Algorithm::Es256, 1))["aud"].clone()
        }
        _ => json!(error(&response).1),
    }
}

#[test]
fn s2_the_token_is_for_what_was_asked() {
    let stock = "https://api.example.com/stock";
    for (client, parameters, expected) in [
        // RFC 9068 §3: none asked, the default.
        ("basic", String::new(), json!(ORIGIN)),
        ("basic", format!("resource={API}"), json!(API)),
        ("basic", "resource=https%3A%2F%2Fapi.example.com%2Forders".into(), json!(API)),
        ("basic", format!("audience={API}"), json!(API)),
        ("basic", format!("resource={API}&audience={API}"), json!(API)),
        ("basic", format!("resource={API}&resource={stock}&scope=orders:read"), json!([API, stock])),
        // §5: a scope that means nothing at one of them would open the other.
        ("basic", format!("resource={API}&resource={stock}&scope=orders:write"), json!("invalid_scope")),
        ("basic", format!("resource={stock}&scope=orders:write"), json!("invalid_scope")),
        ("basic", "resource=https://other.example.com".into(), json!("invalid_target")),
        ("basic", "resource=orders".into(), json!("invalid_target")),
        ("basic", format!("resource={API}%23fragment"), json!("invalid_target")),
        ("basic", format!("resource={API}&resource=/x"), json!("invalid_target")),
        ("basic", "audience=nobody".into(), json!("invalid_target")),
        ("narrow", format!("resource={API}"), json!(API)),
        ("narrow", format!("resource={stock}"), json!("invalid_target")),
    ] {
        assert_eq!(ask(client, &parameters), expected, "{client} {parameters}");
    }
}

#[test]
fn a_default_resource_stands_in_with_its_own_scope() {
    let mut document = document();
    document["issuers"][0]["default_resource"] = json!("https://api.example.com/stock");
    let mut world = world_of(&document, 2);
    let response = body(&world.ask(basic("/token", "basic", "grant_type=client_credentials")));
    assert_eq!(response["scope"], "orders:read");
    let claims = payload(response["access_token"].as_str().unwrap(), &key(Algorithm::Es256, 1));
    assert_eq!(claims["aud"], "https://api.example.com/stock");
}
