//! What the core asks of the outside.
//!
//! The core never calls out. A request that needs something awaits a method of [`Host`]; the
//! future suspends, the wish leaves as an [`Effect`] (plain data), the host performs it and hands
//! back a [`Reply`]. One effect is outstanding per request; what belongs together (many keys, many
//! signatures) goes inside one effect. `js/types.ts` states the same shapes for TypeScript.

mod effect;
mod event;
mod reply;

pub use effect::{AuthenticationRequest, Check, Commit, Effect, Hint, Outbound, Put, Role};
pub use event::Event;
pub use reply::{Entry, Failure, Identified, Inbound, Page, Reply, SubjectState, UserCodeFault, Versioned};

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::Deserialize;

use crate::jose::Algorithm;
use crate::jose::batch::Inputs;
use crate::time::Timestamp;

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
#[expect(clippy::struct_excessive_bools, reason = "a list of what there is")]
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
