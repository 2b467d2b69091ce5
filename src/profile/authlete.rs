//! Authlete: a front end owns the wire to clients and people, and asks by a JSON API what to do.
//!
//! - The API is under `/api`, and under `/api/` and the service's id or API key.
//! - Scope tokens and authentication context classes that nobody registered are dropped, with a warning.
//! - The front end knows its people: no directory of ours is asked.

use super::{BackchannelShape, Profile, standard};

/// The Authlete profile.
pub static PROFILE: Profile = Profile {
    backchannel: BackchannelShape { drop_unknown_scope: true, ..standard::BACKCHANNEL },
    front_end: Some("/api"),
    ..standard::STANDARD
};
