//! The directory of subjects: who may be acted for.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record, text};
use crate::host::{Failure, Hint, Host, Identified, Role, UserCodeFault};
use crate::issuer::Issuer;
use crate::policy::SubjectState;
use crate::secret::Secret;
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
        record.or_else(|| issuer.subjects.get(sub).map(|subject| subject.active))
    };
    Ok(match active {
        Some(true) => SubjectState::Active,
        Some(false) => SubjectState::Disabled,
        None => SubjectState::Unknown,
    })
}

/// A hint that names a subject.
#[derive(Debug, Serialize)]
pub(super) struct Named {
    sub: String,
}

impl Record for Named {
    const KIND: &'static str = "hint";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self { sub: text(fields, "sub")? })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// Whom a hint names.
#[derive(Debug)]
pub struct Person {
    /// The subject's identifier.
    pub sub: String,
    /// What is known of it.
    pub state: SubjectState,
    /// What was wrong with the user code.
    pub user_code: Option<UserCodeFault>,
}

/// Whom a hint names: by the host's hook where there is one; else by the directory, which knows people by their
/// `sub` and, in a `login_hint`, by what they were named there, and has the word over the configuration.
pub async fn subject_of_hint(host: &Host, issuer: &Issuer, hint: Hint) -> Result<Option<Person>, Failure> {
    if host.identifies() {
        let Some(Identified { sub, user_code }) = host.identify(hint).await? else { return Ok(None) };
        let state = subject_state(host, issuer, &issuer.identifier, &sub).await?;
        return Ok(Some(Person { sub, state, user_code }));
    }
    let text = &hint.hint;
    let mut named = None;
    // What a token says is a sub, and no other name.
    if hint.kind == "login_hint" {
        let by_hint = || issuer.subjects.iter().find(|(_, subject)| subject.hints.contains(text));
        named = hint_key(issuer, text).read(host).await?.map(|found| found.record.sub);
        named = named.or_else(|| by_hint().map(|(sub, _)| sub.clone()));
    }
    let sub = named.unwrap_or_else(|| text.clone());
    let state = subject_state(host, issuer, &issuer.identifier, &sub).await?;
    if state == SubjectState::Unknown {
        return Ok(None);
    }
    let expected = issuer.subjects.get(&sub).and_then(|subject| subject.user_code.as_ref());
    let user_code = expected.and_then(|expected| match &hint.user_code {
        None => Some(UserCodeFault::Missing),
        Some(sent) => (!expected.matches(&Secret::new(sent.as_str()))).then_some(UserCodeFault::Wrong),
    });
    Ok(Some(Person { sub, state, user_code }))
}

/// Lets `hint` name `sub`.
pub async fn put_hint(host: &Host, issuer: &Issuer, hint: &str, sub: &str) -> Result<(), Failure> {
    hint_key(issuer, hint).write(host, &Named { sub: sub.into() }).await
}

fn hint_key(issuer: &Issuer, hint: &str) -> Key<Named> {
    Key::of(&[&issuer.identifier, hint])
}

/// Puts `sub` into the directory, or changes what stands there.
pub async fn put_subject(host: &Host, issuer: &Issuer, sub: &str, active: bool) -> Result<(), Failure> {
    key(issuer, sub).write(host, &Subject { active }).await
}

fn key(issuer: &Issuer, sub: &str) -> Key<Subject> {
    Key::of(&[&issuer.identifier, sub])
}
