//! What the core wishes for.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::Event;

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
    /// `login_hint`, `login_hint_token` or `id_token_hint`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The hint, as it was sent; of an `id_token_hint` its subject.
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
    #[serde(serialize_with = "doubles")]
    pub authorization_details: Option<Value>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// When the request ends, in seconds since 1970.
    pub expires_at: u64,
}

/// What a client sent, with numbers as JavaScript reads them: there are no others, and an integer that is too large
/// for them would not cross.
#[allow(clippy::ref_option, reason = "serde hands the member over")]
fn doubles<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    fn round(value: &mut Value) {
        match value {
            Value::Number(number) => *value = number.as_f64().into(),
            Value::Array(items) => items.iter_mut().for_each(round),
            Value::Object(members) => members.values_mut().for_each(round),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
    let mut value = value.clone();
    value.iter_mut().for_each(round);
    value.serialize(serializer)
}
