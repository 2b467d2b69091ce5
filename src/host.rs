//! What the core asks of the outside.
//!
//! The core never calls out. A request that needs something awaits a method of [`Host`]; the
//! future suspends, the wish leaves as an [`Effect`] (plain data), the host performs it and hands
//! back a [`Reply`]. One effect is outstanding per request; what belongs together (many keys, many
//! signatures) goes inside one effect. `js/types.ts` states the same shapes for TypeScript.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::error::ProtocolError;
use crate::jose::Algorithm;
use crate::jose::batch::Inputs;
use crate::time::Timestamp;

/// What a store is used for. A deployment names one adapter for each.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Ord, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Used once or counted: codes, `jti`s, tickets. Needs an atomic adapter.
    State,
    /// Read mostly: clients, tenants, policies. Any adapter will do.
    Registry,
}

/// A wish of the core, performed by the host, answered by the [`Reply`] that each variant names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// Read records. Answer: [`Reply::Records`], one item per key, in order.
    Get {
        /// The store to read.
        role: Role,
        /// Keys; they may lie in different partitions.
        keys: Vec<String>,
    },
    /// Change records of one partition, all or nothing. Answer: [`Reply::Committed`].
    Commit(Commit),
    /// Read a page of records in key order. Answer: [`Reply::Page`].
    List {
        /// The store to read.
        role: Role,
        /// Only keys that begin with this.
        prefix: String,
        /// Only keys greater than this one: the last key of the page before.
        after: Option<String>,
        /// Most entries to return.
        limit: u32,
    },
    /// Sign with a key that the host holds. Answer: [`Reply::Signatures`], one per input, in order.
    Sign {
        /// The environment binding that names the private key.
        key: String,
        /// JWS algorithm, RFC 7518 §3.1.
        alg: &'static str,
        /// JWS signing inputs (RFC 7515 §2), one after the other.
        #[serde(with = "serde_bytes")]
        inputs: Vec<u8>,
        /// Where each input ends.
        ends: Vec<u32>,
    },
    /// Look for a subject where the operator keeps them. Answer: [`Reply::Subject`].
    Subject {
        /// The issuer's identifier.
        issuer: String,
        /// The subject's identifier at this issuer.
        sub: String,
    },
    /// Look for the person that a hint names, where the operator keeps them. Answer: [`Reply::Identified`].
    Identify(Hint),
    /// Ask a person, on their own device, for the authentication that a client wants. Answer: [`Reply::Done`],
    /// once the asking is under way.
    NotifyUser(Box<AuthenticationRequest>),
    /// Let time pass. Answer: [`Reply::Done`].
    Wait {
        /// How long.
        milliseconds: u32,
    },
    /// Send an HTTP request and wait for its answer. Answer: [`Reply::Response`].
    Fetch(Outbound),
    /// Send an HTTP request after this one is answered, with retries. Answer: [`Reply::Done`].
    Notify(Outbound),
    /// Write an audit event. Answer: [`Reply::Done`].
    Record {
        /// The event.
        event: Box<Event>,
    },
}

/// An atomic change of one partition: nothing is written unless every check holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Commit {
    /// The store to change.
    pub role: Role,
    /// Conditions on the state before.
    pub check: Vec<Check>,
    /// Records to write.
    pub set: Vec<Put>,
    /// Keys to remove.
    pub delete: Vec<String>,
}

/// A condition of a [`Commit`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The record's key.
    pub key: String,
    /// The version that it must have; `None`: it must not exist.
    pub version: Option<String>,
}

/// A record to write.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Put {
    /// The record's key.
    pub key: String,
    /// The record, as the core encoded it.
    pub value: String,
    /// When the adapter may forget it, in seconds since 1970. The core enforces it itself.
    pub expires_at: Option<u64>,
}

/// An HTTP request that the host sends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outbound {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// Body, if any.
    pub body: Option<String>,
    /// Longest wait, in milliseconds.
    pub timeout_ms: u32,
    /// Longest body of the answer that is read, in bytes.
    pub max_bytes: u32,
}

/// A hint about who is to be authenticated, CIBA Core §7.1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hint {
    /// The issuer's identifier.
    pub issuer: String,
    /// The client that asks.
    pub client_id: String,
    /// `login_hint` or `login_hint_token`; of an `id_token_hint` the core knows the subject by itself.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The hint, as it was sent.
    pub hint: String,
    /// The user code, where one was sent.
    pub user_code: Option<String>,
}

