//! What the host answers.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

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
