//! What must happen once, or be counted, or be remembered: verbs over `get` and `commit`.

mod api_key;
mod approval;
pub mod ciba;
mod consent;
mod details;
mod jti;
mod jwks;
mod policy;
mod quota;
mod record;
pub mod refresh;
mod subject;

pub use api_key::{is_api_key_of, put_api_key};
pub use approval::{Approval, ApprovalError, Property};
pub use consent::{ConsentEntry, Processing, consent, consents, record_consent};
pub use details::{Details, keep_properties, properties_of};
pub use jti::{Jti, UsedFor};
pub use jwks::jwks;
pub use policy::{policy_of, publish_policy, published_policy};
pub use quota::Quota;
pub use subject::{Person, put_hint, put_subject, subject_of_hint, subject_state};

use record::Record;

/// The record kinds that the `state` role holds.
pub const STATE_KINDS: &[&str] = &[
    api_key::ApiKey::KIND,
    ciba::Authentication::KIND,
    consent::Consents::KIND,
    details::Properties::KIND,
    jti::UsedJti::KIND,
    quota::Used::KIND,
    refresh::Family::KIND,
    subject::Named::KIND,
    subject::Subject::KIND,
];
