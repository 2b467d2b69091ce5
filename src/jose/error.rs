//! What goes wrong with keys and signatures. None of these carries a secret.

use super::Algorithm;
use crate::json::JsonError;

/// Why a text is not a JWK that this crate takes. Members are named as in RFC 7517 and RFC 7518.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JwkError {
    /// The text is longer than [`Jwk::MAX_OCTETS`](super::Jwk::MAX_OCTETS).
    #[error("the key has {octets} octets of text, more than is read")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// JSON, but not an object.
    #[error("a JWK is a JSON object")]
    NotAnObject,
    /// `kty` is none of `RSA`, `EC`, `OKP`, `oct`.
    #[error("unknown key type {kty:?}")]
    UnknownKeyType {
        /// The value of `kty`.
        kty: String,
    },
    /// `crv` is no curve of its key type that is known here.
    #[error("unknown curve {crv:?}")]
    UnknownCurve {
        /// The value of `crv`.
        crv: String,
    },
    /// A required member is absent.
    #[error("the member {member:?} is missing")]
    Missing {
        /// Its name.
        member: &'static str,
    },
    /// A member has the wrong JSON type.
    #[error("the member {member:?} must be {expected}")]
    Type {
        /// Its name.
        member: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
    /// A member is not base64url, RFC 7515 §2.
    #[error("the member {member:?} is not base64url without padding")]
    NotBase64Url {
        /// Its name.
        member: &'static str,
    },
    /// A member of fixed size has another, RFC 7518 §6.2, RFC 8037 §2.
    #[error("the member {member:?} has {octets} octets; it must have {expected}")]
    Length {
        /// Its name.
        member: &'static str,
        /// Octets found.
        octets: usize,
        /// Octets required.
        expected: usize,
    },
    /// An integer is empty or begins with a zero octet, RFC 7518 §2 "Base64urlUInt".
    #[error("the member {member:?} must be an integer in as few octets as it needs, and not zero")]
    NotMinimal {
        /// Its name.
        member: &'static str,
    },
    /// The RSA modulus is not one of 2048 to 8192 bits, RFC 7518 §3.3.
    #[error("an RSA modulus has 2048 to 8192 bits, this one {bits}")]
    ModulusSize {
        /// Bits found.
        bits: usize,
    },
    /// The RSA modulus is from the faulty generator of CVE-2017-15361.
    #[error("the RSA modulus is one whose factors can be found (CVE-2017-15361, ROCA)")]
    Roca,
    /// The RSA modulus is even.
    #[error("an RSA modulus is odd")]
    EvenModulus,
    /// The RSA exponent is even, less than 3 or of more than 33 bits.
    #[error("an RSA public exponent is odd, at least 3 and less than 2^33")]
    Exponent,
    /// `oth`: RSA with more than two primes, RFC 7518 §6.3.2.7.
    #[error("RSA with more than two primes is not supported")]
    MultiPrime,
    /// The point is not on the curve, not canonical, or of small order.
    #[error("the public key is not a sound point of the curve {crv}")]
    Point {
        /// The curve.
        crv: &'static str,
    },
    /// A private key where only public ones belong: who published it has given it away.
    #[error("a private key, which whoever can read it can sign with, is not to be trusted")]
    Private,
    /// The private members contradict each other or the public ones.
    #[error("the private members do not belong to the public key")]
    Inconsistent,
    /// `key_ops` names an operation twice, RFC 7517 §4.3.
    #[error("\"key_ops\" names {operation:?} twice")]
    DuplicateOperation {
        /// The operation.
        operation: String,
    },
}

impl JwkError {
    /// Whether a reader of a JWK Set passes over such a key: not understood, incomplete or out of
    /// the supported range, RFC 7517 §5.
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::UnknownKeyType { .. }
                | Self::UnknownCurve { .. }
                | Self::Missing { .. }
                | Self::ModulusSize { .. }
                | Self::Exponent
                | Self::Roca
                | Self::Private
        )
    }
}

/// Why a text is not a JWK Set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JwkSetError {
    /// The text is longer than [`JwkSet::MAX_OCTETS`](super::JwkSet::MAX_OCTETS).
    #[error("the JWK Set has {octets} octets, more than is read")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not an object whose member `keys` is an array, RFC 7517 §5.
    #[error("a JWK Set is a JSON object whose member \"keys\" is an array")]
    NotASet,
    /// A key is malformed.
    #[error("key {index} of the set: {error}")]
    Key {
        /// Its place in `keys`, from 0.
        index: usize,
        /// What is wrong with it.
        error: JwkError,
    },
    /// Two keys have one `kid`, RFC 7517 §4.5.
    #[error("two keys of the set have the \"kid\" {kid:?}")]
    DuplicateKid {
        /// The shared identifier.
        kid: String,
    },
}

/// Why a JWK may not be used with an algorithm.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// The algorithm needs a key of another type or curve.
    #[error("{algorithm} does not work with a key of type {kty}")]
    KeyType {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// The key's type.
        kty: &'static str,
    },
    /// The algorithm needs a key of another curve, RFC 7518 §3.4.
    #[error("{algorithm} does not work with a key on {crv}")]
    Curve {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// The key's curve.
        crv: &'static str,
    },
    /// The JWK is for another algorithm, RFC 7517 §4.4.
    #[error("the key is for {declared:?}, not for {algorithm}")]
    Algorithm {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// The JWK's `alg`.
        declared: String,
    },
    /// The JWK's `use` is not `sig`, RFC 7517 §4.2.
    #[error("the key's \"use\" is {declared:?}, not \"sig\"")]
    Use {
        /// The JWK's `use`.
        declared: String,
    },
    /// The JWK's `key_ops` lacks the operation, RFC 7517 §4.3.
    #[error("the key's \"key_ops\" lacks {operation:?}")]
    Operation {
        /// `sign` or `verify`.
        operation: &'static str,
    },
    /// Signing wants a private key.
    #[error("a public key cannot sign")]
    NotPrivate,
    /// The secret is shorter than the hash, RFC 7518 §3.2.
    #[error("{algorithm} wants a secret of at least {least} octets, this one has {octets}")]
    TooShort {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// Octets found.
        octets: usize,
        /// Octets required.
        least: usize,
    },
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignError {
    /// The generator of random octets failed.
    #[error("no random octets to be had")]
    Entropy,
    /// The signature came out wrong and was thrown away.
    #[error("the signature does not verify: the computation was faulty")]
    Fault,
}

/// Why no key was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GenerateError {
    /// The generator of random octets failed.
    #[error("no random octets to be had")]
    Entropy,
    /// The primes made no sound RSA key.
    #[error("no RSA key could be made")]
    Rsa,
}

/// The signature is not one of this key over this input. Nobody is told why.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct VerifyError;
