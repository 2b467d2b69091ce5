//! Profiles: how an issuer speaks on the wire. Plain data over one core.
//!
//! `standard.rs` is what the specifications say; each other file is one deployed system's
//! accent. No other module knows their names.

mod authlete;
mod decathlon;
mod fapi_ciba;
mod hii_retail;
mod open_gateway;
mod standard;

use crate::client::{AuthMethod, DeliveryMode};
use crate::error::ErrorCode;
use crate::jose::Algorithm;
use crate::named::named;
use crate::subscriber::{Subscriber, SubscriberError};
use crate::time::Seconds;

/// A profile: every knob. The standard values stand in `standard.rs`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "knobs, each by itself")]
pub struct Profile {
    /// Where the token endpoint is, under the issuer's path.
    pub token_path: &'static str,
    /// Whether the issuer identifier ends with a slash.
    pub issuer_ends_with_slash: bool,
    /// The ways in which clients may authenticate.
    pub auth_methods: &'static [AuthMethod],
    /// Whether a request must name its audience.
    pub audience_required: bool,
    /// The access token.
    pub access_token: AccessTokenShape,
    /// The token response.
    pub token_response: TokenResponseShape,
    /// Where exchangeable tokens are generated.
    pub generator: GeneratorShape,
    /// An endpoint of its own for exchanges; `None`: exchangeable tokens are redeemed at the token endpoint.
    pub exchange: Option<ExchangeShape>,
    /// Requests to authenticate people who are elsewhere.
    pub backchannel: BackchannelShape,
    /// JWT client authentication.
    pub assertion: AssertionShape,
    /// Whether each client's tokens have subjects of their own, OpenID Connect Core §8.1.
    pub pairwise: bool,
    /// Whether a refresh token is only given for scope `offline_access`, OpenID Connect Core §11.
    pub offline_access: bool,
    /// Whether a client's JWT about somebody is a grant, RFC 7523 §2.1.
    pub jwt_bearer: bool,
    /// Where a front end asks what to do; `None`: there is no such API.
    pub front_end: Option<&'static str>,
}

/// Requests to authenticate people who are elsewhere: CIBA Core §7.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "knobs, each by itself")]
pub struct BackchannelShape {
    /// The endpoint's path, under the issuer's.
    pub path: &'static str,
    /// The ways in which results may be delivered.
    pub modes: &'static [DeliveryMode],
    /// Whether requests must be signed.
    pub signed: bool,
    /// The algorithms that signed requests may have; empty: every asymmetric one.
    pub algorithms: &'static [Algorithm],
    /// Whether a request must say what it is about: by `binding_message` or `authorization_details`.
    pub context_required: bool,
    /// Parameters that are not read.
    pub ignored: &'static [&'static str],
    /// What `login_hint` holds.
    pub login_hint: LoginHint,
    /// Whether it is the one hint that is taken.
    pub login_hint_only: bool,
    /// Whether requests say what the data is for.
    pub purpose: bool,
    /// Scope tokens that are not registered: dropped, where others refuse.
    pub drop_unknown_scope: bool,
    /// What a client is told at the token endpoint where a person could not be asked. CIBA Core §11 has no
    /// `transaction_failed`.
    pub failed_at_token: ErrorCode,
    /// What it is told by push, CIBA Core §12.
    pub failed_in_push: ErrorCode,
}

/// What `login_hint` holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginHint {
    /// Whatever the directory knows a person by.
    Any,
    /// A subscriber: the type of the identifier, a colon, the identifier.
    Subscriber,
}

impl LoginHint {
    /// The one spelling of a hint, which directories are asked with.
    ///
    /// # Errors
    /// Where it should name a subscriber and does not.
    pub fn canonical(self, text: &str) -> Result<String, SubscriberError> {
        match self {
            Self::Any => Ok(text.to_owned()),
            Self::Subscriber => text.parse::<Subscriber>().map(|subscriber| subscriber.to_string()),
        }
    }
}

/// JWT client authentication, RFC 7523 §3.
#[derive(Debug)]
pub struct AssertionShape {
    /// How far ahead it may expire.
    pub longest: Seconds,
    /// Whether it must say when it was made, and be good for no longer than that from then on.
    pub iat_required: bool,
    /// Whether the token endpoint takes assertions for its own URL too. That of CIBA always does (§7.1).
    pub for_endpoint: bool,
    /// The algorithms that it may have; empty: all.
    pub algorithms: &'static [Algorithm],
}

