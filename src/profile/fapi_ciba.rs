//! FAPI: Client Initiated Backchannel Authentication Profile, §5.2.2.
//!
//! - Confidential clients with keys of their own (`private_key_jwt`), PS256 or ES256.
//! - Requests are signed, good for an hour at most, and say what they are about.
//! - No push.
//!
//! Tokens are not bound to a key of the client's (§5.2.2 with FAPI part 2): neither mutual TLS nor DPoP is offered.

use super::{AssertionShape, BackchannelShape, Profile, standard};
use crate::client::{AuthMethod, DeliveryMode};
use crate::jose::Algorithm;
use crate::time::Seconds;

/// The FAPI-CIBA profile.
pub static PROFILE: Profile = Profile {
    token_path: "/token",
    auth_methods: &[AuthMethod::PrivateKeyJwt],
    issuer_ends_with_slash: false,
    audience_required: false,
    access_token: standard::ACCESS_TOKEN,
    token_response: standard::TOKEN_RESPONSE,
    generator: standard::GENERATOR,
    exchange: None,
    backchannel: BackchannelShape {
        modes: &[DeliveryMode::Poll, DeliveryMode::Ping],
        signed: true,
        algorithms: ALGORITHMS,
        context_required: true,
        ..standard::BACKCHANNEL
    },
    assertion: AssertionShape {
        longest: Seconds(3600),
        iat_required: false,
        for_endpoint: true,
        algorithms: ALGORITHMS,
    },
    pairwise: false,
    offline_access: false,
    jwt_bearer: false,
    front_end: None,
};

/// FAPI part 2 §8.6
const ALGORITHMS: &[Algorithm] = &[Algorithm::Ps256, Algorithm::Es256];
