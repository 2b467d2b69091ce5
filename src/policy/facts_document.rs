//! Facts as people write them down, to have a decision explained or tested: one JSON document, by `kind` of
//! decision. What may be left out has the value that stands in the way of nothing, so that a short document
//! asks what the policy says. What a request asks for stands at the top; what a token says, in `subject`.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Value, ValueKind, ValuePointerRef, take_cf_content,
};

use super::date::Date;
use super::{Consent, SubjectState, TokenType};
use crate::json;
use crate::mistake::{Mistake, Mistakes, from_string, pointer, wrong_kind};
use crate::resource::Resource;
use crate::scope::{Scope, ScopeError};
use crate::time::Timestamp;

/// Declares the kinds of facts, each with the struct that holds them.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// The facts of a decision.
        #[derive(Debug)]
        #[allow(clippy::large_enum_variant, reason = "there is one at a time")]
        pub enum Facts {
            $($(#[$doc])* $kind($kind),)*
        }

        const KINDS: &[&str] = &[$($name),*];

        impl Deserr<Mistakes> for Facts {
            fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
                let Value::Map(mut members) = value else {
                    return Err(wrong_kind(value, &[ValueKind::Map], at));
                };
                let refuse = |error, at| take_cf_content(Mistakes::error::<V>(None, error, at));
                let Some(kind) = members.remove("kind") else {
                    return Err(refuse(ErrorKind::MissingField { field: "kind" }, at));
                };
                let kind_at = at.push_key("kind");
                let kind = String::deserialize_from_value(kind.into_value(), kind_at)?;
                let rest = Value::<V>::Map(members);
                match kind.as_str() {
                    $($name => $kind::deserialize_from_value(rest, at).map(Self::$kind),)*
                    other => Err(refuse(ErrorKind::UnknownValue { value: other, accepted: KINDS }, kind_at)),
                }
            }
        }
    };
}

kinds! {
    /// A client asks for a token of its own.
    ClientCredentials = "client_credentials",
    /// A client has exchangeable tokens generated for another one.
    Generate = "generate",
    /// A client redeems an exchangeable token.
    Redeem = "redeem",
    /// A client exchanges a token (RFC 8693).
    Exchange = "exchange",
    /// A client exchanges an id token of another one.
    IdToken = "id_token",
    /// Data are to be processed for a purpose.
    Purpose = "purpose",
}

/// A client asks for a token of its own.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct ClientCredentials {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The client that asks.
    pub client: Named<StatedClient>,
    /// The scope asked for. Default: nothing in particular.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// The audiences asked for.
    #[deserr(default)]
    pub audience: Vec<String>,
}

/// A client has exchangeable tokens generated for another one.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Generate {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The client that asks.
    pub from: Named<StatedParty>,
    /// The client that will redeem them.
    pub to: Named<StatedClient>,
    /// The scope asked for. Default: all that can be had.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// How many are asked for.
    #[deserr(default = 1)]
    pub count: u64,
    /// Tokens of the grant that were generated on this day.
    #[deserr(default)]
    pub used: u64,
    /// The time.
    pub now: Moment,
}

/// A client redeems an exchangeable token.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Redeem {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The client that had the token generated.
    pub from: Named<StatedParty>,
    /// The client that redeems it.
    pub to: Named<StatedClient>,
    /// The exchangeable token.
    pub subject: StatedExchangeable,
    /// The scope asked for. Default: that of the token.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// The audiences asked for. Default: the default audience.
    #[deserr(default)]
    pub audience: Vec<String>,
    /// The time.
    pub now: Moment,
}

/// A client exchanges a token (RFC 8693).
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields, validate = one_source -> Mistakes)]
pub struct Exchange {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The client that the subject token was issued to.
    #[deserr(default)]
    pub from: Option<Named<StatedParty>>,
    /// In place of `from`: the foreign issuer of the subject token.
    #[deserr(default)]
    pub from_issuer: Option<String>,
    /// The client that asks.
    pub to: Named<StatedClient>,
    /// The subject token.
    pub subject: StatedToken,
    /// The actor token. Default: there is none.
    #[deserr(default)]
    pub actor: Option<Named<StatedActor>>,
    /// The scope asked for. Default: all that can be had.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// The audiences asked for. Default: those of the subject token.
    #[deserr(default)]
    pub audience: Vec<String>,
    /// The type asked for.
    #[deserr(default = TokenType::AccessToken)]
    pub requested_token_type: TokenType,
    /// Tokens of the grant that were issued on this day.
    #[deserr(default)]
    pub used: u64,
    /// The time.
    pub now: Moment,
}

/// A client exchanges an id token of another one.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct IdToken {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The client that the id token was issued to.
    pub from: Named<StatedParty>,
    /// The client that asks.
    pub to: Named<StatedClient>,
    /// The id token.
    #[deserr(default)]
    pub subject: StatedSubject,
    /// The scope asked for. Default: what the client gets when it asks for none.
    #[deserr(default)]
    pub scope: Option<Tokens>,
    /// The audiences asked for. Default: the default audience.
    #[deserr(default)]
    pub audience: Vec<String>,
    /// Tokens of the grant that were issued on this day.
    #[deserr(default)]
    pub used: u64,
    /// The time.
    pub now: Moment,
}

/// Data are to be processed for a purpose.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Purpose {
    /// The purpose, as the policy names it.
    pub purpose: String,
    /// The scope of the data.
    pub scope: Tokens,
    /// What is known of the person's consent.
    #[deserr(default = Consent::Unknown)]
    pub consent: Consent,
}

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

fn one_source(facts: Exchange, at: ValuePointerRef) -> Result<Exchange, Mistakes> {
    if facts.from.is_some() != facts.from_issuer.is_some() {
        return Ok(facts);
    }
    let mut mistakes = Mistakes::default();
    mistakes.add(pointer(at), "expected either from or from_issuer");
    Err(mistakes)
}

impl Facts {
    /// Parses the text of facts.
    ///
    /// # Errors
    /// All mistakes at once, each with its JSON pointer.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let value =
            json::parse(text.as_bytes()).map_err(|error| vec![Mistake::new("", error.to_string())])?;
        deserr::deserialize::<Self, _, Mistakes>(value).map_err(Mistakes::sorted)
    }
}
