//! OKP keys and EdDSA signatures with Ed25519: RFC 8037.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::members::Members;
use super::{GenerateError, JwkError, VerifyError, base64url};

pub(super) const CRV: &str = "Ed25519";

#[derive(Clone)]
pub(super) enum Key {
    Public(VerifyingKey),
    Private(SigningKey),
}

impl Key {
    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        let public = Self::parse_public(members)?;
        if !members.has("d") {
            return Ok(Self::Public(public));
        }
        Self::private(&members.octets("d")?, Some(&public))
    }

    pub(super) fn parse_public(members: Members<'_>) -> Result<VerifyingKey, JwkError> {
        Self::public_from(&octets(members)?)
    }

    /// Reads a point as RFC 8032 §5.1.3 does, and refuses those of small order.
    pub(super) fn public_from(octets: &[u8]) -> Result<VerifyingKey, JwkError> {
        let x: [u8; 32] = sized("x", octets)?;
        let public = VerifyingKey::from_bytes(&x).map_err(|_| JwkError::Point { crv: CRV })?;
        // The crate decodes as ZIP 215 does, which lets several encodings of a point pass.
        let canonical = VerifyingKey::from(public.to_edwards()).to_bytes() == x;
        if public.is_weak() || !canonical {
            return Err(JwkError::Point { crv: CRV });
        }
        Ok(public)
    }

    /// A private key, which must be that of `public` if there is one.
    pub(super) fn private(seed: &[u8], public: Option<&VerifyingKey>) -> Result<Self, JwkError> {
        let private = SigningKey::from_bytes(&Zeroizing::new(sized("d", seed)?));
        if public.is_some_and(|public| private.verifying_key() != *public) {
            return Err(JwkError::Inconsistent);
        }
        Ok(Self::Private(private))
    }

    pub(super) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, GenerateError> {
        let mut seed = Zeroizing::new([0; 32]);
        rng.try_fill_bytes(&mut *seed).map_err(|_| GenerateError::Entropy)?;
        Ok(Self::Private(SigningKey::from_bytes(&seed)))
    }

    pub(super) fn public(&self) -> VerifyingKey {
        match self {
            Self::Public(key) => *key,
            Self::Private(key) => key.verifying_key(),
        }
    }

    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        let x = base64url::encode(self.public().as_bytes());
        vec![("kty", "OKP".into()), ("crv", CRV.into()), ("x", x)]
    }

    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        let Self::Private(key) = self else { return Vec::new() };
        vec![("d", base64url::encode(key.as_bytes()))]
    }
}

/// The octets of a public key.
pub(super) fn octets(members: Members<'_>) -> Result<[u8; 32], JwkError> {
    let crv = members.text("crv")?;
    if crv != CRV {
        return Err(JwkError::UnknownCurve { crv: crv.into() });
    }
    sized("x", &members.octets("x")?)
}

/// Whether the octets are a point of small order, or not the canonical encoding of any: told
/// without arithmetic. Anyone could sign for such a key.
pub(super) fn is_weak(octets: &[u8; 32]) -> bool {
    let mut y = *octets;
    // The most significant bit is the sign of x.
    y[31] &= 0x7f;
    let below = |bound: &[u8; 32]| y.iter().rev().lt(bound.iter().rev());
    let mut prime_less_one = PRIME;
    prime_less_one[0] -= 1;
    !below(&PRIME) || y == prime_less_one || y[1..] == [0; 31] && y[0] < 2 || ORDER_EIGHT.contains(&y)
}

/// 2^255 - 19, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// The y of the points of order eight, little-endian.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

fn sized(member: &'static str, octets: &[u8]) -> Result<[u8; 32], JwkError> {
    octets.try_into().map_err(|_| JwkError::Length { member, octets: octets.len(), expected: 32 })
}

/// Deterministic, RFC 8032 §5.1.6: needs no generator.
pub(super) fn sign(key: &SigningKey, input: &[u8]) -> Vec<u8> {
    key.sign(input).to_vec()
}

