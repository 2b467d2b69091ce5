//! What the specifications say: RFC 6749, RFC 9068.

use super::AccessTokenClaim::{
    Act, Aud, AuthorizationDetails, ClientId, Cnf, Exp, Iat, Iss, Jti, Purpose, Scope, Sub,
};
use super::{
    AccessTokenShape, AssertionShape, BackchannelShape, GeneratorShape, LoginHint, Profile, ScopeMember,
    TokenResponseShape,
};
use crate::client::{AuthMethod, DeliveryMode};
use crate::error::ErrorCode;
use crate::time::Seconds;

/// The standard profile.
pub static PROFILE: Profile = STANDARD;

/// What the other profiles depart from.
pub(super) const STANDARD: Profile = Profile {
    token_path: "/token",
    issuer_ends_with_slash: false,
    auth_methods: AuthMethod::ALL,
    audience_required: false,
    access_token: ACCESS_TOKEN,
    token_response: TOKEN_RESPONSE,
    generator: GENERATOR,
    exchange: None,
    backchannel: BACKCHANNEL,
    assertion: ASSERTION,
    pairwise: false,
    offline_access: false,
    jwt_bearer: false,
    front_end: None,
};

/// RFC 9068 §2: typ `at+jwt`; `iss`, `exp`, `aud`, `sub`, `client_id`, `iat`, `jti` are required.
pub(super) const ACCESS_TOKEN: AccessTokenShape = AccessTokenShape {
    typ: "at+jwt",
    claims: &[Iss, Sub, Aud, ClientId, Exp, Iat, Jti, Scope, Act, Cnf, Purpose, AuthorizationDetails],
    lifetime: Seconds(3600),
};

/// RFC 6749 §5.1
pub(super) const TOKEN_RESPONSE: TokenResponseShape =
    TokenResponseShape { token_type: "Bearer", expires_in_less: 0, scope: ScopeMember::Granted, jti: false };

/// CIBA Core §7
pub(super) const BACKCHANNEL: BackchannelShape = BackchannelShape {
    path: "/bc-authorize",
    modes: DeliveryMode::ALL,
    signed: false,
    algorithms: &[],
    context_required: false,
    ignored: &[],
    login_hint: LoginHint::Any,
    login_hint_only: false,
    purpose: false,
    drop_unknown_scope: false,
    failed_at_token: ErrorCode::ExpiredToken,
    failed_in_push: ErrorCode::TransactionFailed,
};

/// RFC 7523 §3
pub(super) const ASSERTION: AssertionShape =
    AssertionShape { longest: Seconds(3600), iat_required: false, for_endpoint: false, algorithms: &[] };

/// The generator, where a profile says nothing else.
pub(super) const GENERATOR: GeneratorShape =
    GeneratorShape { path: "/token/generator", scope: "token-generator", typ: "exchangeable+jwt" };
