//! A request that waits for a consent, as `consent_url` names it to the page where people give it: by its id, which is
//! no secret. What it is about is shown, and what is said of it recorded, to callers of the consent API alone.

use serde_json::{Value, json};

use super::ciba_complete::undecidable;
use super::consents::Meant;
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Host;
use crate::issuer::Issuer;
use crate::policy::Policy;
use crate::scope::Scope;
use crate::store::ciba::find_by_id;
use crate::store::{ConsentEntry, consents};

/// A request that waits.
pub(super) struct Waiting {
    /// The consent that it waits for: to what of its scope rests on one.
    pub meant: Meant,
    /// When it ends, in seconds since 1970.
    pub expires_at: u64,
}

/// The request of this id.
///
/// # Errors
/// `not_found` where there is none of this issuer that has a purpose; `invalid_request` where it waits no longer, or
/// for no consent.
pub(super) async fn of_request(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    id: &str,
) -> Result<Waiting, ProtocolError> {
    let unknown = || ProtocolError::new(ErrorCode::NotFound, "the request is unknown, or was forgotten");
    let found = find_by_id(host, id).await.map_err(ProtocolError::unavailable)?;
    let found = found.filter(|request| request.asked.issuer == issuer.identifier).ok_or_else(unknown)?;
    let (sub, purpose) = found.asked.sub.clone().zip(found.asked.purpose.clone()).ok_or_else(unknown)?;
    found.decidable(host.now()).map_err(undecidable)?;
    let scope: Scope = found.asked.scope.parse().unwrap_or_default();
    let scope = policy.map(|policy| policy.by_consent(&purpose, &scope)).unwrap_or_default();
    if scope.is_empty() {
        return Err(ProtocolError::invalid_request("the request waits for no consent"));
    }
    let meant = Meant { sub, client_id: found.asked.client_id, purpose, scope };
    Ok(Waiting { meant, expires_at: found.ends_at })
}

/// What the page shows: what the request is about, and what was said of its client and purpose before.
pub(super) async fn read(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    id: &str,
) -> Result<Value, ProtocolError> {
    let Waiting { meant, expires_at } = of_request(host, issuer, policy, id).await?;
    let entries = consents(host, issuer, &meant.sub).await.map_err(ProtocolError::unavailable)?;
    let same = |entry: &&ConsentEntry| entry.client_id == meant.client_id && entry.purpose == meant.purpose;
    let before: Vec<_> = entries.iter().filter(same).collect();
    let client = issuer.clients.get(&meant.client_id);
    Ok(json!({
        "client_id": meant.client_id,
        "client_name": client.and_then(|client| client.client_name.as_deref()),
        "purpose": meant.purpose,
        "scope": meant.scope.to_string(),
        "sub": meant.sub,
        "expires_at": expires_at,
        "consents": before,
    }))
}
