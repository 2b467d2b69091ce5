//! The Decathlon profile, against its dialect: the worked sample claim by claim, its rules, and how its answers
//! differ from the standard profile's.
mod support;

use edgegrant::http::HttpRequest;
use edgegrant::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};
use support::*;

const MEMBER: &str = "7233cd9b-6557-4edb-8f3b-a6ff08a60402";
const ANOTHER: &str = "dfa16f9e-7d9b-4243-acd5-7d64b9a1add3";

fn main_key() -> SigningKey {
    key(Algorithm::Rs256, 2)
}

/// The document with the sample's members, and generator keys of the sample's algorithm.
fn sample_document() -> Value {
    let mut document = exchange_document();
    document["issuers"][1]["generator_keys"] =
        json!([{ "alg": "RS256", "private_key": { "env": "RS256_GENERATOR" } }]);
    document["issuers"][1]["subjects"] = json!([{ "sub": MEMBER }, { "sub": ANOTHER, "disabled": true }]);
    document
}

fn names(claims: &Value) -> Vec<&str> {
    claims.as_object().unwrap().keys().map(String::as_str).collect()
}

/// With a bearer token in place of Basic.
fn bearer(mut request: HttpRequest, token: &str) -> HttpRequest {
    request.headers.authorization = Some(format!("Bearer {token}"));
    request
}

