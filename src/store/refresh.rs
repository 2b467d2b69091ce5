//! Refresh tokens, RFC 6749 §6, in families: each is good once, and a spent one that comes back ends its family
//! (RFC 9700 §4.14.2).

use serde::Serialize;
use serde_json::Value;

use super::details::Details;
use super::record::{Found, Key, Record, random, text, texts};
use crate::host::{Commit, Failure, Host, Role};
use crate::policy::Flow;
use crate::secret::{Secret, SecretHash};
use crate::time::{Seconds, Timestamp};

/// How many spent tokens of a family are remembered. Older ones are unknown, which is refused as well.
const SPENT: usize = 16;

/// How often a family is ended while others change it.
const TRIES: u32 = 64;

/// What a family of refresh tokens stands for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Authorization {
    /// The client that it was issued to.
    pub client_id: String,
    /// Who it is about.
    pub sub: String,
    /// The way in which it was had: a flow of the policy; `None`: the subject agreed.
    pub flow: Option<Flow>,
    /// The client, or the issuer, whose token it was had for.
    pub from: String,
    /// Whether that is an issuer.
    pub foreign: bool,
    /// The scope, space separated.
    pub scope: String,
    /// The audiences.
    pub audience: Vec<String>,
    /// Who acts for the subject, RFC 8693 §4.1.
    pub act: Option<Value>,
    /// The key that its access tokens are bound to, RFC 7800 §3.1.
    pub cnf: Option<Value>,
    /// What else was agreed to.
    pub details: Details,
}

/// A family: what it stands for, its token of now, and those before.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Family {
    authorization: Authorization,
    current: String,
    spent: Vec<String>,
    /// Seconds since 1970.
    begun_at: u64,
    ends_at: u64,
    revoked: bool,
}

impl Record for Family {
    const KIND: &'static str = "refresh";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        let authorization = fields.get("authorization")?;
        // What is neither there nor left out must not pass for left out.
        let sound = |name| authorization.get(name).is_some_and(|field| field.is_object() || field.is_null());
        if !sound("act") || !sound("cnf") {
            return None;
        }
        Some(Self {
            authorization: Authorization {
                client_id: text(authorization, "client_id")?,
                sub: text(authorization, "sub")?,
                flow: match authorization.get("flow")? {
                    Value::Null => None,
                    flow => Some(Flow::named(flow.as_str()?)?),
                },
                from: text(authorization, "from")?,
                foreign: authorization.get("foreign")?.as_bool()?,
                scope: text(authorization, "scope")?,
                audience: texts(authorization, "audience")?,
                act: authorization.get("act").filter(|act| act.is_object()).cloned(),
                cnf: authorization.get("cnf").filter(|cnf| cnf.is_object()).cloned(),
                details: Details::parse(authorization.get("details"))?,
            },
            current: text(fields, "current")?,
            spent: texts(fields, "spent")?,
            // Where it is not known, whatever was withdrawn ends it.
            begun_at: fields.get("begun_at").map_or(Some(0), Value::as_u64)?,
            ends_at: fields.get("ends_at")?.as_u64()?,
            revoked: fields.get("revoked")?.as_bool()?,
        })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Timestamp::from_seconds(self.ends_at))
    }
}

/// A refresh token, and what stores it: it is not one before the commit has succeeded.
#[derive(Debug)]
pub struct Prepared {
    /// The token.
    pub token: String,
    /// What makes it one.
    pub commit: Commit,
    /// How long it is good for.
    pub lifetime: Seconds,
}

/// A refresh token that was presented and is the current one of its family.
pub struct Current {
    /// What it stands for.
    pub authorization: Authorization,
    /// When its family began.
    pub begun_at: Timestamp,
    /// When its family ends.
    pub ends_at: Timestamp,
    id: String,
    key: Key<Family>,
    found: Found<Family>,
}

/// Prepares the first token of a family.
pub fn begin(host: &Host, issuer: &str, authorization: Authorization, ends_at: Timestamp) -> Prepared {
    let id = random(host, 16);
    let (token, current) = next(host, &id);
    let family = Family {
        authorization,
        current,
        spent: Vec::new(),
        begun_at: host.now().seconds(),
        ends_at: ends_at.seconds(),
        revoked: false,
    };
    Prepared { token, commit: key(issuer, &id).replace(None, &family), lifetime: lifetime(host, ends_at) }
}

