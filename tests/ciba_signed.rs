//! CIBA Core §7.1.1, FAPI-CIBA §5.2.2: signed authentication requests.
mod support;

use edgegrant::http::HttpRequest;
use edgegrant::jose::Algorithm::{Es256, Hs256, Ps256, Rs256};
use edgegrant::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};
use support::*;

/// A request's claims for alice, changed.
fn claims_of(client: &str, change: Value) -> Value {
    let usual = json!({
        "iss": client, "aud": ORIGIN, "exp": NOW + 300, "iat": NOW, "nbf": NOW, "jti": fresh(),
        "scope": "openid read", "login_hint": "alice", "binding_message": "W4SCT",
    });
    merged(usual, change)
}

fn signed_by(key: &SigningKey, header: &Value, claims: &Value) -> String {
    token(key, header, claims)
}

/// Signed with the client's key for `alg`.
fn signed(alg: Algorithm, claims: &Value) -> String {
    signed_by(&signing_key(alg), &json!({ "alg": alg.name(), "typ": "JWT" }), claims)
}

fn sending(client: &str, request: &str, beside: &[(&str, &str)]) -> HttpRequest {
    let (path, aud) = if client == "fapi" { ("/fapi/bc-authorize", FAPI) } else { (BC, ORIGIN) };
    let parameters = [&[("request", request)], beside].concat();
    by_assertion(path, &assertion(client, json!({ "aud": aud })), &parameters)
}

