//! The deployment that the tests of the back-end API run against, and the calls that a front end makes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edgegrant::http::{Headers, HttpRequest, HttpResponse};
use edgegrant::jose::{Algorithm, jws};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use super::deployment::{API, ORIGIN, SECRET, body, client_key, jwt, key, payload, request, world_of};
use super::exchange::merged;
use super::world::World;

pub use super::ciba::{CIBA, NOTIFICATION_TOKEN};
pub const SERVICE: &str = "4326858";
pub const API_KEY: &str = "api-key";
/// The other issuer: its base path, and its service.
pub const OTHER: &str = "/other/api";

/// The document; a test may change it before it starts a [`World`].
pub fn front_end_document() -> Value {
    let issuer = |path: &str, service: &str| {
        json!({
            "path": path, "profile": "authlete",
            "keys": [{ "alg": "ES256", "kid": "main", "private_key": { "env": "KEY" } }],
            "scope": "openid profile phone read write",
            "resources": [{ "identifier": API, "scope": "profile phone read write" }],
            "ciba": {
                "notification_hosts": ["client.example.com"], "acr_values": ["urn:mace:gold", "urn:mace:silver"],
                "authorization_details_types": ["payment"],
            },
            "front_end": {
                "service_id": service, "api_key": format!("{API_KEY}{}", &path[1..]),
                "api_secret": { "env": "SECRET" }, "access_token": { "env": "API_KEY" },
            },
        })
    };
    json!({
        "origin": ORIGIN,
        "issuers": [issuer("/", SERVICE), issuer("/other", "1")],
        "clients": [
            client("poller", json!({ "client_number": 5_008_706_718_u64, "client_name": "The shop" })),
            client("pinged", mode("ping")),
            client("pushed", mode("push")),
            client("with-code", json!({ "backchannel_user_code_parameter": true })),
            client("no-refresh", json!({ "grant_types": [CIBA, "client_credentials"] })),
            client("no-ciba", json!({ "grant_types": ["client_credentials"] })),
            client("bearer", json!({
                "client_secret": null, "jwks": { "env": "JWKS" },
                "token_endpoint_auth_method": "private_key_jwt",
            })),
            client("public", json!({
                "client_secret": null, "token_endpoint_auth_method": "none", "grant_types": ["refresh_token"],
            })),
        ],
    })
}

fn mode(mode: &str) -> Value {
    json!({
        "backchannel_token_delivery_mode": mode,
        "backchannel_client_notification_endpoint": "https://client.example.com/cb",
    })
}

fn client(client_id: &str, members: Value) -> Value {
    let client = json!({
        "client_id": client_id, "issuers": ["/"], "client_secret": { "env": "SECRET" },
        "scope": "openid profile phone read write", "default_scope": "read",
        "grant_types": [CIBA, "refresh_token", "client_credentials"],
    });
    merged(client, members)
}

/// A world with [`front_end_document`].
pub fn front_end_world(seed: u64) -> World {
    world_of(&front_end_document(), seed)
}

/// A call with Basic credentials.
pub fn call(path: &str, message: &Value) -> HttpRequest {
    let api_key = if path.starts_with(OTHER) { "api-keyother" } else { API_KEY };
    let headers = Headers {
        authorization: Some(format!("Basic {}", STANDARD.encode(format!("{api_key}:{SECRET}")))),
        content_type: Some("application/json".into()),
        x_api_key: None,
    };
    request("POST", path, headers, message.to_string().as_bytes())
}

/// Calls an operation and gives its answer, which is 200.
pub fn ask(world: &mut World, operation: &str, message: &Value) -> Value {
    answered(&world.ask(call(&format!("/api/{operation}"), message)))
}

/// The body of an answer, which is 200 and has what all answers have.
pub fn answered(response: &HttpResponse) -> Value {
    assert_eq!(response.status, 200, "{}", response.body);
    let answer = body(response);
    let code = answer["resultCode"].as_str().unwrap();
    assert!(code.len() == 7 && answer["resultMessage"].as_str().unwrap().starts_with(&format!("[{code}] ")));
    assert!(answer["action"].is_string());
    answer
}

