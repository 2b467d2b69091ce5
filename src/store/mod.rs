//! What must happen once, or be counted, or be remembered: verbs over `get` and `commit`.

mod jti;
mod record;

pub use jti::record_jti_once;

use record::Record;

/// The record kinds that the `state` role holds.
pub const STATE_KINDS: &[&str] = &[jti::UsedJti::KIND];
