//! The JOSE header.

use serde_json::{Map, Value};

use super::{Content, JwsError};
use crate::jose::Algorithm;
use crate::json;

/// The JOSE header: RFC 7515 §4.1. Unknown members are ignored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// `alg`.
    pub alg: Algorithm,
    /// `typ`, as sent; compare it with [`Self::has_type`].
    pub typ: Option<String>,
    /// `cty`, as sent.
    pub cty: Option<String>,
    /// `kid`: data to compare, never a path.
    pub kid: Option<String>,
}

impl Header {
    /// Reads a header for content of this kind; with it, whether the payload is encoded.
    pub(super) fn parse(protected: &[u8], content: Content) -> Result<(Self, bool), JwsError> {
        Self::join(Some(protected), None, content)
    }

    /// Reads a header whose two halves share no member (RFC 7515 §7.2.1).
    pub(super) fn join(
        protected: Option<&[u8]>,
        unprotected: Option<&Map<String, Value>>,
        content: Content,
    ) -> Result<(Self, bool), JwsError> {
        let (empty, none) = (Value::Object(Map::new()), Map::new());
        let protected = protected.map_or(Ok(empty), json::parse)?;
        let protected = protected.as_object().ok_or(JwsError::NotAnObject)?;
        let unprotected = unprotected.unwrap_or(&none);
        if let Some(name) = unprotected.keys().find(|name| protected.contains_key(*name)) {
            return Err(JwsError::HeaderTwice { name: name.clone() });
        }
        if let Some(member) = ["crit", "b64"].into_iter().find(|member| unprotected.contains_key(*member)) {
            return Err(JwsError::Unprotected { member });
        }
        let encoded = is_encoded(protected, content)?;
        let text = |member| match protected.get(member).or_else(|| unprotected.get(member)) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Type { member, expected: "a string" }),
        };
        let alg: Algorithm = text("alg")?.ok_or(JwsError::NoAlgorithm)?.parse()?;
        let header = Self { alg, typ: text("typ")?, cty: text("cty")?, kid: text("kid")? };
        match content {
            Content::Claims if header.is_nested() => Err(JwsError::Nested),
            Content::NestedJwt if !header.is_nested() => Err(JwsError::NotNested),
            _ => Ok((header, encoded)),
        }
    }

    /// Whether `typ` is this media type: letters in any case, with or without `application/`
    /// (RFC 7515 §4.1.9). Pass it without.
    pub fn has_type(&self, media_type: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| same_media_type(typ, media_type))
    }

    /// Whether `cty` says that the payload is a token.
    fn is_nested(&self) -> bool {
        self.cty.as_deref().is_some_and(|cty| same_media_type(cty, "jwt"))
    }
}

/// Whether the two are one media type: letters in any case, `text` with or without `application/`
/// (RFC 7515 §4.1.9, §4.1.10).
pub fn same_media_type(text: &str, media_type: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.strip_prefix("application/").unwrap_or(&text) == media_type.to_ascii_lowercase()
}

/// Whether the payload is base64url where it is signed: RFC 7797 §3. Of all extensions that `crit`
/// could name (RFC 7515 §4.1.11), `b64` is the one that is understood, and not in a JWT.
fn is_encoded(protected: &Map<String, Value>, content: Content) -> Result<bool, JwsError> {
    let b64 = protected.get("b64");
    if content != Content::Octets && b64.is_some() {
        return Err(JwsError::B64);
    }
    let names = critical(protected)?;
    let b64_is_critical = names == ["b64"];
    let understood = names.is_empty() || b64_is_critical && b64.is_some();
    if !understood {
        return Err(JwsError::Critical { names });
    }
    match b64 {
        None => Ok(true),
        Some(Value::Bool(encoded)) if *encoded || b64_is_critical => Ok(*encoded),
        Some(Value::Bool(_)) => Err(JwsError::B64),
        Some(_) => Err(JwsError::Type { member: "b64", expected: "true or false" }),
    }
}

fn critical(protected: &Map<String, Value>) -> Result<Vec<String>, JwsError> {
    let Some(crit) = protected.get("crit") else { return Ok(Vec::new()) };
    let names: Option<Vec<_>> =
        crit.as_array().and_then(|names| names.iter().map(|name| name.as_str().map(String::from)).collect());
    let expected = "an array of strings, not empty";
    names.filter(|names| !names.is_empty()).ok_or(JwsError::Type { member: "crit", expected })
}
