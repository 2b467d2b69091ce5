//! RSA keys and signatures: RFC 7518 §3.3, §3.5, §6.3.
//!
//! Signing always passes a generator to the `rsa` crate: without one its private operation runs
//! unblinded, and its timing depends on the key. There is no decryption here.

use ::rsa::traits::{PrivateKeyParts, PublicKeyParts, SignatureScheme};
use ::rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, TryCryptoRng};
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::alg::{Hash, Padding, Scheme};
use super::members::Members;
use super::{GenerateError, JwkError, SignError, VerifyError, base64url, roca};

/// RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used". The upper bound is the crate's.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=RsaPublicKey::MAX_SIZE;
const GENERATED_BITS: usize = 2048;
const PRIVATE_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// The integers of [`PRIVATE_MEMBERS`], in that order, in big-endian octets.
pub(super) type PrivateParts = Vec<Zeroizing<Vec<u8>>>;

#[derive(Clone)]
pub(super) enum Key {
    Public(RsaPublicKey),
    Private(Box<RsaPrivateKey>),
}

impl Key {
    /// All of §6.3.2 is required of a private key, although that lets all but `d` be left out.
    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        let (n, e) = (members.uint("n")?, members.uint("e")?);
        if !PRIVATE_MEMBERS.iter().any(|member| members.has(member)) {
            return Self::new(&n, &e, None);
        }
        if members.has("oth") {
            return Err(JwkError::MultiPrime);
        }
        let private = PRIVATE_MEMBERS.into_iter().map(|member| members.uint(member));
        Self::new(&n, &e, Some(private.collect::<Result<_, _>>()?))
    }

    /// A key of these integers, in big-endian octets without leading zeros.
    pub(super) fn new(n: &[u8], e: &[u8], private: Option<PrivateParts>) -> Result<Self, JwkError> {
        let (bits, exponent) = check_public(n, e)?;
        let (modulus, exponent) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from(exponent));
        match private {
            None => RsaPublicKey::new(modulus, exponent).map(Self::Public).map_err(|_| JwkError::EvenModulus),
            Some(parts) => Self::private(modulus, exponent, bits, &parts),
        }
    }

    fn private(
        modulus: BoxedUint,
        exponent: BoxedUint,
        bits: usize,
        parts: &[Zeroizing<Vec<u8>>],
    ) -> Result<Self, JwkError> {
        let [private, one, two, dp, dq, qi] = parts else { return Err(JwkError::Inconsistent) };
        let uint = |octets: &[u8], bits: usize| {
            let bits = u32::try_from(bits).map_err(|_| JwkError::Inconsistent)?;
            BoxedUint::from_be_slice(octets, bits).map_err(|_| JwkError::Inconsistent)
        };
        let half = bits.div_ceil(2);
        let private = uint(private, bits)?;
        let primes = vec![uint(one, half)?, uint(two, half)?];
        let [dp, dq, qi] = [uint(dp, half)?, uint(dq, half)?, uint(qi, half)?].map(Zeroizing::new);
        let key = RsaPrivateKey::from_components(modulus, exponent, private, primes)
            .map_err(|_| JwkError::Inconsistent)?;
        let coefficient = key.crt_coefficient().map(Zeroizing::new);
        let consistent =
            key.dp() == Some(&*dp) && key.dq() == Some(&*dq) && coefficient.as_deref() == Some(&*qi);
        if consistent { Ok(Self::Private(Box::new(key))) } else { Err(JwkError::Inconsistent) }
    }

    pub(super) fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, GenerateError> {
        // The crate takes only generators that cannot fail: this one can, so it gives a seed.
        let mut seed = Zeroizing::new([0; 32]);
        rng.try_fill_bytes(&mut *seed).map_err(|_| GenerateError::Entropy)?;
        let mut rng = ChaCha20Rng::from_seed(*seed);
        let key = RsaPrivateKey::new(&mut rng, GENERATED_BITS).map_err(|_| GenerateError::Rsa)?;
        Ok(Self::Private(Box::new(key)))
    }

    pub(super) fn public(&self) -> &RsaPublicKey {
        match self {
            Self::Public(key) => key,
            Self::Private(key) => key.as_public_key(),
        }
    }

    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        let key = self.public();
        vec![
            ("kty", "RSA".into()),
            ("n", base64url::encode(&key.n_bytes())),
            ("e", base64url::encode(&key.e_bytes())),
        ]
    }

    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        let Self::Private(key) = self else { return Vec::new() };
        let coefficient = key.crt_coefficient().map(Zeroizing::new);
        let primes = key.primes();
        let values = [
            Some(key.d()),
            primes.first().map(AsRef::as_ref),
            primes.get(1).map(AsRef::as_ref),
            key.dp(),
            key.dq(),
            coefficient.as_deref(),
        ];
        let text =
            |value: &BoxedUint| base64url::encode(&Zeroizing::new(value.to_be_bytes_trimmed_vartime()));
        PRIVATE_MEMBERS.into_iter().zip(values).filter_map(|(name, v)| Some((name, text(v?)))).collect()
    }
}

