//! API keys: which client a key belongs to. Only hashes of keys are kept.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record, text};
use crate::client::Client;
use crate::host::{Failure, Host, Role};
use crate::issuer::Issuer;
use crate::secret::{Secret, SecretHash};
use crate::time::Timestamp;

/// A key's client, and whether the key still counts. Its record is found by the hash of the key.
#[derive(Debug, Serialize)]
pub(super) struct ApiKey {
    client_id: String,
    revoked: bool,
}

impl Record for ApiKey {
    const KIND: &'static str = "api_key";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self { client_id: text(fields, "client_id")?, revoked: fields.get("revoked")?.as_bool()? })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// Whether `key` is one of this client's. A record has the word over the configuration, so that a key that stands
/// there can be revoked too.
pub async fn is_api_key_of(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    key: &Secret,
) -> Result<bool, Failure> {
    let stands = client.api_keys.iter().fold(false, |found, hash| hash.matches(key) | found);
    Ok(match record_key(issuer, key).read(host).await? {
        Some(found) => !found.record.revoked && found.record.client_id == client.client_id,
        None => stands,
    })
}

/// Gives `key` to a client, or takes it away.
pub async fn put_api_key(
    host: &Host,
    issuer: &Issuer,
    client_id: &str,
    key: &Secret,
    revoked: bool,
) -> Result<(), Failure> {
    record_key(issuer, key).write(host, &ApiKey { client_id: client_id.to_owned(), revoked }).await
}

fn record_key(issuer: &Issuer, key: &Secret) -> Key<ApiKey> {
    Key::of(&[&issuer.identifier, &SecretHash::of(key).to_base64url()])
}
