//! Exchangeable tokens: made in bulk for subjects who are not there, redeemed one by one. This issuer alone reads
//! them, by keys that sign nothing else.

use super::{malformed, scope, times, verify};
use crate::issuer::Issuer;
use crate::jose::jwt::Claims;
use crate::keys::IssuerKey;
use crate::policy::{Refusal, Rule};
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};
use sha2::{Digest, Sha256};

/// What an exchangeable token says.
#[derive(Debug)]
pub struct Exchangeable {
    /// Whom it is about.
    pub sub: String,
    /// The client that may redeem it.
    pub client_id: String,
    /// What for.
    pub scope: Scope,
    /// Its id.
    pub jti: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Verifies an exchangeable token. `redeemed_at`: the URL of the endpoint, which must be its `aud`.
pub fn exchangeable(
    issuer: &Issuer,
    token: &str,
    redeemed_at: &str,
    now: Timestamp,
) -> Result<Exchangeable, Refusal> {
    let keys: Vec<&IssuerKey> = issuer.generator_keys.iter().collect();
    let verified = verify(token, &keys)?;
    let typ = issuer.profile.generator.typ;
    if !verified.header().has_type(typ) {
        return Err(malformed(format!("no exchangeable token: typ is not {typ}")));
    }
    let claims = Claims::parse(verified.payload()).map_err(malformed)?;
    let required = |name| claims.required_string(name).map_err(malformed);
    if required("iss")? != issuer.identifier {
        return Err(Refusal::new(Rule::SubjectTokenIssuer, "the token is of another issuer"));
    }
    if claims.audience().map_err(malformed)? != [redeemed_at] {
        return Err(Refusal::new(Rule::SubjectTokenAudience, "the token is not for this endpoint"));
    }
    let expires_at = times(&claims, now, Seconds(0))?;
    Ok(Exchangeable {
        sub: required("sub")?.to_owned(),
        client_id: required("client_id")?.to_owned(),
        scope: scope(&claims)?,
        jti: required("jti")?.to_owned(),
        expires_at,
    })
}

impl Exchangeable {
    /// Whether it was generated for `from`, whose tag its `jti` ends with.
    pub fn is_from(&self, issuer: &Issuer, from: &str) -> bool {
        let tag = tag(&issuer.identifier, from, &self.client_id);
        uuid::Uuid::parse_str(&self.jti).is_ok_and(|jti| jti.as_bytes().ends_with(&tag))
    }
}

/// What the `jti` of a token ends with that `from` had generated for `to`: its last six octets. So the token says
/// by which grant it was made, which is asked again when it is redeemed, and has the claims that its readers know.
pub fn tag(issuer: &str, from: &str, to: &str) -> [u8; 6] {
    let mut hash = Sha256::new();
    for part in [issuer, from, to] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut tag = [0; 6];
    for (octet, hashed) in tag.iter_mut().zip(hash.finalize()) {
        *octet = hashed;
    }
    tag
}
