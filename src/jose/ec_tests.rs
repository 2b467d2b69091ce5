use serde_json::{Value, json};

use super::*;
use crate::jose::samples;

fn parse(value: &Value) -> Result<Key, JwkError> {
    Key::parse(Members::of(value).unwrap())
}

#[test]
fn refuses_unsound_keys() {
    let zero = base64url::encode(&[0; 32]);
    let order = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    let other_d = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE";
    let y = samples::ec()["y"].as_str().unwrap().to_owned();
    let off = JwkError::Point { crv: "P-256" };
    let length = |member, octets| JwkError::Length { member, octets, expected: 32 };
    let cases = [
        ("x", json!(y), off.clone()),
        ("y", json!(zero), off.clone()),
        ("x", json!("_____wAAAAEAAAAAAAAAAAAAAAD_______________8"), off), // the field's prime
        ("x", json!(base64url::encode(&[1; 31])), length("x", 31)),
        ("y", json!(base64url::encode(&[0; 33])), length("y", 33)),
        ("d", json!(base64url::encode(&[1; 31])), length("d", 31)),
        ("d", json!(zero), JwkError::Inconsistent),
        ("d", json!(order), JwkError::Inconsistent),
        ("d", json!(other_d), JwkError::Inconsistent),
        ("d", json!(null), JwkError::Type { member: "d", expected: "a string" }),
        ("crv", json!("P-192"), JwkError::UnknownCurve { crv: "P-192".into() }),
        ("crv", json!("secp256k1"), JwkError::UnknownCurve { crv: "secp256k1".into() }),
    ];
    for (member, value, error) in cases {
        let mut key = samples::ec();
        key[member] = value;
        assert_eq!(parse(&key).err(), Some(error), "{key}");
    }
    for member in ["crv", "x", "y"] {
        let mut key = samples::ec();
        key.as_object_mut().unwrap().remove(member);
        assert_eq!(parse(&key).err(), Some(JwkError::Missing { member }));
    }
}

/// RFC 6979 §A.2.5, P-256 with SHA-256, message "sample".
#[test]
fn signs_as_rfc6979() {
    let d = base64url::decode("ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE").unwrap();
    let signature = Private::from_octets(Curve::P256, &d).unwrap().sign(b"sample");
    let expected = "79SLKqy2qP0RQN2c1F6B1p0sh3tWqvmRw00OqE6vNxb3yxyULWV8QdQ2x6G24p9l8-kA27mv9AZNxKsvhDrNqA";
    assert_eq!(base64url::encode(&signature), expected);
}

/// The order of each curve's group, SEC 2.
fn order(curve: Curve) -> Vec<u8> {
    let text = match curve {
        Curve::P256 => "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE",
        #[cfg(feature = "all-algorithms")]
        Curve::P384 => "________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrMxSlz",
        #[cfg(feature = "all-algorithms")]
        Curve::P521 => concat!(
            "Af__________________________________________-lGGh4O_L5Zrf8wB",
            "SPcJpdA7tcm4iZxHrrtvtx6ROGQJ",
        ),
    };
    base64url::decode(text).unwrap()
}

fn generated(curve: Curve) -> Private {
    Private::generate(curve, &mut samples::rng(4)).unwrap()
}

#[test]
fn refuses_r_and_s_out_of_range() {
    for curve in Curve::ALL.iter().copied() {
        let key = generated(curve);
        let good = key.sign(b"input");
        let public = key.public();
        assert_eq!(public.verify(b"input", &good), Ok(()));
        let octets = curve.octets();
        let (zeros, order) = (vec![0; octets], order(curve));
        let (r, s) = good.split_at(octets);
        let cases = [
            vec![0; 2 * octets],
            [r, &zeros].concat(),
            [&zeros, s].concat(),
            [&order, s].concat(),
            [r, &order].concat(),
            [r, &vec![0xff; octets]].concat(),
            [r, s, &[0]].concat(),
            [&[0], r, s].concat(),
            good[..2 * octets - 1].to_vec(),
            r.to_vec(),
            vec![],
        ];
        for signature in cases {
            assert_eq!(public.verify(b"input", &signature), Err(VerifyError), "{signature:?}");
        }
    }
}

#[test]
fn a_private_key_is_below_the_order() {
    for curve in Curve::ALL.iter().copied() {
        let mut least = vec![0; curve.octets()];
        assert_eq!(Private::from_octets(curve, &least).err(), Some(JwkError::Inconsistent));
        *least.last_mut().unwrap() = 1;
        assert!(Private::from_octets(curve, &least).is_ok());
        let mut order = order(curve);
        assert_eq!(Private::from_octets(curve, &order).err(), Some(JwkError::Inconsistent));
        *order.last_mut().unwrap() -= 1;
        assert!(Private::from_octets(curve, &order).is_ok());
        let short = Private::from_octets(curve, &order[1..]).err();
        let (octets, expected) = (curve.octets() - 1, curve.octets());
        assert_eq!(short, Some(JwkError::Length { member: "d", octets, expected }));
    }
}

#[test]
fn der_is_not_a_jose_signature() {
    let key = generated(Curve::P256);
    let signature = key.sign(b"input");
    let integer = |half: &[u8]| [&[2, 33, 0], half].concat();
    let (r, s) = signature.split_at(32);
    let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
    assert_eq!(key.public().verify(b"input", &der), Err(VerifyError));
}

/// SEC 1 §2.3.4: what is no point, the point at infinity among them, is refused.
#[test]
fn points_are_checked() {
    for curve in Curve::ALL.iter().copied() {
        let good = generated(curve).public().to_sec1();
        assert!(Public::from_sec1(curve, &good).is_ok());
        let mut off = good.clone();
        *off.last_mut().unwrap() ^= 1;
        for point in [&off[..], &[0], &[], &good[..good.len() - 1], &vec![4; good.len()]] {
            let error = JwkError::Point { crv: curve.name() };
            assert_eq!(Public::from_sec1(curve, point).err(), Some(error));
        }
    }
}
