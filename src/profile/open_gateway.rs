//! Open Gateway and CAMARA: an application's back end names a subscriber and a purpose, and gets a token for that.
//!
//! - `login_hint` is the one hint, `<type>:<identifier>`; a purpose of the W3C Data Privacy Vocabulary is required.
//! - Poll alone. Where nobody's consent is missing, the first poll gets the token.
//! - `sub` is pairwise: never the phone number, nor to be derived from it.
//! - CAMARA: assertions in place of secrets, good for five minutes; JWT bearer grants; refresh tokens by
//!   `offline_access`.

use super::{AssertionShape, BackchannelShape, LoginHint, Profile, standard};
use crate::client::{AuthMethod, DeliveryMode};
use crate::time::Seconds;

/// The Open Gateway profile.
pub static OPEN_GATEWAY: Profile = Profile {
    backchannel: BACKCHANNEL,
    pairwise: true,
    offline_access: true,
    jwt_bearer: true,
    ..standard::STANDARD
};

/// The CAMARA profile.
pub static CAMARA: Profile = Profile {
    auth_methods: &[AuthMethod::PrivateKeyJwt],
    backchannel: BACKCHANNEL,
    assertion: AssertionShape {
        longest: Seconds(300),
        iat_required: true,
        for_endpoint: true,
        algorithms: &[],
    },
    pairwise: true,
    offline_access: true,
    jwt_bearer: true,
    ..standard::STANDARD
};

const BACKCHANNEL: BackchannelShape = BackchannelShape {
    modes: &[DeliveryMode::Poll],
    ignored: &["acr_values", "binding_message", "client_notification_token", "requested_expiry", "user_code"],
    login_hint: LoginHint::Subscriber,
    login_hint_only: true,
    purpose: true,
    ..standard::BACKCHANNEL
};
