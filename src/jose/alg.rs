//! The signature algorithms: one row an algorithm.

use std::fmt;
use std::str::FromStr;

use super::ec::Curve;

/// A JWS algorithm: RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2. `none` is not one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384, RFC 7518 §3.3.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512, RFC 7518 §3.3.
    Rs512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets, RFC 7518 §3.5.
    Ps256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 octets, RFC 7518 §3.5.
    Ps384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 octets, RFC 7518 §3.5.
    Ps512,
    /// ECDSA with P-256 and SHA-256, RFC 7518 §3.4.
    Es256,
    /// ECDSA with P-384 and SHA-384, RFC 7518 §3.4.
    #[cfg(feature = "all-algorithms")]
    Es384,
    /// ECDSA with P-521 and SHA-512, RFC 7518 §3.4.
    #[cfg(feature = "all-algorithms")]
    Es512,
    /// EdDSA with Ed25519, RFC 8037 §3.1.
    EdDsa,
    /// The same under the name that also says the curve, RFC 9864 §2.2.
    Ed25519,
    /// HMAC with SHA-256, RFC 7518 §3.2.
    Hs256,
    /// HMAC with SHA-384, RFC 7518 §3.2.
    Hs384,
    /// HMAC with SHA-512, RFC 7518 §3.2.
    Hs512,
}

/// A text that names no algorithm of ours; `none` in any spelling among them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown signature algorithm {0:?}")]
pub struct UnknownAlgorithm(pub String);

/// The key type that an algorithm needs, with what else it says about the operation.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Family {
    Rsa(Scheme),
    Ec(Curve),
    Ed25519,
    Hmac(Hash),
}

/// Padding and hash of a signature by RSA. The salt of PSS is as long as the hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Scheme {
    pub(super) padding: Padding,
    pub(super) hash: Hash,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Padding {
    Pkcs1,
    Pss,
}

/// The hash of an algorithm whose key does not decide it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The length of its output.
    pub(super) const fn octets(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        #[cfg(feature = "all-algorithms")]
        Self::Es384,
        #[cfg(feature = "all-algorithms")]
        Self::Es512,
        Self::EdDsa,
        Self::Ed25519,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    const fn row(self) -> (&'static str, Family) {
        const fn rsa(padding: Padding, hash: Hash) -> Family {
            Family::Rsa(Scheme { padding, hash })
        }
        match self {
            Self::Rs256 => ("RS256", rsa(Padding::Pkcs1, Hash::Sha256)),
            Self::Rs384 => ("RS384", rsa(Padding::Pkcs1, Hash::Sha384)),
            Self::Rs512 => ("RS512", rsa(Padding::Pkcs1, Hash::Sha512)),
            Self::Ps256 => ("PS256", rsa(Padding::Pss, Hash::Sha256)),
            Self::Ps384 => ("PS384", rsa(Padding::Pss, Hash::Sha384)),
            Self::Ps512 => ("PS512", rsa(Padding::Pss, Hash::Sha512)),
            Self::Es256 => ("ES256", Family::Ec(Curve::P256)),
            #[cfg(feature = "all-algorithms")]
            Self::Es384 => ("ES384", Family::Ec(Curve::P384)),
            #[cfg(feature = "all-algorithms")]
            Self::Es512 => ("ES512", Family::Ec(Curve::P521)),
            Self::EdDsa => ("EdDSA", Family::Ed25519),
            Self::Ed25519 => ("Ed25519", Family::Ed25519),
            Self::Hs256 => ("HS256", Family::Hmac(Hash::Sha256)),
            Self::Hs384 => ("HS384", Family::Hmac(Hash::Sha384)),
            Self::Hs512 => ("HS512", Family::Hmac(Hash::Sha512)),
        }
    }

    /// The name in the JWA registry: the value of `alg`.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    pub(super) const fn family(self) -> Family {
        self.row().1
    }

    /// Whether who verifies could also sign.
    pub const fn is_symmetric(self) -> bool {
        matches!(self.family(), Family::Hmac(_))
    }

    /// Whether the two names are of one signature: `EdDSA`, whose key says its curve, and `Ed25519`.
    pub fn same_signature(self, other: Self) -> bool {
        self.family() == other.family()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Names are case-sensitive, RFC 7515 §4.1.1.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.iter().copied().find(|a| a.name() == name).ok_or_else(|| UnknownAlgorithm(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for algorithm in Algorithm::ALL.iter().copied() {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
            assert_eq!(algorithm.is_symmetric(), algorithm.name().starts_with("HS"));
        }
    }

    #[test]
    fn only_exact_names_are_known() {
        for name in ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "EDDSA", "ed25519", "HS1", "RS1"]
        {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm(name.into())));
        }
        for name in ["Ed448", "ES256K", "RS128", "PS1", "HS128", "ML-DSA-44", "RSA-OAEP", "A128KW", "dir"] {
            assert!(name.parse::<Algorithm>().is_err(), "{name}");
        }
    }

    #[test]
    fn only_eddsa_has_two_names() {
        for a in Algorithm::ALL.iter().copied() {
            for b in Algorithm::ALL.iter().copied() {
                let edwards = |a| matches!(a, Algorithm::EdDsa | Algorithm::Ed25519);
                assert_eq!(a.same_signature(b), a == b || edwards(a) && edwards(b), "{a} {b}");
            }
        }
    }
}
