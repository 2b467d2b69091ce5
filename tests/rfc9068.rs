//! RFC 9068: the JWT access token of the standard profile.
mod support;

use edgegrant::jose::Algorithm;
use serde_json::json;
use support::*;

#[test]
fn s2_header_and_claims() {
    let mut world = world(1);
    let response =
        body(&world.ask(basic("/token", "basic", "grant_type=client_credentials&scope=orders:read")));
    let token = response["access_token"].as_str().unwrap();
    // §2.1: typ at+jwt; the key is named.
    assert_eq!(header(token), json!({ "alg": "ES256", "typ": "at+jwt", "kid": "main" }));
    let claims = payload(token, &key(Algorithm::Es256, 1));
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(
        claims,
        json!({ "iss": ORIGIN, "sub": "basic", "aud": ORIGIN, "client_id": "basic", "exp": 1_700_003_600,
                "iat": 1_700_000_000, "jti": jti, "scope": "orders:read" })
    );
    assert_eq!(uuid::Uuid::parse_str(jti).unwrap().get_version_num(), 4);
    // Another token is another one.
    let other = body(&world.ask(basic("/token", "basic", "grant_type=client_credentials")));
    assert_ne!(payload(other["access_token"].as_str().unwrap(), &key(Algorithm::Es256, 1))["jti"], jti);
}

#[test]
fn s2_2_3_no_scope_granted_no_scope_claim() {
    let mut world = world(2);
    let assertion = jwt(
        &client_key(),
        Algorithm::Es256,
        &json!({
            "iss": "jwt", "sub": "jwt", "aud": ORIGIN, "jti": "1", "exp": 1_700_000_060,
        }),
    );
    let response = body(&world.ask(post("/token", &with_assertion(&assertion))));
    assert!(response.get("scope").is_none());
    assert!(
        payload(response["access_token"].as_str().unwrap(), &key(Algorithm::Es256, 1)).get("scope").is_none()
    );
}

#[test]
fn every_algorithm_signs_in_the_core_as_well() {
    for alg in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256] {
        let mut document = document();
        document["issuers"][0]["keys"][0] =
            json!({ "alg": alg.name(), "signing": "core", "private_key": { "env": "CORE_KEY" } });
        let mut bindings = bindings();
        let own = key(alg, 5);
        bindings.insert("CORE_KEY".into(), own.to_jwk().to_json());
        let server = edgegrant::endpoint::Server::configure(&document.to_string(), &bindings).unwrap();
        let mut world = World::new(server, host_keys(), 1);
        let id = world.send(basic("/token", "basic", "grant_type=client_credentials"));
        world.run();
        let response = body(world.response(id).unwrap());
        assert_eq!(payload(response["access_token"].as_str().unwrap(), &own)["sub"], "basic", "{alg}");
        // The host was not asked to sign; only to record.
        assert_eq!((world.signatures, world.effects(id)), (0, 1));
    }
}
