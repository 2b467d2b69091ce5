//! The key in a JWK, by its `kty`.

use super::alg::Family;
use super::members::Members;
use super::{Algorithm, JwkError, ec, oct, okp, rsa};

#[derive(Clone)]
pub(super) enum Material {
    Rsa(rsa::Key),
    Ec(ec::Key),
    Okp(okp::Key),
    Oct(oct::Key),
}

impl Material {
    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        match members.text("kty")? {
            "RSA" => rsa::Key::parse(members).map(Self::Rsa),
            "EC" => ec::Key::parse(members).map(Self::Ec),
            "OKP" => okp::Key::parse(members).map(Self::Okp),
            "oct" => oct::Key::parse(members).map(Self::Oct),
            kty => Err(JwkError::UnknownKeyType { kty: kty.into() }),
        }
    }

    pub(super) fn kty(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::Ec(_) => "EC",
            Self::Okp(_) => "OKP",
            Self::Oct(_) => "oct",
        }
    }

    /// Whether the type is the one that the algorithm needs.
    pub(super) fn suits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (algorithm.family(), self),
            (Family::Rsa(_), Self::Rsa(_))
                | (Family::Ec(_), Self::Ec(_))
                | (Family::Ed25519, Self::Okp(_))
                | (Family::Hmac(_), Self::Oct(_))
        )
    }

    /// Whether who has it can sign.
    pub(super) fn is_private(&self) -> bool {
        match self {
            Self::Rsa(key) => matches!(key, rsa::Key::Private(_)),
            Self::Ec(key) => matches!(key, ec::Key::Private(_)),
            Self::Okp(key) => matches!(key, okp::Key::Private(_)),
            Self::Oct(_) => true,
        }
    }

    /// The public half; a symmetric key has none.
    pub(super) fn public(&self) -> Option<Self> {
        match self {
            Self::Rsa(key) => Some(Self::Rsa(rsa::Key::Public(key.public().clone()))),
            Self::Ec(key) => Some(Self::Ec(ec::Key::Public(key.public()))),
            Self::Okp(key) => Some(Self::Okp(okp::Key::Public(key.public()))),
            Self::Oct(_) => None,
        }
    }

    /// The members that a thumbprint covers (RFC 7638 §3.2), `kty` first: the whole of a public
    /// key, and the secret of a symmetric one.
    pub(super) fn required_members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Rsa(key) => key.required_members(),
            Self::Ec(key) => key.required_members(),
            Self::Okp(key) => key.required_members(),
            Self::Oct(key) => key.required_members(),
        }
    }

    /// What a private key has beyond [`Self::required_members`].
    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Rsa(key) => key.private_members(),
            Self::Ec(key) => key.private_members(),
            Self::Okp(key) => key.private_members(),
            Self::Oct(_) => Vec::new(),
        }
    }
}
