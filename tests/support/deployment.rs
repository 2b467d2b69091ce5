//! The deployment that the native tests run against, and the requests that they send.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use edgegrant::endpoint::Server;
use edgegrant::host::Hooks;
use edgegrant::http::{Body, Headers, HttpRequest, HttpResponse};
use edgegrant::jose::{Algorithm, Jwk, SigningKey, jws};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use super::world::World;

pub const ORIGIN: &str = "https://auth.example.com";
pub const API: &str = "https://api.example.com/orders";
pub const SECRET: &str = "a-secret-that-is-long-enough-for-hs256";
pub const API_KEY: &str = "3e91a0af-0029-4a9b-b2f8-05713e997fdb";

/// The document; a test may change it before it starts a [`World`].
pub fn document() -> Value {
    json!({
        "origin": ORIGIN,
        "issuers": [
            {
                "path": "/",
                "keys": [{ "alg": "ES256", "kid": "main", "private_key": { "env": "KEY" } }],
                "scope": "orders:read orders:write admin",
                "resources": [
                    { "identifier": API, "scope": "orders:read orders:write" },
                    { "identifier": "https://api.example.com/stock", "scope": "orders:read" },
                ],
            },
            {
                "path": "/hii",
                "profile": "hii_retail",
                "keys": [{ "alg": "RS256", "kid": "public:1", "private_key": { "env": "RSA_KEY" } }],
                "scope": "cat",
                "resources": [{ "identifier": "https://hiiretail.com" }],
                "tenants": [{ "id": "open" }, { "id": "closed", "disabled": true }],
            },
        ],
        "clients": [
            { "client_id": "basic", "client_secret": { "env": "SECRET" }, "scope": "orders:read orders:write" },
            { "client_id": "post", "client_secret": { "env": "SECRET" }, "scope": "orders:read",
              "token_endpoint_auth_method": "client_secret_post" },
            { "client_id": "hmac", "client_secret": { "env": "SECRET" },
              "token_endpoint_auth_method": "client_secret_jwt" },
            { "client_id": "jwt", "jwks": { "env": "JWKS" }, "token_endpoint_auth_method": "private_key_jwt" },
            { "client_id": "public", "token_endpoint_auth_method": "none", "grant_types": [] },
            { "client_id": "no-grant", "client_secret": { "env": "SECRET" }, "grant_types": [] },
            { "client_id": "narrow", "client_secret": { "env": "SECRET" }, "scope": "orders:read orders:write",
              "default_scope": "orders:read", "resources": [API] },
            { "client_id": "pending", "client_secret": { "env": "SECRET" }, "status": "pending" },
            { "client_id": "till", "issuers": ["/hii"], "tenant": "open", "client_secret": { "env": "SECRET" },
              "scope": "cat" },
            { "client_id": "closed-till", "issuers": ["/hii"], "tenant": "closed",
              "client_secret": { "env": "SECRET" } },
        ],
    })
}

/// The host's private keys, by binding.
pub fn host_keys() -> BTreeMap<String, SigningKey> {
    BTreeMap::from([
        ("KEY".into(), key(Algorithm::Es256, 1)),
        ("RSA_KEY".into(), key(Algorithm::Rs256, 2)),
        ("HOST_GENERATOR".into(), key(Algorithm::Es256, 22)),
        ("RS256_GENERATOR".into(), key(Algorithm::Rs256, 23)),
    ])
}

/// The client `jwt`'s key.
pub fn client_key() -> SigningKey {
    key(Algorithm::Es256, 3)
}

