//! What a request presents to authenticate with: exactly one thing.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::invalid_client;
use crate::error::ProtocolError;
use crate::form::{self, Form};
use crate::http::HttpRequest;
use crate::issuer::Issuer;
use crate::secret::Secret;

/// RFC 7617 §2 pads; some clients do not.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `client_assertion_type` of RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) enum Presented {
    Basic { client_id: String, secret: Secret },
    Post { client_id: String, secret: Secret },
    Assertion { assertion: String, client_id: Option<String> },
    None { client_id: String },
}

pub(super) fn read(issuer: &Issuer, request: &HttpRequest, form: &Form) -> Result<Presented, ProtocolError> {
    // RFC 6749 §2.3.1: credentials must not be in the URI.
    if form::names(&request.query).any(|name| matches!(&*name, "client_secret" | "client_assertion")) {
        return Err(ProtocolError::invalid_request(
            "send credentials in the header or the body, never in the URI",
        ));
    }
    let header = request.headers.authorization.as_deref();
    let secret = form.get("client_secret");
    let assertion = form.get("client_assertion").or_else(|| form.get("client_assertion_type"));
    let client_id = form.get("client_id");

    // RFC 6749 §2.3: not more than one method in each request.
    if usize::from(header.is_some()) + usize::from(secret.is_some()) + usize::from(assertion.is_some()) > 1 {
        return Err(ProtocolError::invalid_request("authenticate the client in one way only"));
    }
    if let Some(header) = header {
        let (from_header, secret) = basic(header).map_err(|message| invalid_client(issuer, message))?;
        if client_id.is_some_and(|id| id != from_header) {
            return Err(ProtocolError::invalid_request("client_id differs from the Authorization header's"));
        }
        return Ok(Presented::Basic { client_id: from_header, secret });
    }
    if assertion.is_some() {
        if form.get("client_assertion_type") != Some(JWT_BEARER) {
            return Err(ProtocolError::invalid_request(format!(
                "client_assertion_type must be {JWT_BEARER}"
            )));
        }
        let assertion = form.require("client_assertion")?.to_owned();
        return Ok(Presented::Assertion { assertion, client_id: client_id.map(str::to_owned) });
    }
    match (client_id.map(str::to_owned), secret) {
        (Some(client_id), Some(secret)) => Ok(Presented::Post { client_id, secret: Secret::new(secret) }),
        (Some(client_id), None) => Ok(Presented::None { client_id }),
        (None, Some(_)) => Err(ProtocolError::invalid_request("parameter client_id is missing")),
        (None, None) => Err(invalid_client(issuer, "the client did not authenticate")),
    }
}

/// RFC 7617 §2 with RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
fn basic(header: &str) -> Result<(String, Secret), &'static str> {
    let (id, secret) = basic_credentials(header)?;
    match (form::decode(&id), form::decode(&secret)) {
        (Some(id), Some(secret)) => Ok((id, Secret::new(secret))),
        _ => Err("the Basic credentials are not form-encoded UTF-8"),
    }
}

/// RFC 7617 §2: user and password, as they are.
pub fn basic_credentials(header: &str) -> Result<(String, String), &'static str> {
    let (scheme, credentials) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err("the Authorization header must use the scheme Basic");
    }
    let text =
        BASIC.decode(credentials.trim_matches(' ')).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or("the Basic credentials are not base64 of UTF-8 text")?;
    let (user, password) = text.split_once(':').ok_or("the Basic credentials hold no colon")?;
    Ok((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials() {
        let read = |text: &str| {
            basic(text).map(|(id, secret)| (id, String::from_utf8(secret.expose().to_vec()).unwrap()))
        };
        // RFC 6749 §2.3.1's own example.
        let good = ("s6BhdRkqt3".to_owned(), "7Fjfp0ZBr1KtDRbnfVdmIw".to_owned());
        assert_eq!(read("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"), Ok(good.clone()));
        assert_eq!(read("bAsIc  czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3 "), Ok(good));
        let encode = |text: &[u8]| format!("Basic {}", BASIC.encode(text));
        assert_eq!(read(&encode(b"a%3Ab:c%2B+%25:d")), Ok(("a:b".into(), "c+ %:d".into())));
        assert_eq!(read("Basic YTpi"), read("Basic YTpi"));
        assert_eq!(read("Basic YTo="), Ok(("a".into(), String::new())));
        assert_eq!(read("Basic YTo"), Ok(("a".into(), String::new())));
        for bad in ["Basic", "Basic ", "Basic !", "Basic YQ", "Bearer YTpi", "Basic YTpi, Basic YTpi"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&encode(b"a:\xff")).is_err());
        assert!(read(&encode(b"a:%ff")).is_err());
    }
}