/// Strict: S is reduced, R and the key are not of small order, so a message has one signature.
pub(super) fn verify(key: &VerifyingKey, input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let signature = Signature::from_slice(signature).map_err(|_| VerifyError)?;
    key.verify_strict(input, &signature).map_err(|_| VerifyError)
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
        let point = JwkError::Point { crv: "Ed25519" };
        let octets = |octets: [u8; 32]| json!(base64url::encode(&octets));
        let mut small_order = [0; 32]; // y = 1: the neutral element
        small_order[0] = 1;
        let mut not_canonical = [0xff; 32]; // y = p + 3, the point with y = 3
        not_canonical[0] = 0xf0;
        not_canonical[31] = 0x7f;
        let mut no_point = [0; 32];
        no_point[0] = 2;
        let length = |member, octets| JwkError::Length { member, octets, expected: 32 };
        let cases = [
            ("x", octets([0; 32]), point.clone()),
            ("x", octets(small_order), point.clone()),
            ("x", octets(not_canonical), point.clone()),
            ("x", octets(no_point), point),
            ("x", json!(base64url::encode(&[1; 31])), length("x", 31)),
            ("d", json!(base64url::encode(&[1; 33])), length("d", 33)),
            ("d", octets([1; 32]), JwkError::Inconsistent),
            ("crv", json!("X25519"), JwkError::UnknownCurve { crv: "X25519".into() }),
            ("crv", json!("Ed448"), JwkError::UnknownCurve { crv: "Ed448".into() }),
        ];
        for (member, value, error) in cases {
            let mut key = samples::okp();
            key[member] = value;
            assert_eq!(parse(&key).err(), Some(error), "{key}");
        }
        // The same point in its canonical encoding is a fine key: it is the encoding that is refused.
        let mut canonical = [0; 32];
        canonical[0] = 3;
        assert!(parse(&json!({"crv": "Ed25519", "x": octets(canonical)})).is_ok());
    }

    #[test]
    fn weakness_is_told_without_arithmetic() {
        let negated = |mut y: [u8; 32]| {
            y[31] |= 0x80;
            y
        };
        let mut one = [0; 32];
        one[0] = 1;
        let mut minus_one = PRIME;
        minus_one[0] -= 1;
        let small_order = [[0; 32], one, minus_one, ORDER_EIGHT[0], ORDER_EIGHT[1]];
        for y in small_order {
            let point = VerifyingKey::from_bytes(&y).unwrap();
            assert!(point.is_weak(), "the table is right");
            assert!(is_weak(&y) && is_weak(&negated(y)));
        }
        let mut above = PRIME;
        for octet in 0xed..=0xff {
            above[0] = octet;
            assert!(is_weak(&above) && is_weak(&negated(above)), "not canonical");
        }
        let Key::Private(key) = parse(&samples::okp()).unwrap() else { panic!("private") };
        assert!(!is_weak(key.verifying_key().as_bytes()));
    }

    #[test]
    fn refuses_malleable_signatures() {
        let Key::Private(key) = parse(&samples::okp()).unwrap() else { panic!("private") };
        let good = sign(&key, b"input");
        let public = key.verifying_key();
        assert_eq!(verify(&public, b"input", &good), Ok(()));

        // S + L stands for the same scalar (RFC 8032 §8.4).
        let order: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut not_reduced = good.clone();
        let mut carry = 0;
        for (octet, add) in not_reduced[32..].iter_mut().zip(order) {
            let sum = u16::from(*octet) + u16::from(add) + carry;
            *octet = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        // R is the neutral element and S = k · a: the equation of RFC 8032 §5.1.7 holds.
        let small_order_r = concat!(
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD",
            "6wnu08JUsiTA69FpGDGl40NcEmNVBMMrsnTwQXWMRAg",
        );
        let small_order_r = base64url::decode(small_order_r).unwrap();
        for signature in [not_reduced, small_order_r, vec![0; 64], good[..63].to_vec(), vec![]] {
            assert_eq!(verify(&public, b"input", &signature), Err(VerifyError), "{signature:?}");
        }
    }
}
