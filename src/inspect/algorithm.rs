//! The algorithms of the registry, supported here or not.

use serde::Serialize;

use super::source::link;
use crate::jose;

/// What `alg` says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Algorithm {
    /// Its name.
    pub name: &'static str,
    /// What it is, in words.
    pub family: &'static str,
    /// The key that it needs.
    pub key: &'static str,
    /// Whether signatures by it can be checked here.
    pub supported: bool,
    /// The section that defines it.
    pub source: &'static str,
    /// The URL of that section.
    pub link: String,
    /// Fewest and most octets of a signature.
    #[serde(skip)]
    pub(super) octets: (usize, usize),
}

const PKCS1: &str = "RSASSA-PKCS1-v1_5";
const PSS: &str = "RSASSA-PSS";
const ECDSA: &str = "ECDSA";
const EDDSA: &str = "EdDSA";
const HMAC: &str = "HMAC with SHA-2, a shared secret";
const RSA_KEY: &str = "RSA, 2048 bits or more";
/// RSA keys of 2048 to 8192 bits.
const RSA_OCTETS: (usize, usize) = (256, 1024);

type Row = (&'static str, &'static str, &'static str, (usize, usize), &'static str);

const ROWS: &[Row] = &[
    ("RS256", PKCS1, RSA_KEY, RSA_OCTETS, "RFC 7518 §3.3"),
    ("RS384", PKCS1, RSA_KEY, RSA_OCTETS, "RFC 7518 §3.3"),
    ("RS512", PKCS1, RSA_KEY, RSA_OCTETS, "RFC 7518 §3.3"),
    ("PS256", PSS, RSA_KEY, RSA_OCTETS, "RFC 7518 §3.5"),
    ("PS384", PSS, RSA_KEY, RSA_OCTETS, "RFC 7518 §3.5"),
    ("PS512", PSS, RSA_KEY, RSA_OCTETS, "RFC 7518 §3.5"),
    ("ES256", ECDSA, "EC on P-256", (64, 64), "RFC 7518 §3.4"),
    ("ES384", ECDSA, "EC on P-384", (96, 96), "RFC 7518 §3.4"),
    ("ES512", ECDSA, "EC on P-521", (132, 132), "RFC 7518 §3.4"),
    ("ES256K", ECDSA, "EC on secp256k1", (64, 64), "RFC 8812 §3.2"),
    ("EdDSA", EDDSA, "OKP on Ed25519 or Ed448", (64, 114), "RFC 8037 §3.1"),
    ("Ed25519", EDDSA, "OKP on Ed25519", (64, 64), "RFC 9864 §2.2"),
    ("Ed448", EDDSA, "OKP on Ed448", (114, 114), "RFC 9864 §2.2"),
    ("HS256", HMAC, "oct, 32 octets or more", (32, 32), "RFC 7518 §3.2"),
    ("HS384", HMAC, "oct, 48 octets or more", (48, 48), "RFC 7518 §3.2"),
    ("HS512", HMAC, "oct, 64 octets or more", (64, 64), "RFC 7518 §3.2"),
    ("none", "no signature at all", "none", (0, 0), "RFC 7518 §3.6"),
];

impl Algorithm {
    /// The algorithm of this name.
    pub(super) fn named(text: &str) -> Option<Self> {
        let (name, family, key, octets, source) = *ROWS.iter().find(|row| row.0 == text)?;
        let supported = name.parse::<jose::Algorithm>().is_ok();
        Some(Self { name, family, key, supported, source, link: link(source), octets })
    }
}
