//! Pairwise subject identifiers, OpenID Connect Core §8.1: what a client calls a subject, and nobody else does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Least octets of a salt: as many as a MAC has.
const LEAST: usize = 32;

/// What makes pairwise identifiers: an HMAC under a salt. §8.1's plain hashes would not do: who can count through all
/// phone numbers must not find the one that an identifier stands for.
#[derive(Clone)]
pub struct Pairwise(Hmac<Sha256>);

/// A salt that could be guessed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a salt of at least {LEAST} octets, found {octets}")]
pub struct ShortSalt {
    /// How long it is.
    pub octets: usize,
}

impl Pairwise {
    /// `salt`: at least 32 octets that nobody else knows. Another salt gives every subject another identifier.
    ///
    /// # Errors
    /// Where it is shorter.
    pub fn new(salt: &[u8]) -> Result<Self, ShortSalt> {
        let short = ShortSalt { octets: salt.len() };
        if salt.len() < LEAST {
            return Err(short);
        }
        // HMAC takes keys of any length.
        Hmac::new_from_slice(salt).map(Self).map_err(|_| short)
    }

    /// The identifier of `sub` for the clients of `sector`: 43 characters of base64url.
    pub fn sub(&self, sector: &str, sub: &str) -> String {
        let mut mac = self.0.clone();
        for part in [sector, sub] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

/// Without the salt.
impl std::fmt::Debug for Pairwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pairwise(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_identifier_is_the_same_for_one_sector_and_another_for_each_other() {
        let pairwise = Pairwise::new(&[7; 32]).unwrap();
        let all = [
            pairwise.sub("app.example.com", "tel:+34666666666"),
            pairwise.sub("app.example.com", "tel:+34666666667"),
            pairwise.sub("shop.example.com", "tel:+34666666666"),
            // The boundary between the two counts.
            pairwise.sub("app.example.comt", "el:+34666666666"),
            pairwise.sub("", "app.example.comtel:+34666666666"),
            Pairwise::new(&[8; 32]).unwrap().sub("app.example.com", "tel:+34666666666"),
        ];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(all[0], Pairwise::new(&[7; 32]).unwrap().sub("app.example.com", "tel:+34666666666"));
    }

    /// Computed apart: HMAC-SHA256 of (length, sector, length, sub), big-endian lengths of 64 bits.
    #[test]
    fn identifiers_stay_what_they_are() {
        let salt: Vec<u8> = (0..32).collect();
        let found = Pairwise::new(&salt).unwrap().sub("app.example.com", "tel:+34666666666");
        assert_eq!(found, "9crER3VPPGOy9xedlXESfsy6027m6qChKTtgop4Xu1U");
    }

    #[test]
    fn a_salt_that_could_be_guessed_is_refused() {
        for octets in [0, 1, 31] {
            assert_eq!(Pairwise::new(&vec![7; octets]).err(), Some(ShortSalt { octets }));
        }
        assert!(Pairwise::new(&[7; 100]).is_ok());
        assert_eq!(format!("{:?}", Pairwise::new(&[7; 32]).unwrap()), "Pairwise(…)");
    }
}
