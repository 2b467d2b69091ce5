//! Requests to authenticate somebody who is elsewhere: CIBA Core §7 to §11.
//!
//! A request has one record, alone in its partition, so that every step is one atomic commit and each of two
//! that come at once is either first or refused. It is named twice: by the ticket, with which it is decided, and by
//! the `auth_req_id`, with which the client fetches the result. Of both only hashes are kept. The `auth_req_id`
//! follows from the ticket, and not the other way about, so that whoever decides can tell the client.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::approval::Approval;
use super::record::{Found, Key, Record, random, text, texts};
use crate::client::DeliveryMode;
use crate::host::{Failure, Host, Role};
use crate::jose::base64url;
use crate::named::named;
use crate::secret::{Secret, SecretHash};
use crate::time::{Seconds, Timestamp};

/// How long a request that has ended is still known for what it was.
const REMEMBERED: Seconds = Seconds(300);
/// What a client must wait longer once it came too early (§11).
const SLOWER: u64 = 5;
/// How often a change is tried while others change the record too.
const TRIES: u32 = 64;

/// What was asked for, by whom, of whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Asked {
    /// The issuer's identifier.
    pub issuer: String,
    /// The client.
    pub client_id: String,
    /// Who is asked; `None`: whoever decides will say.
    pub sub: Option<String>,
    /// The scope, space separated.
    pub scope: String,
    /// The audiences.
    pub audience: Vec<String>,
    /// How the result is delivered.
    pub mode: DeliveryMode,
    /// `client_notification_token`
    pub notification_token: Option<String>,
    /// `authorization_details`, RFC 9396 §2.
    pub authorization_details: Option<Value>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// The authentication context classes asked for.
    pub acr_values: Vec<String>,
}

named! {
    /// Where a request stands.
    State {
        /// Nobody has said yet who is to be asked.
        Identifying = "identifying",
        /// Somebody is being asked.
        Pending = "pending",
        /// They agreed, and the tokens were not fetched yet.
        Approved = "approved",
        /// They refused.
        Denied = "denied",
        /// They could not be asked.
        Failed = "failed",
        /// The tokens were fetched, or sent.
        Redeemed = "redeemed",
    }
}

/// A request.
#[derive(Clone, Debug, Serialize)]
pub struct Authentication {
    /// What was asked for.
    pub asked: Asked,
    /// Where it stands.
    pub state: State,
    /// What was approved.
    pub approval: Option<Approval>,
    /// Why it was not: `error_description` and `error_uri`.
    pub refusal: (Option<String>, Option<String>),
    /// How long it lasts from its issue on, in seconds.
    pub expires_in: u64,
    /// When it ends, in seconds since 1970.
    pub ends_at: u64,
    /// How long the client must wait between polls, in seconds.
    pub interval: u64,
    /// Before this a poll comes too early, in seconds since 1970.
    next_poll: u64,
    ticket: String,
    auth_req_id: String,
}

impl Record for Authentication {
    const KIND: &'static str = "ciba";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        let asked = fields.get("asked")?;
        let maybe = |from: &Value, name| match from.get(name)? {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            _ => None,
        };
        let number = |name| fields.get(name)?.as_u64();
        let refusal = fields.get("refusal")?;
        let part = |i: usize| match refusal.get(i)? {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            _ => None,
        };
        Some(Self {
            asked: Asked {
                issuer: text(asked, "issuer")?,
                client_id: text(asked, "client_id")?,
                sub: maybe(asked, "sub")?,
                scope: text(asked, "scope")?,
                audience: texts(asked, "audience")?,
                mode: DeliveryMode::named(asked.get("mode")?.as_str()?)?,
                notification_token: maybe(asked, "notification_token")?,
                authorization_details: asked.get("authorization_details").filter(|it| !it.is_null()).cloned(),
                purpose: maybe(asked, "purpose")?,
                acr_values: texts(asked, "acr_values")?,
            },
            state: State::named(fields.get("state")?.as_str()?)?,
            approval: match fields.get("approval")? {
                Value::Null => None,
                approval => Some(Approval::parse(approval).ok()?),
            },
            refusal: (part(0)?, part(1)?),
            expires_in: number("expires_in")?,
            ends_at: number("ends_at")?,
            interval: number("interval")?,
            next_poll: number("next_poll")?,
            ticket: text(fields, "ticket")?,
            auth_req_id: text(fields, "auth_req_id")?,
        })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Timestamp::from_seconds(self.ends_at).after(REMEMBERED))
    }
}

