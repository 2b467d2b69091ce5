//! What facts are made of: issuers, clients, subjects, tokens and times, as people write them down.

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};

use super::date::Date;
use super::{SubjectState, TokenType};
use crate::mistake::{Mistakes, from_string, wrong_kind};
use crate::resource::Resource;
use crate::scope::{Scope, ScopeError};
use crate::time::Timestamp;

/// What an issuer knows and gives.
#[derive(Debug, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedIssuer {
    /// The scope that it knows. Default: that of the policy.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// The resource servers that it issues tokens for.
    #[deserr(default)]
    pub resources: Vec<StatedServer>,
    /// The audience of a token whose request names none. Default: `issuer`.
    #[deserr(default)]
    pub default_audience: Option<String>,
    /// Whether a request must name its audience.
    #[deserr(default)]
    pub audience_required: bool,
    /// How long its access tokens are good for where the policy says nothing, in seconds. Default: 3600.
    #[deserr(default)]
    pub access_token_lifetime: Option<u64>,
}

/// A resource server.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedServer {
    /// Its identifier.
    pub identifier: Resource,
    /// The scope that means something there. Default: all of the issuer's.
    #[deserr(default)]
    pub scope: Option<Tokens>,
}

/// A client, as it is registered.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedClient {
    /// Its identifier.
    pub client_id: String,
    /// The scope that it is registered for. Default: all of the issuer's.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// What it gets when it asks for none. Default: its scope.
    #[deserr(default)]
    pub default_scope: Option<Tokens>,
    /// The resource servers that it may get tokens for. Default: all of the issuer's.
    #[deserr(default)]
    pub resources: Option<Vec<Resource>>,
    /// Whether it may get tokens at all.
    #[deserr(default = true)]
    pub active: bool,
}

impl From<String> for StatedClient {
    fn from(client_id: String) -> Self {
        Self { client_id, scope: None, default_scope: None, resources: None, active: true }
    }
}

/// A client that does not ask.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedParty {
    /// Its identifier.
    pub client_id: String,
    /// Whether it may get tokens at all.
    #[deserr(default = true)]
    pub active: bool,
}

impl From<String> for StatedParty {
    fn from(client_id: String) -> Self {
        Self { client_id, active: true }
    }
}

/// An actor token.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedActor {
    /// Its `sub`.
    pub sub: String,
    /// Whether it was issued to the client that asks.
    #[deserr(default = true)]
    pub own: bool,
}

impl From<String> for StatedActor {
    fn from(sub: String) -> Self {
        Self { sub, own: true }
    }
}

/// A party: an object, or its `client_id` or `sub` where the defaults are right.
#[derive(Debug)]
pub struct Named<T>(pub T);

impl<T: From<String> + Deserr<Mistakes>> Deserr<Mistakes> for Named<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        match value {
            Value::String(client_id) => Ok(Self(T::from(client_id))),
            Value::Map(_) => T::deserialize_from_value(value, at).map(Self),
            actual => Err(wrong_kind(actual, &[ValueKind::String, ValueKind::Map], at)),
        }
    }
}

/// A subject, and what is known of it.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedSubject {
    /// Its `sub`.
    #[deserr(default = somebody())]
    pub sub: String,
    /// What is known of it.
    #[deserr(default = SubjectState::Active)]
    pub state: SubjectState,
}

/// What an exchangeable token says.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedExchangeable {
    /// Its `sub`.
    #[deserr(default = somebody())]
    pub sub: String,
    /// What is known of that.
    #[deserr(default = SubjectState::Active)]
    pub state: SubjectState,
    /// The scope that it was generated for.
    pub scope: Tokens,
}

/// What a subject token says.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct StatedToken {
    /// Its type.
    #[deserr(default = TokenType::AccessToken)]
    pub token_type: TokenType,
    /// Its `sub`.
    #[deserr(default = somebody())]
    pub sub: String,
    /// What is known of that.
    #[deserr(default = SubjectState::Active)]
    pub state: SubjectState,
    /// Its scope. Default: it says nothing that counts here.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// Its audiences. Default: the default audience.
    #[deserr(default)]
    pub audience: Vec<String>,
    /// When it ends.
    pub expires_at: Moment,
    /// How many actors it names.
    #[deserr(default)]
    pub act_depth: u64,
    /// The `sub` of its `may_act`. Default: it has none.
    #[deserr(default)]
    pub may_act: Option<String>,
}

/// Scope tokens separated by spaces; none in an empty text.
#[derive(Clone, Debug)]
pub struct Tokens(pub Scope);

impl std::str::FromStr for Tokens {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() { Ok(Self(Scope::default())) } else { text.parse().map(Self) }
    }
}

from_string!(Tokens);

/// An instant: seconds since 1970, or a date as in a policy.
#[derive(Clone, Copy, Debug)]
pub struct Moment(pub Timestamp);

impl Deserr<Mistakes> for Moment {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        match value {
            Value::Integer(seconds) => Ok(Self(Timestamp::from_seconds(seconds))),
            Value::String(_) => Date::deserialize_from_value(value, at).map(|date| Self(date.at())),
            actual => Err(wrong_kind(actual, &[ValueKind::Integer, ValueKind::String], at)),
        }
    }
}

impl Default for StatedSubject {
    fn default() -> Self {
        Self { sub: somebody(), state: SubjectState::Active }
    }
}

fn somebody() -> String {
    "somebody".into()
}
