//! The directory of subjects: who may be acted for.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record};
use crate::host::{Failure, Host, Role};
use crate::issuer::Issuer;
use crate::policy::SubjectState;
use crate::time::Timestamp;

/// A subject in the directory.
#[derive(Debug, Serialize)]
pub(super) struct Subject {
    active: bool,
}

/// Not in the registry, which may be read stale: who is disabled is to be refused at once.
impl Record for Subject {
    const KIND: &'static str = "subject";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self { active: fields.get("active")?.as_bool()? })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// What is known of `sub`, of whom a token of `iss` speaks: by the host's hook where there is one, else by the directory, where a record has the
/// word over the configuration.
pub async fn subject_state(
    host: &Host,
    issuer: &Issuer,
    iss: &str,
    sub: &str,
) -> Result<SubjectState, Failure> {
    let active = if host.asks_subject() {
        host.subject(iss, sub).await?.map(|state| state.active)
    } else {
        let record = key(issuer, sub).read(host).await?.map(|found| found.record.active);
        record.or_else(|| issuer.subjects.get(sub).copied())
    };
    Ok(match active {
        Some(true) => SubjectState::Active,
        Some(false) => SubjectState::Disabled,
        None => SubjectState::Unknown,
    })
}

/// Puts `sub` into the directory, or changes what stands there.
pub async fn put_subject(host: &Host, issuer: &Issuer, sub: &str, active: bool) -> Result<(), Failure> {
    key(issuer, sub).write(host, &Subject { active }).await
}

fn key(issuer: &Issuer, sub: &str) -> Key<Subject> {
    Key::of(&[&issuer.identifier, sub])
}