/// What a request was named.
#[derive(Debug)]
pub struct Names {
    /// What it is decided with.
    pub ticket: String,
    /// What its result is fetched with, §7.3.
    pub auth_req_id: String,
}

/// A request that was found by one of its names.
#[derive(Clone, Debug)]
pub struct Open {
    /// The request.
    pub request: Authentication,
    /// Its id, which is part of both names and no secret.
    pub id: String,
    /// What its result is fetched with.
    pub auth_req_id: String,
    key: Key<Authentication>,
    found: Found<Authentication>,
}

/// Why a request cannot be decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Undecidable {
    /// It was not issued to the client yet.
    #[error("the request has not been issued yet")]
    NotIssued,
    /// It was issued before.
    #[error("the request has been issued already")]
    Issued,
    /// It was decided before, and that stands.
    #[error("the request has been completed already")]
    Decided,
    /// It has ended.
    #[error("the request has expired")]
    Expired,
}

/// Begins a request. `state`: whether somebody is asked already, or must be found first.
pub async fn begin(
    host: &Host,
    asked: Asked,
    state: State,
    expires_in: Seconds,
    interval: Seconds,
) -> Result<Names, Failure> {
    let (id, secret) = (random(host, 16), random(host, 32));
    let (ticket, auth_req_id) = (format!("{id}.{secret}"), format!("{id}.{}", derived(&secret)));
    let request = Authentication {
        asked,
        state,
        approval: None,
        refusal: (None, None),
        expires_in: expires_in.0,
        ends_at: host.now().after(expires_in).seconds(),
        interval: interval.0,
        next_poll: 0,
        ticket: hash(&ticket),
        auth_req_id: hash(&auth_req_id),
    };
    let created = host.commit(key(&id).replace(None, &request)).await?;
    if created {
        return Ok(Names { ticket, auth_req_id });
    }
    Err(Failure { effect: "commit".into(), message: "the id of a new request was taken".into() })
}

/// The request of this `auth_req_id`.
pub async fn find(host: &Host, auth_req_id: &str) -> Result<Option<Open>, Failure> {
    let presented = hash(auth_req_id);
    let open = open(host, auth_req_id).await?.filter(|open| open.request.auth_req_id == presented);
    Ok(open.map(|open| Open { auth_req_id: auth_req_id.to_owned(), ..open }))
}

/// The request of this ticket.
pub async fn find_by_ticket(host: &Host, ticket: &str) -> Result<Option<Open>, Failure> {
    let presented = hash(ticket);
    let open = open(host, ticket).await?.filter(|open| open.request.ticket == presented);
    Ok(open.map(|open| {
        let secret = ticket.split_once('.').map(|(_, secret)| secret).unwrap_or_default();
        Open { auth_req_id: format!("{}.{}", open.id, derived(secret)), ..open }
    }))
}

/// The request of this id. It is no secret, so nothing may follow from knowing it alone.
pub async fn find_by_id(host: &Host, id: &str) -> Result<Option<Authentication>, Failure> {
    Ok(key(id).read(host).await?.map(|found| found.record))
}

async fn open(host: &Host, name: &str) -> Result<Option<Open>, Failure> {
    let Some((id, _)) = name.split_once('.') else { return Ok(None) };
    let key = key(id);
    let Some(found) = key.read(host).await? else { return Ok(None) };
    let request = found.record.clone();
    Ok(Some(Open { request, id: id.to_owned(), auth_req_id: String::new(), key, found }))
}

impl Authentication {
    /// Whether it can be decided now.
    pub fn decidable(&self, now: Timestamp) -> Result<(), Undecidable> {
        self.undecidable(now, State::Pending).map_or(Ok(()), Err)
    }

    /// Since when it can be decided.
    pub fn issued_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.ends_at.saturating_sub(self.expires_in))
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        now.seconds() >= self.ends_at
    }

    fn undecidable(&self, now: Timestamp, from: State) -> Option<Undecidable> {
        match (self.state, from) {
            (State::Identifying, State::Pending) => Some(Undecidable::NotIssued),
            (State::Pending, State::Identifying) => Some(Undecidable::Issued),
            (state, from) if state != from => Some(Undecidable::Decided),
            _ => self.has_expired(now).then_some(Undecidable::Expired),
        }
    }
}

