//! From a text to a policy: what its shape alone cannot say.

use super::document::{ExchangeGrant, Lifetime, Mode, Policy, TrustedIssuer};
use crate::jose::{Algorithm, JwkSet};
use crate::json;
use crate::mistake::{Mistake, Mistakes, escape};
use crate::scope;

/// Longest lifetime of anything, in seconds: a leap year.
const LONGEST: u64 = 366 * 86_400;
/// Most actors that a token may name.
const DEEPEST: u64 = 8;
/// Longest text of a policy, in octets.
const MAX_OCTETS: usize = 512 * 1024;

impl Policy {
    /// Parses the text of a policy.
    ///
    /// # Errors
    /// All mistakes at once, each with its JSON pointer.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        if text.len() > MAX_OCTETS {
            let message = format!("expected at most {MAX_OCTETS} octets, found {}", text.len());
            return Err(vec![Mistake::new("", message)]);
        }
        let value =
            json::parse(text.as_bytes()).map_err(|error| vec![Mistake::new("", error.to_string())])?;
        let policy = match deserr::deserialize::<Self, _, Mistakes>(value) {
            Ok(policy) => policy,
            Err(mistakes) => return Err(mistakes.sorted()),
        };
        let mut mistakes = Mistakes::default();
        policy.check("", &mut mistakes);
        mistakes.or(policy)
    }

    /// Notes what is wrong with it. `at`: where it stands.
    pub fn check(&self, at: &str, mistakes: &mut Mistakes) {
        if self.version.is_empty() || self.version.chars().count() > 64 {
            mistakes.add(format!("{at}/version"), "expected 1 to 64 characters");
        }
        for name in self.scopes.keys().filter(|name| !scope::is_token(name)) {
            let message = format!("expected a scope token (RFC 6749 §3.3), found {name}");
            mistakes.add(format!("{at}/scopes/{}", escape(name)), message);
        }
        for (name, lifetime) in [
            ("access_token", self.lifetimes.access_token),
            ("exchangeable_token", self.lifetimes.exchangeable_token),
            ("refresh_token", self.lifetimes.refresh_token),
        ] {
            if let Some(lifetime) = lifetime {
                check_lifetime(lifetime, &format!("{at}/lifetimes/{name}"), mistakes);
            }
        }
        for (i, issuer) in self.issuers.iter().enumerate() {
            let at = format!("{at}/issuers/{i}");
            if self.issuers.iter().take(i).any(|other| other.issuer == issuer.issuer) {
                mistakes.add(format!("{at}/issuer"), "expected each issuer once");
            }
            check_issuer(issuer, &at, mistakes);
        }
        for (g, grant) in self.exchange.iter().enumerate() {
            let at = format!("{at}/exchange/{g}");
            let parties = |grant: &ExchangeGrant| {
                (grant.flow, grant.from.clone(), grant.from_issuer.clone(), grant.to.clone())
            };
            if self.exchange.iter().take(g).any(|other| parties(other) == parties(grant)) {
                mistakes.add(&at, "expected one grant for each flow and pair");
            }
            self.check_grant(grant, &at, mistakes);
        }
    }

    fn check_grant(&self, grant: &ExchangeGrant, at: &str, mistakes: &mut Mistakes) {
        match (&grant.from, &grant.from_issuer) {
            (Some(_), None) => {}
            (None, Some(issuer)) if self.issuers.iter().any(|known| known.issuer == *issuer) => {}
            (None, Some(_)) => mistakes.add(format!("{at}/from_issuer"), "expected one of the issuers"),
            _ => mistakes.add(at, "expected either from or from_issuer"),
        }
        let bounded = |name: &str, value: Option<u64>, most: u64, mistakes: &mut Mistakes| {
            if value.is_some_and(|value| !(1..=most).contains(&value)) {
                mistakes.add(format!("{at}/{name}"), format!("expected 1 to {most}"));
            }
        };
        bounded("lifetime", grant.lifetime, LONGEST, mistakes);
        bounded("max_act_depth", grant.max_act_depth, DEEPEST, mistakes);
        bounded("quota", grant.quota, u64::from(u32::MAX), mistakes);
        if grant.modes.as_deref().is_some_and(<[Mode]>::is_empty) {
            mistakes.add(format!("{at}/modes"), "expected at least one");
        }
    }
}

fn check_lifetime(Lifetime { default, max }: Lifetime, at: &str, mistakes: &mut Mistakes) {
    for (name, value) in [("default", default), ("max", max)] {
        if value.is_some_and(|value| !(1..=LONGEST).contains(&value)) {
            mistakes.add(format!("{at}/{name}"), format!("expected 1 to {LONGEST} seconds"));
        }
    }
    if let (Some(default), Some(max)) = (default, max)
        && default > max
    {
        mistakes.add(format!("{at}/default"), format!("expected at most max, {max} seconds"));
    }
}

fn check_issuer(issuer: &TrustedIssuer, at: &str, mistakes: &mut Mistakes) {
    match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(jwks), None) => match JwkSet::from_value(jwks) {
            Ok(set) if set.keys().iter().any(crate::jose::Jwk::is_private) => {
                mistakes.add(format!("{at}/jwks"), "expected public keys");
            }
            Ok(_) => {}
            Err(error) => mistakes.add(format!("{at}/jwks"), format!("expected a JWK Set: {error}")),
        },
        (None, Some(uri)) if is_https(uri) => {}
        (None, Some(_)) => mistakes.add(format!("{at}/jwks_uri"), "expected an https URL"),
        _ => mistakes.add(at, "expected either jwks or jwks_uri"),
    }
    let asymmetric = |name: &String| name.parse::<Algorithm>().is_ok_and(|alg| !alg.is_symmetric());
    if issuer.algorithms.is_empty() || !issuer.algorithms.iter().all(asymmetric) {
        mistakes.add(format!("{at}/algorithms"), "expected at least one algorithm, and no symmetric one");
    }
}

/// https; or http on a loopback host, for development.
fn is_https(text: &str) -> bool {
    let Ok(uri) = fluent_uri::Uri::parse(text) else { return false };
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host();
    !authority.has_userinfo()
        && !uri.has_fragment()
        && match uri.scheme().as_str() {
            "https" => !host.is_empty(),
            "http" => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
            _ => false,
        }
}