/// What a person is asked, CIBA Core §8.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AuthenticationRequest {
    /// What the answer must be given with. Whoever has it decides: it is for the authentication device's side alone.
    pub ticket: String,
    /// The issuer's identifier.
    pub issuer: String,
    /// The client that asks.
    pub client_id: String,
    /// Its name for people.
    pub client_name: Option<String>,
    /// Who is asked.
    pub sub: String,
    /// The scope asked for, space separated.
    pub scope: String,
    /// The audiences asked for.
    pub audience: Vec<String>,
    /// What the client shows too, so that both devices can be seen to belong together.
    pub binding_message: Option<String>,
    /// The authentication context classes asked for, the preferred one first.
    pub acr_values: Vec<String>,
    /// RFC 9396 §2
    pub authorization_details: Option<serde_json::Value>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// When the request ends, in seconds since 1970.
    pub expires_at: u64,
}

/// An audit event: what happened, to whom, by which rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Event {
    /// What happened: `token.issued`, `token.refused`, `token.revoked`, `tokens.generated`, `generation.refused`,
    /// `authentication.requested`, `authentication.refused`, `authentication.completed`, `consent.recorded`,
    /// `operator`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When, in seconds since 1970.
    pub time: u64,
    /// The issuer's identifier.
    pub issuer: String,
    /// The client, once it is authenticated.
    pub client_id: Option<String>,
    /// The grant type asked for.
    pub grant_type: Option<String>,
    /// The scope granted, space separated.
    pub scope: Option<String>,
    /// The audiences granted.
    pub audience: Vec<String>,
    /// The issued token's `jti`.
    pub jti: Option<String>,
    /// The error code answered.
    pub error: Option<&'static str>,
    /// The policy rule that decided, where one did.
    pub rule: Option<&'static str>,
    /// What went wrong, for the operator: never sent to the client.
    pub cause: Option<String>,
    /// The version of the policy that was decided by.
    pub policy_version: Option<String>,
    /// The client that tokens were generated for.
    pub for_client_id: Option<String>,
    /// How many tokens were generated, or asked for.
    pub count: Option<u32>,
    /// Stands for what is too long to be written here.
    pub digest: Option<String>,
    /// Whom the token is about.
    pub subject: Option<String>,
    /// The policy's grant that allowed it.
    pub grant: Option<String>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// What that rests on.
    pub legal_basis: Option<&'static str>,
}

impl Event {
    /// An event of which nothing more is known yet.
    pub fn new(kind: &'static str, now: Timestamp, issuer: &str) -> Self {
        Self { kind, time: now.seconds(), issuer: issuer.into(), ..Self::default() }
    }

    /// Notes why the request was refused.
    pub fn refused(&mut self, error: &ProtocolError) {
        self.error = Some(error.code.as_str());
        self.rule = error.rule;
        self.cause = Some(error.cause.clone().unwrap_or_else(|| error.description.clone()));
    }
}

/// The host's answer to an [`Effect`], or to a chunk that was sent on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Effect::Get`]: the records that exist.
    Records(Vec<Option<Versioned>>),
    /// To [`Effect::Commit`]: `false` where a check did not hold.
    Committed(bool),
    /// To [`Effect::List`].
    Page(Page),
    /// To [`Effect::Sign`]: raw signatures as in RFC 7518 §3, one after the other, all of one length.
    Signatures(ByteBuf),
    /// To [`Effect::Subject`]: nothing where there is no such subject.
    Subject(Option<SubjectState>),
    /// To [`Effect::Identify`]: nothing where the hint names nobody.
    Identified(Option<Identified>),
    /// To [`Effect::Fetch`].
    Response(Inbound),
    /// To [`Effect::NotifyUser`], [`Effect::Wait`], [`Effect::Notify`], [`Effect::Record`], and to a chunk.
    Done,
    /// The host could not do it.
    Failed(Failure),
}

/// A record and its version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Versioned {
    /// The record, as the core encoded it.
    pub value: String,
    /// The adapter's version of it, opaque.
    pub version: String,
}

/// A page of records.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Page {
    /// The records, in key order.
    pub entries: Vec<Entry>,
    /// Whether more follow after the last entry.
    pub more: bool,
}

/// A record in a [`Page`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// The record, as the core encoded it.
    pub value: String,
    /// The adapter's version of it, opaque.
    pub version: String,
}

/// What the operator knows of a subject.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SubjectState {
    /// Whether tokens may be issued about it.
    pub active: bool,
}

