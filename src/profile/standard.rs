//! What the specifications say: RFC 6749, RFC 9068.

use super::AccessTokenClaim::{Act, Aud, ClientId, Cnf, Exp, Iat, Iss, Jti, Scope, Sub};
use super::{AccessTokenShape, GeneratorShape, Profile, ScopeMember, TokenResponseShape};
use crate::client::AuthMethod;
use crate::time::Seconds;

/// The standard profile.
pub static PROFILE: Profile = Profile {
    token_path: "/token",
    issuer_ends_with_slash: false,
    auth_methods: AuthMethod::ALL,
    audience_required: false,
    // RFC 9068 §2: typ at+jwt; iss, exp, aud, sub, client_id, iat, jti are required.
    access_token: AccessTokenShape {
        typ: "at+jwt",
        claims: &[Iss, Sub, Aud, ClientId, Exp, Iat, Jti, Scope, Act, Cnf],
        lifetime: Seconds(3600),
    },
    token_response: TokenResponseShape {
        token_type: "Bearer",
        expires_in_less: 0,
        scope: ScopeMember::Granted,
        jti: false,
    },
    generator: GENERATOR,
    exchange: None,
};

/// The generator, where a profile says nothing else.
pub(super) const GENERATOR: GeneratorShape =
    GeneratorShape { path: "/token/generator", scope: "token-generator", typ: "exchangeable+jwt" };
