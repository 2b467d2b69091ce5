//! Symmetric keys and HMAC: RFC 7518 §3.2, §6.4.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand_core::TryCryptoRng;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::members::Members;
use super::{Algorithm, GenerateError, JwkError, KeyError, VerifyError, base64url};

/// RFC 7518 §3.2: "A key of the same size as the hash output ... or larger MUST be used".
const LEAST_OCTETS: usize = 32;

#[derive(Clone)]
pub(super) struct Key(Zeroizing<Vec<u8>>);

impl Key {
    pub(super) fn new(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }

    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        members.octets("k").map(Self)
    }

    pub(super) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, GenerateError> {
        let mut octets = Zeroizing::new(vec![0; LEAST_OCTETS]);
        rng.try_fill_bytes(&mut octets).map_err(|_| GenerateError::Entropy)?;
        Ok(Self(octets))
    }

    pub(super) fn long_enough(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        if self.0.len() < LEAST_OCTETS { Err(self.too_short(algorithm)) } else { Ok(()) }
    }

    fn too_short(&self, algorithm: Algorithm) -> KeyError {
        KeyError::TooShort { algorithm, octets: self.0.len(), least: LEAST_OCTETS }
    }

    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        vec![("kty", "oct".into()), ("k", base64url::encode(&self.0))]
    }
}

/// A secret with its HMAC state: the two hash blocks of the key are computed once.
#[derive(Clone)]
pub(super) struct Secret {
    key: Key,
    state: Hmac<Sha256>,
}

impl Secret {
    pub(super) fn new(key: &Key, algorithm: Algorithm) -> Result<Self, KeyError> {
        key.long_enough(algorithm)?;
        let state = Hmac::new_from_slice(&key.0).map_err(|_| key.too_short(algorithm))?;
        Ok(Self { key: key.clone(), state })
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn sign(&self, input: &[u8]) -> [u8; 32] {
        self.state.clone().chain_update(input).finalize().into_bytes().into()
    }

    pub(super) fn verify(&self, input: &[u8], mac: &[u8]) -> Result<(), VerifyError> {
        // A length that differs is no secret; octets are compared in constant time.
        if self.sign(input).as_slice().ct_eq(mac).into() { Ok(()) } else { Err(VerifyError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(octets: &[u8]) -> Result<Secret, KeyError> {
        Secret::new(&Key::new(octets), Algorithm::Hs256)
    }

    /// RFC 4231 §4.7 and §4.8: a key longer than a block of the hash.
    #[test]
    fn agrees_with_rfc4231() {
        let secret = secret(&[0xaa; 131]).unwrap();
        let mac = secret.sign(b"Test Using Larger Than Block-Size Key - Hash Key First");
        let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        assert_eq!(mac.map(|octet| format!("{octet:02x}")).concat(), expected);
    }

    #[test]
    fn refuses_short_secrets() {
        for octets in [0, 1, 31] {
            let error = KeyError::TooShort { algorithm: Algorithm::Hs256, octets, least: 32 };
            assert_eq!(secret(&vec![7; octets]).err(), Some(error));
        }
        assert!(secret(&[7; 32]).is_ok());
    }

    #[test]
    fn refuses_macs_of_another_length() {
        let secret = secret(&[7; 32]).unwrap();
        let mac = secret.sign(b"input");
        assert_eq!(secret.verify(b"input", &mac), Ok(()));
        for wrong in [&mac[..31], &mac[..16], &[], &[&mac[..], &[0]].concat(), &[&mac[..], &mac[..]].concat()]
        {
            assert_eq!(secret.verify(b"input", wrong), Err(VerifyError));
        }
    }
}