impl Open {
    /// Whether it has ended.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.request.has_expired(now)
    }

    /// Where it stands now.
    pub async fn reload(&mut self, host: &Host) -> Result<bool, Failure> {
        let Some(found) = self.key.read(host).await? else { return Ok(false) };
        self.request = found.record.clone();
        self.found = found;
        Ok(true)
    }

    /// Issues it: from now on it lasts as long as it may, and can be decided.
    pub async fn issue(&mut self, host: &Host) -> Result<Result<(), Undecidable>, Failure> {
        self.change(host, State::Identifying, |request| {
            request.state = State::Pending;
            request.ends_at = host.now().after(Seconds(request.expires_in)).seconds();
        })
        .await
    }

    /// Ends it before it is issued.
    pub async fn abandon(&mut self, host: &Host) -> Result<Result<(), Undecidable>, Failure> {
        self.change(host, State::Identifying, |request| request.state = State::Failed).await
    }

    /// Decides it. The first decision stands.
    pub async fn decide(
        &mut self,
        host: &Host,
        decision: &Decision,
    ) -> Result<Result<(), Undecidable>, Failure> {
        self.change(host, State::Pending, |request| match decision {
            Decision::Approved(approval) => {
                request.state = State::Approved;
                request.approval = Some((**approval).clone());
            }
            Decision::Denied { failed, description, uri } => {
                request.state = if *failed { State::Failed } else { State::Denied };
                request.refusal = (description.clone(), uri.clone());
            }
        })
        .await
    }

    /// Notes a poll while nothing is decided; `false`: it came too early, and the client must wait longer from now on.
    /// What is done with it next begins with [`Self::reload`].
    pub async fn poll(&mut self, host: &Host) -> Result<bool, Failure> {
        for _ in 0..TRIES {
            let now = host.now().seconds();
            let early = now < self.request.next_poll;
            let mut request = self.request.clone();
            request.interval += if early { SLOWER } else { 0 };
            request.next_poll = now + request.interval;
            if host.commit(self.key.replace(Some(&self.found), &request)).await? {
                self.request = request;
                return Ok(!early);
            }
            if !self.reload(host).await? || self.request.state != State::Pending {
                return Ok(true);
            }
            // Another poll of this moment was sooner: of many at once, not each makes the interval longer.
            if now < self.request.next_poll {
                return Ok(false);
            }
        }
        Err(busy())
    }

    /// Whether it can be decided now.
    pub fn decidable(&self, now: Timestamp) -> Result<(), Undecidable> {
        self.request.decidable(now)
    }

    /// Makes it redeemed; `false`: it has become something else before.
    pub async fn redeem(&mut self, host: &Host) -> Result<bool, Failure> {
        let from = self.request.state;
        for _ in 0..TRIES {
            let redeemed = Authentication { state: State::Redeemed, approval: None, ..self.request.clone() };
            if host.commit(self.key.replace(Some(&self.found), &redeemed)).await? {
                return Ok(true);
            }
            // Somebody polled, or was first.
            if !self.reload(host).await? || self.request.state != from {
                return Ok(false);
            }
        }
        Err(busy())
    }

    async fn change(
        &mut self,
        host: &Host,
        from: State,
        change: impl Fn(&mut Authentication),
    ) -> Result<Result<(), Undecidable>, Failure> {
        for _ in 0..TRIES {
            if let Some(fault) = self.request.undecidable(host.now(), from) {
                return Ok(Err(fault));
            }
            let mut request = self.request.clone();
            change(&mut request);
            if host.commit(self.key.replace(Some(&self.found), &request)).await? {
                self.request = request;
                return Ok(Ok(()));
            }
            // Somebody polled, or decided.
            if !self.reload(host).await? {
                return Ok(Err(Undecidable::Expired));
            }
        }
        Err(busy())
    }
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The person agreed.
    Approved(Box<Approval>),
    /// They did not, or could not be asked.
    Denied {
        /// Whether they could not be asked.
        failed: bool,
        /// `error_description`
        description: Option<String>,
        /// `error_uri`
        uri: Option<String>,
    },
}

fn busy() -> Failure {
    Failure { effect: "commit".into(), message: format!("others changed the request too, {TRIES} times") }
}

/// §7.3: letters, digits, `.`, `-` and `_`, and more than 128 bits.
fn derived(secret: &str) -> String {
    base64url::encode(&Sha256::digest(format!("auth_req_id {secret}")))
}

fn hash(name: &str) -> String {
    SecretHash::of(&Secret::new(name)).to_base64url()
}

fn key(id: &str) -> Key<Authentication> {
    Key::of(&[id])
}
