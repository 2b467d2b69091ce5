//! Keys in PEM, RFC 7468: public (RFC 5280 §4.1.2.7), private (RFC 5958, RFC 8017 §A.1, RFC 5915), and
//! the key of a certificate (RFC 5280 §4.1). What is read is as sound as a JWK that was parsed.
//!
//! Of a certificate nothing but its key is looked at: neither who signed it nor how long it is good.

use pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef, UintRef};
use pkcs8::der::{self, Decode as _, Reader as _};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use super::ec::{self, Curve};
use super::material::Material;
use super::{Jwk, JwkError, okp, rsa};

/// RFC 8017 §A.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 §2.1.1.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410 §3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Why a text is not one key in PEM that this crate takes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PemError {
    /// Not PEM, or more than one block of it.
    #[error("not one PEM block (RFC 7468)")]
    NotPem,
    /// The private key is under a password.
    #[error("the key is encrypted: decrypt it first")]
    Encrypted,
    /// A block of another kind.
    #[error("no key is read from {label:?}")]
    Label {
        /// The label after `BEGIN`.
        label: String,
    },
    /// The content is not the ASN.1 structure that the label promises.
    #[error("not DER of what the label says: {0}")]
    Der(#[from] der::Error),
    /// A key for something that is not done here, or on a curve that is not known.
    #[error("unknown key algorithm {oid}")]
    UnknownAlgorithm {
        /// The object identifier of the algorithm or of the curve.
        oid: String,
    },
    /// A key that is not sound.
    #[error(transparent)]
    Key(#[from] JwkError),
}

impl Jwk {
    /// Reads one PEM block: `PUBLIC KEY`, `PRIVATE KEY`, `RSA PUBLIC KEY`, `RSA PRIVATE KEY`,
    /// `EC PRIVATE KEY` or `CERTIFICATE`.
    pub fn from_pem(text: &str) -> Result<Self, PemError> {
        if text.len() > Self::MAX_OCTETS {
            return Err(JwkError::TooLong { octets: text.len() }.into());
        }
        let (label, octets) = der::pem::decode_vec(text.as_bytes()).map_err(|_| PemError::NotPem)?;
        let octets = Zeroizing::new(octets);
        match label {
            "PUBLIC KEY" => public(&SubjectPublicKeyInfoRef::from_der(&octets)?),
            "CERTIFICATE" => public(&key_of_certificate(&octets)?),
            "PRIVATE KEY" => private(&PrivateKeyInfoRef::from_der(&octets)?),
            "RSA PUBLIC KEY" => rsa_public(&octets),
            "RSA PRIVATE KEY" => rsa_private(&octets),
            "EC PRIVATE KEY" => ec_private(&octets, None),
            "ENCRYPTED PRIVATE KEY" => Err(PemError::Encrypted),
            label => Err(PemError::Label { label: label.into() }),
        }
        .map(Self::of)
    }
}

/// RFC 5280 §4.1: `SEQUENCE { tbsCertificate, signatureAlgorithm, signature }`.
fn key_of_certificate(octets: &[u8]) -> der::Result<SubjectPublicKeyInfoRef<'_>> {
    AnyRef::from_der(octets)?.sequence(|certificate| {
        let key = certificate.sequence(|tbs| {
            let _version = tbs.context_specific::<u8>(der::TagNumber(0), der::TagMode::Explicit)?;
            for _ in ["serialNumber", "signature", "issuer", "validity", "subject"] {
                tbs.tlv_bytes()?;
            }
            let key = SubjectPublicKeyInfoRef::decode(tbs)?;
            tbs.drain(tbs.remaining_len())?;
            Ok::<_, der::Error>(key)
        })?;
        for _ in ["signatureAlgorithm", "signature"] {
            certificate.tlv_bytes()?;
        }
        Ok(key)
    })
}

