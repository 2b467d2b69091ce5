//! Who calls: the front end, by the service's API key and secret or by its access token.

use crate::client_authentication::basic_credentials;
use crate::error::{ErrorCode, ProtocolError};
use crate::http::HttpRequest;
use crate::issuer::{FrontEnd, Issuer};
use crate::secret::{Secret, SecretHash};

/// Lets the front end of this issuer pass, and nobody else.
///
/// # Errors
/// `invalid_token`, 401, with the schemes that will do.
pub(super) fn authenticate(
    issuer: &Issuer,
    front_end: &FrontEnd,
    request: &HttpRequest,
) -> Result<(), ProtocolError> {
    let presented = request.headers.authorization.as_deref().unwrap_or_default();
    if is_it(front_end, presented) {
        return Ok(());
    }
    let realm = &issuer.identifier;
    let message = "send the service's API key and secret by Basic, or its access token by Bearer";
    Err(ProtocolError::new(ErrorCode::InvalidToken, message)
        .with_header("www-authenticate", format!("Basic realm=\"{realm}\", Bearer realm=\"{realm}\"")))
}

fn is_it(front_end: &FrontEnd, presented: &str) -> bool {
    let (scheme, credentials) = presented.split_once(' ').unwrap_or((presented, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        let token = Secret::new(credentials.trim_matches(' '));
        return front_end.access_token.as_ref().is_some_and(|known| known.matches(&token));
    }
    // RFC 7617 §2: as they are. Client libraries do not form-encode them.
    let Ok((api_key, secret)) = basic_credentials(presented) else { return false };
    // Both are compared whatever comes of the first, so that it takes the same time.
    let known = SecretHash::of(&Secret::new(front_end.api_key.as_str())).matches(&Secret::new(api_key));
    known & front_end.api_secret.matches(&Secret::new(secret))
}
