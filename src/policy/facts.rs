//! What decisions rest on.

use deserr::Deserr;

use crate::client::Client;
use crate::mistake::Mistakes;
use crate::resource::{Resource, ResourceServer};
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};

use super::TokenType;

/// What an issuer knows and gives.
#[derive(Clone, Copy, Debug)]
pub struct IssuerFacts<'a> {
    /// The scope that it knows.
    pub scope: &'a Scope,
    /// The resource servers that it issues tokens for.
    pub resources: &'a [ResourceServer],
    /// The audience of a token whose request names none.
    pub default_audience: &'a str,
    /// Whether a request must name its audience.
    pub audience_required: bool,
    /// How long its access tokens are good for where the policy says nothing.
    pub access_token_lifetime: Seconds,
}

/// What a client is registered for.
#[derive(Clone, Copy, Debug)]
pub struct ClientFacts<'a> {
    /// Its identifier.
    pub client_id: &'a str,
    /// The scope that it may have.
    pub scope: &'a Scope,
    /// What it gets when it asks for none.
    pub default_scope: &'a Scope,
    /// The resource servers that it may get tokens for; `None`: all of the issuer's.
    pub resources: Option<&'a [Resource]>,
    /// Whether it may get tokens at all.
    pub active: bool,
}

impl<'a> From<&'a Client> for ClientFacts<'a> {
    fn from(client: &'a Client) -> Self {
        Self {
            client_id: &client.client_id,
            scope: &client.scope,
            default_scope: &client.default_scope,
            resources: client.resources.as_deref(),
            active: client.active,
        }
    }
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The scope; `None`: nothing in particular.
    pub scope: Option<&'a Scope>,
    /// The audiences and resources.
    pub audience: &'a [&'a str],
}

/// Whose tokens are exchanged.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A client's.
    Client {
        /// Its identifier.
        client_id: &'a str,
        /// Whether it still may get tokens.
        active: bool,
    },
    /// Another issuer's.
    Issuer(&'a str),
}

/// What is known of a subject.
#[derive(Clone, Copy, Debug, Deserr, Eq, PartialEq)]
#[deserr(error = Mistakes, rename_all = lowercase)]
pub enum SubjectState {
    /// It is known, and may be acted for.
    Active,
    /// It is known, and may not.
    Disabled,
    /// It is not known.
    Unknown,
}

/// What a subject token says, once it is verified.
#[derive(Clone, Copy, Debug)]
pub struct SubjectFacts<'a> {
    /// Its type.
    pub token_type: TokenType,
    /// Its `sub`.
    pub sub: &'a str,
    /// What is known of that.
    pub state: SubjectState,
    /// Its scope; `None`: it says nothing that counts here.
    pub scope: Option<&'a Scope>,
    /// Its audiences.
    pub audience: &'a [&'a str],
    /// When it ends.
    pub expires_at: Timestamp,
    /// How many actors it names (RFC 8693 §4.1).
    pub act_depth: u64,
    /// The `sub` of its `may_act` (RFC 8693 §4.4).
    pub may_act: Option<&'a str>,
}

/// What an actor token says, once it is verified.
#[derive(Clone, Copy, Debug)]
pub struct ActorFacts<'a> {
    /// Its `sub`.
    pub sub: &'a str,
    /// Whether it was issued to the client that asks.
    pub own: bool,
}

/// The facts of an exchange.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeFacts<'a> {
    /// What the issuer knows and gives.
    pub issuer: IssuerFacts<'a>,
    /// Whose token it is.
    pub from: Source<'a>,
    /// The client that asks.
    pub to: ClientFacts<'a>,
    /// The subject token.
    pub subject: SubjectFacts<'a>,
    /// The actor token.
    pub actor: Option<ActorFacts<'a>>,
    /// What is asked for.
    pub asked: Asked<'a>,
    /// The type asked for.
    pub requested: TokenType,
    /// Tokens of this grant that were issued today.
    pub used: u64,
    /// The time.
    pub now: Timestamp,
}

impl std::fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Client { client_id, .. } => f.write_str(client_id),
            Self::Issuer(issuer) => f.write_str(issuer),
        }
    }
}
