//! Issuing the access token of a grant.

use rand_core::Rng;
use uuid::Builder;

use super::{Context, Grant};
use crate::claims::AccessToken;
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Failure;

/// A token that was issued for a grant.
#[derive(Debug)]
pub struct Issued {
    /// The access token.
    pub access_token: String,
    /// Its id.
    pub jti: String,
    /// What it was issued for.
    pub grant: Grant,
}

impl Context<'_> {
    /// Issues the access token of a grant.
    ///
    /// # Errors
    /// `temporarily_unavailable` where the key could not sign.
    pub async fn issue(&self, grant: Grant) -> Result<Issued, ProtocolError> {
        let (host, issuer) = (self.host, self.issuer);
        let shape = &issuer.profile.access_token;
        let mut random = [0; 16];
        host.rng().fill_bytes(&mut random);
        let jti = Builder::from_random_bytes(random).into_uuid().to_string();
        let payload = serde_json::to_string(&AccessToken {
            shape: shape.claims,
            iss: &issuer.identifier,
            sub: &grant.sub,
            aud: &grant.granted.audience,
            client_id: &self.client.client_id,
            iat: host.now(),
            exp: host.now().after(grant.granted.lifetime),
            jti: &jti,
            scope: &grant.granted.scope,
        })
        .map_err(|error| unavailable(&error))?;
        let tokens = issuer.signing_key.sign(host, shape.typ, vec![payload]).await;
        let mut tokens = tokens.map_err(|failure: Failure| unavailable(&failure))?;
        let access_token = tokens.pop().ok_or_else(|| unavailable(&"nothing was signed"))?;
        Ok(Issued { access_token, jti, grant })
    }
}

fn unavailable(cause: &impl std::fmt::Display) -> ProtocolError {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, "the token could not be signed: try again")
        .with_cause(cause)
}
