use serde_json::{Value, json};

use super::*;
use crate::jose::samples::{self, Exhausted};

const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

fn schemes() -> impl Iterator<Item = Scheme> {
    let with = |padding| HASHES.map(|hash| Scheme { padding, hash });
    [Padding::Pkcs1, Padding::Pss].into_iter().flat_map(with)
}

fn parse(value: &Value) -> Result<Key, JwkError> {
    Key::parse(Members::of(value).unwrap())
}

fn private(value: &Value) -> RsaPrivateKey {
    let Ok(Key::Private(key)) = parse(value) else { panic!("not a private key") };
    *key
}

fn uint(octets: &[u8]) -> Value {
    json!(base64url::encode(octets))
}

fn octets(value: &Value) -> Vec<u8> {
    base64url::decode(value.as_str().unwrap()).unwrap()
}

#[test]
fn refuses_unsound_public_keys() {
    let n = octets(&samples::rsa()["n"]);
    let mut even = n.clone();
    even[255] &= 0xfe;
    let mut short = n.clone();
    short[0] = 0x7f;
    let cases = [
        ("n", uint(&even), JwkError::EvenModulus),
        ("n", uint(&short), JwkError::ModulusSize { bits: 2047 }),
        ("n", uint(&n[..128]), JwkError::ModulusSize { bits: 1024 }),
        ("n", uint(&[&[1], &n.repeat(4)[..]].concat()), JwkError::ModulusSize { bits: 8193 }),
        ("n", uint(&[&[0], &n[..]].concat()), JwkError::NotMinimal { member: "n" }),
        ("n", json!(""), JwkError::NotMinimal { member: "n" }),
        ("n", json!("AQAB="), JwkError::NotBase64Url { member: "n" }),
        ("n", json!(5), JwkError::Type { member: "n", expected: "a string" }),
        ("e", uint(&[0]), JwkError::NotMinimal { member: "e" }),
        ("e", uint(&[0, 1, 0, 1]), JwkError::NotMinimal { member: "e" }),
        ("e", uint(&[1]), JwkError::Exponent),
        ("e", uint(&[2]), JwkError::Exponent),
        ("e", uint(&[1, 0, 0]), JwkError::Exponent),
        ("e", uint(&[2, 0, 0, 0, 1]), JwkError::Exponent),
        ("e", uint(&[0xff; 300]), JwkError::Exponent),
    ];
    let key = json!({"n": samples::rsa()["n"], "e": "AQAB"});
    for (member, value, error) in cases {
        let mut key = key.clone();
        key[member] = value;
        assert_eq!(parse(&key).err(), Some(error), "{key}");
    }
    for e in ["Aw", "AQAB", "Af____8"] {
        let mut key = key.clone();
        key["e"] = json!(e);
        assert!(parse(&key).is_ok(), "{e}");
    }
}

#[test]
fn refuses_inconsistent_private_keys() {
    for member in PRIVATE_MEMBERS {
        let mut key = samples::rsa();
        key.as_object_mut().unwrap().remove(member);
        assert_eq!(parse(&key).err(), Some(JwkError::Missing { member }));

        let mut key = samples::rsa();
        key[member] = samples::other_rsa()[member].clone();
        assert_eq!(parse(&key).err(), Some(JwkError::Inconsistent), "{member} of another key");

        let mut value = octets(&samples::rsa()[member]);
        *value.last_mut().unwrap() ^= 4;
        let mut key = samples::rsa();
        key[member] = uint(&value);
        assert_eq!(parse(&key).err(), Some(JwkError::Inconsistent), "{member} with one bit flipped");
    }
    let mut swapped = samples::rsa();
    (swapped["p"], swapped["q"]) = (samples::rsa()["q"].clone(), samples::rsa()["p"].clone());
    assert_eq!(parse(&swapped).err(), Some(JwkError::Inconsistent));
    let mut more = samples::rsa();
    more["oth"] = json!([]);
    assert_eq!(parse(&more).err(), Some(JwkError::MultiPrime));
}

/// n = p · p: the congruences of RFC 8017 §3.2 hold, yet it is no RSA key.
#[test]
fn refuses_a_square() {
    let mut key = samples::rsa();
    key["n"] = json!(concat!(
        "xDJaWRWchHtJnl8nCC4zm3tnYxeWYG_IaQbzPziNHooFQaLlui1zlW2SX9z-",
        "y07h1PS_ZKcHNwFEE7_VgiT8qmOwGN_OH0duUm5_S3HZeQ4WeD3bgScc5gib7MWurYdoJ4XVHnamLQp1jaWH5dTzkAqR",
        "GxEg_2ukZDpVzTPerRRnL3Rr7x2_H3kKmOfzDPF_xSJT-Mk_jwSZ39VdSKA1bk1-zWkAc-KGo8xMqzNibTysSPQq4WBL",
        "laOEn4NbM8kA6UKS_X2-",
        "Hn59KNnM5X0Uq_a_DQnMlnJKyVh0H48Riz7V5bz3bZPyPr4ofFD8u2bX8VwwG5J8za8e9o2rh57xsQ",
    ));
    (key["q"], key["dq"], key["d"]) = (key["p"].clone(), key["dp"].clone(), key["dp"].clone());
    assert_eq!(parse(&key).err(), Some(JwkError::Inconsistent));
}

