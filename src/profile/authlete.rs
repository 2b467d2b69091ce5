//! Authlete: a front end owns the wire to clients and people, and asks by a JSON API what to do.
//!
//! - The API is under `/api`, and under `/api/` and the service's id or API key.
//! - Scope tokens and authentication context classes that nobody registered are dropped, with a warning.
//! - The front end knows its people: no directory of ours is asked.

use super::{BackchannelShape, Profile, standard};
use crate::client::AuthMethod;

/// The Authlete profile.
pub static PROFILE: Profile = Profile {
    token_path: "/token",
    auth_methods: AuthMethod::ALL,
    issuer_ends_with_slash: false,
    audience_required: false,
    access_token: standard::ACCESS_TOKEN,
    token_response: standard::TOKEN_RESPONSE,
    generator: standard::GENERATOR,
    exchange: None,
    backchannel: BackchannelShape { drop_unknown_scope: true, ..standard::BACKCHANNEL },
    assertion: standard::ASSERTION,
    pairwise: false,
    offline_access: false,
    jwt_bearer: false,
    front_end: Some("/api"),
};
