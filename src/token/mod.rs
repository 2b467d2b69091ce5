//! Tokens that come in: verified, and read for what they say. Each kind has its own key, its own `typ` or its own
//! claims, so that none passes for another (RFC 8725 §3.11, §3.12).

mod exchangeable;
mod foreign;
mod own;

pub use exchangeable::{Exchangeable, exchangeable, tag};
pub use foreign::foreign;
pub use own::{access_token, id_token, id_token_hint};

use serde_json::Value;

use crate::host::{Failure, Host};
use crate::jose::VerifyingKey;
use crate::jose::jws::{Unverified, Verified};
use crate::jose::jwt::Claims;
use crate::keys::IssuerKey;
use crate::policy::{Refusal, Rule};
use crate::scope::Scope;
use crate::store::{Jti, UsedFor};
use crate::time::{Seconds, Timestamp};

/// How far clocks may differ, for tokens of others; for our own ones there is one clock.
const LEEWAY: Seconds = Seconds(30);

/// What a token says of its subject and whom it was issued to.
#[derive(Debug)]
pub struct Token {
    /// Who it is about.
    pub sub: String,
    /// The client that it was issued to; `None`: it is of another issuer.
    pub client_id: Option<String>,
    /// Its issuer.
    pub iss: String,
    /// Its scope, where that counts here.
    pub scope: Option<Scope>,
    /// Its audiences.
    pub audience: Vec<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// `act`, RFC 8693 §4.1.
    pub act: Option<Value>,
    /// The `sub` of `may_act`, RFC 8693 §4.4.
    pub may_act: Option<String>,
    /// `cnf`, RFC 7800 §3.1.
    pub cnf: Option<Value>,
    /// `jti`, of an access token of this issuer.
    pub jti: Option<String>,
    /// When it was issued, where it says so.
    pub issued_at: Option<Timestamp>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// RFC 9396 §9.1
    pub authorization_details: Option<Value>,
}

impl Token {
    /// Whether it is about the client that it was issued to.
    pub fn is_the_clients_own(&self) -> bool {
        self.client_id.as_deref() == Some(self.sub.as_str())
    }

    /// Whether it was revoked, RFC 7009 §2.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn was_revoked(&self, host: &Host) -> Result<bool, Failure> {
        match self.revocation() {
            Some(jti) => jti.was_used(host).await,
            None => Ok(false),
        }
    }

    /// What is noted where it is revoked; `None`: it cannot be told from others.
    pub fn revocation(&self) -> Option<Jti<'_>> {
        Some(Jti {
            used_for: UsedFor::Revocation,
            issuer: &self.iss,
            client_id: self.client_id.as_deref()?,
            jti: self.jti.as_deref()?,
            expires_at: self.expires_at,
        })
    }

    /// How many actors it names.
    pub fn act_depth(&self) -> u64 {
        let mut depth = 0;
        let mut act = self.act.as_ref();
        while let Some(actor) = act {
            depth += 1;
            act = actor.get("act");
        }
        depth
    }
}

/// Why a token cannot be taken.
#[derive(Debug)]
pub enum Fault {
    /// It is not good.
    Refused(Refusal),
    /// The keys to verify it with cannot be had now.
    Failed(Failure),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn malformed(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(Rule::SubjectTokenMalformed, error.to_string())
}

/// Verifies `token` by one of `keys`; by its `kid` where it names one.
fn verify(token: &str, keys: &[&IssuerKey]) -> Result<Verified, Refusal> {
    let jws = Unverified::parse(token).map_err(malformed)?;
    let kid = jws.header().kid.as_deref();
    let named = keys.iter().filter(|key| kid.is_none_or(|kid| kid == key.kid));
    let named: Vec<&VerifyingKey> = named.map(|key| &key.verifying_key).collect();
    verify_by(&jws, named.into_iter())
}

/// Verifies by one of `keys`, each with its own algorithm alone.
fn verify_by<'a>(
    jws: &Unverified,
    mut keys: impl Iterator<Item = &'a VerifyingKey>,
) -> Result<Verified, Refusal> {
    keys.find_map(|key| jws.clone().verify(key).ok()).ok_or_else(|| {
        Refusal::new(Rule::SubjectTokenSignature, "the token is not signed by a key for this kind of token")
    })
}

/// What all tokens say: `exp`, `nbf`, `iat` in order, and the members that an exchange looks at.
fn times(claims: &Claims, now: Timestamp, leeway: Seconds) -> Result<Timestamp, Refusal> {
    use crate::jose::jwt::ClaimError;
    claims.check_times(now.seconds(), leeway.0).map_err(|error| match error {
        ClaimError::Expired { .. }
        | ClaimError::NotYetValid { .. }
        | ClaimError::IssuedInTheFuture { .. } => Refusal::new(Rule::SubjectTokenExpired, error.to_string()),
        error => malformed(error),
    })?;
    let exp = claims.required_numeric_date("exp").map_err(malformed)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; it is not past")]
    Ok(Timestamp::from_seconds(exp as u64))
}

/// A member that is an object where it is there.
fn object(claims: &Claims, name: &str) -> Result<Option<Value>, Refusal> {
    match claims.value(name) {
        None => Ok(None),
        Some(value) if value.is_object() => Ok(Some(value.clone())),
        Some(_) => Err(malformed(format!("the claim {name:?} must be an object"))),
    }
}

/// RFC 8693 §4.4: `may_act` names a party by its `sub`; of another issuer than ours it is not known here.
fn may_act(claims: &Claims, issuer: &str) -> Result<Option<String>, Refusal> {
    let Some(named) = object(claims, "may_act")? else { return Ok(None) };
    let text = |name| named.get(name).and_then(Value::as_str);
    let ours = named.get("iss").is_none_or(|iss| iss.as_str() == Some(issuer));
    let sub = text("sub").or_else(|| text("client_id")).filter(|_| ours).unwrap_or_default();
    Ok(Some(sub.to_owned()))
}

/// RFC 8693 §4.2, or the array that some dialects make of it.
fn scope(claims: &Claims) -> Result<Scope, Refusal> {
    let parse = |text: &str| text.parse::<Scope>().map_err(malformed);
    match claims.value("scope").or_else(|| claims.value("scp")) {
        None => Ok(Scope::default()),
        Some(Value::String(text)) if text.is_empty() => Ok(Scope::default()),
        Some(Value::String(text)) => parse(text),
        Some(Value::Array(tokens)) if tokens.is_empty() => Ok(Scope::default()),
        Some(Value::Array(tokens)) => {
            let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
            parse(&tokens.ok_or_else(|| malformed("the scope must be text"))?.join(" "))
        }
        Some(_) => Err(malformed("the scope must be text or an array of texts")),
    }
}
