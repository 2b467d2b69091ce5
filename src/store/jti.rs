//! Single use of a JWT, by its `jti`.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record};
use crate::host::{Failure, Host, Role};
use crate::time::Timestamp;

/// A `jti` that was seen. There is nothing to know of it but that.
#[derive(Serialize)]
pub(super) struct UsedJti {
    #[serde(skip)]
    expires_at: Timestamp,
}

impl Record for UsedJti {
    const KIND: &'static str = "jti";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        fields.is_object().then_some(Self { expires_at: Timestamp::from_millis(u64::MAX) })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A JWT that is good once.
#[derive(Clone, Copy, Debug)]
pub struct Jti<'a> {
    /// What it is used for. A `jti` of one kind of token uses up none of another.
    pub used_for: UsedFor,
    /// The issuer that it is used at.
    pub issuer: &'a str,
    /// Who made it, or may use it.
    pub client_id: &'a str,
    /// Its `jti`.
    pub jti: &'a str,
    /// When it is good no more by itself.
    pub expires_at: Timestamp,
}

/// What a JWT is used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UsedFor {
    /// Client authentication, RFC 7523 §2.2.
    Authentication,
    /// Redeeming an exchangeable token.
    Redemption,
    /// A signed authentication request, CIBA Core §7.1.1.
    Request,
    /// An authorization grant, RFC 7523 §2.1.
    Grant,
    /// It was revoked, and is used for nothing any more: RFC 7009 §2.
    Revocation,
}

impl Jti<'_> {
    fn key(&self) -> Key<UsedJti> {
        let used_for = match self.used_for {
            UsedFor::Authentication => return Key::of(&[self.issuer, self.client_id, self.jti]),
            UsedFor::Redemption => "redemption",
            UsedFor::Request => "request",
            UsedFor::Grant => "grant",
            UsedFor::Revocation => "revocation",
        };
        Key::of(&[used_for, self.issuer, self.client_id, self.jti])
    }

    /// Whether it was used, as far as is known: [`Self::record_once`] has the last word.
    pub async fn was_used(&self, host: &Host) -> Result<bool, Failure> {
        Ok(self.key().read(host).await?.is_some())
    }

    /// Notes that it is used: `true` for the first to say so, `false` for all others until it ends.
    ///
    /// Call it only once the JWT is verified: else anyone could use up a `jti` that is not theirs.
    pub async fn record_once(&self, host: &Host) -> Result<bool, Failure> {
        host.commit(self.key().replace(None, &UsedJti { expires_at: self.expires_at })).await
    }
}