/// Whom a hint names.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identified {
    /// The subject's identifier.
    pub sub: String,
    /// What was wrong with the user code; `None`: nothing, or none is needed.
    pub user_code: Option<UserCodeFault>,
}

/// What may be wrong with a user code, CIBA Core §13.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UserCodeFault {
    /// The person has one, and it was not sent.
    Missing,
    /// It is another.
    Wrong,
}

/// The answer to an [`Outbound`] request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Inbound {
    /// HTTP status.
    pub status: u16,
    /// Body, at most `max_bytes` long.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Why the host could not perform an effect: it threw, it timed out, it answered nonsense.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[error("{effect} failed: {message}")]
pub struct Failure {
    /// The effect's kind.
    pub effect: String,
    /// What the host said, for the operator.
    pub message: String,
}

/// What a suspended request put out.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// A wish.
    Effect(Effect),
    /// Status and headers of a streamed answer; chunks follow.
    Head {
        /// HTTP status.
        status: u16,
        /// Header fields.
        headers: Vec<(&'static str, String)>,
    },
    /// A part of a streamed answer's body.
    Chunk(Vec<u8>),
}

#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) out: Cell<Option<Outgoing>>,
    pub(crate) reply: Cell<Option<Reply>>,
}

/// What the operator has a hook for. Without one, the core does not ask.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub struct Hooks {
    /// Takes audit events.
    pub audit: bool,
    /// Knows the subjects.
    pub subject: bool,
    /// Knows whom hints name.
    pub identify: bool,
    /// Asks people on their devices.
    pub notify_user: bool,
}

/// A request's one door to the outside: its effects, its clock, its entropy.
#[derive(Clone)]
pub struct Host {
    mailbox: Rc<Mailbox>,
    now: Timestamp,
    rng: Rc<RefCell<ChaCha20Rng>>,
    hooks: Hooks,
}

impl Host {
    pub(crate) fn new(mailbox: Rc<Mailbox>, now: Timestamp, seed: [u8; 32], hooks: Hooks) -> Self {
        let rng = Rc::new(RefCell::new(ChaCha20Rng::from_seed(seed)));
        Self { mailbox, now, rng, hooks }
    }

