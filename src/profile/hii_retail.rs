//! Hii Retail: `client_credentials` with a mandatory audience.
//!
//! - Only HTTP Basic.
//! - `audience` must be given, since a token without it would be useless there; the configured
//!   resource servers are what it may name.
//! - Token: `typ` is `JWT`, claims in the order below, `aud` and `scp` arrays, `iss` with a slash at
//!   the end, `ext` an empty object.
//! - Response: `token_type` in lower case, `expires_in` one second less than the lifetime, `scope`
//!   empty whatever was granted: `scp` says that.

use super::AccessTokenClaim::{Act, AudArray, ClientId, Cnf, Exp, Ext, Iat, Iss, Jti, Nbf, ScpArray, Sub};
use super::{AccessTokenShape, Profile, ScopeMember, TokenResponseShape, standard};
use crate::client::AuthMethod;
use crate::time::Seconds;

/// The Hii Retail profile.
pub static PROFILE: Profile = Profile {
    token_path: "/oauth2/token",
    issuer_ends_with_slash: true,
    auth_methods: &[AuthMethod::ClientSecretBasic],
    audience_required: true,
    access_token: AccessTokenShape {
        typ: "JWT",
        claims: &[AudArray, ClientId, Exp, Ext, Iat, Iss, Jti, Nbf, ScpArray, Sub, Act, Cnf],
        lifetime: Seconds(3600),
    },
    token_response: TokenResponseShape {
        token_type: "bearer",
        expires_in_less: 1,
        scope: ScopeMember::Empty,
        jti: false,
    },
    ..standard::STANDARD
};
