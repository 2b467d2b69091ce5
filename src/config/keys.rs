//! Signing keys, from the document and the environment.

use super::document::{self, KeyState, Signing};
use super::env::Env;
use crate::jose::{Jwk, SigningKey};
use crate::keys::{IssuerKey, Signer};
use crate::mistake::Mistakes;

/// An issuer's keys: the one that signs, and the others.
pub(super) fn build(
    keys: &[document::Key],
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<(IssuerKey, Vec<IssuerKey>)> {
    let current = keys.iter().filter(|key| key.state == KeyState::Current).count();
    if current != 1 {
        mistakes.add(
            format!("{at}/keys"),
            format!("expected exactly one key whose state is current, found {current}"),
        );
    }
    let (mut signing_key, mut others): (Option<IssuerKey>, Vec<IssuerKey>) = (None, Vec::new());
    for (k, key) in keys.iter().enumerate() {
        let at = format!("{at}/keys/{k}");
        let Some(built) = build_key(key, &at, env, mistakes) else { continue };
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

fn build_key(key: &document::Key, at: &str, env: &Env, mistakes: &mut Mistakes) -> Option<IssuerKey> {
    let text = env.text(&key.private_key, &format!("{at}/private_key"), mistakes)?;
    let mut bad = |message: String| mistakes.add(format!("{at}/private_key"), message);
    let jwk = match Jwk::parse(text) {
        Ok(jwk) => jwk,
        Err(error) => {
            bad(format!("expected a JWK in binding {}: {error}", key.private_key.env));
            return None;
        }
    };
    let signer = match key.signing {
        Signing::Host => Signer::Host(key.private_key.env.clone()),
        Signing::Core => match SigningKey::new(&jwk, key.alg) {
            Ok(signing_key) => Signer::Core(Box::new(signing_key)),
            Err(error) => {
                bad(format!("expected a private key for {}: {error}", key.alg));
                return None;
            }
        },
    };
    let Some(public) = jwk.public() else {
        bad(format!("expected a key for {}, found a symmetric one", key.alg));
        return None;
    };
    let kid =
        key.kid.clone().or_else(|| public.kid().map(str::to_owned)).unwrap_or_else(|| public.thumbprint());
    IssuerKey::new(kid, key.alg, &public, signer)
        .map_err(|error| bad(format!("expected a key for {}: {error}", key.alg)))
        .ok()
}
