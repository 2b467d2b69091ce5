//! The generator: what it takes, what it refuses and in which order, and what its tokens are.
mod support;

use std::collections::BTreeSet;

use edgegrant::http::{Body, HttpRequest, HttpResponse};
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

/// A call, part by part.
#[derive(Clone)]
struct Call {
    content_type: Option<String>,
    authorization: Option<String>,
    api_key: Option<String>,
    query: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Call {
    fn good(bearer: &str) -> Self {
        Self {
            content_type: Some("application/json".into()),
            authorization: Some(format!("Bearer {bearer}")),
            api_key: Some(API_KEY.into()),
            query: vec![("client_id", B.into())],
            body: br#"["alice"]"#.to_vec(),
        }
    }

    fn at(&self, mount: &Mount) -> HttpRequest {
        let query: Vec<(&str, &str)> = self.query.iter().map(|(name, value)| (*name, &**value)).collect();
        let mut request = generate(mount, "", "", &json!([]));
        request.query = form(&query);
        request.headers.content_type.clone_from(&self.content_type);
        request.headers.authorization.clone_from(&self.authorization);
        request.headers.x_api_key.clone_from(&self.api_key);
        request.body = Body::Bytes(self.body.clone().into());
        request
    }
}

type Change = Box<dyn Fn(&mut Call)>;
type Row = (&'static str, Change, (u16, &'static str, &'static str));

fn bearer(token: &str) -> Change {
    let value = format!("Bearer {token}");
    Box::new(move |call| call.authorization = Some(value.clone()))
}

fn query(parameters: &[(&'static str, &str)]) -> Change {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Box::new(move |call| call.query.clone_from(&parameters))
}

fn api_key(key: Option<&str>) -> Change {
    let key = key.map(str::to_owned);
    Box::new(move |call| call.api_key.clone_from(&key))
}

fn ids(body: impl AsRef<[u8]>) -> Change {
    let body = body.as_ref().to_vec();
    Box::new(move |call| call.body.clone_from(&body))
}

/// What can be wrong with a call, in the order in which it is said. C has no API key and no grant; B may have
/// generated three tokens a day.
fn table(world: &mut World, mount: &Mount) -> Vec<Row> {
    let [own, b, other_mount] =
        [(mount, A), (mount, B), (if mount.index == 0 { &DKT } else { &STANDARD }, A)]
            .map(|(mount, client)| own_token(world, mount, client));
    let first = if mount.index == 0 { "read" } else { "sports" };
    let narrow = format!(
        "grant_type=client_credentials&scope={}",
        if mount.index == 0 { "read" } else { REDEEM_SCOPE }
    );
    let without_scope = access_of(&world.ask(basic(mount.token, A, &narrow)));
    let exchangeable_token = exchangeable(world, mount, "alice");
    let typed = |value: Option<&'static str>| -> Change {
        Box::new(move |call| call.content_type = value.map(str::to_owned))
    };
    let authorized = |value: Option<&'static str>| -> Change {
        Box::new(move |call| call.authorization = value.map(str::to_owned))
    };
    let unsigned = format!("{}.", own.rsplit_once('.').unwrap().0);
    let media = (415, "invalid_request", "");
    let token = (401, "invalid_token", "");
    let key = (401, "invalid_client", "");
    let asked = (400, "invalid_request", "");
    let granted = (403, "access_denied", "exchange.no-grant");
    let scope = (400, "invalid_scope", "");
    let approved = (400, "invalid_scope", "scope.not-auto-approved");
    vec![
        ("no content type", typed(None), media),
        ("a form", typed(Some("application/x-www-form-urlencoded")), media),
        ("other JSON", typed(Some("application/json-seq")), media),
        ("no authorization", authorized(None), token),
        ("Basic", authorized(Some("Basic c2VydmljZTpzZWNyZXQ=")), token),
        ("a scheme alone", authorized(Some("Bearer")), token),
        ("no token", authorized(Some("Bearer ")), token),
        ("nonsense", bearer("nonsense"), token),
        ("an unsigned token", bearer(&unsigned), token),
        ("two tokens", bearer(&format!("{own} {own}")), token),
        ("of the other mount", bearer(&other_mount), token),
        ("an exchangeable token", bearer(&exchangeable_token), token),
        ("a client without the scope", bearer(&b), (403, "insufficient_scope", "")),
        ("a token without the scope", bearer(&without_scope), (403, "insufficient_scope", "")),
        ("no key", api_key(None), key),
        ("an empty key", api_key(Some("")), key),
        ("no uuid", api_key(Some("secret")), key),
        ("an unknown key", api_key(Some("3e91a0af-0029-4a9b-b2f8-05713e997fdc")), key),
        ("a key in upper case", api_key(Some(&API_KEY.to_uppercase())), key),
        ("no client_id", query(&[]), asked),
        ("an empty client_id", query(&[("client_id", "")]), asked),
        ("an unknown client", query(&[("client_id", "nobody")]), asked),
        ("two clients", query(&[("client_id", B), ("client_id", B)]), asked),
        ("scopes twice", query(&[("client_id", B), ("scopes", first), ("scopes", first)]), asked),
        ("an empty scope", query(&[("client_id", B), ("scopes", ",")]), scope),
        ("a gap", query(&[("client_id", B), ("scopes", &format!("{first},"))]), scope),
        ("spaces", query(&[("client_id", B), ("scopes", &format!("{first} {first}"))]), scope),
        ("a quote", query(&[("client_id", B), ("scopes", "\"")]), scope),
        ("no pair A->C", query(&[("client_id", C)]), granted),
        ("no pair A->A", query(&[("client_id", A)]), granted),
        ("no pair, and a scope", query(&[("client_id", C), ("scopes", first)]), granted),
        ("an unknown scope", query(&[("client_id", B), ("scopes", "nothing")]), approved),
        ("one scope too many", query(&[("client_id", B), ("scopes", &format!("{first},nothing"))]), approved),
        ("no body", ids(""), asked),
        ("no array", ids(r#"{"alice":1}"#), asked),
        ("half an array", ids(r#"["alice""#), asked),
        ("nobody", ids("[]"), asked),
        ("no string", ids(r#"["alice",7]"#), asked),
        ("an empty id", ids(r#"["alice",""]"#), asked),
        ("a long id", ids(json!(["x".repeat(256)]).to_string()), asked),
        ("no UTF-8", ids(b"[\"\xff\"]"), asked),
        ("half a surrogate", ids(r#"["\ud800"]"#), asked),
        ("one twice", ids(r#"["alice","bob","alice"]"#), asked),
        ("one twice, escaped", ids(r#"["alice","\u0061lice"]"#), asked),
        ("too many", ids(json!((0..10_001).map(|n| n.to_string()).collect::<Vec<_>>()).to_string()), asked),
        (
            "more than the day has",
            ids(r#"["a","b","c","d"]"#),
            (429, "access_denied", "exchange.quota-exhausted"),
        ),
    ]
}

fn small_quota() -> Value {
    let mut document = exchange_document();
    for mount in [&STANDARD, &DKT] {
        grant_of(&mut document, mount, "exchangeable_token", A, B)["quota"] = json!(4);
    }
    document
}

#[test]
fn whatever_is_wrong_is_said_in_its_order_and_nothing_is_issued() {
    for mount in [&STANDARD, &DKT] {
        let mut world = world_of(&small_quota(), 1);
        let bearer = own_token(&mut world, mount, A);
        let table = table(&mut world, mount);
        let (state, signatures) = (world.state.clone(), world.signatures);
        let good = Call::good(&bearer);
        for (i, (what, change, expected)) in table.iter().enumerate() {
            let mut call = good.clone();
            change(&mut call);
            let response = world.ask(call.at(mount));
            assert_refused(&response, *expected, what);
            assert_challenge(&response, mount, what);
            // Where something else is wrong as well, what comes first in the table is said first.
            for (also, later, _) in &table[i + 1..] {
                let mut call = good.clone();
                later(&mut call);
                change(&mut call);
                assert_refused(&world.ask(call.at(mount)), *expected, &format!("{what}, {also}"));
            }
        }
        assert_eq!((&world.state, world.signatures), (&state, signatures));
        assert!(world.events.iter().all(|event| event.kind != "tokens.generated" || event.count == Some(1)));
        assert_eq!(world.ask(good.at(mount)).status, 200);
    }
}

/// RFC 6750 §3: 401 comes with a challenge, which names an error only where a token was sent.
fn assert_challenge(response: &HttpResponse, mount: &Mount, what: &str) {
    let found = response.headers.iter().find(|(name, _)| *name == "www-authenticate");
    let challenge = found.map(|(_, value)| value.as_str()).unwrap_or_default();
    let realm = format!("Bearer realm=\"{}\"", mount.issuer);
    match refusal(response) {
        (401, error, _) if error == "invalid_token" => {
            let sent = !matches!(what, "no authorization" | "Basic" | "a scheme alone" | "no token");
            assert_eq!(
                challenge.contains(", error=\"invalid_token\", error_description=\""),
                sent,
                "{what}: {challenge}"
            );
            assert!(challenge.starts_with(&realm), "{challenge}");
        }
        (401, ..) => assert_eq!(challenge, realm),
        (403, error, _) if error == "insufficient_scope" => {
            let scope = format!(", scope=\"{}\"", mount.generator_scope);
            assert!(challenge.contains(", error=\"insufficient_scope\"") && challenge.ends_with(&scope));
        }
        _ => assert_eq!(challenge, ""),
    }
}

#[test]
fn a_key_tells_nothing_of_why_it_is_refused() {
    let mut world = exchange_world(2);
    let bearer = own_token(&mut world, &STANDARD, A);
    let theirs = json!({ "command": "create_api_key", "issuer": ORIGIN, "client_id": C });
    let theirs = body(&world.ask(operator(&theirs)))["api_key"].as_str().unwrap().to_owned();
    let revoked = json!({ "command": "create_api_key", "issuer": ORIGIN, "client_id": A });
    let revoked = body(&world.ask(operator(&revoked)))["api_key"].as_str().unwrap().to_owned();
    let revoke = json!({ "command": "revoke_api_key", "issuer": ORIGIN, "client_id": A, "api_key": revoked });
    assert_eq!(world.ask(operator(&revoke)).status, 200);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let mut answers: Vec<HttpResponse> = [None, Some("x"), Some(unknown), Some(&theirs), Some(&revoked)]
        .into_iter()
        .map(|key| {
            let mut call = Call::good(&bearer);
            call.api_key = key.map(str::to_owned);
            world.ask(call.at(&STANDARD))
        })
        .collect();
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_refused(&answers[0], (401, "invalid_client", ""), "key");
}

#[test]
fn only_a_clients_own_token() {
    let own =
        |change| access_token(merged(json!({ "sub": A, "aud": ORIGIN, "scope": "token-generator" }), change));
    let mut world = exchange_world(3);
    let (key, header) = issuer_key();
    let as_jwt = merged(header, json!({ "typ": "JWT" }));
    let invalid = (401, "invalid_token", "");
    for (token, expected) in [
        (own(json!({})), (200, "none", "")),
        (own(json!({ "aud": [API, ORIGIN] })), (200, "none", "")),
        (own(json!({ "exp": NOW })), invalid),
        (own(json!({ "nbf": NOW + 1 })), invalid),
        (own(json!({ "iss": DKT.issuer })), invalid),
        // RFC 9068 §4: a resource server that is sent it cannot use it here.
        (own(json!({ "aud": API })), invalid),
        (own(json!({ "aud": [API, STOCK] })), invalid),
        (own(json!({ "sub": "alice" })), invalid),
        (own(json!({ "client_id": B })), invalid),
        (own(json!({ "client_id": B, "sub": B })), (403, "insufficient_scope", "")),
        (own(json!({ "client_id": "deleted", "sub": "deleted" })), invalid),
        (own(json!({ "cnf": { "jkt": "thumb" } })), invalid),
        (own(json!({ "scope": "read" })), (403, "insufficient_scope", "")),
        (own(json!({ "scope": "token-generator-x" })), (403, "insufficient_scope", "")),
        (own(json!({ "scope": null })), (403, "insufficient_scope", "")),
        (token(&key, &as_jwt, &claims(&own(json!({})))), invalid),
        (token(&foreign_key(), &issuer_key().1, &claims(&own(json!({})))), invalid),
    ] {
        let response = world.ask(Call::good(&token).at(&STANDARD));
        assert_refused(&response, expected, &claims(&token).to_string());
    }
}

#[test]
fn what_was_withdrawn_since_the_token_was_issued_counts_no_more() {
    type Change = fn(&mut Value);
    let own = access_token(json!({ "sub": A, "aud": ORIGIN, "scope": "token-generator" }));
    let invalid = (401, "invalid_token", "");
    let changes: [(Change, (u16, &str, &str)); 6] = [
        (|d| client_of(d, &STANDARD, A)["status"] = json!("revoked"), invalid),
        (|d| client_of(d, &STANDARD, A)["scope"] = json!("read"), (403, "insufficient_scope", "")),
        (
            |d| d["issuers"][0]["policy"]["scopes"]["token-generator"]["clients"] = json!([B]),
            (403, "insufficient_scope", ""),
        ),
        (
            |d| client_of(d, &STANDARD, B)["status"] = json!("revoked"),
            (403, "access_denied", "client.inactive"),
        ),
        (
            |d| {
                grant_of(d, &STANDARD, "exchangeable_token", A, B)["expires_at"] =
                    json!("2023-11-14T22:13:20Z");
            },
            (403, "access_denied", "exchange.expired"),
        ),
        (
            |d| {
                grant_of(d, &STANDARD, "exchangeable_token", A, B)["approved_at"] =
                    json!("2023-11-14T22:13:21Z");
            },
            (403, "access_denied", "exchange.not-yet-approved"),
        ),
    ];
    for (change, expected) in changes {
        let mut document = exchange_document();
        change(&mut document);
        assert_refused(&world_of(&document, 4).ask(Call::good(&own).at(&STANDARD)), expected, "withdrawn");
    }
    for lacking in ["justification", "approved_by", "expires_at"] {
        let mut document = exchange_document();
        grant_of(&mut document, &STANDARD, "exchangeable_token", A, B)[lacking] = Value::Null;
        let response = world_of(&document, 4).ask(Call::good(&own).at(&STANDARD));
        assert_refused(&response, (403, "access_denied", "exchange.no-justification"), lacking);
        assert!(body(&response)["error_description"].as_str().unwrap().contains(lacking));
    }
}

#[test]
fn scopes_are_those_asked_for_or_all_that_are_auto_approved_and_granted() {
    for (asked, policy, expected) in [
        (None, json!({}), Ok(json!(["read", "write"]))),
        (Some("write"), json!({}), Ok(json!(["write"]))),
        (Some("write,read"), json!({}), Ok(json!(["read", "write"]))),
        (None, json!({ "scope": "read" }), Ok(json!(["read"]))),
        (Some("write"), json!({ "scope": "read" }), Err("scope.beyond-grant")),
        (Some("admin"), json!({ "scope": "read admin" }), Err("scope.not-auto-approved")),
    ] {
        let mut document = exchange_document();
        let grant = grant_of(&mut document, &STANDARD, "exchangeable_token", A, B);
        *grant = merged(grant.clone(), policy);
        let mut world = world_of(&document, 5);
        let mut call = Call::good(&own_token(&mut world, &STANDARD, A));
        call.query.extend(asked.map(|scopes| ("scopes", scopes.to_owned())));
        let response = world.ask(call.at(&STANDARD));
        match expected {
            Ok(scope) => {
                assert_eq!(claims(body(&response)["alice"].as_str().unwrap())["scope"], scope, "{asked:?}");
            }
            Err(rule) => assert_refused(&response, (400, "invalid_scope", rule), "scopes"),
        }
    }
}

#[test]
fn a_lifetime_is_the_grants_and_within_the_policys() {
    for (grant, policy, expected) in [
        (None, json!({}), 900),
        (Some(86_400 * 60), json!({}), 86_400 * 60),
        (Some(600), json!({ "max": 300 }), 300),
        (None, json!({ "default": 120, "max": 300 }), 120),
    ] {
        let mut document = exchange_document();
        grant_of(&mut document, &STANDARD, "exchangeable_token", A, B)["lifetime"] = json!(grant);
        document["issuers"][0]["policy"]["lifetimes"] = json!({ "exchangeable_token": policy });
        let mut world = world_of(&document, 6);
        let claims = claims(&exchangeable(&mut world, &STANDARD, "alice"));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + expected)));
    }
}

#[test]
fn a_generated_token_is_read_by_its_own_key_and_passes_for_nothing_else() {
    for (mount, generator, issuer) in [
        (&STANDARD, key(Algorithm::Hs256, 20), key(Algorithm::Es256, 1)),
        (&DKT, key(Algorithm::Hs256, 21), key(Algorithm::Rs256, 2)),
    ] {
        let mut world = exchange_world(7);
        let token = exchangeable(&mut world, mount, "alice");
        assert_eq!(payload(&token, &generator)["sub"], "alice");
        let parsed = edgegrant::jose::jws::Unverified::parse(&token).unwrap();
        assert!(parsed.verify(&issuer.verifying_key()).is_err());
        let jwks = world.ask(get(&format!("{}/.well-known/jwks.json", &mount.issuer[ORIGIN.len()..])));
        assert_eq!(body(&jwks)["keys"].as_array().unwrap().len(), 1, "the generator's key is not published");
        assert!(!jwks.body.contains("generator") && !jwks.body.contains("oct"));
        // As a client's bearer token, as an assertion, and as any token but what it is.
        for client in [A, B] {
            let mut request = redeem(&DKT, client, &token);
            request.headers.authorization = Some(format!("Bearer {token}"));
            assert_eq!(refusal(&world.ask(request)).0, 401);
            assert_eq!(world.ask(post(mount.token, &with_assertion(&token))).status, 401);
        }
        for of in [ACCESS_TOKEN, ID_TOKEN, REFRESH_TOKEN] {
            let response = world.ask(exchange_at(mount.token, B, (&token, of), &[]));
            assert_eq!(refusal(&response).0, 400, "{of}");
        }
        // At the other mount, by either of its endpoints.
        let other = if mount.index == 0 { &DKT } else { &STANDARD };
        for request in [redeem(other, B, &token), exchange_at(other.token, B, (&token, JWT), &[])] {
            assert_eq!(refusal(&world.ask(request)).1, "invalid_request");
        }
    }
}

#[test]
fn the_same_generator_key_at_two_mounts_opens_neither_to_the_other() {
    let mut document = exchange_document();
    document["issuers"][1]["generator_keys"][0]["private_key"] = json!({ "env": "GENERATOR" });
    let mut world = world_of(&document, 8);
    let (standard, dkt) =
        (exchangeable(&mut world, &STANDARD, "alice"), exchangeable(&mut world, &DKT, "alice"));
    let refused = (400, "invalid_request", "subject-token.malformed");
    assert_refused(&world.ask(redeem(&STANDARD, B, &dkt)), refused, "dkt");
    assert_refused(&world.ask(redeem(&DKT, B, &standard)), refused, "standard");
    assert_eq!(world.ask(redeem(&DKT, B, &dkt)).status, 200);
    assert_eq!(world.ask(redeem(&STANDARD, B, &standard)).status, 200);
}

#[test]
fn unique_ids_for_ten_thousand() {
    let mut world = exchange_world(9);
    let bearer = own_token(&mut world, &STANDARD, A);
    let subjects: Vec<String> = (0..10_000).map(|n| format!("member-{n}")).collect();
    let response = world.ask(generate(&STANDARD, &bearer, "", &json!(subjects)));
    let answer = body(&response);
    let mut jtis = BTreeSet::new();
    for (member, subject) in answer.as_object().unwrap().iter().zip(&subjects) {
        let claims = payload(member.1.as_str().unwrap(), &key(Algorithm::Hs256, 20));
        assert_eq!((member.0, &claims["sub"]), (subject, &json!(subject)));
        let uuid = uuid::Uuid::parse_str(claims["jti"].as_str().unwrap()).unwrap();
        assert_eq!((uuid.get_version_num(), uuid.get_variant()), (4, uuid::Variant::RFC4122));
        assert!(jtis.insert(uuid), "{uuid} twice");
        assert_eq!((&claims["exp"], &claims["client_id"]), (&json!(NOW + 900), &json!(B)));
    }
    assert_eq!(jtis.len(), 10_000);
}
