//! The deployment that the tests of CIBA run against, and the way through it: a client asks, a person decides, the
//! client gets its tokens.

use edgegrant::host::Hooks;
use edgegrant::http::{HttpRequest, HttpResponse};
use edgegrant::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::deployment::{API, ORIGIN, basic, body, key, post, world_with};
use super::exchange::{FOREIGN, NOW, STOCK, foreign_key, form, jwks, merged, operator, token};
use super::world::World;

pub const CIBA: &str = "urn:openid:params:grant-type:ciba";
pub const FAPI: &str = "https://auth.example.com/fapi";
pub const BC: &str = "/bc-authorize";
pub const NOTIFICATION_TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";
pub const CAROLS_CODE: &str = "6365";

/// The document; a test may change it before it starts a [`World`]. `bob` is disabled, `carol` has a user code.
pub fn ciba_document() -> Value {
    let scope = "openid profile read write introspection";
    let subjects = json!([
        { "sub": "alice", "hints": ["+491701234567"] },
        { "sub": "bob", "disabled": true },
        { "sub": "carol", "user_code": { "env": "USER_CODE" } },
    ]);
    let ciba = json!({
        "acr_values": ["urn:acr:silver", "urn:acr:gold"], "authorization_details_types": ["payment"],
        "notification_hosts": ["client.example.com"],
    });
    let scopes: serde_json::Map<_, _> = scope.split(' ').map(|name| (name.to_owned(), json!({}))).collect();
    json!({
        "origin": ORIGIN,
        "issuers": [
            {
                "path": "/",
                "keys": [
                    { "alg": "ES256", "kid": "main", "private_key": { "env": "KEY" } },
                    { "alg": "ES256", "kid": "old", "state": "retired",
                      "private_key": { "env": "HOST_GENERATOR" } },
                ],
                "scope": scope,
                "resources": [
                    { "identifier": API, "scope": "openid profile read write" },
                    { "identifier": STOCK, "scope": "openid read" },
                ],
                "subjects": subjects, "ciba": ciba,
                "policy": {
                    "version": "ciba-1", "scopes": scopes,
                    "issuers": [{ "issuer": FOREIGN, "jwks": jwks(&[(&foreign_key(), "f1")]),
                                  "algorithms": ["ES256"] }],
                },
            },
            {
                "path": "/fapi",
                "profile": "fapi_ciba",
                "keys": [{ "alg": "ES256", "kid": "main", "private_key": { "env": "KEY" } }],
                "scope": scope, "subjects": subjects, "ciba": ciba,
            },
        ],
        "clients": [
            client("poll", json!({ "client_name": "Poll", "backchannel_user_code_parameter": true })),
            client("ping", notified("ping")),
            client("push", notified("push")),
            client("other", json!({})),
            client("plain", json!({ "grant_types": [CIBA] })),
            client("no-grant", json!({ "grant_types": ["client_credentials"] })),
            client("jwt", signing("/", json!({}))),
            client("signing", signing("/", json!({ "backchannel_authentication_request_signing_alg": "ES256" }))),
            client("fapi", signing("/fapi", json!({}))),
            { "client_id": "public", "token_endpoint_auth_method": "none", "grant_types": ["refresh_token"] },
            client("api", json!({ "scope": "introspection", "grant_types": [] })),
        ],
    })
}

fn client(client_id: &str, more: Value) -> Value {
    let usual = json!({
        "client_id": client_id, "client_secret": { "env": "SECRET" }, "grant_types": [CIBA, "refresh_token"],
        "scope": "openid profile read write",
    });
    merged(usual, more)
}

fn notified(mode: &str) -> Value {
    json!({
        "backchannel_token_delivery_mode": mode,
        "backchannel_client_notification_endpoint": format!("https://client.example.com/{mode}"),
    })
}

fn signing(path: &str, more: Value) -> Value {
    let all = [("c1", Algorithm::Es256), ("c2", Algorithm::Ps256), ("c3", Algorithm::Rs256)];
    let public = |(kid, alg)| signing_key(alg).to_jwk().public().unwrap().with_kid(kid).to_value();
    let keys: Vec<Value> = all.map(public).to_vec();
    let usual = json!({
        "issuers": [path], "client_secret": null, "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": keys },
    });
    merged(usual, more)
}

