//! EC keys and ECDSA signatures on P-256: RFC 7518 §3.4, §6.2.

use p256::Sec1Point;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::Generate as _;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::members::Members;
use super::{GenerateError, JwkError, VerifyError, base64url};

const CRV: &str = "P-256";

#[derive(Clone)]
pub(super) enum Key {
    Public(VerifyingKey),
    Private(SigningKey),
}

impl Key {
    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        let crv = members.text("crv")?;
        if crv != CRV {
            return Err(JwkError::UnknownCurve { crv: crv.into() });
        }
        let (x, y) = (members.array::<32>("x")?, members.array::<32>("y")?);
        let point = Sec1Point::from_affine_coordinates(&(*x).into(), &(*y).into(), false);
        let public = VerifyingKey::from_sec1_point(&point).map_err(|_| JwkError::Point { crv: CRV })?;
        if !members.has("d") {
            return Ok(Self::Public(public));
        }
        let d = members.array::<32>("d")?;
        let private = SigningKey::from_slice(&*d).map_err(|_| JwkError::Inconsistent)?;
        if *private.verifying_key() != public {
            return Err(JwkError::Inconsistent);
        }
        Ok(Self::Private(private))
    }

    pub(super) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, GenerateError> {
        SigningKey::try_generate_from_rng(rng).map(Self::Private).map_err(|_| GenerateError::Entropy)
    }

    pub(super) fn public(&self) -> &VerifyingKey {
        match self {
            Self::Public(key) => key,
            Self::Private(key) => key.verifying_key(),
        }
    }

    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        let point = self.public().to_sec1_point(false);
        let coordinate =
            |octets: Option<&_>| octets.map_or_else(String::new, |o: &p256::FieldBytes| base64url::encode(o));
        vec![
            ("kty", "EC".into()),
            ("crv", CRV.into()),
            ("x", coordinate(point.x())),
            ("y", coordinate(point.y())),
        ]
    }

    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        let Self::Private(key) = self else { return Vec::new() };
        vec![("d", base64url::encode(&Zeroizing::new(key.to_bytes())[..]))]
    }
}

/// Deterministic, RFC 6979: needs no generator.
pub(super) fn sign(key: &SigningKey, input: &[u8]) -> Vec<u8> {
    let signature: Signature = key.sign(input);
    signature.to_bytes().to_vec()
}

/// The signature is R and S, 32 octets each (§3.4), both from 1 to the order less 1.
pub(super) fn verify(key: &VerifyingKey, input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let signature = Signature::from_slice(signature).map_err(|_| VerifyError)?;
    key.verify(input, &signature).map_err(|_| VerifyError)
}

#[cfg(test)]
mod tests {
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
            ("crv", json!("P-521"), JwkError::UnknownCurve { crv: "P-521".into() }),
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
        let signature = sign(&SigningKey::from_slice(&d).unwrap(), b"sample");
        let expected =
            "79SLKqy2qP0RQN2c1F6B1p0sh3tWqvmRw00OqE6vNxb3yxyULWV8QdQ2x6G24p9l8-kA27mv9AZNxKsvhDrNqA";
        assert_eq!(base64url::encode(&signature), expected);
    }

    #[test]
    fn refuses_r_and_s_out_of_range() {
        let Key::Private(key) = parse(&samples::ec()).unwrap() else { panic!("private") };
        let good = sign(&key, b"input");
        let public = key.verifying_key();
        assert_eq!(verify(public, b"input", &good), Ok(()));
        let order = base64url::decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();
        let (r, s) = good.split_at(32);
        let cases = [
            vec![0; 64],
            [r, &[0; 32]].concat(),
            [&[0; 32], s].concat(),
            [&order, s].concat(),
            [r, &order].concat(),
            [r, &[0xff; 32]].concat(),
            [r, s, &[0]].concat(),
            [&[0], r, s].concat(),
            good[..63].to_vec(),
            r.to_vec(),
            vec![],
        ];
        for signature in cases {
            assert_eq!(verify(public, b"input", &signature), Err(VerifyError), "{signature:?}");
        }
    }

    #[test]
    fn der_is_not_a_jose_signature() {
        let Key::Private(key) = parse(&samples::ec()).unwrap() else { panic!("private") };
        let signature = sign(&key, b"input");
        let integer = |half: &[u8]| [&[2, 33, 0], half].concat();
        let (r, s) = signature.split_at(32);
        let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
        assert_eq!(verify(key.verifying_key(), b"input", &der), Err(VerifyError));
    }
}