fn public(info: &SubjectPublicKeyInfoRef<'_>) -> Result<Material, PemError> {
    let octets =
        info.subject_public_key.as_bytes().ok_or(der::ErrorKind::Failed).map_err(der::Error::from)?;
    match info.algorithm.oid {
        RSA => {
            null_parameters(&info.algorithm)?;
            rsa_public(octets)
        }
        EC => {
            let public = ec::Public::from_sec1(curve(info.algorithm.parameters_oid())?, octets)?;
            Ok(Material::Ec(ec::Key::Public(public)))
        }
        ED25519 => {
            no_parameters(&info.algorithm)?;
            Ok(Material::Okp(okp::Key::Public(okp::Key::public_from(octets)?)))
        }
        oid => Err(PemError::UnknownAlgorithm { oid: oid.to_string() }),
    }
}

/// RFC 5958 §2.
fn private(info: &PrivateKeyInfoRef<'_>) -> Result<Material, PemError> {
    let octets = info.private_key.as_bytes();
    match info.algorithm.oid {
        RSA => {
            null_parameters(&info.algorithm)?;
            rsa_private(octets)
        }
        EC => ec_private(octets, Some(curve(info.algorithm.parameters_oid())?)),
        ED25519 => {
            no_parameters(&info.algorithm)?;
            // RFC 8410 §7: an OCTET STRING in the OCTET STRING.
            let seed = <&OctetStringRef>::from_der(octets)?.as_bytes();
            let public = info.public_key.as_ref().and_then(BitStringRef::as_bytes);
            let public = public.map(okp::Key::public_from).transpose()?;
            Ok(Material::Okp(okp::Key::private(seed, public.as_ref())?))
        }
        oid => Err(PemError::UnknownAlgorithm { oid: oid.to_string() }),
    }
}

/// RFC 8017 §A.1.1.
fn rsa_public(octets: &[u8]) -> Result<Material, PemError> {
    let key = pkcs1::RsaPublicKeyRef::from_der(octets)?;
    Ok(Material::Rsa(rsa::Key::new(key.modulus.as_bytes(), key.public_exponent.as_bytes(), None)?))
}

/// RFC 8017 §A.1.2.
fn rsa_private(octets: &[u8]) -> Result<Material, PemError> {
    let key = pkcs1::RsaPrivateKeyRef::from_der(octets)?;
    let private =
        [key.private_exponent, key.prime1, key.prime2, key.exponent1, key.exponent2, key.coefficient];
    let private = private.map(|integer: UintRef<'_>| Zeroizing::new(integer.as_bytes().to_vec()));
    let (n, e) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    Ok(Material::Rsa(rsa::Key::new(n, e, Some(private.into()))?))
}

/// RFC 5915 §3. The curve stands inside, outside or in both places.
fn ec_private(octets: &[u8], outer: Option<Curve>) -> Result<Material, PemError> {
    let key = EcPrivateKey::from_der(octets)?;
    let inner = key.parameters.map(|parameters| {
        curve(parameters.named_curve().ok_or(pkcs8::spki::Error::AlgorithmParametersMissing))
    });
    let curve = match (inner.transpose()?, outer) {
        (Some(inner), Some(outer)) if inner != outer => return Err(JwkError::Inconsistent.into()),
        (inner, outer) => inner.or(outer).ok_or(JwkError::Missing { member: "crv" })?,
    };
    let public = key.public_key.map(|point| ec::Public::from_sec1(curve, point)).transpose()?;
    Ok(Material::Ec(ec::Key::private(curve, key.private_key, public.as_ref())?))
}

fn curve(oid: pkcs8::spki::Result<ObjectIdentifier>) -> Result<Curve, PemError> {
    let oid = oid.map_err(|_| der::Error::from(der::ErrorKind::Failed))?.to_string();
    let known = Curve::ALL.iter().copied().find(|curve| curve.oid() == oid);
    known.ok_or(PemError::UnknownAlgorithm { oid })
}

/// RFC 3279 §2.3.1: the parameters of RSA are NULL.
fn null_parameters(algorithm: &AlgorithmIdentifierRef<'_>) -> der::Result<()> {
    if algorithm.parameters.is_some_and(AnyRef::is_null) {
        Ok(())
    } else {
        Err(der::ErrorKind::Failed.into())
    }
}

/// RFC 8410 §3: Ed25519 has none.
fn no_parameters(algorithm: &AlgorithmIdentifierRef<'_>) -> der::Result<()> {
    if algorithm.parameters.is_none() { Ok(()) } else { Err(der::ErrorKind::Failed.into()) }
}
