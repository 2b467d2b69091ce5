//! The keys of other issuers, as they were fetched.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record, text};
use crate::host::{Failure, Host, Outbound, Role};
use crate::jose::JwkSet;
use crate::time::{Seconds, Timestamp};

/// How long keys are used before they are fetched again.
const FRESH: Seconds = Seconds(300);
/// The least time from one fetch to the next, whatever tokens say of their keys.
const COOLDOWN: Seconds = Seconds(30);

/// A JWK Set, and when it was fetched, in seconds since 1970.
#[derive(Debug, Serialize)]
pub(super) struct Fetched {
    text: String,
    at: u64,
}

impl Record for Fetched {
    const KIND: &'static str = "jwks";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::Registry;

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self { text: text(fields, "text")?, at: fields.get("at")?.as_u64()? })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Timestamp::from_seconds(self.at).after(FRESH))
    }
}

/// The keys at `uri`; `knows` says whether a set has the key that is looked for. Where it has not, the set is
/// fetched again, unless it was just now.
pub async fn jwks(
    host: &Host,
    uri: &str,
    knows: impl Fn(&JwkSet) -> bool,
) -> Result<Option<JwkSet>, Failure> {
    let key = Key::<Fetched>::of(&[uri]);
    if let Some(found) = key.read(host).await? {
        let set = JwkSet::parse(&found.record.text).ok();
        let recent = host.now() < Timestamp::from_seconds(found.record.at).after(COOLDOWN);
        if recent || set.as_ref().is_some_and(&knows) {
            return Ok(set);
        }
    }
    let answer = host
        .fetch(Outbound {
            method: "GET",
            url: uri.to_owned(),
            headers: vec![("accept".into(), "application/jwk-set+json, application/json".into())],
            body: None,
            timeout_ms: 5000,
            max_bytes: 512 * 1024,
        })
        .await?;
    let text = String::from_utf8(answer.body).ok().filter(|_| answer.status == 200);
    let Some(text) = text.filter(|text| JwkSet::parse(text).is_ok()) else {
        let message = format!("{uri} answered {} and no JWK Set", answer.status);
        return Err(Failure { effect: "fetch".into(), message });
    };
    let set = JwkSet::parse(&text).ok();
    // A registry that cannot be written to costs a fetch each time, and nothing else.
    let _ = key.write(host, &Fetched { text, at: host.now().seconds() }).await;
    Ok(set)
}
