//! Signing keys, from the document and the environment.

use super::document::{self, KeyState, Signing};
use super::env::Env;
use crate::jose::{Algorithm, Jwk, SigningKey};
use crate::keys::{IssuerKey, Signer};
use crate::mistake::Mistakes;

/// What keys are for.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Use {
    /// Tokens that others verify.
    Published,
    /// Tokens that this issuer alone reads: secrets will do as well.
    Generator,
}

impl Use {
    const fn member(self) -> &'static str {
        match self {
            Self::Published => "keys",
            Self::Generator => "generator_keys",
        }
    }
}

/// The keys for a use: the one that signs, and the others.
pub(super) fn build(
    keys: &[document::Key],
    of: Use,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<(IssuerKey, Vec<IssuerKey>)> {
    let at = format!("{at}/{}", of.member());
    let current = keys.iter().filter(|key| key.state == KeyState::Current).count();
    if current != 1 {
        mistakes.add(&at, format!("expected exactly one key whose state is current, found {current}"));
    }
    let (mut signing_key, mut others): (Option<IssuerKey>, Vec<IssuerKey>) = (None, Vec::new());
    for (k, key) in keys.iter().enumerate() {
        let at = format!("{at}/{k}");
        let Some(built) = build_key(key, of, &at, env, mistakes) else { continue };
        // RFC 7517 §4.5: keys within a set have different kids.
        if signing_key.iter().chain(&others).any(|known| known.kid == built.kid) {
            mistakes.add(format!("{at}/kid"), format!("{} is taken by another key", built.kid));
        }
        if key.state == KeyState::Current && signing_key.is_none() {
            signing_key = Some(built);
        } else {
            others.push(built);
        }
    }
    Some((signing_key?, others))
}

fn build_key(
    key: &document::Key,
    of: Use,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<IssuerKey> {
    if of == Use::Published && key.alg.is_symmetric() {
        let allowed: Vec<_> =
            Algorithm::ALL.iter().filter(|alg| !alg.is_symmetric()).map(|alg| alg.name()).collect();
        let message = format!("expected one of {}, found {}", allowed.join(", "), key.alg);
        mistakes.add(format!("{at}/alg"), message);
        return None;
    }
    let text = env.text(&key.private_key, &format!("{at}/private_key"), mistakes)?;
    let mut bad = |message: String| mistakes.add(format!("{at}/private_key"), message);
    let jwk = match Jwk::parse(text) {
        Ok(jwk) => jwk,
        Err(error) => {
            bad(format!("expected a JWK in binding {}: {error}", key.private_key.env));
            return None;
        }
    };
    let signer = match key.signed_by() {
        Signing::Host => Signer::Host(key.private_key.env.clone()),
        Signing::Core => match SigningKey::new(&jwk, key.alg) {
            Ok(signing_key) => Signer::Core(Box::new(signing_key)),
            Err(error) => {
                bad(format!("expected a private key for {}: {error}", key.alg));
                return None;
            }
        },
    };
    let own = |jwk: &Jwk| jwk.kid().map_or_else(|| jwk.thumbprint(), str::to_owned);
    let kid = key.kid.clone().unwrap_or_else(|| match of {
        Use::Published => own(&jwk.public().unwrap_or_else(|| jwk.clone())),
        Use::Generator => "generator".to_owned(),
    });
    IssuerKey::new(kid, key.alg, &jwk, signer)
        .map_err(|error| bad(format!("expected a key for {}: {error}", key.alg)))
        .ok()
}