#[test]
fn s7_1_1_the_parameters_stand_in_it() {
    let mut world = ciba_world(1);
    let claims = claims_of(
        "signing",
        json!({
            "requested_expiry": 30, "acr_values": "urn:acr:gold", "resource": [API], "unknown": { "a": 1 },
            "authorization_details": [{ "type": "payment", "amount": 5 }],
        }),
    );
    let response = world.ask(sending("signing", &signed(Es256, &claims), &[]));
    assert_eq!(body(&response)["expires_in"], 30, "{}", response.body);
    let asked = world.asked.last().unwrap();
    assert_eq!(
        (&*asked.sub, &*asked.scope, &*asked.audience),
        ("alice", "openid read", &[API.to_owned()][..])
    );
    assert_eq!((asked.binding_message.as_deref(), &*asked.acr_values[0]), (Some("W4SCT"), "urn:acr:gold"));
    assert_eq!(asked.authorization_details, Some(json!([{ "type": "payment", "amount": 5 }])));
    // The result is fetched as any other.
    let id = auth_req_id_of(&response);
    allow(&mut world);
    let fetch = [("grant_type", CIBA), ("auth_req_id", &*id)];
    let response = world.ask(by_assertion("/token", &assertion("signing", json!({})), &fetch));
    assert_eq!(response.status, 200, "{}", response.body);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn s7_1_1_claims() {
    let ok = "";
    for (change, says) in [
        (json!({}), ok),
        // aud is this issuer, among others or not.
        (json!({ "aud": [ORIGIN] }), ok),
        (json!({ "aud": ["https://elsewhere.example", ORIGIN] }), ok),
        (json!({ "aud": null }), "aud must be"),
        (json!({ "aud": [] }), "aud must be"),
        (json!({ "aud": FAPI }), "aud must be"),
        (json!({ "aud": format!("{ORIGIN}/bc-authorize") }), "aud must be"),
        (json!({ "aud": format!("{ORIGIN}/") }), "aud must be"),
        // iss is the client.
        (json!({ "iss": null }), "'iss' is missing"),
        (json!({ "iss": "jwt" }), "iss must be the client_id"),
        (json!({ "iss": ORIGIN }), "iss must be the client_id"),
        // When it is good.
        (json!({ "exp": null }), "'exp' is missing"),
        (json!({ "exp": NOW - 31 }), "expired"),
        (json!({ "exp": NOW - 30 }), "expired"),
        (json!({ "exp": NOW - 29 }), ok),
        (json!({ "exp": "1700000300" }), "must be a number"),
        (json!({ "iat": null }), "'iat' is missing"),
        (json!({ "iat": NOW + 31 }), "issued at"),
        (json!({ "nbf": null }), "'nbf' is missing"),
        (json!({ "nbf": NOW + 30 }), ok),
        (json!({ "nbf": NOW + 31 }), "not valid before"),
        (json!({ "nbf": NOW - 3600, "exp": NOW }), ok),
        (json!({ "nbf": NOW - 3601, "exp": NOW }), "not longer ago"),
        (json!({ "nbf": NOW - 3601, "exp": NOW - 2 }), "not longer ago"),
        (json!({ "exp": NOW + 3600 }), ok),
        (json!({ "exp": NOW + 3601 }), "at most 3600 seconds after nbf"),
        (json!({ "exp": 1e300 }), "at most 3600 seconds after nbf"),
        // jti
        (json!({ "jti": null }), "'jti' is missing"),
        (json!({ "jti": "" }), "jti must have 1 to 256 bytes"),
        (json!({ "jti": "x".repeat(257) }), "jti must have 1 to 256 bytes"),
        (json!({ "jti": 7 }), "must be a string"),
        // requested_expiry is a number or a text.
        (json!({ "requested_expiry": 30 }), ok),
        (json!({ "requested_expiry": "30" }), ok),
        (json!({ "requested_expiry": 0 }), "positive"),
        (json!({ "requested_expiry": -1 }), "positive"),
        (json!({ "requested_expiry": 1.5 }), "positive"),
        (json!({ "requested_expiry": "x" }), "positive"),
        (json!({ "requested_expiry": [30] }), "positive"),
        // No request in a request.
        (json!({ "request": "x" }), "must not hold another request"),
        (json!({ "request_uri": "https://client.example.com/r" }), "must not hold another request"),
        // And all that holds for parameters.
        (json!({ "scope": null }), "parameter scope is missing"),
        (json!({ "scope": ["openid"] }), "scope must be a text"),
        (json!({ "login_hint": null }), "exactly one"),
        (json!({ "id_token_hint": "x" }), "exactly one"),
        (json!({ "login_hint": 7 }), "login_hint must be a text"),
        (json!({ "resource": [7] }), "resource must be texts"),
    ] {
        let mut world = ciba_world(2);
        let request = signed(Es256, &claims_of("signing", change.clone()));
        let response = world.ask(sending("signing", &request, &[]));
        let description = body(&response)["error_description"].as_str().unwrap_or_default().to_owned();
        assert_eq!(response.status == 200, says.is_empty(), "{change}: {}", response.body);
        assert!(description.contains(says), "{change}: {description}");
        assert!(says.is_empty() || error(&response) == (400, "invalid_request".into()), "{description}");
    }
}

#[test]
fn s7_1_1_who_signs_and_how() {
    let (own, foreign) = (signing_key(Es256), key(Es256, 41));
    let header = |alg: &str| json!({ "alg": alg, "typ": "JWT" });
    let claims = claims_of("signing", json!({}));
    let good = signed_by(&own, &header("ES256"), &claims);
    let unsigned = {
        let payload = good.split('.').nth(1).unwrap();
        format!("{}.{payload}.", base64_url(header("none").to_string().as_bytes()))
    };
    let tampered = {
        let other =
            signed_by(&own, &header("ES256"), &claims_of("signing", json!({ "scope": "openid write" })));
        let parts: Vec<_> = good.split('.').zip(other.split('.')).collect();
        format!("{}.{}.{}", parts[0].0, parts[1].1, parts[2].0)
    };
    let of_public_key = SigningKey::new(
        &edgegrant::jose::Jwk::symmetric(own.to_jwk().public().unwrap().to_json().as_bytes()),
        Hs256,
    )
    .unwrap();
    for (what, request, fine) in [
        ("good", good.clone(), true),
        ("by its kid", signed_by(&own, &merged(header("ES256"), json!({ "kid": "c1" })), &claims), true),
        (
            "typ of RFC 9101",
            signed_by(&own, &json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" }), &claims),
            true,
        ),
        ("without typ", signed_by(&own, &json!({ "alg": "ES256" }), &claims), true),
        ("another typ", signed_by(&own, &json!({ "alg": "ES256", "typ": "at+jwt" }), &claims), false),
        ("another kid", signed_by(&own, &merged(header("ES256"), json!({ "kid": "c9" })), &claims), false),
        ("crit", signed_by(&own, &merged(header("ES256"), json!({ "crit": ["x"], "x": 1 })), &claims), false),
        ("another's key", signed_by(&foreign, &header("ES256"), &claims), false),
        ("not the registered alg", signed(Ps256, &claims), false),
        ("nor this", signed(Rs256, &claims), false),
        ("alg none", unsigned, false),
        ("HS256 by the secret", signed_by(&hmac(SECRET), &header("HS256"), &claims), false),
        ("HS256 by the public key", signed_by(&of_public_key, &header("HS256"), &claims), false),
        ("tampered", tampered, false),
        ("encrypted", "a.b.c.d.e".into(), false),
        ("no JWT", "x".into(), false),
        ("no claims", signed_by(&own, &header("ES256"), &json!([])), false),
    ] {
        let response = ciba_world(3).ask(sending("signing", &request, &[]));
        let expected = if fine { (200, "none") } else { (400, "invalid_request") };
        assert_eq!(error(&response), (expected.0, expected.1.into()), "{what}: {}", response.body);
    }
    // A client that is registered for none may sign with any of its keys, or not at all.
    for alg in [Es256, Ps256, Rs256] {
        let response = ciba_world(3).ask(sending("jwt", &signed(alg, &claims_of("jwt", json!({}))), &[]));
        assert_eq!(response.status, 200, "{alg}: {}", response.body);
    }
    let usual = [("scope", "openid"), ("login_hint", "alice")];
    let plain = |client| by_assertion(BC, &assertion(client, json!({})), &usual);
    assert_eq!(ciba_world(3).ask(plain("jwt")).status, 200);
    let response = ciba_world(3).ask(plain("signing"));
    assert_refused(&response, (400, "invalid_request", ""), "unsigned where it is registered");
}

#[test]
fn s7_1_1_nothing_stands_beside_it() {
    let request = || signed(Es256, &claims_of("signing", json!({})));
    for (name, value, fine) in [
        ("client_id", "signing", true),
        ("scope", "openid read", false),
        ("login_hint", "alice", false),
        ("binding_message", "W4SCT", false),
        ("requested_expiry", "30", false),
        ("request_uri", "https://client.example.com/r", false),
        ("unknown", "x", false),
        ("scope", "", true),
    ] {
        let response = ciba_world(4).ask(sending("signing", &request(), &[(name, value)]));
        assert_eq!(response.status, if fine { 200 } else { 400 }, "{name}: {}", response.body);
    }
}

#[test]
fn s7_1_1_it_is_good_once_and_no_refusal_uses_it_up() {
    let mut world = ciba_world(5);
    let claims = claims_of("signing", json!({}));
    let request = signed(Es256, &claims);
    // Refused for another reason: the assertion, what stands beside it, another client's name.
    let mut unauthenticated = sending("signing", &request, &[]);
    unauthenticated.body = post("/", &form(&[("request", &request)])).body;
    assert_eq!(world.ask(unauthenticated).status, 401);
    assert_eq!(world.ask(sending("signing", &request, &[("scope", "openid")])).status, 400);
    assert_eq!(world.ask(sending("jwt", &request, &[])).status, 400);
    // Faulty ones of the same jti, too.
    for change in [
        json!({ "scope": "read" }),
        json!({ "binding_message": "a\nb" }),
        json!({ "requested_expiry": 0 }),
        json!({ "login_hint": "nobody" }),
        json!({ "login_hint": "bob" }),
        json!({ "scope": "openid nothing" }),
    ] {
        let faulty = signed(Es256, &merged(claims.clone(), change.clone()));
        assert_eq!(world.ask(sending("signing", &faulty, &[])).status, 400, "{change}");
    }
    assert!(world.asked.is_empty());
    assert_eq!(world.ask(sending("signing", &request, &[])).status, 200);
    let used = (400, "invalid_request", "");
    assert_refused(&world.ask(sending("signing", &request, &[])), used, "again");
    // Another of the same jti is no other.
    let another = signed(Es256, &merged(claims.clone(), json!({ "scope": "openid" })));
    assert_refused(&world.ask(sending("signing", &another, &[])), used, "the same jti");
    // Another client has its own, and so has an assertion.
    let of_another = signed(Es256, &merged(claims.clone(), json!({ "iss": "jwt" })));
    assert_eq!(world.ask(sending("jwt", &of_another, &[])).status, 200);
    let usual = [("grant_type", CIBA), ("auth_req_id", "x")];
    let jti = json!({ "jti": claims["jti"] });
    let response = world.ask(by_assertion("/token", &assertion("signing", jti), &usual));
    assert_refused(&response, (400, "invalid_grant", ""), "authenticated");
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn of_a_hundred_at_once_one_is_taken() {
    for seed in 0..5 {
        let mut world = ciba_world(seed);
        let request = signed(Es256, &claims_of("signing", json!({})));
        let ids: Vec<Id> = (0..100).map(|_| world.send(sending("signing", &request, &[]))).collect();
        world.run();
        let taken = ids.iter().filter(|&&id| world.response(id).unwrap().status == 200).count();
        assert_eq!((taken, world.asked.len()), (1, 1), "seed {seed}");
    }
}

#[test]
fn fapi_ciba_s5_2_2() {
    let claims = |change: Value| merged(claims_of("fapi", json!({ "aud": FAPI })), change);
    let (message, details) = ("binding_message", json!([{ "type": "payment" }]));
    for (what, request, fine) in [
        ("ES256", signed(Es256, &claims(json!({}))), true),
        ("PS256", signed(Ps256, &claims(json!({}))), true),
        ("RS256", signed(Rs256, &claims(json!({}))), false),
        ("no context", signed(Es256, &claims(json!({ message: null }))), false),
        ("details", signed(Es256, &claims(json!({ message: null, "authorization_details": details }))), true),
        ("an hour", signed(Es256, &claims(json!({ "exp": NOW + 3600 }))), true),
        ("more", signed(Es256, &claims(json!({ "exp": NOW + 3601 }))), false),
        ("no nbf", signed(Es256, &claims(json!({ "nbf": null }))), false),
        ("old", signed(Es256, &claims(json!({ "nbf": NOW - 3601, "exp": NOW - 10 }))), false),
        ("context", signed(Es256, &claims(json!({ "request_context": { "location": "x" } }))), true),
        ("for another", signed(Es256, &claims(json!({ "aud": ORIGIN }))), false),
    ] {
        let response = ciba_world(6).ask(sending("fapi", &request, &[]));
        let expected = if fine { (200, "none") } else { (400, "invalid_request") };
        assert_eq!(error(&response), (expected.0, expected.1.into()), "{what}: {}", response.body);
    }
    // Unsigned; an assertion by RS256; for the endpoint.
    let usual = [("scope", "openid"), ("login_hint", "alice"), ("binding_message", "x")];
    let path = "/fapi/bc-authorize";
    let of = |aud: &str| assertion("fapi", json!({ "aud": aud }));
    let response = ciba_world(6).ask(by_assertion(path, &of(FAPI), &usual));
    assert_refused(&response, (400, "invalid_request", ""), "unsigned");
    let good = signed(Es256, &claims(json!({})));
    let response =
        ciba_world(6).ask(by_assertion(path, &of(&format!("{FAPI}/token")), &[("request", &good)]));
    assert_eq!(response.status, 200, "{}", response.body);
    for alg in [Rs256, Ps256] {
        let said = json!({ "iss": "fapi", "sub": "fapi", "aud": FAPI, "exp": NOW + 60, "jti": fresh() });
        let proof = token(&signing_key(alg), &json!({ "alg": alg.name() }), &said);
        let response = ciba_world(6).ask(by_assertion(path, &proof, &[("request", &good)]));
        assert_eq!(response.status, if alg == Ps256 { 200 } else { 401 }, "{alg}: {}", response.body);
    }
}
