//! RFC 7517, the examples of its appendices.

use edgegrant::jose::{Algorithm, Jwk, JwkSet, KeyError, SigningKey, VerifyingKey};
use serde_json::{Value, json};

/// §A.2, the first key.
fn ec() -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
        "use": "enc",
        "kid": "1",
    })
}

/// §A.2, the second key.
fn rsa() -> Value {
    json!({
        "kty": "RSA",
        "n": concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP",
            "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY",
            "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f",
            "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        ),
        "e": "AQAB",
        "d": concat!(
            "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLW",
            "Y2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPV",
            "Y3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4",
            "qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q",
        ),
        "p": concat!(
            "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtj",
            "jMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs",
        ),
        "q": concat!(
            "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft",
            "_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk",
        ),
        "dp": concat!(
            "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRu",
            "gKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0",
        ),
        "dq": concat!(
            "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8I",
            "bp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk",
        ),
        "qi": concat!(
            "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdD",
            "mFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU",
        ),
        "alg": "RS256",
        "kid": "2011-04-29",
    })
}

/// What §A.1 shows of the keys of §A.2.
fn public_members(mut key: Value) -> Value {
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(member);
    }
    key
}

#[test]
fn the_private_keys_of_a2_become_the_public_keys_of_a1() {
    let private = JwkSet::from_value(&json!({"keys": [ec(), rsa()]})).unwrap();
    let public = [public_members(ec()), public_members(rsa())];
    for (key, expected) in private.keys().iter().zip(&public) {
        assert!(key.is_private());
        assert_eq!(key.public().unwrap().to_value(), *expected);
    }
    let read = JwkSet::from_value(&json!({ "keys": public })).unwrap();
    assert!(read.keys().iter().all(|key| !key.is_private()));
    assert_eq!(read.keys().iter().map(Jwk::kid).collect::<Vec<_>>(), [Some("1"), Some("2011-04-29")]);
    assert_eq!(read.find(Some("2011-04-29"), Algorithm::Rs256).count(), 1);
}

/// §A.1: the EC key is for encryption; the RSA key for RS256 alone.
#[test]
fn use_and_alg_are_honoured() {
    let ec = Jwk::from_value(&ec()).unwrap();
    let declared = "enc".into();
    assert_eq!(VerifyingKey::new(&ec, Algorithm::Es256).err(), Some(KeyError::Use { declared }));
    let rsa = Jwk::from_value(&rsa()).unwrap();
    assert!(SigningKey::new(&rsa, Algorithm::Rs256).is_ok());
    let (algorithm, declared) = (Algorithm::Ps256, "RS256".into());
    assert_eq!(SigningKey::new(&rsa, algorithm).err(), Some(KeyError::Algorithm { algorithm, declared }));
}

#[test]
fn the_symmetric_keys_of_a3() {
    let set = JwkSet::from_value(&json!({"keys": [
        {"kty": "oct", "alg": "A128KW", "k": "GawgguFyGrWKav7AX4VKUg"},
        {
            "kty": "oct",
            "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            "kid": "HMAC key used in JWS spec Appendix A.1 example",
        },
    ]}))
    .unwrap();
    let algorithms: Vec<_> = set.keys().iter().map(Jwk::algorithms).collect();
    let hmac = vec![Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    assert_eq!(algorithms, [vec![], hmac]);
    assert!(set.keys().iter().all(|key| key.is_private() && key.public().is_none()));
}

/// §B: the certificate is ignored; the key is what "n" and "e" say.
#[test]
fn x5c_is_ignored() {
    let key = json!({
        "kty": "RSA",
        "use": "sig",
        "kid": "1b94c",
        "n": concat!(
            "vrjOfz9Ccdgx5nQudyhdoR17V-IubWMeOZCwX_jj0hgAsz2J_pqYW08PLbK_PdiVGKPrqzmDIsLI7sA25VEnHU1uCLNw",
            "BuUiCO11_-7dYbsr4iJmG0Qu2j8DsVyT1azpJC_NG84Ty5KKthuCaPod7iI7w0LK9orSMhBEwwZDCxTWq4aYWAchc8t-",
            "emd9qOvWtVMDC2BXksRngh6X5bUYLy6AyHKvj-nUy1wgzjYQDwHMTplCoLtU-o-8SNnZ1tmRoGE9uJkBLdh5gFENabWn",
            "U5m1ZqZPdwS-qo-meMvVfJb6jJVWRpl2SUtCnYG2C32qvbWbjZ_jBPD5eunqsIo1vQ",
        ),
        "e": "AQAB",
    });
    let mut with_x5c = key.clone();
    with_x5c["x5c"] = json!(["MIIDQjCCAiqgAwIBAgIGATz/FuLiMA0GCSqGSIb3DQEBBQUA"]);
    let jwk = Jwk::from_value(&with_x5c).unwrap();
    assert_eq!(jwk.to_value(), key);
    assert!(jwk.algorithms().contains(&Algorithm::Ps512));
}
