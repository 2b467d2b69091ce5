//! The client credentials grant, RFC 6749 §4.4: a client gets a token for itself.
//!
//! Needs a confidential client, authenticated. Gives an access token whose subject is the client,
//! and no refresh token.

use super::{Context, Grant};
use crate::client::Credential;
use crate::error::{ErrorCode, ProtocolError};

/// Decides what the client gets.
///
/// # Errors
/// `unauthorized_client`, `invalid_target`, `invalid_scope`.
pub fn grant(context: &Context) -> Result<Grant, ProtocolError> {
    // §4.4: must only be used by confidential clients.
    if matches!(context.client.credential, Credential::None) {
        let message = "a public client cannot use client_credentials";
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, message));
    }
    // §4.4.2: scope is optional; RFC 8707 §2: so is resource.
    let (audience, scope) = context.audience_and_scope()?;
    // §4.4.3: no refresh token. RFC 9068 §2.2: sub is the client.
    Ok(Grant { sub: context.client.client_id.clone(), audience, scope })
}