/// `action` and the `error` in `responseContent`.
pub fn action_and_error(answer: &Value) -> (String, String) {
    let error = match &answer["responseContent"] {
        Value::Null => "none".to_owned(),
        content => content_of(content)["error"].as_str().unwrap_or("none").to_owned(),
    };
    (answer["action"].as_str().unwrap().to_owned(), error)
}

/// A `responseContent` as JSON.
pub fn content_of(content: &Value) -> Value {
    serde_json::from_str(content.as_str().unwrap()).unwrap()
}

/// What `backchannel/authentication` is asked for a client with these parameters.
pub fn asking(client_id: &str, parameters: &str) -> Value {
    let parameters = match client_id {
        "pinged" | "pushed" => format!("{parameters}&client_notification_token={NOTIFICATION_TOKEN}"),
        _ => parameters.to_owned(),
    };
    json!({ "parameters": parameters, "clientId": client_id, "clientSecret": SECRET })
}

/// The ticket of a good request by this client.
pub fn ticket(world: &mut World, client_id: &str) -> String {
    let parameters = format!("scope=openid+read&login_hint=alice&resource={}", API.replace(':', "%3A"));
    let answer = ask(world, "backchannel/authentication", &asking(client_id, &parameters));
    assert_eq!(answer["action"], "USER_IDENTIFICATION", "{answer}");
    answer["ticket"].as_str().unwrap().to_owned()
}

/// Ticket and `auth_req_id` of a request by this client that was issued.
pub fn issued(world: &mut World, client_id: &str) -> (String, String) {
    let ticket = ticket(world, client_id);
    let answer = ask(world, "backchannel/authentication/issue", &json!({ "ticket": ticket }));
    assert_eq!(answer["action"], "OK", "{answer}");
    (ticket, answer["authReqId"].as_str().unwrap().to_owned())
}

/// What `complete` is asked: authorized, by alice, and these members; those that are null are sent as such.
pub fn authorized(ticket: &str, members: Value) -> Value {
    let mut message = json!({ "ticket": ticket, "result": "AUTHORIZED", "subject": "alice" });
    let Value::Object(members) = members else { panic!("{members}") };
    message.as_object_mut().unwrap().extend(members);
    message
}

/// What `auth/token` answers to a client that fetches its result.
pub fn fetch(world: &mut World, client_id: &str, auth_req_id: &str) -> Value {
    let parameters = format!("grant_type={}&auth_req_id={auth_req_id}", CIBA.replace(':', "%3A"));
    let message = json!({ "parameters": parameters, "clientId": client_id, "clientSecret": SECRET });
    ask(world, "auth/token", &message)
}

/// The claims of a token that the issuer signed.
pub fn claims(token: &Value) -> Value {
    payload(token.as_str().unwrap(), &key(Algorithm::Es256, 1))
}

/// An id token of this issuer about `al`, long expired.
pub fn old_id_token(client_id: &str) -> String {
    signed("JWT", &json!({ "iss": ORIGIN, "sub": "al", "aud": client_id, "exp": 2, "iat": 1 }))
}

/// A token of this issuer.
pub fn signed(typ: &str, claims: &Value) -> String {
    let head = jws::encode_header(Algorithm::Es256, typ, "main");
    let input = jws::signing_input(&head, claims.to_string().as_bytes());
    let signature = key(Algorithm::Es256, 1).sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(9));
    jws::assemble(input, &signature.unwrap())
}

/// A client's assertion, as form parameters.
pub fn assertion(client_id: &str, now: u64, jti: &str) -> String {
    let claims = json!({ "iss": client_id, "sub": client_id, "aud": ORIGIN, "exp": now + 60, "jti": jti });
    let assertion = jwt(&client_key(), Algorithm::Es256, &claims);
    format!(
        "client_assertion={assertion}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    )
}