/// Looks at a presented token. `None`: it is none, or no longer. One that was spent before ends its family here.
pub async fn find(host: &Host, issuer: &str, token: &str) -> Result<Option<Current>, Failure> {
    let Some((id, _)) = token.split_once('.') else { return Ok(None) };
    let key = key(issuer, id);
    let Some(found) = key.read(host).await? else { return Ok(None) };
    let family = &found.record;
    let presented = SecretHash::of(&Secret::new(token)).to_base64url();
    if family.revoked {
        return Ok(None);
    }
    if family.spent.contains(&presented) {
        let ended = Family { revoked: true, ..family.clone() };
        // Where that is lost to another change, that change was a use of the family's current token, or this.
        host.commit(key.replace(Some(&found), &ended)).await?;
        return Ok(None);
    }
    if family.current != presented {
        return Ok(None);
    }
    Ok(Some(Current::new(id, key, found)))
}

/// Looks at a presented token, as [`find`] does, and leaves its family as it is.
pub async fn peek(host: &Host, issuer: &str, token: &str) -> Result<Option<Current>, Failure> {
    let Some((id, _)) = token.split_once('.') else { return Ok(None) };
    let key = key(issuer, id);
    let Some(found) = key.read(host).await? else { return Ok(None) };
    let presented = SecretHash::of(&Secret::new(token)).to_base64url();
    if found.record.revoked || found.record.current != presented {
        return Ok(None);
    }
    Ok(Some(Current::new(id, key, found)))
}

/// Ends the family of a token of this client: RFC 7009 §2.1. Gives its subject where there was one to end.
pub async fn revoke(
    host: &Host,
    issuer: &str,
    client_id: &str,
    token: &str,
) -> Result<Option<String>, Failure> {
    let Some((id, _)) = token.split_once('.') else { return Ok(None) };
    let key = key(issuer, id);
    let presented = SecretHash::of(&Secret::new(token)).to_base64url();
    for _ in 0..TRIES {
        let Some(found) = key.read(host).await? else { return Ok(None) };
        let family = &found.record;
        let known = family.current == presented || family.spent.contains(&presented);
        if !known || family.revoked || family.authorization.client_id != client_id {
            return Ok(None);
        }
        let ended = Family { revoked: true, ..family.clone() };
        if host.commit(key.replace(Some(&found), &ended)).await? {
            return Ok(Some(ended.authorization.sub));
        }
    }
    Err(Failure { effect: "commit".into(), message: format!("others changed the family too, {TRIES} times") })
}

impl Current {
    fn new(id: &str, key: Key<Family>, found: Found<Family>) -> Self {
        let family = &found.record;
        Self {
            authorization: family.authorization.clone(),
            begun_at: Timestamp::from_seconds(family.begun_at),
            ends_at: Timestamp::from_seconds(family.ends_at),
            id: id.to_owned(),
            key,
            found,
        }
    }

    /// Prepares the token that follows this one.
    pub fn rotate(&self, host: &Host) -> Prepared {
        let (token, current) = next(host, &self.id);
        let before = &self.found.record;
        let mut spent = before.spent.clone();
        spent.push(before.current.clone());
        if spent.len() > SPENT {
            spent.remove(0);
        }
        let family = Family { current, spent, ..before.clone() };
        let commit = self.key.replace(Some(&self.found), &family);
        Prepared { token, commit, lifetime: lifetime(host, self.ends_at) }
    }
}

fn lifetime(host: &Host, ends_at: Timestamp) -> Seconds {
    Seconds(ends_at.seconds().saturating_sub(host.now().seconds()))
}

fn next(host: &Host, id: &str) -> (String, String) {
    let token = format!("{id}.{}", random(host, 32));
    let hash = SecretHash::of(&Secret::new(token.clone())).to_base64url();
    (token, hash)
}

fn key(issuer: &str, id: &str) -> Key<Family> {
    Key::of(&[issuer, id])
}