    /// When the request arrived. It does not move while the request runs.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The request's generator, a function of its seed alone.
    pub fn rng(&self) -> std::cell::RefMut<'_, ChaCha20Rng> {
        self.rng.borrow_mut()
    }

    /// Reads records, one item per key, in order.
    pub async fn get(&self, role: Role, keys: Vec<String>) -> Result<Vec<Option<Versioned>>, Failure> {
        let asked = keys.len();
        match self.perform(Effect::Get { role, keys }).await? {
            Reply::Records(records) if records.len() == asked => Ok(records),
            other => Err(unexpected("get", &other)),
        }
    }

    /// Changes one partition; `false` where a check did not hold.
    pub async fn commit(&self, commit: Commit) -> Result<bool, Failure> {
        match self.perform(Effect::Commit(commit)).await? {
            Reply::Committed(committed) => Ok(committed),
            other => Err(unexpected("commit", &other)),
        }
    }

    /// Reads at most `limit` records whose keys begin with `prefix` and follow `after`.
    pub async fn list(
        &self,
        role: Role,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page, Failure> {
        match self.perform(Effect::List { role, prefix, after, limit }).await? {
            Reply::Page(page) => Ok(page),
            other => Err(unexpected("list", &other)),
        }
    }

    /// Has the host sign with the key in binding `key`: the signatures, one after the other in the
    /// order of the inputs, all of one length.
    pub async fn sign(&self, key: &str, alg: Algorithm, inputs: &Inputs) -> Result<Vec<u8>, Failure> {
        let effect = Effect::Sign {
            key: key.into(),
            alg: alg.name(),
            inputs: inputs.text().to_vec(),
            ends: inputs.ends().to_vec(),
        };
        match self.perform(effect).await? {
            Reply::Signatures(all) if !all.is_empty() && all.len().checked_rem(inputs.count()) == Some(0) => {
                Ok(all.into_vec())
            }
            other => Err(unexpected("sign", &other)),
        }
    }

    /// Whether anybody listens to [`Self::record`]: what takes time is then worth saying.
    pub fn audits(&self) -> bool {
        self.hooks.audit
    }

    /// Whether the operator knows the subjects, so that [`Self::subject`] has an answer.
    pub fn asks_subject(&self) -> bool {
        self.hooks.subject
    }

    /// What the operator knows of a subject; `None` where there is no such subject.
    pub async fn subject(&self, issuer: &str, sub: &str) -> Result<Option<SubjectState>, Failure> {
        match self.perform(Effect::Subject { issuer: issuer.into(), sub: sub.into() }).await? {
            Reply::Subject(subject) => Ok(subject),
            other => Err(unexpected("subject", &other)),
        }
    }

    /// Whether the operator knows whom hints name, so that [`Self::identify`] has an answer.
    pub fn identifies(&self) -> bool {
        self.hooks.identify
    }

    /// Whom a hint names; `None`: nobody.
    pub async fn identify(&self, hint: Hint) -> Result<Option<Identified>, Failure> {
        match self.perform(Effect::Identify(hint)).await? {
            Reply::Identified(identified) => Ok(identified),
            other => Err(unexpected("identify", &other)),
        }
    }

    /// Asks a person on their device, where the operator has a way to.
    pub async fn notify_user(&self, request: AuthenticationRequest) -> Result<(), Failure> {
        if !self.hooks.notify_user {
            return Ok(());
        }
        self.perform(Effect::NotifyUser(Box::new(request)))
            .await
            .and_then(|reply| done("notify_user", &reply))
    }

    /// Lets time pass. [`Self::now`] stays what it was.
    pub async fn wait(&self, milliseconds: u32) -> Result<(), Failure> {
        self.perform(Effect::Wait { milliseconds }).await.and_then(|reply| done("wait", &reply))
    }

    /// Sends an HTTP request and waits for the answer.
    pub async fn fetch(&self, request: Outbound) -> Result<Inbound, Failure> {
        match self.perform(Effect::Fetch(request)).await? {
            Reply::Response(response) => Ok(response),
            other => Err(unexpected("fetch", &other)),
        }
    }

    /// Leaves an HTTP request with the host, to be sent once this request is answered.
    pub async fn notify(&self, request: Outbound) -> Result<(), Failure> {
        self.perform(Effect::Notify(request)).await.and_then(|reply| done("notify", &reply))
    }

    /// Writes an audit event, where anybody listens.
    pub async fn record(&self, event: Event) -> Result<(), Failure> {
        if !self.hooks.audit {
            return Ok(());
        }
        self.perform(Effect::Record { event: Box::new(event) }).await.and_then(|reply| done("record", &reply))
    }

    /// Opens a streamed answer.
    pub async fn head(&self, status: u16, headers: Vec<(&'static str, String)>) -> Result<(), Failure> {
        let reply = self.exchange(Outgoing::Head { status, headers }).await?;
        done("head", &reply)
    }

    /// Sends a part of a streamed answer's body.
    pub async fn chunk(&self, part: Vec<u8>) -> Result<(), Failure> {
        let reply = self.exchange(Outgoing::Chunk(part)).await?;
        done("chunk", &reply)
    }

    async fn perform(&self, effect: Effect) -> Result<Reply, Failure> {
        self.exchange(Outgoing::Effect(effect)).await
    }

    /// Puts `out` into the mailbox, suspends, and takes the reply when polled again.
    async fn exchange(&self, out: Outgoing) -> Result<Reply, Failure> {
        let mut out = Some(out);
        let reply = poll_fn(|_| match out.take() {
            Some(out) => {
                self.mailbox.out.set(Some(out));
                Poll::Pending
            }
            None => self.mailbox.reply.take().map_or(Poll::Pending, Poll::Ready),
        })
        .await;
        match reply {
            Reply::Failed(failure) => Err(failure),
            reply => Ok(reply),
        }
    }
}

fn done(effect: &str, reply: &Reply) -> Result<(), Failure> {
    match reply {
        Reply::Done => Ok(()),
        other => Err(unexpected(effect, other)),
    }
}

/// A reply of the wrong kind or length is a fault of the host, not a reason to trap.
fn unexpected(effect: &str, reply: &Reply) -> Failure {
    let kind = match reply {
        Reply::Records(records) => format!("{} records", records.len()),
        Reply::Committed(_) => "committed".into(),
        Reply::Page(_) => "page".into(),
        Reply::Signatures(signatures) => format!("{} octets of signatures", signatures.len()),
        Reply::Subject(_) => "subject".into(),
        Reply::Identified(_) => "identified".into(),
        Reply::Response(_) => "response".into(),
        Reply::Done => "done".into(),
        Reply::Failed(failure) => failure.to_string(),
    };
    Failure { effect: effect.into(), message: format!("the host answered {kind}") }
}
