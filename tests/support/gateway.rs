//! The mount of the profile `open_gateway`, and the requests that are sent to it.

use edgegrant::http::{Headers, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::*;

pub const ISSUER: &str = "https://auth.example.com/ogw";
pub const FRAUD: &str = "dpv:FraudPreventionAndDetection";
pub const PHONE: &str = "tel:+34666666666";
pub const ALICE: &str = "alice";

pub fn ogw_document() -> Value {
    let purposes = json!({
        FRAUD: { "sim-swap": "legitimate_interest", "location": "consent", "kyc-match": "consent" },
        "dpv:RequestedServiceProvision": { "location": "contract" },
    });
    let client = |client_id: &str, scope: &str, grant_types: &[&str]| {
        json!({
            "client_id": client_id, "issuers": ["/ogw"], "client_secret": { "env": "SECRET" }, "scope": scope,
            "grant_types": grant_types, "client_name": format!("The {client_id}"),
        })
    };
    let data = "openid offline_access sim-swap location kyc-match";
    json!({
        "origin": ORIGIN,
        "issuers": [{
            "path": "/ogw",
            "profile": "open_gateway",
            "keys": [{ "alg": "ES256", "kid": "main", "private_key": { "env": "KEY" } }],
            "scope": format!("{data} consents"),
            "pairwise_salt": { "env": "SECRET" },
            "ciba": { "consent_page": "https://consent.example.com/give", "interval": 1 },
            "subjects": [
                { "sub": ALICE, "hints": [PHONE, "ipport:[2001:db8::1]:8080", "operatortoken:opaque"] },
                { "sub": "bob", "hints": ["tel:+34677777777"], "consents": [
                    { "client_id": "app", "purpose": FRAUD, "scope": "location" },
                ] },
                { "sub": "carol", "hints": ["tel:+34688888888"], "disabled": true },
            ],
            "policy": {
                "version": "ogw-1",
                "scopes": {
                    "openid": {}, "offline_access": {}, "sim-swap": {}, "location": {}, "kyc-match": {},
                    "consents": {},
                },
                "purposes": purposes,
            },
        }],
        "clients": [
            client("app", data, &[CIBA, "refresh_token"]),
            client("shop", data, &[CIBA]),
            client("consent-desk", "consents", &["client_credentials"]),
        ],
    })
}

pub fn ogw_world(seed: u64) -> World {
    world_of(&ogw_document(), seed)
}

pub fn ask(client: &str, parameters: &[(&str, &str)]) -> HttpRequest {
    basic("/ogw/bc-authorize", client, &form(parameters))
}

pub fn begin_at(world: &mut World, client: &str, hint: &str, scope: &str) -> Value {
    let response = world.ask(ask(client, &[("login_hint", hint), ("scope", scope)]));
    assert_eq!(response.status, 200, "{}", response.body);
    body(&response)
}

pub fn redeem_at(world: &mut World, client: &str, begun: &Value) -> HttpResponse {
    let auth_req_id = begun["auth_req_id"].as_str().unwrap();
    world.ask(basic("/ogw/token", client, &form(&[("grant_type", CIBA), ("auth_req_id", auth_req_id)])))
}

/// Asks the consent API.
pub fn desk(world: &mut World, method: &str, path: &str, body: &[u8]) -> HttpResponse {
    let token = world.ask(basic("/ogw/token", "consent-desk", "grant_type=client_credentials"));
    let headers = Headers {
        authorization: Some(format!("Bearer {}", access_of(&token))),
        content_type: Some("application/json".into()),
        ..Headers::default()
    };
    world.ask(request(method, path, headers, body))
}

/// Says through the consent API what a person said of `app`.
pub fn say(world: &mut World, sub: &str, scope: &str, state: &str) {
    let said = json!({ "sub": sub, "client_id": "app", "purpose": FRAUD, "scope": scope, "state": state });
    let response = desk(world, "POST", "/ogw/consents", said.to_string().as_bytes());
    assert_eq!(response.status, 200, "{}", response.body);
}