/// The keys of the clients that sign.
pub fn signing_key(alg: Algorithm) -> SigningKey {
    key(alg, 40)
}

pub fn ciba_world(seed: u64) -> World {
    ciba_world_of(&ciba_document(), seed)
}

pub fn ciba_world_of(document: &Value, seed: u64) -> World {
    world_with(document, Hooks { audit: true, notify_user: true, ..Hooks::default() }, seed)
}

/// A world of another document with what the store of `world` holds.
pub fn with_document(world: &World, document: &Value) -> World {
    let mut other = ciba_world_of(document, 99);
    (other.state, other.now) = (world.state.clone(), world.now);
    other
}

/// `base` with some values changed; one that is changed to nothing is taken out.
pub fn changed<'a>(base: &[(&'a str, &'a str)], change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let stays = |(name, _): &&(&str, &str)| !change.iter().any(|(changed, _)| changed == name);
    let kept = base.iter().filter(stays).chain(change);
    kept.copied().filter(|(_, value)| !value.is_empty()).collect()
}

/// An authentication request for alice, changed.
pub fn asking(client: &str, change: &[(&str, &str)]) -> HttpRequest {
    let usual = [
        ("scope", "openid read"),
        ("login_hint", "alice"),
        ("client_notification_token", NOTIFICATION_TOKEN),
    ];
    basic(BC, client, &form(&changed(&usual, change)))
}

/// Asks for alice; gives the `auth_req_id`.
pub fn begin(world: &mut World, client: &str) -> String {
    auth_req_id_of(&world.ask(asking(client, &[])))
}

pub fn auth_req_id_of(response: &HttpResponse) -> String {
    body(response)["auth_req_id"].as_str().unwrap_or_else(|| panic!("{}", response.body)).to_owned()
}

/// The ticket of the person who was asked last.
pub fn ticket(world: &World) -> String {
    world.asked.last().expect("somebody was asked").ticket.clone()
}

/// What the person decides.
pub fn deciding(ticket: &str, result: &Value) -> HttpRequest {
    operator(&json!({ "command": "complete_authentication", "ticket": ticket, "result": result }))
}

/// The person who was asked last decides.
pub fn decide(world: &mut World, result: &Value) {
    let response = world.ask(deciding(&ticket(world), result));
    assert_eq!(response.status, 200, "{}", response.body);
}

pub fn allow(world: &mut World) {
    decide(world, &allowed());
}

pub fn allowed() -> Value {
    json!({ "outcome": "authorized", "auth_time": NOW - 5, "acr": "urn:acr:gold" })
}

pub fn denied() -> Value {
    json!({ "outcome": "access_denied" })
}

pub fn failed() -> Value {
    json!({ "outcome": "transaction_failed" })
}

pub fn polling(client: &str, auth_req_id: &str) -> HttpRequest {
    basic("/token", client, &form(&[("grant_type", CIBA), ("auth_req_id", auth_req_id)]))
}

pub fn poll(world: &mut World, client: &str, auth_req_id: &str) -> HttpResponse {
    world.ask(polling(client, auth_req_id))
}

/// An assertion of a client that authenticates by one, changed; each is good once.
pub fn assertion(client: &str, change: Value) -> String {
    let claims = json!({
        "iss": client, "sub": client, "aud": ORIGIN, "exp": NOW + 60, "iat": NOW, "jti": fresh(),
    });
    token(&signing_key(Algorithm::Es256), &json!({ "alg": "ES256", "kid": "c1" }), &merged(claims, change))
}

/// A form of a client that authenticates by an assertion.
pub fn by_assertion(path: &str, assertion: &str, parameters: &[(&str, &str)]) -> HttpRequest {
    let own = [
        ("client_assertion", assertion),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    post(path, &form(&[&own, parameters].concat()))
}

/// A text that no other is.
pub fn fresh() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("fresh-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The subject of a document's first issuer, by its index.
pub fn subject_of(document: &mut Value, index: usize) -> &mut Value {
    &mut document["issuers"][0]["subjects"][index]
}

/// A client of a document, by its `client_id`.
pub fn client_in<'d>(document: &'d mut Value, client_id: &str) -> &'d mut Value {
    let clients = document["clients"].as_array_mut().unwrap();
    clients.iter_mut().find(|client| client["client_id"] == client_id).expect("the document has that client")
}
