//! A key of a verifier whose host does all but HMAC, sooner than WebAssembly could.
//!
//! It obeys the rules of [`Jwk`](super::Jwk) but two: a private key is refused, and whether a point lies on its curve, the host
//! sees when it imports the key or verifies with it. What is not here need not be in the module:
//! neither bignums nor curves.

use serde_json::{Map, Value};

use super::alg::Family;
use super::attributes::{Attributes, Operation};
use super::ec::Curve;
use super::members::Members;
use super::{Algorithm, Ignored, JwkError, JwkSetError, KeyError, VerifyError};
use super::{base64url, jwk_set, oct, okp, rsa, thumbprint};

/// A JWK to verify with: public, or a secret.
#[derive(Clone)]
pub struct VerifierKey {
    attributes: Attributes,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Rsa { n: String, e: String },
    Ec { curve: Curve, x: String, y: String },
    Okp { x: String },
    Oct(oct::Key),
}

/// A secret, ready to verify one algorithm with.
pub struct HmacKey(oct::Secret);

impl VerifierKey {
    /// Parses the JSON text of a JWK Set, as [`JwkSet::parse`](super::JwkSet::parse) does.
    pub fn parse_set(text: &str) -> Result<(Vec<Self>, Vec<Ignored>), JwkSetError> {
        jwk_set::read(&jwk_set::parse(text)?, Self::from_value, Self::kid)
    }

    /// Parses a JWK.
    pub fn from_value(value: &Value) -> Result<Self, JwkError> {
        let members = Members::of(value)?;
        let key = Self { attributes: Attributes::parse(members)?, kind: Kind::parse(members)? };
        match key.kind {
            Kind::Oct(_) => Ok(key),
            _ if members.has("d") => Err(JwkError::Private),
            _ => Ok(key),
        }
    }

    /// `kid`: data to compare, never a path.
    pub fn kid(&self) -> Option<&str> {
        self.attributes.kid.as_deref()
    }

    /// `kty`: `RSA`, `EC`, `OKP` or `oct`.
    pub fn kty(&self) -> &'static str {
        match &self.kind {
            Kind::Rsa { .. } => "RSA",
            Kind::Ec { .. } => "EC",
            Kind::Okp { .. } => "OKP",
            Kind::Oct(_) => "oct",
        }
    }

    /// Whether type, curve, `alg`, `use`, `key_ops` and the size of a secret let it verify this.
    pub fn permits(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        match (&self.kind, algorithm.family()) {
            (Kind::Rsa { .. }, Family::Rsa(_)) | (Kind::Okp { .. }, Family::Ed25519) => {}
            (Kind::Ec { curve, .. }, Family::Ec(wanted)) if *curve == wanted => {}
            (Kind::Ec { curve, .. }, Family::Ec(_)) => {
                return Err(KeyError::Curve { algorithm, crv: curve.name() });
            }
            (Kind::Oct(key), Family::Hmac(hash)) => key.long_enough(algorithm, hash)?,
            _ => return Err(KeyError::KeyType { algorithm, kty: self.kty() }),
        }
        self.attributes.permit(algorithm, Operation::Verify)
    }

    /// What verifies this algorithm in the core: a secret that may.
    pub fn secret(&self, algorithm: Algorithm) -> Option<HmacKey> {
        self.permits(algorithm).ok()?;
        match (&self.kind, algorithm.family()) {
            (Kind::Oct(key), Family::Hmac(hash)) => oct::Secret::new(key, algorithm, hash).ok().map(HmacKey),
            _ => None,
        }
    }

    /// The SHA-256 thumbprint, base64url: RFC 7638.
    pub fn thumbprint(&self) -> String {
        thumbprint::of(&self.required_members())
    }

    /// The public key as a JWK without attributes, for the host to import; a secret has none.
    pub fn public(&self) -> Option<Value> {
        if let Kind::Oct(_) = self.kind {
            return None;
        }
        let members = self.required_members().into_iter();
        Some(members.map(|(name, value)| (name.into(), value.into())).collect::<Map<_, _>>().into())
    }

    fn required_members(&self) -> Vec<(&'static str, String)> {
        let kty = ("kty", self.kty().into());
        match &self.kind {
            Kind::Rsa { n, e } => vec![kty, ("n", n.clone()), ("e", e.clone())],
            Kind::Ec { curve, x, y } => {
                vec![kty, ("crv", curve.name().into()), ("x", x.clone()), ("y", y.clone())]
            }
            Kind::Okp { x } => vec![kty, ("crv", okp::CRV.into()), ("x", x.clone())],
            Kind::Oct(key) => key.required_members(),
        }
    }
}

