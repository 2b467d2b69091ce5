//! A verifier with fixed rules and keys, and any token: as it comes, and signed, where the octets are a
//! header and claims with a line break between. What is not refused was read strictly, and what is
//! verified is signed, in its time, and meant for us.
#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use edgegrant::jose::jws::{self, Unverified};
use edgegrant::jose::jwt::Claims;
use edgegrant::jose::{Algorithm, Jwk, SigningKey, base64url};
use edgegrant::verifier::{Rules, Verdict, Verifier};
use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

const NOW: u64 = 1_700_000_000;
const RULES: &str = r#"{
    "issuer": "https://as.example.com", "audience": "https://api.example.com", "clock_tolerance": 60,
    "algorithms": ["HS256", "ES256", "EdDSA"], "typ": ["at+jwt", "JWT"], "required_claims": ["sub"]
}"#;
const SECRET: [u8; 32] = [7; 32];

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::new(&Jwk::symmetric(&SECRET), Algorithm::Hs256).expect("a long secret"));
thread_local! {
    static VERIFIER: RefCell<Verifier> = RefCell::new(verifier());
}

fn verifier() -> Verifier {
    let mut verifier = Verifier::new(Rules::parse(RULES).expect("sound rules"));
    let secret = Jwk::symmetric(&SECRET).with_kid("h").to_json();
    // RFC 7515 §A.3.1, RFC 8037 §A.1
    let keys = format!(
        r#"{{"keys": [{secret},
            {{"kty": "EC", "crv": "P-256", "kid": "e", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
              "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}},
            {{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}}"#
    );
    assert!(verifier.set_keys(&keys).expect("sound keys").is_empty());
    verifier
}

fn mac(input: &[u8]) -> Vec<u8> {
    KEY.sign(input, &mut ChaCha20Rng::from_seed([0; 32])).expect("a MAC")
}

fn examine(token: &str) {
    let examined = VERIFIER.with_borrow_mut(|verifier| verifier.examine(token, NOW));
    if let Verdict::Refused(_) = examined.verdict {
        assert!(examined.header.is_empty() && examined.claims.is_empty());
        return;
    }
    let read = Unverified::parse(token).expect("a JWS");
    assert_eq!(examined.claims, read.payload());
    let claims = Claims::parse(&examined.claims).expect("claims");
    match examined.verdict {
        Verdict::Unproven { algorithm, keys, signature, .. } => {
            assert!(algorithm != Algorithm::Hs256 && algorithm == read.header().alg && !keys.is_empty());
            assert_eq!(signature, read.signature());
        }
        Verdict::Verified { key } => {
            assert_eq!((key, read.header().alg), (0, Algorithm::Hs256));
            assert_eq!(read.signature(), mac(read.signing_input()));
            assert_eq!(claims.required_string("iss"), Ok("https://as.example.com"));
            assert!(claims.audience().is_ok_and(|aud| aud.contains(&"https://api.example.com")));
            assert!(claims.check_times(NOW, 60).is_ok() && claims.value("sub").is_some());
        }
        Verdict::Refused(_) => {}
    }
}

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    examine(text);
    if let Some((header, claims)) = text.split_once('\n') {
        let input = jws::signing_input(&base64url::encode(header.as_bytes()), claims.as_bytes());
        let signature = mac(input.as_bytes());
        examine(&jws::assemble(input, &signature));
    }
});
