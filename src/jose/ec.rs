//! EC keys and ECDSA signatures: RFC 7518 §3.4, §6.2. One row a curve, at the end of the file.

use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::members::Members;
use super::{GenerateError, JwkError, VerifyError, base64url};

/// First octet of a point that is written with both its coordinates, SEC 1 §2.3.3.
const UNCOMPRESSED: u8 = 4;

#[derive(Clone)]
pub(super) enum Key {
    Public(Public),
    Private(Private),
}

impl Key {
    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        let curve = Curve::parse(members)?;
        let (x, y) = (members.sized("x", curve.octets())?, members.sized("y", curve.octets())?);
        let public = Public::from_sec1(curve, &[&[UNCOMPRESSED], &x[..], &y[..]].concat())?;
        if !members.has("d") {
            return Ok(Self::Public(public));
        }
        Self::private(curve, &members.sized("d", curve.octets())?, Some(&public))
    }

    /// A private key, which must be that of `public` if there is one.
    pub(super) fn private(curve: Curve, d: &[u8], public: Option<&Public>) -> Result<Self, JwkError> {
        let private = Private::from_octets(curve, d)?;
        if public.is_some_and(|public| *public != private.public()) {
            return Err(JwkError::Inconsistent);
        }
        Ok(Self::Private(private))
    }

    pub(super) fn curve(&self) -> Curve {
        self.public().curve()
    }

    pub(super) fn public(&self) -> Public {
        match self {
            Self::Public(key) => *key,
            Self::Private(key) => key.public(),
        }
    }

    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        let curve = self.curve();
        let point = self.public().to_sec1();
        let (x, y) = point.get(1..).and_then(|xy| xy.split_at_checked(curve.octets())).unwrap_or_default();
        let (x, y) = (base64url::encode(x), base64url::encode(y));
        vec![("kty", "EC".into()), ("crv", curve.name().into()), ("x", x), ("y", y)]
    }

    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        let Self::Private(key) = self else { return Vec::new() };
        vec![("d", base64url::encode(&key.to_octets()))]
    }
}

/// Makes an enum of curves and enums of their keys from a table of curves.
macro_rules! curves {
    ($($(#[$gate:meta])* $curve:ident, $library:ident, $crv:literal, $octets:literal, $oid:literal;)*) => {
        /// A curve of RFC 7518 §6.2.1.1.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Curve {
            $($(#[$gate])* $curve,)*
        }

        impl Curve {
            pub(super) const ALL: &[Self] = &[$($(#[$gate])* Self::$curve,)*];

            pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
                let crv = members.text("crv")?;
                let curve = Self::ALL.iter().copied().find(|curve| curve.name() == crv);
                curve.ok_or_else(|| JwkError::UnknownCurve { crv: crv.into() })
            }

            pub(super) const fn name(self) -> &'static str {
                match self { $($(#[$gate])* Self::$curve => $crv,)* }
            }

            /// The object identifier, RFC 5480 §2.1.1.1.
            pub(super) const fn oid(self) -> &'static str {
                match self { $($(#[$gate])* Self::$curve => $oid,)* }
            }

            /// Octets of a coordinate, of a private key, of R and of S.
            pub(super) const fn octets(self) -> usize {
                match self { $($(#[$gate])* Self::$curve => $octets,)* }
            }
        }

        /// A point of the curve, not the one at infinity.
        #[derive(Clone, Copy, PartialEq)]
        pub(super) enum Public {
            $($(#[$gate])* $curve($library::ecdsa::VerifyingKey),)*
        }

        impl Public {
            /// Reads a point as SEC 1 §2.3.4 does.
            pub(super) fn from_sec1(curve: Curve, point: &[u8]) -> Result<Self, JwkError> {
                match curve {
                    $($(#[$gate])* Curve::$curve =>
                        $library::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::$curve),)*
                }
                .map_err(|_| JwkError::Point { crv: curve.name() })
            }

            fn to_sec1(self) -> Vec<u8> {
                match self {
                    $($(#[$gate])* Self::$curve(key) => key.to_sec1_point(false).as_bytes().to_vec(),)*
                }
            }

            pub(super) const fn curve(&self) -> Curve {
                match self { $($(#[$gate])* Self::$curve(_) => Curve::$curve,)* }
            }

            /// The signature is R and S, each as long as a coordinate (§3.4) and from 1 to the order less 1.
            pub(super) fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
                match self {
                    $($(#[$gate])* Self::$curve(key) => {
                        use $library::ecdsa::{Signature, signature::Verifier as _};
                        Signature::from_slice(signature).and_then(|signature| key.verify(input, &signature))
                    })*
                }
                .map_err(|_| VerifyError)
            }
        }

        /// A scalar from 1 to the order less 1. Wiped on drop.
        #[derive(Clone)]
        pub(super) enum Private {
            $($(#[$gate])* $curve($library::ecdsa::SigningKey),)*
        }

        impl Private {
            fn from_octets(curve: Curve, d: &[u8]) -> Result<Self, JwkError> {
                if d.len() != curve.octets() {
                    return Err(JwkError::Length { member: "d", octets: d.len(), expected: curve.octets() });
                }
                match curve {
                    $($(#[$gate])* Curve::$curve =>
                        $library::ecdsa::SigningKey::from_slice(d).map(Self::$curve),)*
                }
                .map_err(|_| JwkError::Inconsistent)
            }

            pub(super) fn generate<R>(curve: Curve, rng: &mut R) -> Result<Self, GenerateError>
            where
                R: TryCryptoRng + ?Sized,
            {
                match curve {
                    $($(#[$gate])* Curve::$curve => {
                        use $library::elliptic_curve::Generate as _;
                        $library::ecdsa::SigningKey::try_generate_from_rng(rng).map(Self::$curve)
                    })*
                }
                .map_err(|_| GenerateError::Entropy)
            }

            fn to_octets(&self) -> Zeroizing<Vec<u8>> {
                match self {
                    $($(#[$gate])* Self::$curve(key) =>
                        Zeroizing::new(Zeroizing::new(key.to_bytes()).to_vec()),)*
                }
            }

            pub(super) fn public(&self) -> Public {
                match self {
                    $($(#[$gate])* Self::$curve(key) => Public::$curve(*key.verifying_key()),)*
                }
            }

            /// Deterministic, RFC 6979: needs no generator.
            pub(super) fn sign(&self, input: &[u8]) -> Vec<u8> {
                match self {
                    $($(#[$gate])* Self::$curve(key) => {
                        use $library::ecdsa::{Signature, signature::Signer as _};
                        let signature: Signature = key.sign(input);
                        signature.to_bytes().to_vec()
                    })*
                }
            }
        }
    };
}

curves! {
    P256, p256, "P-256", 32, "1.2.840.10045.3.1.7";
    #[cfg(feature = "all-algorithms")]
    P384, p384, "P-384", 48, "1.3.132.0.34";
    #[cfg(feature = "all-algorithms")]
    P521, p521, "P-521", 66, "1.3.132.0.35";
}

#[cfg(test)]
#[path = "ec_tests.rs"]
mod tests;
