//! Symmetric keys and HMAC: RFC 7518 §3.2, §6.4.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand_core::TryCryptoRng;
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::alg::Hash;
use super::members::Members;
use super::{Algorithm, GenerateError, JwkError, KeyError, VerifyError, base64url};

#[derive(Clone)]
pub(super) struct Key(Zeroizing<Vec<u8>>);

impl Key {
    pub(super) fn new(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }

    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        members.octets("k").map(Self)
    }

    pub(super) fn generate<R>(hash: Hash, rng: &mut R) -> Result<Self, GenerateError>
    where
        R: TryCryptoRng + ?Sized,
    {
        let mut octets = Zeroizing::new(vec![0; hash.octets()]);
        rng.try_fill_bytes(&mut octets).map_err(|_| GenerateError::Entropy)?;
        Ok(Self(octets))
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    /// RFC 7518 §3.2: "A key of the same size as the hash output ... or larger MUST be used".
    pub(super) fn long_enough(&self, algorithm: Algorithm, hash: Hash) -> Result<(), KeyError> {
        let (octets, least) = (self.0.len(), hash.octets());
        if octets < least { Err(KeyError::TooShort { algorithm, octets, least }) } else { Ok(()) }
    }

    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        vec![("kty", "oct".into()), ("k", base64url::encode(&self.0))]
    }
}

/// A secret with its HMAC state: the two hash blocks of the key are computed once.
#[derive(Clone)]
pub(super) struct Secret {
    key: Key,
    state: Box<State>,
}

#[derive(Clone)]
enum State {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl Secret {
    pub(super) fn new(key: &Key, algorithm: Algorithm, hash: Hash) -> Result<Self, KeyError> {
        key.long_enough(algorithm, hash)?;
        let state = match hash {
            Hash::Sha256 => Hmac::new_from_slice(&key.0).map(State::Sha256),
            Hash::Sha384 => Hmac::new_from_slice(&key.0).map(State::Sha384),
            Hash::Sha512 => Hmac::new_from_slice(&key.0).map(State::Sha512),
        };
        // HMAC takes keys of any length.
        let too_short = |_| KeyError::TooShort { algorithm, octets: key.0.len(), least: hash.octets() };
        Ok(Self { key: key.clone(), state: Box::new(state.map_err(too_short)?) })
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn sign(&self, input: &[u8]) -> Vec<u8> {
        match &*self.state {
            State::Sha256(state) => state.clone().chain_update(input).finalize().into_bytes().to_vec(),
            State::Sha384(state) => state.clone().chain_update(input).finalize().into_bytes().to_vec(),
            State::Sha512(state) => state.clone().chain_update(input).finalize().into_bytes().to_vec(),
        }
    }

    pub(super) fn verify(&self, input: &[u8], mac: &[u8]) -> Result<(), VerifyError> {
        // A length that differs is no secret; octets are compared in constant time.
        if self.sign(input).as_slice().ct_eq(mac).into() { Ok(()) } else { Err(VerifyError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHMS: [(Algorithm, Hash); 3] = [
        (Algorithm::Hs256, Hash::Sha256),
        (Algorithm::Hs384, Hash::Sha384),
        (Algorithm::Hs512, Hash::Sha512),
    ];

    fn secret(octets: &[u8], (algorithm, hash): (Algorithm, Hash)) -> Result<Secret, KeyError> {
        Secret::new(&Key::new(octets), algorithm, hash)
    }

    /// RFC 4231 §4.7: a key longer than a block of the hash.
    #[test]
    fn agrees_with_rfc4231() {
        let expected = [
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            concat!(
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6",
                "0c2ef6ab4030fe8296248df163f44952",
            ),
            concat!(
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352",
                "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ];
        for (algorithm, expected) in ALGORITHMS.into_iter().zip(expected) {
            let secret = secret(&[0xaa; 131], algorithm).unwrap();
            let mac = secret.sign(b"Test Using Larger Than Block-Size Key - Hash Key First");
            let text: Vec<_> = mac.iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(text.concat(), expected);
        }
    }

    #[test]
    fn refuses_short_secrets() {
        for (algorithm, hash) in ALGORITHMS {
            let least = hash.octets();
            for octets in [0, 1, least - 1] {
                let error = KeyError::TooShort { algorithm, octets, least };
                assert_eq!(secret(&vec![7; octets], (algorithm, hash)).err(), Some(error));
            }
            assert!(secret(&vec![7; least], (algorithm, hash)).is_ok());
        }
    }

    #[test]
    fn refuses_macs_of_another_length() {
        for algorithm in ALGORITHMS {
            let secret = secret(&[7; 64], algorithm).unwrap();
            let mac = secret.sign(b"input");
            assert_eq!(secret.verify(b"input", &mac), Ok(()));
            let longer = [&mac[..], &[0]].concat();
            for wrong in [&mac[..mac.len() - 1], &mac[..16], &[], &longer, &mac.repeat(2)] {
                assert_eq!(secret.verify(b"input", wrong), Err(VerifyError));
            }
        }
    }
}