/// Whether these can be a public key; its bits and its exponent.
pub(super) fn check_public(n: &[u8], e: &[u8]) -> Result<(usize, u64), JwkError> {
    let bits = n.len() * 8 - n.first().map_or(0, |octet| octet.leading_zeros() as usize);
    if !MODULUS_BITS.contains(&bits) {
        return Err(JwkError::ModulusSize { bits });
    }
    if roca::is_weak(n) {
        return Err(JwkError::Roca);
    }
    let exponent = exponent(e)?;
    if n.last().is_some_and(|octet| octet % 2 == 0) {
        return Err(JwkError::EvenModulus);
    }
    Ok((bits, exponent))
}

fn exponent(octets: &[u8]) -> Result<u64, JwkError> {
    let mut value = 0;
    for octet in octets {
        if value > RsaPublicKey::MAX_PUB_EXPONENT {
            return Err(JwkError::Exponent);
        }
        value = value << 8 | u64::from(*octet);
    }
    let sound = (3..=RsaPublicKey::MAX_PUB_EXPONENT).contains(&value) && value % 2 == 1;
    if sound { Ok(value) } else { Err(JwkError::Exponent) }
}

pub(super) fn sign<R: TryCryptoRng + ?Sized>(
    key: &RsaPrivateKey,
    scheme: Scheme,
    input: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, SignError> {
    sign_checked(key, key.as_public_key(), scheme, input, rng)
}

/// One faulty signature with CRT can give away the primes, so what is signed is verified before
/// it leaves.
fn sign_checked<R: TryCryptoRng + ?Sized>(
    key: &RsaPrivateKey,
    public: &RsaPublicKey,
    scheme: Scheme,
    input: &[u8],
    rng: &mut R,
) -> Result<Vec<u8>, SignError> {
    let (hash, pkcs1) = prepare(scheme.hash, input);
    let signature = match (scheme.padding, scheme.hash) {
        (Padding::Pkcs1, _) => pkcs1.sign(Some(rng), key, &hash),
        (Padding::Pss, Hash::Sha256) => Pss::<Sha256>::new().sign(Some(rng), key, &hash),
        (Padding::Pss, Hash::Sha384) => Pss::<Sha384>::new().sign(Some(rng), key, &hash),
        (Padding::Pss, Hash::Sha512) => Pss::<Sha512>::new().sign(Some(rng), key, &hash),
    };
    let signature = signature.map_err(|error| match error {
        ::rsa::Error::Rng => SignError::Entropy,
        _ => SignError::Fault,
    })?;
    verify(public, scheme, input, &signature).map_err(|_| SignError::Fault)?;
    Ok(signature)
}

pub(super) fn verify(
    key: &RsaPublicKey,
    scheme: Scheme,
    input: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let (hash, pkcs1) = prepare(scheme.hash, input);
    match (scheme.padding, scheme.hash) {
        (Padding::Pkcs1, _) => pkcs1.verify(key, &hash, signature),
        (Padding::Pss, Hash::Sha256) => Pss::<Sha256>::new().verify(key, &hash, signature),
        (Padding::Pss, Hash::Sha384) => Pss::<Sha384>::new().verify(key, &hash, signature),
        (Padding::Pss, Hash::Sha512) => Pss::<Sha512>::new().verify(key, &hash, signature),
    }
    .map_err(|_| VerifyError)
}

/// The hash of the input, and the PKCS #1 v1.5 padding that names the hash.
fn prepare(hash: Hash, input: &[u8]) -> (Vec<u8>, Pkcs1v15Sign) {
    match hash {
        Hash::Sha256 => (Sha256::digest(input).to_vec(), Pkcs1v15Sign::new::<Sha256>()),
        Hash::Sha384 => (Sha384::digest(input).to_vec(), Pkcs1v15Sign::new::<Sha384>()),
        Hash::Sha512 => (Sha512::digest(input).to_vec(), Pkcs1v15Sign::new::<Sha512>()),
    }
}

#[cfg(test)]
#[path = "rsa_tests.rs"]
mod tests;
