//! In a real browser engine: JOSE with the browser's entropy, and the effect loop.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]

use std::collections::BTreeMap;
use std::rc::Rc;

use edgegrant::endpoint::Server;
use edgegrant::host::{Effect, Reply};
use edgegrant::http::{Body, Headers, HttpRequest};
use edgegrant::jose::{Algorithm, Jwk, SigningKey, jws};
use edgegrant::suspend::{Request, Step};
use edgegrant::time::Timestamp;
use edgegrant::wasm;
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn rng() -> rand_chacha::ChaCha20Rng {
    use rand_core::SeedableRng;
    rand_chacha::ChaCha20Rng::from_seed(wasm::server::draw_seed().unwrap().try_into().unwrap())
}

/// They are drawn many at a time; across several draws none may come twice.
#[wasm_bindgen_test]
fn no_seed_is_handed_out_twice() {
    let seeds: std::collections::BTreeSet<Vec<u8>> =
        (0..300).map(|_| wasm::server::draw_seed().unwrap()).collect();
    assert_eq!(seeds.len(), 300);
    assert!(seeds.iter().all(|seed| seed.len() == 32 && seed.iter().any(|&byte| byte != 0)));
}

#[wasm_bindgen_test]
fn every_algorithm_signs_and_verifies_and_no_bit_may_flip() {
    let mut rng = rng();
    for &alg in Algorithm::ALL {
        let key = SigningKey::generate(alg, &mut rng).unwrap();
        let input = jws::signing_input(&jws::encode_header(alg, "JWT", "k"), b"{\"sub\":\"a\"}");
        let signature = key.sign(input.as_bytes(), &mut rng).unwrap();
        let verifier = key.verifying_key();
        verifier.verify(input.as_bytes(), &signature).unwrap();
        for i in 0..signature.len() {
            let mut flipped = signature.clone();
            flipped[i] ^= 1;
            assert!(verifier.verify(input.as_bytes(), &flipped).is_err(), "{alg} {i}");
        }
    }
}

/// RFC 7515 appendix A.3: a published ES256 signature.
#[wasm_bindgen_test]
fn a_published_signature_verifies() {
    let jwk = Jwk::parse(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )
    .unwrap();
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = edgegrant::jose::VerifyingKey::new(&jwk, Algorithm::Es256).unwrap();
    let verified = jws::Unverified::parse(token).unwrap().verify(&key).unwrap();
    assert!(verified.payload().starts_with(b"{\"iss\":\"joe\""));
}

/// What a request recurses into must fit the stack of the module.
#[wasm_bindgen_test]
fn deep_json_is_an_error_and_no_trap() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(edgegrant::json::parse(deep.as_bytes()).is_err());
}

#[wasm_bindgen_test]
fn the_effect_loop_issues_a_token() {
    let key = SigningKey::generate(Algorithm::Es256, &mut rng()).unwrap();
    let document = json!({
        "origin": "https://auth.example.com",
        "issuers": [{ "path": "/", "keys": [{ "alg": "ES256", "private_key": { "env": "KEY" } }] }],
        "clients": [{ "client_id": "a", "client_secret": { "env": "SECRET" } }],
    });
    let bindings = BTreeMap::from([
        ("KEY".to_owned(), key.to_jwk().public().unwrap().to_json()),
        ("SECRET".to_owned(), "0123456789abcdefghijkl".to_owned()),
    ]);
    let server = Rc::new(Server::configure(&document.to_string(), &bindings).unwrap());
    let request = HttpRequest {
        method: "POST".into(),
        path: "/token".into(),
        query: String::new(),
        headers: Headers {
            authorization: Some("Basic YTowMTIzNDU2Nzg5YWJjZGVmZ2hpamts".into()),
            content_type: Some("application/x-www-form-urlencoded".into()),
            x_api_key: None,
        },
        body: Body::Bytes(ByteBuf::from(b"grant_type=client_credentials".to_vec())),
        operator: false,
    };
    let (mut request, mut step) =
        Request::start(&server, request, Timestamp::from_seconds(1_700_000_000), [1; 32]);
    let response = loop {
        let reply = match step {
            // A single one, so that it is all of the inputs.
            Step::Effect { effect: Effect::Sign { inputs, .. } } => {
                Reply::Signatures(key.sign(&inputs, &mut rng()).unwrap().into())
            }
            Step::Effect { .. } | Step::Head { .. } | Step::Chunk { .. } => Reply::Done,
            Step::Done { response } => break response.unwrap(),
        };
        step = request.resume(reply);
    };
    assert_eq!(response.status, 200, "{}", response.body);
    let answer: Value = serde_json::from_str(&response.body).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    jws::Unverified::parse(token).unwrap().verify(&key.verifying_key()).unwrap();
}
