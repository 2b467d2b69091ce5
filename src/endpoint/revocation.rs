//! Token revocation: RFC 7009.

use super::token::read_form;
use crate::client_authentication::authenticate;
use crate::error::ProtocolError;
use crate::host::{Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::store::refresh;
use crate::token;

pub(super) const PATH: &str = "/revoke";

pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> HttpResponse {
    match revocation(host, issuer, request).await {
        // §2.2: also where there was no such token.
        Ok(()) => HttpResponse::json(200, "{}".into()),
        Err(error) => error.to_response(),
    }
}

pub(super) async fn revocation(
    host: &Host,
    issuer: &Issuer,
    request: &HttpRequest,
) -> Result<(), ProtocolError> {
    let form = read_form(request)?;
    let client = authenticate(host, issuer, &issuer.assertion_audiences(), request, &form).await?;
    revoke(host, issuer, &client.client_id, form.require("token")?).await
}

/// Revokes a token of this client; of others' nothing is said, and nothing happens to them (§2.1).
pub(super) async fn revoke(
    host: &Host,
    issuer: &Issuer,
    client_id: &str,
    text: &str,
) -> Result<(), ProtocolError> {
    let mut event = Event::new("token.revoked", host.now(), &issuer.identifier);
    event.client_id = Some(client_id.to_owned());
    if let Ok(token) = token::access_token(issuer, text, host.now()) {
        let Some(jti) = token.revocation().filter(|jti| jti.client_id == client_id) else { return Ok(()) };
        jti.record_once(host).await.map_err(ProtocolError::unavailable)?;
        event.jti.clone_from(&token.jti);
        event.subject = Some(token.sub.clone());
    } else {
        let revoked = refresh::revoke(host, &issuer.identifier, client_id, text).await;
        let Some(sub) = revoked.map_err(ProtocolError::unavailable)? else { return Ok(()) };
        event.subject = Some(sub);
    }
    // An audit event that the host cannot write is the host's to report; the token is revoked.
    let _ = host.record(event).await;
    Ok(())
}
