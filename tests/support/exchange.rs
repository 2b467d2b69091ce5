//! The deployment that the tests of generator, exchange and refreshing run against: the same three clients at a
//! standard mount and at a Decathlon one. And the tokens that they exchange.

use edgegrant::http::{Headers, HttpRequest, HttpResponse};
use edgegrant::jose::{Algorithm, SigningKey, jws};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use super::deployment::{API, API_KEY, ORIGIN, base64_url, basic, body, key, request, world_of};
use super::world::World;

pub const NOW: u64 = 1_700_000_000;
/// The client whose tokens are exchanged, or that has them generated; the one that gets tokens for them; one more.
pub const A: &str = "service";
pub const B: &str = "portal";
pub const C: &str = "other";

pub const STOCK: &str = "https://api.example.com/stock";
pub const FOREIGN: &str = "https://idp.example.org";
pub const REMOTE: &str = "https://idp.example.net";
pub const REMOTE_JWKS: &str = "https://idp.example.net/jwks.json";

pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";
pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The standard mount and the Decathlon one: index of the issuer, and where its endpoints are.
pub struct Mount {
    pub index: usize,
    pub issuer: &'static str,
    pub token: &'static str,
    pub generator: &'static str,
    pub redeem: &'static str,
    pub generator_scope: &'static str,
}

pub const STANDARD: Mount = Mount {
    index: 0,
    issuer: ORIGIN,
    token: "/token",
    generator: "/token/generator",
    redeem: "/token",
    generator_scope: "token-generator",
};

pub const DKT: Mount = Mount {
    index: 1,
    issuer: "https://auth.example.com/dkt",
    token: "/dkt/connect/oauth/token",
    generator: "/dkt/connect/token/generator/seamless-backchannel",
    redeem: "/dkt/connect/token/exchange",
    generator_scope: "token-generator:seamless-backchannel",
};

pub const REDEEM_SCOPE: &str = "token-exchange:seamless-backchannel";
pub const SEAMLESS_BACKCHANNEL: &str =
    "urn:decathlon:params:oauth:exchange-type:seamless-backchannel-exchange";
pub const SEAMLESS: &str = "urn:decathlon:params:oauth:exchange-type:seamless-exchange";

/// The document; a test may change it before it starts a [`World`].
pub fn exchange_document() -> Value {
    let subjects = json!([{ "sub": "alice" }, { "sub": "bob", "disabled": true }, { "sub": "carol" }]);
    json!({
        "origin": ORIGIN,
        "issuers": [
            {
                "path": "/",
                "keys": [{ "alg": "ES256", "kid": "main", "private_key": { "env": "KEY" } }],
                "generator_keys": [{ "alg": "HS256", "private_key": { "env": "GENERATOR" } }],
                "scope": "read write admin token-generator",
                "resources": [
                    { "identifier": API, "scope": "read write" },
                    { "identifier": STOCK, "scope": "read" },
                ],
                "subjects": subjects,
                "policy": standard_policy(),
            },
            {
                "path": "/dkt",
                "profile": "decathlon",
                "keys": [{ "alg": "RS256", "kid": "main", "private_key": { "env": "RSA_KEY" } }],
                "generator_keys": [{ "alg": "HS256", "private_key": { "env": "DKT_GENERATOR" } }],
                "scope": format!("sports contacts phone {} {REDEEM_SCOPE}", DKT.generator_scope),
                "subjects": subjects,
                "policy": dkt_policy(),
            },
        ],
        "clients": [
            client("/", A, "read write admin token-generator", &["API_KEY"]),
            client("/", B, "read write", &[]),
            client("/", C, "read write", &[]),
            client("/dkt", A, &format!("{} {REDEEM_SCOPE}", DKT.generator_scope), &["API_KEY"]),
            client("/dkt", B, &format!("sports contacts phone {REDEEM_SCOPE}"), &[]),
            client("/dkt", C, "sports", &[]),
        ],
    })
}

fn client(mount: &str, client_id: &str, scope: &str, api_keys: &[&str]) -> Value {
    let api_keys: Vec<Value> = api_keys.iter().map(|name| json!({ "env": name })).collect();
    json!({
        "client_id": client_id, "issuers": [mount], "client_secret": { "env": "SECRET" }, "scope": scope,
        "grant_types": ["client_credentials", "refresh_token", EXCHANGE], "api_keys": api_keys,
    })
}

/// A grant as it must be written down, with these members.
pub fn grant(members: Value) -> Value {
    let written = json!({
        "justification": "it is needed", "approved_by": "somebody", "approved_at": "2023-01-01T00:00:00Z",
        "expires_at": "2024-01-01T00:00:00Z",
    });
    merged(written, members)
}

