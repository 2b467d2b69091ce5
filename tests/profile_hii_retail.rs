//! The Hii Retail profile, against its dialect: token shape, audience rule, Basic alone.
mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgegrant::jose::Algorithm;
use serde_json::json;
use support::*;

const GRANT: &str = "grant_type=client_credentials&audience=https://hiiretail.com";
const TOKEN: &str = "/hii/oauth2/token";

#[test]
fn the_token_and_its_response() {
    let mut world = world(1);
    let response = body(&world.ask(basic(TOKEN, "till", GRANT)));
    let token = response["access_token"].as_str().unwrap();
    assert_eq!(
        response,
        json!({ "access_token": token, "token_type": "bearer", "expires_in": 3599, "scope": "" })
    );
    assert_eq!(header(token), json!({ "alg": "RS256", "typ": "JWT", "kid": "public:1" }));
    let claims = payload(token, &key(Algorithm::Rs256, 2));
    let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "client_id", "exp", "ext", "iat", "iss", "jti", "nbf", "scp", "sub"]);
    let jti = claims["jti"].as_str().unwrap();
    assert!(uuid::Uuid::parse_str(jti).is_ok());
    assert_eq!(
        claims,
        json!({ "aud": ["https://hiiretail.com"], "client_id": "till", "exp": 1_700_003_600, "ext": {},
                "iat": 1_700_000_000, "iss": format!("{ORIGIN}/hii/"), "jti": jti, "nbf": 1_700_000_000,
                "scp": ["cat"], "sub": "till" })
    );
}

#[test]
fn its_rules() {
    let mut world = world(2);
    let post_secret = post(TOKEN, &format!("{GRANT}&client_id=till&client_secret={SECRET}"));
    for (request, status, code, says) in [
        (
            basic(TOKEN, "till", "grant_type=client_credentials"),
            400,
            "invalid_request",
            "expected https://hiiretail.com",
        ),
        (
            basic(TOKEN, "till", "grant_type=client_credentials&audience="),
            400,
            "invalid_request",
            "audience.required",
        ),
        (
            basic(TOKEN, "till", "grant_type=client_credentials&audience=https://other.example.com"),
            400,
            "invalid_request",
            "expected https://hiiretail.com",
        ),
        (
            basic(TOKEN, "till", "grant_type=password&audience=https://hiiretail.com"),
            400,
            "unsupported_grant_type",
            "",
        ),
        (post_secret, 401, "invalid_client", ""),
        (basic(TOKEN, "closed-till", GRANT), 401, "invalid_client", ""),
        (basic(TOKEN, "nobody", GRANT), 401, "invalid_client", ""),
    ] {
        let response = world.ask(request);
        assert_eq!(error(&response), (status, code.to_owned()));
        assert!(body(&response)["error_description"].as_str().unwrap().contains(says), "{}", response.body);
    }
}

#[test]
fn the_sample_client_id_is_the_yaml_that_describes_it() {
    let id = "YnVzaW5lc3NfdW5pdF9pZDogZGVtb19idWlkCmlzb19jYzogZGVtby1jb3VudHJ5CnNmdzogYWJjQDEuM0BDSVI3blF3dFMwckE2dDBTNmVqZAp0aWQ6IENJUjduUXd0UzByQTZ0MFM2ZWpkCndvcmtzdGF0aW9uX2lkOiA0MjQyNDI0Mgo";
    let yaml = "business_unit_id: demo_buid\niso_cc: demo-country\nsfw: abc@1.3@CIR7nQwtS0rA6t0S6ejd\n\
                tid: CIR7nQwtS0rA6t0S6ejd\nworkstation_id: 42424242\n";
    assert_eq!(String::from_utf8(URL_SAFE_NO_PAD.decode(id).unwrap()).unwrap(), yaml);
    // A client of that name authenticates, and is the token's subject.
    let mut document = document();
    document["clients"][8]["client_id"] = json!(id);
    let mut world = world_of(&document, 3);
    let response = body(&world.ask(basic(TOKEN, id, GRANT)));
    assert_eq!(payload(response["access_token"].as_str().unwrap(), &key(Algorithm::Rs256, 2))["sub"], id);
}
