//! Client authentication: RFC 6749 §2.3, RFC 7523 §2.2 and §3, OpenID Connect Core §9.
//!
//! A request authenticates in one way, the one that the client is registered for. Who fails gets
//! one answer, whether it was the client or its secret that was wrong.

mod assertion;
mod bearer;
mod presented;

use std::rc::Rc;

use crate::client::{Client, Credential};
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::Host;
use crate::http::HttpRequest;
use crate::issuer::Issuer;
use crate::secret::{Secret, SecretHash};
use presented::Presented;

pub use bearer::{authenticate_bearer, is_bearer};
pub use presented::basic_credentials;

/// The client that sent the request. `audiences`: what a JWT of its may be for in place of the issuer.
///
/// # Errors
/// `invalid_request` where it authenticates in two ways; `invalid_client` where it is not who it
/// says; `temporarily_unavailable` where the store that guards single use fails.
pub async fn authenticate(
    host: &Host,
    issuer: &Issuer,
    audiences: &[String],
    request: &HttpRequest,
    form: &Form,
) -> Result<Rc<Client>, ProtocolError> {
    let client = match presented::read(issuer, request, form)? {
        Presented::Basic { client_id, secret } => {
            by_secret(issuer, &client_id, &secret, |credential| match credential {
                Credential::SecretBasic(hash) => Some(hash),
                _ => None,
            })?
        }
        Presented::Post { client_id, secret } => {
            by_secret(issuer, &client_id, &secret, |credential| match credential {
                Credential::SecretPost(hash) => Some(hash),
                _ => None,
            })?
        }
        Presented::Assertion { assertion, client_id } => {
            assertion::verify(host, issuer, audiences, &assertion, client_id.as_deref()).await?
        }
        Presented::None { client_id } => match issuer.clients.get(&client_id) {
            Some(client) if matches!(client.credential, Credential::None) => Rc::clone(client),
            _ => return Err(refused(issuer, "unknown client, or not a public one")),
        },
    };
    if client.active { Ok(client) } else { Err(refused(issuer, "the client is not authorized")) }
}

/// RFC 6749 §2.3.1. An unknown client's secret is compared too, so that it takes the same time.
fn by_secret(
    issuer: &Issuer,
    client_id: &str,
    secret: &Secret,
    registered: impl Fn(&Credential) -> Option<&SecretHash>,
) -> Result<Rc<Client>, ProtocolError> {
    const NOBODY: SecretHash = SecretHash::of_nothing();
    let client = issuer.clients.get(client_id);
    let hash = client.and_then(|client| registered(&client.credential));
    let matches = hash.unwrap_or(&NOBODY).matches(secret);
    match (client, hash) {
        (Some(client), Some(_)) if matches => Ok(Rc::clone(client)),
        (Some(_), Some(_)) => Err(refused(issuer, "wrong secret")),
        (Some(_), None) => Err(refused(issuer, "registered for another method")),
        (None, _) => Err(refused(issuer, "unknown client")),
    }
}

/// The one answer to whoever fails; `cause` is for the audit event alone.
fn refused(issuer: &Issuer, cause: &str) -> ProtocolError {
    invalid_client(issuer, "client authentication failed: check client id, credentials and method")
        .with_cause(cause)
}

/// RFC 6749 §5.2: 401, with the scheme that clients may use in the header.
pub fn invalid_client(issuer: &Issuer, description: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidClient, description)
        .with_header("www-authenticate", format!("Basic realm=\"{}\"", issuer.identifier))
}