fn standard_policy() -> Value {
    let all = ["access_token", "refresh_token", "id_token", "jwt"];
    json!({
        "version": "standard-1",
        "scopes": {
            "read": { "auto_approved": [B] }, "write": { "auto_approved": [B] },
            "admin": { "clients": [A] }, "token-generator": { "clients": [A] },
        },
        "exchange": [
            grant(json!({
                "from": A, "to": B, "scope": "read write", "audience": [STOCK], "subject_token_types": all,
                "requested_token_types": all, "modes": ["impersonation", "delegation"],
            })),
            grant(json!({ "from": B, "to": C, "scope": "read", "modes": ["delegation"] })),
            grant(json!({ "from": A, "to": C, "scope": "read", "quota": 5 })),
            grant(json!({
                "from_issuer": FOREIGN, "to": B, "scope": "read", "subject_token_types": ["jwt"],
                "modes": ["impersonation", "delegation"],
            })),
            grant(json!({ "from_issuer": REMOTE, "to": B, "scope": "read", "subject_token_types": ["jwt"] })),
            grant(json!({
                "flow": "exchangeable_token", "from": A, "to": B, "scope": "read write", "quota": 20_000,
            })),
        ],
        "issuers": [
            { "issuer": FOREIGN, "jwks": jwks(&[(&foreign_key(), "f1")]), "algorithms": ["ES256"] },
            { "issuer": REMOTE, "jwks_uri": REMOTE_JWKS, "algorithms": ["ES256"] },
        ],
    })
}

fn dkt_policy() -> Value {
    let members = json!({ "clients": [B], "auto_approved": [B] });
    json!({
        "version": "dkt-1",
        "scopes": {
            "sports": { "auto_approved": [B] }, "contacts": members, "phone": members,
            DKT.generator_scope: { "clients": [A] }, REDEEM_SCOPE: { "clients": [A, B] },
        },
        "exchange": [
            grant(json!({
                "flow": "exchangeable_token", "from": A, "to": B, "scope": "sports contacts phone",
                "quota": 1_000_000,
            })),
            grant(json!({ "flow": "id_token", "from": A, "to": B, "scope": "sports contacts" })),
            grant(json!({ "from": A, "to": B, "scope": "sports contacts" })),
        ],
    })
}

/// The grant of a document's policy at `mount`, by its flow and its parties.
pub fn grant_of<'d>(
    document: &'d mut Value,
    mount: &Mount,
    flow: &str,
    from: &str,
    to: &str,
) -> &'d mut Value {
    let grants = document["issuers"][mount.index]["policy"]["exchange"].as_array_mut().unwrap();
    let fits = |grant: &Value| {
        grant["flow"].as_str().unwrap_or("token_exchange") == flow
            && (grant["from"] == from || grant["from_issuer"] == from)
            && grant["to"] == to
    };
    grants.iter_mut().find(|grant| fits(grant)).expect("the policy has that grant")
}

/// A client of a document at `mount`.
pub fn client_of<'d>(document: &'d mut Value, mount: &Mount, client_id: &str) -> &'d mut Value {
    let path = document["issuers"][mount.index]["path"].clone();
    let clients = document["clients"].as_array_mut().unwrap();
    let fits = |client: &Value| client["client_id"] == client_id && client["issuers"][0] == path;
    clients.iter_mut().find(|client| fits(client)).expect("the document has that client")
}

pub fn exchange_world(seed: u64) -> World {
    world_of(&exchange_document(), seed)
}

pub fn foreign_key() -> SigningKey {
    key(Algorithm::Es256, 31)
}

pub fn remote_key() -> SigningKey {
    key(Algorithm::Es256, 32)
}

/// A JWK Set of public keys, by their `kid`.
pub fn jwks(keys: &[(&SigningKey, &str)]) -> Value {
    let public = |(key, kid): &(&SigningKey, &str)| key.to_jwk().public().unwrap().with_kid(kid).to_value();
    json!({ "keys": keys.iter().map(public).collect::<Vec<_>>() })
}

/// `base` with the members of `change`; those that are null are taken out.
pub fn merged(mut base: Value, change: Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            members.shift_remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    base
}

/// A JWS of any header under any key.
pub fn token(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let input = jws::signing_input(&base64_url(header.to_string().as_bytes()), claims.to_string().as_bytes());
    let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    jws::assemble(input, &signature)
}

/// The key of the standard mount, and the header of its access tokens.
pub fn issuer_key() -> (SigningKey, Value) {
    (key(Algorithm::Es256, 1), json!({ "alg": "ES256", "typ": "at+jwt", "kid": "main" }))
}

