//! Single use of a JWT, by its `jti`.

use serde::Serialize;

use super::record::{Key, Record};
use crate::host::{Check, Commit, Failure, Host, Role};
use crate::time::Timestamp;

/// A `jti` that was seen. There is nothing to know of it but that.
#[derive(Serialize)]
pub(super) struct UsedJti {
    #[serde(skip)]
    expires_at: Timestamp,
}

impl Record for UsedJti {
    const KIND: &'static str = "jti";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// Notes that `client_id` used `jti` at `issuer`: `true` for the first to say so, `false` for all
/// others until `expires_at`, when the JWT itself is good no more.
///
/// Call it only once the JWT is verified: else anyone could use up a `jti` that is not theirs.
pub async fn record_jti_once(
    host: &Host,
    issuer: &str,
    client_id: &str,
    jti: &str,
    expires_at: Timestamp,
) -> Result<bool, Failure> {
    let key = Key::of(&[issuer, client_id, jti]);
    host.commit(Commit {
        role: UsedJti::ROLE,
        check: vec![Check { key: key.as_str().to_owned(), version: None }],
        set: vec![key.put(&UsedJti { expires_at })],
        delete: Vec::new(),
    })
    .await
}