/// A key from a seed, made once: RSA keys take their time.
pub fn key(alg: Algorithm, seed: u64) -> SigningKey {
    static MADE: Mutex<BTreeMap<(Algorithm, u64), Jwk>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap();
    let jwk = made.entry((alg, seed)).or_insert_with(|| {
        SigningKey::generate(alg, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap().to_jwk()
    });
    SigningKey::new(jwk, alg).unwrap()
}

/// What the environment holds, as the core is given it.
pub fn bindings() -> BTreeMap<String, String> {
    let mut bindings: BTreeMap<String, String> = host_keys()
        .iter()
        .map(|(name, key)| (name.clone(), key.to_jwk().public().unwrap().to_json()))
        .collect();
    bindings.insert("SECRET".into(), SECRET.into());
    bindings.insert("GENERATOR".into(), key(Algorithm::Hs256, 20).to_jwk().to_json());
    bindings.insert("DKT_GENERATOR".into(), key(Algorithm::Hs256, 21).to_jwk().to_json());
    bindings.insert("API_KEY".into(), API_KEY.into());
    bindings.insert("USER_CODE".into(), "6365".into());
    bindings.insert(
        "JWKS".into(),
        json!({ "keys": [client_key().to_jwk().public().unwrap().to_value()] }).to_string(),
    );
    bindings
}

/// A world with [`document`].
pub fn world(seed: u64) -> World {
    world_of(&document(), seed)
}

/// A world with another document.
pub fn world_of(document: &Value, seed: u64) -> World {
    world_with(document, Hooks { audit: true, ..Hooks::default() }, seed)
}

/// A world with another document, whose operator has these hooks.
pub fn world_with(document: &Value, hooks: Hooks, seed: u64) -> World {
    let server = Server::configure(&document.to_string(), &bindings());
    let server = server.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    World::new(server.with_hooks(hooks), host_keys(), seed)
}

/// A GET.
pub fn get(path: &str) -> HttpRequest {
    request("GET", path, Headers::default(), b"")
}

/// A form POST without credentials.
pub fn post(path: &str, body: &str) -> HttpRequest {
    let content_type = Some("application/x-www-form-urlencoded".to_owned());
    request("POST", path, Headers { content_type, ..Headers::default() }, body.as_bytes())
}

/// A form POST with HTTP Basic.
pub fn basic(path: &str, client_id: &str, body: &str) -> HttpRequest {
    let mut request = post(path, body);
    request.headers.authorization =
        Some(format!("Basic {}", STANDARD.encode(format!("{client_id}:{SECRET}"))));
    request
}

pub fn request(method: &str, path: &str, headers: Headers, body: &[u8]) -> HttpRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    HttpRequest {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers,
        body: Body::Bytes(body.to_vec().into()),
        operator: false,
    }
}

/// A body as JSON.
pub fn body(response: &HttpResponse) -> Value {
    serde_json::from_str(&response.body).unwrap_or_else(|error| panic!("{error}: {}", response.body))
}

/// The status and `error` of an answer.
pub fn error(response: &HttpResponse) -> (u16, String) {
    (response.status, body(response)["error"].as_str().unwrap_or("none").to_owned())
}

/// The payload of a JWT whose signature is checked with `key`.
pub fn payload(token: &str, key: &SigningKey) -> Value {
    let token = jws::Unverified::parse(token).unwrap().verify(&key.verifying_key()).unwrap();
    serde_json::from_slice(token.payload()).unwrap()
}

/// A JWT's header, as it stands.
pub fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

/// A JWT of these claims under `key`.
pub fn jwt(key: &SigningKey, alg: Algorithm, claims: &Value) -> String {
    let kid = key.to_jwk().kid().unwrap_or_default().to_owned();
    let input = jws::signing_input(&jws::encode_header(alg, "JWT", &kid), claims.to_string().as_bytes());
    let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    jws::assemble(input, &signature)
}

/// The body of a `client_credentials` request with an assertion.
pub fn with_assertion(assertion: &str) -> String {
    format!(
        "grant_type=client_credentials&client_assertion={assertion}\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    )
}

/// An HS256 key of a secret.
pub fn hmac(secret: &str) -> SigningKey {
    SigningKey::new(&Jwk::symmetric(secret.as_bytes()), Algorithm::Hs256).unwrap()
}

pub fn base64_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A change of a document, and the one mistake that it makes: where, and what is said of it.
pub type Mistaken = (fn(&mut Value), &'static str, &'static str);

/// The mistakes of a document: where each is, and what is said of it.
pub fn mistakes_of(document: &Value, bindings: &BTreeMap<String, String>) -> Vec<(String, String)> {
    match Server::configure(&document.to_string(), bindings) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.into_iter().map(|mistake| (mistake.pointer, mistake.message)).collect(),
    }
}

/// Each change makes its mistake, and no other.
pub fn assert_each(table: &[Mistaken], mistakes: impl Fn(fn(&mut Value)) -> Vec<(String, String)>) {
    assert_eq!(mistakes(|_| {}), []);
    for (change, pointer, message) in table {
        let found = mistakes(*change);
        assert!(
            found.len() == 1 && found[0].0 == *pointer && found[0].1.contains(message),
            "expected {pointer}: {message}\nfound {found:#?}"
        );
    }
}
