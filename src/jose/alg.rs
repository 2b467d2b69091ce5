//! The signature algorithms: one row an algorithm.

use std::fmt;
use std::str::FromStr;

use super::rsa;

/// A JWS algorithm, RFC 7518 §3.1 and RFC 8037 §3.1. `none` is not one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3.
    Rs256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets, RFC 7518 §3.5.
    Ps256,
    /// ECDSA with P-256 and SHA-256, RFC 7518 §3.4.
    Es256,
    /// EdDSA with Ed25519, RFC 8037 §3.1.
    EdDsa,
    /// HMAC with SHA-256, RFC 7518 §3.2.
    Hs256,
}

/// A text that names no algorithm of ours; `none` in any spelling among them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown signature algorithm {0:?}")]
pub struct UnknownAlgorithm(pub String);

/// The key type that an algorithm needs, with what else it says about the operation.
#[derive(Clone, Copy)]
pub(super) enum Family {
    Rsa(rsa::Scheme),
    P256,
    Ed25519,
    Hmac,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa, Self::Hs256];

    fn row(self) -> (&'static str, Family) {
        match self {
            Self::Rs256 => ("RS256", Family::Rsa(rsa::Scheme::Pkcs1Sha256)),
            Self::Ps256 => ("PS256", Family::Rsa(rsa::Scheme::PssSha256)),
            Self::Es256 => ("ES256", Family::P256),
            Self::EdDsa => ("EdDSA", Family::Ed25519),
            Self::Hs256 => ("HS256", Family::Hmac),
        }
    }

    /// The name in the JWA registry: the value of `alg`.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    pub(super) fn family(self) -> Family {
        self.row().1
    }

    /// Whether who verifies could also sign.
    pub fn is_symmetric(self) -> bool {
        matches!(self.family(), Family::Hmac)
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
        Self::ALL.into_iter().find(|a| a.name() == name).ok_or_else(|| UnknownAlgorithm(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
            assert_eq!(algorithm.is_symmetric(), algorithm.name().starts_with("HS"));
        }
    }

    #[test]
    fn only_exact_names_are_known() {
        for name in ["none", "None", "NONE", "nOnE", "", "rs256", "RS256 ", "EDDSA", "Ed25519", "HS1", "RS1"]
        {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm(name.into())));
        }
    }
}
