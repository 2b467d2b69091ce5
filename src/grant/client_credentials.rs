//! Client Credentials Grant: RFC 6749 §4.4.
//!
//! Takes a confidential client, authenticated. Gives an access token whose subject is the client,
//! and no refresh token.

use super::{Asked, Context, Grant};
use crate::error::ProtocolError;
use crate::policy::{self, ClientFacts};

/// Decides what the client gets.
///
/// # Errors
/// `invalid_target`, `invalid_scope`.
pub fn grant(context: &Context) -> Result<Grant, ProtocolError> {
    let Context { client, .. } = context;
    // §4.4.2: scope is optional; RFC 8707 §2: so is resource.
    let (scope, audience) = (context.asked_scope()?, context.asked_audience()?);
    let asked = Asked { scope: scope.as_ref(), audience: &audience };
    let (issuer, client_facts) = (context.issuer_facts(), ClientFacts::from(*client));
    let decision = policy::client_credentials(context.policy, &issuer, &client_facts, &asked);
    let granted = decision.into_result().map_err(|refusal| context.refuse(&refusal))?;
    // §4.4.3: no refresh token. RFC 9068 §2.2: sub is the client.
    Ok(Grant { sub: client.client_id.clone(), granted, ..Grant::default() })
}
