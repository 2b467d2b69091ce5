//! RFC 8414 and OpenID Connect Discovery 1.0: metadata and keys of each issuer, and of no other.
mod support;

use edgegrant::http::Headers;
use edgegrant::jose::{Algorithm, JwkSet};
use serde_json::json;
use support::*;

#[test]
fn s3_1_each_issuer_has_its_document_where_clients_look_for_it() {
    let mut world = world(1);
    for (paths, issuer, token_endpoint) in [
        (
            &["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"][..],
            ORIGIN.to_owned(),
            format!("{ORIGIN}/token"),
        ),
        (
            &[
                "/.well-known/oauth-authorization-server/hii",
                "/.well-known/openid-configuration/hii",
                "/hii/.well-known/oauth-authorization-server",
                "/hii/.well-known/openid-configuration",
            ],
            format!("{ORIGIN}/hii/"),
            format!("{ORIGIN}/hii/oauth2/token"),
        ),
    ] {
        for path in paths {
            let response = world.ask(get(path));
            assert_eq!(response.status, 200, "{path}");
            assert!(response.headers.contains(&("access-control-allow-origin", "*".into())));
            let document = body(&response);
            assert_eq!(document["issuer"], issuer, "{path}");
            assert_eq!(document["token_endpoint"], token_endpoint);
        }
    }
    for path in [
        "/.well-known/openid-configuration/",
        "/.well-known/openid-configuration/nobody",
        "/nobody/.well-known/openid-configuration",
    ] {
        assert_eq!(error(&world.ask(get(path))), (404, "not_found".into()), "{path}");
    }
}

#[test]
fn s2_what_the_document_says_is_so() {
    let mut world = world(2);
    let mut algorithms = vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256"];
    if cfg!(feature = "all-algorithms") {
        algorithms.extend(["ES384", "ES512"]);
    }
    algorithms.extend(["EdDSA", "Ed25519", "HS256"]);
    assert_eq!(
        body(&world.ask(get("/.well-known/oauth-authorization-server"))),
        json!({
            "issuer": ORIGIN,
            "token_endpoint": format!("{ORIGIN}/token"),
            "jwks_uri": format!("{ORIGIN}/.well-known/jwks.json"),
            "scopes_supported": ["admin", "orders:read", "orders:write"],
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
            "introspection_endpoint": format!("{ORIGIN}/introspect"),
            "introspection_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"],
            "revocation_endpoint": format!("{ORIGIN}/revoke"),
            "revocation_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        })
    );
    let hii = body(&world.ask(get("/hii/.well-known/openid-configuration")));
    assert_eq!(hii["token_endpoint_auth_methods_supported"], json!(["client_secret_basic"]));
    assert!(hii.get("token_endpoint_auth_signing_alg_values_supported").is_none());
}

#[test]
fn the_keys_are_public_named_and_the_issuers_own() {
    let mut document = document();
    document["issuers"][0]["keys"] = json!([
        { "alg": "ES256", "kid": "old", "state": "retired", "private_key": { "env": "KEY" } },
        { "alg": "RS256", "kid": "now", "private_key": { "env": "RSA_KEY" } },
        { "alg": "RS256", "kid": "then", "state": "next", "private_key": { "env": "RSA_KEY" } },
    ]);
    let mut world = world_of(&document, 3);
    let response = world.ask(get("/.well-known/jwks.json"));
    assert!(response.headers.contains(&("cache-control", "public, max-age=300".into())));
    let set = body(&response);
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(
        keys.iter().map(|key| key["kid"].as_str().unwrap()).collect::<Vec<_>>(),
        ["now", "old", "then"]
    );
    for key in keys {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(
            members.iter().all(|m| ["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"].contains(m)),
            "{members:?}"
        );
        assert_eq!(key["use"], "sig");
    }
    assert_eq!(JwkSet::parse(&response.body).unwrap().keys().len(), 3);
    // The current key signs.
    let answer = body(&world.ask(basic("/token", "basic", "grant_type=client_credentials")));
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(header(token)["kid"], "now");
    payload(token, &key(Algorithm::Rs256, 2));
    // Another issuer's keys are its own.
    assert_eq!(body(&world.ask(get("/hii/.well-known/jwks.json")))["keys"][0]["kid"], "public:1");
}

#[test]
fn documents_take_get_and_head_alone() {
    let mut world = world(4);
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/health"] {
        assert_eq!(world.ask(request("HEAD", path, Headers::default(), b"")).status, 200);
        let response = world.ask(request("POST", path, Headers::default(), b""));
        assert_eq!(response.status, 405);
        assert!(response.headers.contains(&("allow", "GET, HEAD".into())));
    }
}

#[test]
fn a_path_that_only_resembles_one_leads_nowhere() {
    let mut world = world(5);
    for path in [
        "",
        "/",
        "//token",
        "/token/",
        "/Token",
        "/token%00",
        "/%74oken",
        "/hii",
        "/hii/",
        "/hii/token",
        "/hii/../token",
        "/hii/%2e%2e/token",
        "/hii%2foauth2/token",
        "/hii//oauth2/token",
        "/HII/oauth2/token",
        "/oauth2/token",
        "/hii/hii/oauth2/token",
        "/token;x",
        "/_dev/env",
        "/token\\",
        "/_fault/panic2",
    ] {
        let response = world.ask(basic(path, "basic", "grant_type=client_credentials"));
        assert_eq!(error(&response), (404, "not_found".into()), "{path}");
    }
    // A client of one issuer is nobody at the other.
    assert_eq!(world.ask(basic("/hii/oauth2/token", "basic", "grant_type=client_credentials")).status, 401);
    assert_eq!(world.ask(basic("/token", "till", "grant_type=client_credentials")).status, 401);
}