/// A fault in the private operation (here: a key whose public half is another's) yields no
/// signature.
#[test]
fn a_faulty_signature_does_not_leave() {
    let (key, other) = (private(&samples::rsa()), private(&samples::other_rsa()));
    for scheme in schemes() {
        let faulty = sign_checked(&key, other.as_public_key(), scheme, b"input", &mut samples::rng(1));
        assert_eq!(faulty, Err(SignError::Fault));
        assert!(sign_checked(&key, key.as_public_key(), scheme, b"input", &mut samples::rng(1)).is_ok());
    }
}

/// Blinding draws a number modulo n. A generator that fails at any point of that fails the
/// signature.
#[test]
fn signing_is_blinded_and_fails_without_entropy() {
    let key = private(&samples::rsa());
    for scheme in schemes() {
        let salt = if scheme.padding == Padding::Pss { scheme.hash.octets() } else { 0 };
        for octets in [0, 1, salt, salt + 128, salt + 255] {
            let signature = sign(&key, scheme, b"input", &mut Exhausted::after(octets));
            assert_eq!(signature, Err(SignError::Entropy), "{octets} octets");
        }
        let mut enough = Exhausted::after(16 * 1024);
        assert!(sign(&key, scheme, b"input", &mut enough).is_ok());
        assert!(16 * 1024 - enough.octets >= salt + 256, "no blinding factor was drawn");
    }
}

#[test]
fn pkcs1_is_deterministic_and_pss_is_salted() {
    let key = private(&samples::rsa());
    let twice = |scheme| [1, 2].map(|seed| sign(&key, scheme, b"input", &mut samples::rng(seed)).unwrap());
    for scheme in schemes() {
        let [one, two] = twice(scheme);
        assert_eq!(one == two, scheme.padding == Padding::Pkcs1, "{scheme:?}, whatever the blinding");
    }
}

#[test]
fn refuses_signatures_of_another_form() {
    let key = private(&samples::rsa());
    let n = octets(&samples::rsa()["n"]);
    for scheme in schemes() {
        let good = sign(&key, scheme, b"input", &mut samples::rng(1)).unwrap();
        let public = key.as_public_key();
        assert_eq!(verify(public, scheme, b"input", &good), Ok(()));
        for other in schemes().filter(|other| *other != scheme) {
            assert_eq!(verify(public, other, b"input", &good), Err(VerifyError), "{scheme:?} {other:?}");
        }
        for signature in
            [vec![], vec![0; 256], vec![1; 255], [&[0], &good[..]].concat(), n.clone(), good[..255].into()]
        {
            assert_eq!(verify(public, scheme, b"input", &signature), Err(VerifyError));
        }
    }
}

/// RFC 7518 §3.5: the salt is as long as the hash; another length is refused.
#[test]
fn pss_takes_one_salt_length() {
    let key = private(&samples::rsa());
    for (hash, length) in HASHES.into_iter().zip([32, 48, 64]) {
        let digest = prepare(hash, b"input").0;
        for salt in [0, 20, 32, 48, 64, 190] {
            let rng = &mut samples::rng(1);
            let signature = match hash {
                Hash::Sha256 => Pss::<Sha256>::new_with_salt(salt).sign(Some(rng), &key, &digest),
                Hash::Sha384 => Pss::<Sha384>::new_with_salt(salt).sign(Some(rng), &key, &digest),
                Hash::Sha512 => Pss::<Sha512>::new_with_salt(salt).sign(Some(rng), &key, &digest),
            };
            let scheme = Scheme { padding: Padding::Pss, hash };
            let verified = verify(key.as_public_key(), scheme, b"input", &signature.unwrap());
            assert_eq!(verified.is_ok(), salt == length, "{hash:?} {salt}");
        }
    }
}

/// A modulus of two primes `k · M + (65537^a mod M)`, made for this test.
#[test]
fn refuses_moduli_of_the_faulty_generator() {
    let weak = json!({
        "e": "AQAB",
        "n": concat!(
            "uESu8GxYXJFDX8W1ViFJyeW_Lep0PNgf2w_pyyL8J6fyUqu5MtJOsTm5kz10O47fx6bLP9xnCivBpcphqa065nU5RWzp",
            "mqFYR_L8bCdZzLBWVSoYiEw_MrzUDkUi2AbOLIxhBoWFIJ70CHxhnI44XsuSJhYif0GYtCwxxpqGZyRw2rkMFvYNBLtG",
            "Wlb4jttqH6WHe-llx2_F9yEXI7Z8y0nVQ4WUNuTZ705k1QLCtJ6ZEUfxQYaHAKiMQYYEJbx-oNVjH1dDJzsjAj5cPy1I",
            "EHH9RdXlye37iCIE1TE54e6eyb-iGeaeTGfAHWl052bf0QNEZj_Uix-8s3nsgKZJnw",
        ),
    });
    assert_eq!(parse(&weak).err(), Some(JwkError::Roca));
    let mut near = octets(&weak["n"]);
    *near.last_mut().unwrap() ^= 4;
    assert!(parse(&json!({"e": "AQAB", "n": uint(&near)})).is_ok(), "another residue");
}
