//! The policy, where it stands in the registry.

use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record, text};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::{Failure, Host, Role};
use crate::issuer::{Issuer, PolicySource};
use crate::policy::Policy;
use crate::time::Timestamp;

/// The text of a policy.
#[derive(Debug, Serialize)]
pub(super) struct Published {
    text: String,
}

impl Record for Published {
    const KIND: &'static str = "policy";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::Registry;

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self { text: text(fields, "text")? })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The issuer's policy of now; `None` where its configuration names none.
///
/// # Errors
/// `temporarily_unavailable` where the registry fails, holds none, or holds one that cannot be read: without its
/// policy an issuer that has one decides nothing.
pub async fn policy_of(host: &Host, issuer: &Issuer) -> Result<Option<Rc<Policy>>, ProtocolError> {
    let cached = match &issuer.policy {
        PolicySource::None => return Ok(None),
        PolicySource::Fixed(policy) => return Ok(Some(Rc::clone(policy))),
        PolicySource::Registry(cached) => cached,
    };
    let found = key(issuer).read(host).await.map_err(ProtocolError::unavailable)?;
    let text = found.map(|found| found.record.text).ok_or_else(|| {
        ProtocolError::unavailable("no policy is published in the registry for this issuer")
    })?;
    if let Some((known, policy)) = &*cached.borrow()
        && *known == text
    {
        return Ok(Some(Rc::clone(policy)));
    }
    let policy = Policy::parse(&text).map(Rc::new).map_err(|mistakes| {
        let first = mistakes.first().map(|mistake| format!("{}: {}", mistake.pointer, mistake.message));
        let said = first.unwrap_or_default();
        ProtocolError::new(ErrorCode::TemporarilyUnavailable, "the policy cannot be read")
            .with_cause(format!("the published policy has {} mistakes: {said}", mistakes.len()))
    })?;
    cached.replace(Some((text, Rc::clone(&policy))));
    Ok(Some(policy))
}

/// Publishes the text of a policy, which the caller has parsed.
pub async fn publish_policy(host: &Host, issuer: &Issuer, text: String) -> Result<(), Failure> {
    key(issuer).write(host, &Published { text }).await
}

/// The text that is published.
pub async fn published_policy(host: &Host, issuer: &Issuer) -> Result<Option<String>, Failure> {
    Ok(key(issuer).read(host).await?.map(|found| found.record.text))
}

fn key(issuer: &Issuer) -> Key<Published> {
    Key::of(&[&issuer.identifier])
}