#[test]
fn the_worked_sample() {
    let mut world = world_of(&sample_document(), 1);
    // Step 0: A's own token.
    let response = world.ask(basic(DKT.token, A, "grant_type=client_credentials"));
    let answer = body(&response);
    let token = access_of(&response);
    let scope = "token-exchange:seamless-backchannel token-generator:seamless-backchannel";
    assert_eq!(
        answer,
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": 899, "scope": scope,
                "jti": claims(&token)["jti"] })
    );
    assert_eq!(header(&token), json!({ "alg": "RS256", "typ": "JWT", "kid": "main" }));
    let own = payload(&token, &main_key());
    assert_eq!(names(&own), ["scope", "iss", "exp", "iat", "jti", "client_id"]);
    assert_eq!(own["scope"], json!(scope.split(' ').collect::<Vec<_>>()));
    assert_eq!((&own["iss"], &own["client_id"]), (&json!(DKT.issuer), &json!(A)));
    assert_eq!((&own["iat"], &own["exp"]), (&json!(NOW), &json!(NOW + 900)));

    // Step 1: tokens for two members.
    let request = generate(&DKT, &token, "&scopes=sports%2Ccontacts%2Cphone", &json!([MEMBER, ANOTHER]));
    let answer = body(&world.ask(request));
    assert_eq!(names(&answer), [MEMBER, ANOTHER]);
    let exchangeable = answer[MEMBER].as_str().unwrap();
    assert!(
        exchangeable
            .starts_with(&format!("{}.", base64_url(br#"{"kid":"generator","typ":"JWT","alg":"RS256"}"#)))
    );
    let said = payload(exchangeable, &key(Algorithm::Rs256, 23));
    let redeemed_at = "https://auth.example.com/dkt/connect/token/exchange";
    assert_eq!(
        said,
        json!({ "sub": MEMBER, "aud": redeemed_at, "scope": ["contacts", "phone", "sports"], "iss": DKT.issuer,
                "exp": NOW + 900, "iat": NOW, "jti": said["jti"], "client_id": B })
    );
    assert_eq!(uuid::Uuid::parse_str(said["jti"].as_str().unwrap()).unwrap().get_version_num(), 4);

    // Step 2: the member's access token.
    world.advance(60);
    let response = world.ask(redeem(&DKT, B, exchangeable));
    let token = access_of(&response);
    assert_eq!(
        body(&response),
        json!({ "access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
                "expires_in": 899, "scope": "contacts phone sports" })
    );
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    assert_eq!(header(&token), json!({ "alg": "RS256", "typ": "JWT", "kid": "main" }));
    let member = payload(&token, &main_key());
    assert_eq!(names(&member), ["sub", "scope", "iss", "exp", "iat", "jti", "client_id"]);
    assert_eq!(
        member,
        json!({ "sub": MEMBER, "scope": ["contacts", "phone", "sports"], "iss": DKT.issuer, "exp": NOW + 960,
                "iat": NOW + 60, "jti": member["jti"], "client_id": B })
    );
    // Step 1 does not look members up; step 2 does.
    let response = world.ask(redeem(&DKT, B, answer[ANOTHER].as_str().unwrap()));
    assert_refused(&response, (400, "invalid_request", "subject.disabled"), "disabled");
}

#[test]
fn keys_are_published_at_the_mount_and_the_generators_is_not() {
    let mut world = world_of(&sample_document(), 2);
    let jwks = body(&world.ask(get("/dkt/.well-known/jwks.json")));
    let kids: Vec<&Value> = jwks["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, ["main"]);
    let metadata = body(&world.ask(get("/dkt/.well-known/openid-configuration")));
    assert_eq!(metadata["jwks_uri"], "https://auth.example.com/dkt/.well-known/jwks.json");
    assert_eq!(metadata["token_endpoint"], "https://auth.example.com/dkt/connect/oauth/token");
}

#[test]
fn step_2_by_basic_or_by_a_bearer_token_of_its_own() {
    let mut world = exchange_world(3);
    let [a, b, c] = [A, B, C].map(|client| own_token(&mut world, &DKT, client));
    let narrow = basic(DKT.token, B, "grant_type=client_credentials&scope=sports");
    let narrow = access_of(&world.ask(narrow));
    let elsewhere = own_token(&mut world, &STANDARD, B);
    let members = access_of(&{
        let token = exchangeable(&mut world, &DKT, "carol");
        world.ask(redeem(&DKT, B, &token))
    });
    let token = exchangeable(&mut world, &DKT, "alice");
    let asked = redeem(&DKT, B, &token);
    let by = |bearer_token: &str| bearer(asked.clone(), bearer_token);
    let with = |mut request: HttpRequest, more: &[(&str, &str)]| {
        let given = String::from_utf8(request.body.bytes().to_vec()).unwrap();
        request.body = edgegrant::http::Body::Bytes(format!("{given}&{}", form(more)).into_bytes().into());
        request
    };
    let mut nobody = asked.clone();
    nobody.headers.authorization = None;
    for (what, request, expected) in [
        ("nobody", nobody, (401, "invalid_client", "")),
        ("a wrong token", by("nonsense"), (401, "invalid_token", "")),
        ("a token of the other mount", by(&elsewhere), (401, "invalid_token", "")),
        ("the exchangeable token", by(&token), (401, "invalid_token", "")),
        ("the member's token", by(&members), (401, "invalid_token", "")),
        ("without the scope", by(&narrow), (403, "insufficient_scope", "")),
        ("C, who may not have it", by(&c), (403, "insufficient_scope", "")),
        ("C by Basic", redeem(&DKT, C, &token), (400, "unauthorized_client", "")),
        ("bearer and a secret", with(by(&b), &[("client_secret", SECRET)]), (400, "invalid_request", "")),
        ("bearer and an assertion", with(by(&b), &[("client_assertion", "x")]), (400, "invalid_request", "")),
        ("somebody else's client_id", with(by(&b), &[("client_id", A)]), (400, "invalid_request", "")),
        ("A by Basic", redeem(&DKT, A, &token), (400, "invalid_request", "subject-token.client")),
        ("A by bearer", by(&a), (400, "invalid_request", "subject-token.client")),
        ("B by bearer", with(by(&b), &[("client_id", B)]), (200, "none", "")),
    ] {
        assert_refused(&world.ask(request), expected, what);
    }
    // What the policy takes away counts at once, by either way in.
    let mut document = exchange_document();
    document["issuers"][1]["policy"]["scopes"][REDEEM_SCOPE]["clients"] = json!([A]);
    let mut world = world_of(&document, 4);
    let token = exchangeable(&mut world, &DKT, "alice");
    assert_refused(&world.ask(redeem(&DKT, B, &token)), (400, "unauthorized_client", ""), "Basic");
    let response = world.ask(bearer(redeem(&DKT, B, &token), &b));
    assert_refused(&response, (403, "insufficient_scope", ""), "bearer");
}

#[test]
fn step_2_parameters() {
    let mut world = exchange_world(5);
    let token = exchangeable(&mut world, &DKT, "alice");
    let good = [
        ("grant_type", EXCHANGE),
        ("exchange_type", SEAMLESS_BACKCHANNEL),
        ("subject_token_type", JWT),
        ("subject_token", &*token),
        ("requested_token_type", ACCESS_TOKEN),
    ];
    let invalid = (400, "invalid_request", "");
    for (name, value, expected) in [
        ("grant_type", None, invalid),
        ("grant_type", Some("client_credentials"), (400, "unsupported_grant_type", "")),
        ("grant_type", Some("refresh_token"), (400, "unsupported_grant_type", "")),
        ("grant_type", Some("password"), (400, "unsupported_grant_type", "")),
        ("exchange_type", None, invalid),
        ("exchange_type", Some("seamless-backchannel-exchange"), invalid),
        ("exchange_type", Some(SEAMLESS), invalid),
        ("subject_token", None, invalid),
        ("subject_token", Some("x"), (400, "invalid_request", "subject-token.malformed")),
        ("subject_token_type", None, invalid),
        ("subject_token_type", Some(ACCESS_TOKEN), invalid),
        ("requested_token_type", Some(REFRESH_TOKEN), invalid),
        ("requested_token_type", Some("x"), invalid),
        ("actor_token", Some("x"), invalid),
        ("actor_token_type", Some(ACCESS_TOKEN), invalid),
        ("scope", Some("sports nothing"), (400, "invalid_scope", "scope.beyond-subject")),
        ("audience", Some("https://api.example.com"), (400, "invalid_target", "audience.beyond-grant")),
        ("resource", Some("#"), (400, "invalid_target", "")),
        ("requested_token_type", None, (200, "none", "")),
    ] {
        let left = good.iter().copied().filter(|(known, _)| *known != name);
        let parameters: Vec<_> = left.chain(value.map(|value| (name, value))).collect();
        let response = world.ask(basic(DKT.redeem, B, &form(&parameters)));
        assert_refused(&response, expected, &format!("{name} {value:?}"));
    }
    // Less may be asked for.
    let token = exchangeable(&mut world, &DKT, "alice");
    let less = [("exchange_type", SEAMLESS_BACKCHANNEL), ("scope", "sports")];
    let response = world.ask(exchange_at(DKT.redeem, B, (&token, JWT), &less));
    assert_eq!(claims(&access_of(&response))["scope"], json!(["sports"]));
    // The token endpoint never redeems one, whatever it is called.
    let token = exchangeable(&mut world, &DKT, "alice");
    for of in [JWT, ACCESS_TOKEN, ID_TOKEN, REFRESH_TOKEN] {
        let request = exchange_at(DKT.token, B, (&token, of), &[("exchange_type", SEAMLESS_BACKCHANNEL)]);
        assert_eq!(refusal(&world.ask(request)).1, "invalid_request", "{of}");
    }
    assert_eq!(world.ask(redeem(&DKT, B, &token)).status, 200);
}

#[test]
fn step_2_what_makes_an_exchangeable_token_unacceptable() {
    let mut world = exchange_world(6);
    let good = exchangeable(&mut world, &DKT, "alice");
    let (generator, generator_header) = (key(Algorithm::Hs256, 21), header(&good));
    let of = |change: Value| token(&generator, &generator_header, &merged(claims(&good), change));
    let under = |key: &SigningKey, change: Value| {
        token(key, &merged(generator_header.clone(), change), &claims(&good))
    };
    let rs256 = json!({ "alg": "RS256" });
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    for (token, rule) in [
        (unsigned, "subject-token.signature"),
        (under(&main_key(), json!({ "alg": "RS256", "kid": "main" })), "subject-token.signature"),
        (under(&main_key(), rs256), "subject-token.signature"),
        (under(&key(Algorithm::Hs256, 20), json!({})), "subject-token.signature"),
        (under(&generator, json!({ "kid": "other" })), "subject-token.signature"),
        (under(&generator, json!({ "alg": "none" })), "subject-token.malformed"),
        (of(json!({ "iss": ORIGIN })), "subject-token.issuer"),
        (of(json!({ "iss": null })), "subject-token.malformed"),
        (of(json!({ "aud": DKT.issuer })), "subject-token.audience"),
        (of(json!({ "aud": "http://localhost:8080/token/exchange" })), "subject-token.audience"),
        (of(json!({ "aud": null })), "subject-token.audience"),
        (of(json!({ "aud": [claims(&good)["aud"], DKT.issuer] })), "subject-token.audience"),
        (of(json!({ "exp": NOW })), "subject-token.expired"),
        (of(json!({ "exp": null })), "subject-token.malformed"),
        (of(json!({ "nbf": NOW + 1 })), "subject-token.expired"),
        (of(json!({ "client_id": C })), "subject-token.client"),
        (of(json!({ "client_id": null })), "subject-token.malformed"),
        (of(json!({ "sub": "nobody" })), "subject.unknown"),
        (of(json!({ "sub": "bob" })), "subject.disabled"),
        (of(json!({ "sub": null })), "subject-token.malformed"),
        (of(json!({ "jti": null })), "subject-token.malformed"),
        // Whose jti does not end as those of a grant's do was made by none of them.
        (of(json!({ "jti": "fdae298a-01bc-45e2-a51a-611bfcf123e1" })), "exchange.no-grant"),
        (of(json!({ "scope": ["sports", "nothing"] })), "scope.not-auto-approved"),
        (of(json!({ "scope": 7 })), "subject-token.malformed"),
    ] {
        let response = world.ask(redeem(&DKT, B, &token));
        assert_refused(&response, (400, "invalid_request", rule), &token);
    }
    assert!(!world.state.keys().iter().any(|key| key.starts_with("jti/")), "a refused token is not used up");
    assert_eq!(world.ask(redeem(&DKT, B, &good)).status, 200);
}

#[test]
fn the_sibling_gives_an_access_and_a_refresh_token() {
    let mut world = exchange_world(7);
    let id_token = |change: Value| {
        let claims = json!({ "iss": DKT.issuer, "sub": "alice", "aud": A, "exp": NOW + 60, "iat": NOW });
        token(&main_key(), &json!({ "alg": "RS256", "typ": "JWT", "kid": "main" }), &merged(claims, change))
    };
    let ask = |world: &mut World, client: &str, token: &str, more: &[(&str, &str)]| {
        let exchange_type = [("exchange_type", SEAMLESS)];
        world.ask(exchange_at(DKT.redeem, client, (token, ID_TOKEN), &[&exchange_type, more].concat()))
    };
    let good = id_token(json!({}));
    let response = ask(&mut world, B, &good, &[("scopes", "sports,contacts")]);
    let (answer, access_token) = (body(&response), access_of(&response));
    let refresh_token = answer["refresh_token"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({ "access_token": access_token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer",
                "expires_in": 899, "scope": "contacts sports", "refresh_token": refresh_token })
    );
    let member = payload(&access_token, &main_key());
    assert_eq!(names(&member), ["sub", "scope", "iss", "exp", "iat", "jti", "client_id"]);
    assert_eq!((&member["sub"], &member["client_id"]), (&json!("alice"), &json!(B)));
    assert!(edgegrant::jose::jws::Unverified::parse(refresh_token).is_err(), "it is opaque");
    // Left out: what B gets, within the grant. It is for B to refresh.
    assert_eq!(body(&ask(&mut world, B, &good, &[]))["scope"], "contacts sports");
    assert_eq!(body(&ask(&mut world, B, &good, &[("scope", "sports")]))["scope"], "sports");
    let refreshing = form(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]);
    let refreshed = claims(&access_of(&world.ask(basic(DKT.token, B, &refreshing))));
    assert_eq!((&refreshed["sub"], &refreshed["scope"]), (&json!("alice"), &json!(["contacts", "sports"])));
    let [invalid, no_scope] = ["invalid_request", "invalid_scope"];
    let of = |change| id_token(change);
    let actor = [("actor_token", &*good), ("actor_token_type", ID_TOKEN)];
    for (token, more, code, rule) in [
        (of(json!({})), &[("scopes", "sports,phone")][..], no_scope, "scope.beyond-grant"),
        (of(json!({})), &[("scopes", "sports,")], no_scope, ""),
        (of(json!({})), &[("scopes", "sports"), ("scope", "sports")], invalid, ""),
        (of(json!({})), &[("requested_token_type", JWT)], invalid, ""),
        (of(json!({})), &[("requested_token_type", ACCESS_TOKEN)], "none", ""),
        (of(json!({})), &actor, invalid, ""),
        (of(json!({ "may_act": { "sub": C } })), &[], invalid, "exchange.actor-not-allowed"),
        (of(json!({ "may_act": { "sub": B } })), &[], "none", ""),
        (of(json!({ "cnf": { "jwk": {} } })), &[], invalid, "exchange.confirmation"),
        (of(json!({ "aud": B })), &[], invalid, "exchange.no-grant"),
        (of(json!({ "aud": "deleted" })), &[], invalid, "client.inactive"),
        (of(json!({ "exp": NOW })), &[], invalid, "subject-token.expired"),
        (of(json!({ "iss": ORIGIN })), &[], invalid, "subject-token.issuer"),
        (of(json!({ "sub": "bob" })), &[], invalid, "subject.disabled"),
        (of(json!({ "sub": "nobody" })), &[], invalid, "subject.unknown"),
        (access_token, &[], invalid, "subject-token.malformed"),
    ] {
        let status = if code == "none" { 200 } else { 400 };
        let response = ask(&mut world, B, &token, more);
        assert_refused(&response, (status, code, rule), &format!("{more:?} {}", claims(&token)));
    }
    // An exchangeable token is no id token.
    let exchangeable = exchangeable(&mut world, &DKT, "alice");
    let response = ask(&mut world, B, &exchangeable, &[]);
    assert_refused(&response, (400, invalid, "subject-token.signature"), "exchangeable");
}

#[test]
fn the_same_request_at_either_profile() {
    type Ask = fn(&mut World, &Mount) -> HttpRequest;
    let own: Ask = |_, mount| basic(mount.token, A, "grant_type=client_credentials");
    let redeemed: Ask = |world, mount| {
        let token = exchangeable(world, mount, "alice");
        redeem(mount, B, &token)
    };
    let unknown: Ask = |world, mount| {
        let token = exchangeable(world, mount, "nobody");
        redeem(mount, B, &token)
    };
    let beyond: Ask = |_, mount| basic(mount.token, A, "grant_type=client_credentials&scope=nothing");
    let wrong: Ask = |_, mount| post(mount.token, "grant_type=client_credentials&client_id=portal");
    let generated: Ask = |world, mount| {
        let bearer = own_token(world, mount, A);
        generate(mount, &bearer, "&scopes=nothing", &json!(["alice"]))
    };
    let [standard_claims, dkt_claims] = [
        &["iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope"][..],
        &["scope", "iss", "exp", "iat", "jti", "client_id"],
    ];
    let member_claims = &["sub", "scope", "iss", "exp", "iat", "jti", "client_id"][..];
    // What differs: typ, claims, expires_in, jti. What does not: status, error, rule.
    for (ask, standard, dkt) in [
        (own, Ok((standard_claims, "at+jwt", 3600, 4)), Ok((dkt_claims, "JWT", 899, 5))),
        (redeemed, Ok((standard_claims, "at+jwt", 3600, 5)), Ok((member_claims, "JWT", 899, 5))),
        (
            unknown,
            Err((400, "invalid_request", "subject.unknown")),
            Err((400, "invalid_request", "subject.unknown")),
        ),
        (beyond, Err((400, "invalid_scope", "scope.unknown")), Err((400, "invalid_scope", "scope.unknown"))),
        (wrong, Err((401, "invalid_client", "")), Err((401, "invalid_client", ""))),
        (
            generated,
            Err((400, "invalid_scope", "scope.not-auto-approved")),
            Err((400, "invalid_scope", "scope.not-auto-approved")),
        ),
    ] {
        for (mount, expected) in [(&STANDARD, standard), (&DKT, dkt)] {
            let mut world = exchange_world(8);
            let request = ask(&mut world, mount);
            let response = world.ask(request);
            match expected {
                Ok((claims, typ, expires_in, members)) => {
                    let (answer, token) = (body(&response), access_of(&response));
                    assert_eq!(
                        (names(&support::claims(&token)), &header(&token)["typ"]),
                        (claims.to_vec(), &json!(typ))
                    );
                    assert_eq!(answer["expires_in"], expires_in);
                    assert_eq!(answer.as_object().unwrap().len(), members, "{answer}");
                }
                Err(expected) => assert_refused(&response, expected, mount.issuer),
            }
        }
    }
}
