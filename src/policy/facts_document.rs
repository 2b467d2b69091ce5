//! Facts as people write them down, to have a decision explained or tested: one JSON document, by `kind` of
//! decision. What may be left out has the value that stands in the way of nothing, so that a short document
//! asks what the policy says. What a request asks for stands at the top; what a token says, in `subject`.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, Value, ValueKind, ValuePointerRef, take_cf_content,
};

use super::stated::{
    Moment, Named, StatedActor, StatedClient, StatedExchangeable, StatedIssuer, StatedParty, StatedSubject,
    StatedToken, Tokens,
};
use super::{Consent, Flow, TokenType};
use crate::json;
use crate::mistake::{Mistake, Mistakes, pointer, wrong_kind};

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
    /// A client asks for somebody who is asked elsewhere, or comes for more (CIBA Core).
    Backchannel = "backchannel",
    /// A client refreshes what it had by an exchange.
    Refresh = "refresh",
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

/// A client asks for somebody who is asked elsewhere, or comes for more (CIBA Core).
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
pub struct Backchannel {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The client that asks.
    pub client: Named<StatedClient>,
    /// Who is asked.
    #[deserr(default)]
    pub subject: StatedSubject,
    /// The scope asked for.
    pub scope: Tokens,
    /// The audiences asked for. Default: the default audience.
    #[deserr(default)]
    pub audience: Vec<String>,
    /// What the data is for, as the policy names it. Default: nothing in particular.
    #[deserr(default)]
    pub purpose: Option<String>,
    /// What is known of the person's consent.
    #[deserr(default = Consent::Unknown)]
    pub consent: Consent,
    /// How long is left of the refresh token, in seconds. Default: it is no refresh.
    #[deserr(default)]
    pub left: Option<u64>,
}

/// A client refreshes what it had by an exchange.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields, validate = one_source -> Mistakes)]
pub struct Refresh {
    /// What the issuer knows and gives.
    #[deserr(default)]
    pub issuer: StatedIssuer,
    /// The way in which it was had.
    pub flow: Flow,
    /// The client whose token it was had for.
    #[deserr(default)]
    pub from: Option<Named<StatedParty>>,
    /// In place of `from`: the foreign issuer of that token.
    #[deserr(default)]
    pub from_issuer: Option<String>,
    /// The client that asks.
    pub to: Named<StatedClient>,
    /// Whom it is about.
    #[deserr(default)]
    pub subject: StatedSubject,
    /// The scope asked for: what was granted originally, or a part of it.
    pub scope: Tokens,
    /// The audiences that were granted originally. Default: the default audience.
    #[deserr(default)]
    pub audience: Vec<String>,
    /// What the data is for, as the policy names it. Default: nothing in particular.
    #[deserr(default)]
    pub purpose: Option<String>,
    /// What is known of the person's consent to that for `from`.
    #[deserr(default = Consent::Unknown)]
    pub consent: Consent,
    /// When the refresh token ends.
    pub ends_at: Moment,
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

/// Facts about somebody else's token.
trait OfAnother {
    /// Whether a client is named, and whether an issuer is.
    fn sources(&self) -> (bool, bool);
}

impl OfAnother for Exchange {
    fn sources(&self) -> (bool, bool) {
        (self.from.is_some(), self.from_issuer.is_some())
    }
}

impl OfAnother for Refresh {
    fn sources(&self) -> (bool, bool) {
        (self.from.is_some(), self.from_issuer.is_some())
    }
}

fn one_source<F: OfAnother>(facts: F, at: ValuePointerRef) -> Result<F, Mistakes> {
    let (client, issuer) = facts.sources();
    if client != issuer {
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
