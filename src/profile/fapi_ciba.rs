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
    auth_methods: &[AuthMethod::PrivateKeyJwt],
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
    ..standard::STANDARD
};

/// FAPI part 2 §8.6
const ALGORITHMS: &[Algorithm] = &[Algorithm::Ps256, Algorithm::Es256];
