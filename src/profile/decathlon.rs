//! Decathlon Login, the seamless back-channel: a service has tokens generated for members who are not there, and
//! another client redeems each of them.
//!
//! - The generator and the exchange have paths of their own. `exchange_type` says what is exchanged; general
//!   RFC 8693 is served at the token endpoint, which never redeems an exchangeable token.
//! - The generator wants `token-generator:seamless-backchannel` of the service's access token; whichever client
//!   exchanges needs `token-exchange:seamless-backchannel`.
//! - Token: `typ` is `JWT`, `scope` an array; neither `aud` nor, in a client's own token, `sub`.
//! - Response: `expires_in` one second less than the lifetime; `jti`, where a client gets its own token.

use super::AccessTokenClaim::{Act, ClientId, Cnf, Exp, Iat, Iss, Jti, ScopeArray, SubOfAnother};
use super::{
    AccessTokenShape, ExchangeShape, ExchangeType, GeneratorShape, Profile, ScopeMember, TokenResponseShape,
    standard,
};
use crate::time::Seconds;

/// The Decathlon profile.
pub static PROFILE: Profile = Profile {
    token_path: "/connect/oauth/token",
    access_token: AccessTokenShape {
        typ: "JWT",
        claims: &[SubOfAnother, ScopeArray, Iss, Exp, Iat, Jti, ClientId, Act, Cnf],
        lifetime: Seconds(900),
    },
    token_response: TokenResponseShape {
        token_type: "Bearer",
        expires_in_less: 1,
        scope: ScopeMember::Granted,
        jti: true,
    },
    generator: GeneratorShape {
        path: "/connect/token/generator/seamless-backchannel",
        scope: "token-generator:seamless-backchannel",
        typ: "JWT",
    },
    exchange: Some(ExchangeShape {
        path: "/connect/token/exchange",
        scope: "token-exchange:seamless-backchannel",
        parameter: "exchange_type",
        values: &[
            (
                "urn:decathlon:params:oauth:exchange-type:seamless-backchannel-exchange",
                ExchangeType::Exchangeable,
            ),
            ("urn:decathlon:params:oauth:exchange-type:seamless-exchange", ExchangeType::IdToken),
        ],
    }),
    ..standard::STANDARD
};