/// Where exchangeable tokens are generated.
#[derive(Debug)]
pub struct GeneratorShape {
    /// The endpoint's path, under the issuer's.
    pub path: &'static str,
    /// The scope that the caller's access token must have.
    pub scope: &'static str,
    /// The header's `typ` of exchangeable tokens.
    pub typ: &'static str,
}

/// An endpoint for exchanges.
#[derive(Debug)]
pub struct ExchangeShape {
    /// Its path, under the issuer's.
    pub path: &'static str,
    /// The scope that the client must have.
    pub scope: &'static str,
    /// The parameter that says what is exchanged.
    pub parameter: &'static str,
    /// Its values.
    pub values: &'static [(&'static str, ExchangeType)],
}

/// What is exchanged at an endpoint for exchanges.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExchangeType {
    /// An exchangeable token, for an access token.
    Exchangeable,
    /// An id token of another client, for an access and a refresh token.
    IdToken,
}

/// What an access token looks like.
#[derive(Debug)]
pub struct AccessTokenShape {
    /// The header's `typ`.
    pub typ: &'static str,
    /// The claims, in their order.
    pub claims: &'static [AccessTokenClaim],
    /// How long it is good for where the issuer's configuration does not say.
    pub lifetime: Seconds,
}

/// A claim of an access token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccessTokenClaim {
    /// `iss`
    Iss,
    /// `sub`
    Sub,
    /// `sub`, where the token is about somebody else than the client itself.
    SubOfAnother,
    /// `aud`: a string where there is one audience, else an array (RFC 7519 §4.1.3).
    Aud,
    /// `aud`, always an array.
    AudArray,
    /// `client_id`, RFC 8693 §4.3
    ClientId,
    /// `exp`
    Exp,
    /// `nbf`: when it was issued.
    Nbf,
    /// `iat`
    Iat,
    /// `jti`, a random UUID
    Jti,
    /// `scope`, space separated, where any was granted (RFC 8693 §4.2)
    Scope,
    /// `scope` as an array, empty or not
    ScopeArray,
    /// `act`, where somebody acts for the subject (RFC 8693 §4.1)
    Act,
    /// `cnf`, where the token is bound to a key (RFC 7800 §3.1)
    Cnf,
    /// `scp`: the scope as an array, empty or not
    ScpArray,
    /// `ext`: an empty object
    Ext,
    /// `purpose`, where the data is for one
    Purpose,
    /// `authorization_details`, where any were granted (RFC 9396 §9.1)
    AuthorizationDetails,
}

/// What the token response looks like, RFC 6749 §5.1.
#[derive(Debug)]
pub struct TokenResponseShape {
    /// `token_type`
    pub token_type: &'static str,
    /// How many seconds less than the lifetime `expires_in` says.
    pub expires_in_less: u64,
    /// `scope`
    pub scope: ScopeMember,
    /// Whether a token that is not exchanged for another is answered with its `jti`.
    pub jti: bool,
}

/// The `scope` member of a token response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScopeMember {
    /// What was granted, where it is not empty.
    Granted,
    /// Always the empty string.
    Empty,
}

named! {
    /// The profiles' names in the configuration.
    #[derive(Default)]
    Name {
        /// What the specifications say.
        #[default]
        Standard = "standard",
        /// Decathlon Login: the seamless back-channel.
        Decathlon = "decathlon",
        /// Hii Retail: `client_credentials` with a mandatory audience.
        HiiRetail = "hii_retail",
        /// FAPI: Client Initiated Backchannel Authentication Profile.
        FapiCiba = "fapi_ciba",
        /// Authlete's back-end API, by which a front end asks what to do.
        Authlete = "authlete",
        /// Telefónica Open Gateway: a subscriber, a purpose, a token.
        OpenGateway = "open_gateway",
        /// CAMARA: the same, with assertions in place of secrets.
        Camara = "camara",
    }
}

impl Name {
    /// The profile of this name.
    pub const fn profile(self) -> &'static Profile {
        match self {
            Self::Standard => &standard::PROFILE,
            Self::Decathlon => &decathlon::PROFILE,
            Self::HiiRetail => &hii_retail::PROFILE,
            Self::FapiCiba => &fapi_ciba::PROFILE,
            Self::Authlete => &authlete::PROFILE,
            Self::OpenGateway => &open_gateway::OPEN_GATEWAY,
            Self::Camara => &open_gateway::CAMARA,
        }
    }
}