/// An access token of the standard mount that [`A`] got for alice, changed.
pub fn access_token(change: Value) -> String {
    let claims = json!({
        "iss": ORIGIN, "sub": "alice", "aud": API, "client_id": A, "exp": NOW + 600, "iat": NOW,
        "jti": "j1", "scope": "read write",
    });
    let (key, header) = issuer_key();
    token(&key, &header, &merged(claims, change))
}

/// An id token of the standard mount for [`A`], changed.
pub fn id_token(change: Value) -> String {
    let claims = json!({ "iss": ORIGIN, "sub": "alice", "aud": A, "exp": NOW + 600, "iat": NOW });
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "main" });
    token(&issuer_key().0, &header, &merged(claims, change))
}

/// A JWT of the issuer whose keys stand in the policy, changed.
pub fn foreign_jwt(change: Value) -> String {
    let claims = json!({ "iss": FOREIGN, "sub": "alice", "aud": ORIGIN, "exp": NOW + 600, "iat": NOW });
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "f1" });
    token(&foreign_key(), &header, &merged(claims, change))
}

/// A form of these parameters.
pub fn form(parameters: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// RFC 8693 §2.1, at the standard mount.
pub fn exchange(client: &str, subject: (&str, &str), more: &[(&str, &str)]) -> HttpRequest {
    exchange_at(STANDARD.token, client, subject, more)
}

/// RFC 8693 §2.1.
pub fn exchange_at(path: &str, client: &str, subject: (&str, &str), more: &[(&str, &str)]) -> HttpRequest {
    let (token, of) = subject;
    let required = [("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", of)];
    basic(path, client, &form(&[&required, more].concat()))
}

/// Redeems an exchangeable token at `mount`.
pub fn redeem(mount: &Mount, client: &str, token: &str) -> HttpRequest {
    let exchange_type: &[_] =
        if mount.index == DKT.index { &[("exchange_type", SEAMLESS_BACKCHANNEL)] } else { &[] };
    exchange_at(mount.redeem, client, (token, JWT), exchange_type)
}

/// A token that a client gets for itself.
pub fn own_token(world: &mut World, mount: &Mount, client: &str) -> String {
    access_of(&world.ask(basic(mount.token, client, "grant_type=client_credentials")))
}

/// Has tokens for [`B`] generated with a good key; `query`: what follows `client_id`.
pub fn generate(mount: &Mount, bearer: &str, query: &str, ids: &Value) -> HttpRequest {
    let headers = Headers {
        authorization: Some(format!("Bearer {bearer}")),
        content_type: Some("application/json".into()),
        x_api_key: Some(API_KEY.into()),
    };
    let path = format!("{}?client_id={B}{query}", mount.generator);
    request("POST", &path, headers, ids.to_string().as_bytes())
}

/// An exchangeable token for `sub`.
pub fn exchangeable(world: &mut World, mount: &Mount, sub: &str) -> String {
    let bearer = own_token(world, mount, A);
    let response = world.ask(generate(mount, &bearer, "", &json!([sub])));
    body(&response)[sub].as_str().unwrap_or_else(|| panic!("{}", response.body)).to_owned()
}

/// A command of the program that embeds the server: its name as `command`, and its members.
pub fn operator(command: &Value) -> HttpRequest {
    let mut members = command.clone();
    let name = members.as_object_mut().unwrap().remove("command").unwrap();
    let body = json!({ name.as_str().unwrap(): members });
    let mut request = request("POST", "/", Headers::default(), body.to_string().as_bytes());
    request.operator = true;
    request
}

/// The access token of an answer.
pub fn access_of(response: &HttpResponse) -> String {
    body(response)["access_token"].as_str().unwrap_or_else(|| panic!("{}", response.body)).to_owned()
}

/// The claims of a token's payload, unverified.
pub fn claims(token: &str) -> Value {
    serde_json::from_slice(jws::Unverified::parse(token).unwrap().payload()).unwrap()
}

/// The status of an answer, its `error`, and the rule that ends its description.
pub fn refusal(response: &HttpResponse) -> (u16, String, String) {
    let answer = if response.status == 200 { json!({}) } else { body(response) };
    let description = answer["error_description"].as_str().unwrap_or_default();
    let rule = description.rsplit_once(" (").and_then(|(_, rule)| rule.strip_suffix(')'));
    let rule = rule.filter(|rule| rule.contains('.')).unwrap_or_default();
    (response.status, answer["error"].as_str().unwrap_or("none").to_owned(), rule.to_owned())
}

/// Fails where the answer is not this refusal.
pub fn assert_refused(response: &HttpResponse, expected: (u16, &str, &str), what: &str) {
    let (status, error, rule) = refusal(response);
    assert_eq!((status, &*error, &*rule), expected, "{what}: {}", response.body);
}