impl Kind {
    fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        match members.text("kty")? {
            "RSA" => {
                let (n, e) = (members.uint("n")?, members.uint("e")?);
                rsa::check_public(&n, &e)?;
                Ok(Self::Rsa { n: base64url::encode(&n), e: base64url::encode(&e) })
            }
            "EC" => {
                let curve = Curve::parse(members)?;
                let coordinate =
                    |member| Ok::<_, JwkError>(base64url::encode(&members.sized(member, curve.octets())?));
                Ok(Self::Ec { curve, x: coordinate("x")?, y: coordinate("y")? })
            }
            "OKP" => {
                let x = okp::octets(members)?;
                if okp::is_weak(&x) {
                    return Err(JwkError::Point { crv: okp::CRV });
                }
                Ok(Self::Okp { x: base64url::encode(&x) })
            }
            "oct" => oct::Key::parse(members).map(Self::Oct),
            kty => Err(JwkError::UnknownKeyType { kty: kty.into() }),
        }
    }
}

impl HmacKey {
    /// Whether `signature` is one of this key over `input`.
    pub fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        self.0.verify(input, signature)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Jwk, samples};

    fn public(mut jwk: Value) -> Value {
        for private in ["d", "p", "q", "dp", "dq", "qi"] {
            jwk.as_object_mut().unwrap().remove(private);
        }
        jwk
    }

    /// The two kinds of key are of one mind about every sample, whole and spoilt.
    #[test]
    fn agrees_with_jwk() {
        let samples = [samples::rsa(), samples::ec(), samples::okp(), samples::oct()];
        let attributes = [
            json!({}),
            json!({"alg": "RS256"}),
            json!({"alg": "ES256", "use": "sig"}),
            json!({"alg": "EdDSA", "key_ops": ["verify"]}),
            json!({"alg": "HS256", "kid": "k"}),
            json!({"use": "enc"}),
            json!({"key_ops": ["sign"]}),
            json!({"key_ops": ["verify", "verify"]}),
            json!({"kid": 1}),
            json!({"n": "AQAB"}),
            json!({"n": ""}),
            json!({"e": "AQ"}),
            json!({"e": "Ag"}),
            json!({"x": "AQ"}),
            json!({"x": null}),
            json!({"crv": "P-192"}),
            json!({"kty": "AKP"}),
            json!({"k": "AQ"}),
            json!({"k": "A"}),
        ];
        for (sample, attributes) in samples.iter().flat_map(|s| attributes.iter().map(move |a| (s, a))) {
            let mut value = public(sample.clone());
            value.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
            match (Jwk::from_value(&value), VerifierKey::from_value(&value)) {
                (Ok(jwk), Ok(key)) => {
                    assert_eq!((key.kid(), key.kty()), (jwk.kid(), jwk.kty()));
                    assert_eq!(key.thumbprint(), jwk.thumbprint());
                    for algorithm in Algorithm::ALL.iter().copied() {
                        let permits = jwk.permits(algorithm, Operation::Verify);
                        assert_eq!(key.permits(algorithm), permits, "{value} {algorithm}");
                    }
                }
                (jwk, key) => assert_eq!(key.err(), jwk.err(), "{value}"),
            }
        }
    }

    #[test]
    fn a_secret_is_not_given_away() {
        assert_eq!(VerifierKey::from_value(&samples::oct()).unwrap().public(), None);
        let public = VerifierKey::from_value(&public(samples::rsa())).unwrap().public().unwrap();
        assert_eq!(public.as_object().unwrap().keys().collect::<Vec<_>>(), ["kty", "n", "e"]);
    }

    #[test]
    fn a_private_key_is_passed_over() {
        for sample in [samples::rsa(), samples::ec(), samples::okp()] {
            assert_eq!(VerifierKey::from_value(&sample).err(), Some(JwkError::Private));
            let set = json!({"keys": [sample, samples::oct()]}).to_string();
            let (keys, ignored) = VerifierKey::parse_set(&set).unwrap();
            assert_eq!((keys.len(), ignored.len()), (1, 1));
        }
    }

    #[test]
    fn only_secrets_verify_in_the_core() {
        let key = VerifierKey::from_value(&samples::oct()).unwrap();
        let signer =
            crate::jose::SigningKey::new(&Jwk::from_value(&samples::oct()).unwrap(), Algorithm::Hs256);
        let mac = signer.unwrap().sign(b"input", &mut samples::rng(1)).unwrap();
        let secret = key.secret(Algorithm::Hs256).unwrap();
        assert_eq!(secret.verify(b"input", &mac), Ok(()));
        assert_eq!(secret.verify(b"other", &mac), Err(VerifyError));
        for sample in [samples::rsa(), samples::ec(), samples::okp()] {
            let key = VerifierKey::from_value(&public(sample)).unwrap();
            assert!(Algorithm::ALL.iter().all(|algorithm| key.secret(*algorithm).is_none()));
        }
    }
}
