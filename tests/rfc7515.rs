//! RFC 7515, the examples of its appendices.

use edgegrant::jose::jws::{self, JwsError, Unverified};
use edgegrant::jose::jwt::{ClaimError, Claims};
use edgegrant::jose::{Algorithm, Jwk, SigningKey, VerifyingKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::{Value, json};

/// The payload of §A.1 to §A.3.
const PAYLOAD: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

const A1: &str = concat!(
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh",
    "0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
);
const A2: &str = concat!(
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmN",
    "vbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuH",
    "Im4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK",
    "5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7no",
    "OPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
);
const A3: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmN",
    "vbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ",
    "xfKTUJqPP3-Kg6NU1Q",
);

/// The key of §A.1.1.
fn a1() -> Value {
    json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    })
}

/// The key of §A.2.1.
fn a2() -> Value {
    json!({
        "kty": "RSA",
        "n": concat!(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4",
            "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re",
            "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX",
            "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        ),
        "e": "AQAB",
        "d": concat!(
            "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXO",
            "oAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51",
            "gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3c",
            "cPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
        ),
        "p": concat!(
            "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5P",
            "JdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
        ),
        "q": concat!(
            "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZ",
            "D_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
        ),
        "dp": concat!(
            "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R",
            "6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
        ),
        "dq": concat!(
            "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0aja",
            "HF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
        ),
        "qi": concat!(
            "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7Y",
            "IBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
        ),
    })
}

/// The key of §A.3.1.
fn a3() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    })
}

fn examples() -> [(&'static str, Value, Algorithm); 3] {
    [(A1, a1(), Algorithm::Hs256), (A2, a2(), Algorithm::Rs256), (A3, a3(), Algorithm::Es256)]
}

#[test]
fn the_examples_verify() {
    for (token, key, algorithm) in examples() {
        let key = VerifyingKey::new(&Jwk::from_value(&key).unwrap(), algorithm).unwrap();
        let verified = Unverified::parse(token).unwrap().verify(&key).unwrap();
        assert_eq!(verified.header().alg, algorithm);
        assert_eq!(verified.payload(), PAYLOAD.as_bytes());
    }
}

/// §A.1 and §A.2 are deterministic; ECDSA of §A.3 was made with a random number.
#[test]
fn the_examples_can_be_signed_again() {
    for (token, key, algorithm) in examples() {
        let key = SigningKey::new(&Jwk::from_value(&key).unwrap(), algorithm).unwrap();
        let header = token.split_once('.').unwrap().0;
        let input = jws::signing_input(header, PAYLOAD.as_bytes());
        let signature = key.sign(input.as_bytes(), &mut ChaCha20Rng::seed_from_u64(0)).unwrap();
        let signed = jws::assemble(input, &signature);
        assert_eq!(signed == token, algorithm != Algorithm::Es256, "{algorithm}");
        assert!(Unverified::parse(&signed).unwrap().verify(&key.verifying_key()).is_ok());
    }
}

/// RFC 7519 §3.1 is the token of §A.1.
#[test]
fn the_claims_have_expired() {
    let token = Unverified::parse(A1).unwrap();
    assert_eq!(token.header().typ.as_deref(), Some("JWT"));
    let claims = Claims::parse(token.payload()).unwrap();
    let exp = 1_300_819_380;
    assert_eq!(claims.string("iss"), Ok(Some("joe")));
    assert_eq!(claims.value("http://example.com/is_root"), Some(&json!(true)));
    assert_eq!(claims.check_times(exp - 1, 0), Ok(()));
    let expired = ClaimError::Expired { exp: 1_300_819_380.0, now: exp };
    assert_eq!(claims.check_times(exp, 0), Err(expired));
}

/// §A.4: ES512, whose payload is no JSON.
#[cfg(feature = "all-algorithms")]
#[test]
fn the_example_of_a4_verifies() {
    let key = json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
        "d": "AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C",
    });
    let token = concat!(
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-",
        "mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNr",
        "mxYbSW9ERBXukOXolLzeO_Jn",
    );
    let key = VerifyingKey::new(&Jwk::from_value(&key).unwrap(), Algorithm::Es512).unwrap();
    let verified = Unverified::parse(token).unwrap().verify(&key).unwrap();
    assert_eq!(verified.payload(), b"Payload");
}

#[test]
fn the_unsecured_example_of_a5_is_refused() {
    let token = concat!(
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv",
        "bS9pc19yb290Ijp0cnVlfQ.",
    );
    assert!(matches!(Unverified::parse(token), Err(JwsError::UnknownAlgorithm(_))));
}

#[test]
fn the_negative_test_of_appendix_e_is_refused() {
    let token = concat!(
        "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9l",
        "eGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.",
    );
    let names = vec!["http://example.com/UNDEFINED".into()];
    assert_eq!(Unverified::parse(token).unwrap_err(), JwsError::Critical { names });
}

/// §A.6: two signatures of two keys over one payload; §A.7: the second of them alone.
#[test]
fn the_examples_in_json_verify() {
    let (header, rest) = A2.split_once('.').unwrap();
    let (payload, rs256) = rest.split_once('.').unwrap();
    let es256 = A3.rsplit_once('.').unwrap().1;
    let second = json!({
        "protected": "eyJhbGciOiJFUzI1NiJ9",
        "header": {"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"},
        "signature": es256,
    });
    let first = json!({"protected": header, "header": {"kid": "2010-12-29"}, "signature": rs256});
    let general = json!({"payload": payload, "signatures": [first, second]});
    let keys = [(a2(), Algorithm::Rs256), (a3(), Algorithm::Es256)]
        .map(|(key, algorithm)| VerifyingKey::new(&Jwk::from_value(&key).unwrap(), algorithm).unwrap());
    let read = jws::parse_json(&general.to_string(), None).unwrap();
    assert_eq!(read.len(), 2);
    for (unverified, key) in read.into_iter().zip(&keys) {
        assert_eq!(unverified.unwrap().verify(key).unwrap().payload(), PAYLOAD.as_bytes());
    }
    let mut flattened = second;
    flattened["payload"] = json!(payload);
    let read = jws::parse_json(&flattened.to_string(), None).unwrap().remove(0).unwrap();
    assert_eq!(read.header().kid.as_deref(), Some("e9bc097a-ce51-4036-9562-d2ade882db0d"));
    assert!(read.verify(&keys[1]).is_ok());
    assert!(Unverified::parse(&general.to_string()).is_err(), "a token is compact");
}

/// Appendix F, with the example of §A.1.
#[test]
fn detached_content() {
    let mut segments: Vec<_> = A1.split('.').collect();
    segments[1] = "";
    let key = VerifyingKey::new(&Jwk::from_value(&a1()).unwrap(), Algorithm::Hs256).unwrap();
    let read = Unverified::parse_detached(&segments.join("."), PAYLOAD.as_bytes()).unwrap();
    assert!(read.verify(&key).is_ok());
}
