//! The serialisation in JSON, general and flattened: RFC 7515 §7.2.

use serde_json::{Map, Value};

use super::unverified::decode;
use super::{Content, Header, JwsError, MAX_TOKEN_OCTETS, Unverified};
use crate::json;

/// Most signatures that one JWS may have.
pub const MAX_SIGNATURES: usize = 16;

/// Takes a JWS in JSON apart, one [`Unverified`] a signature.
///
/// A signature whose header is not accepted (an algorithm that is not known, say) is an error of its
/// own and does not spoil the others. How many of them must be good is for the caller to say (§5.2).
/// With `detached` content there must be no `payload` (appendix F).
pub fn parse_json(
    text: &str,
    detached: Option<&[u8]>,
) -> Result<Vec<Result<Unverified, JwsError>>, JwsError> {
    if text.len() > MAX_TOKEN_OCTETS {
        return Err(JwsError::TooLong { octets: text.len() });
    }
    let value = json::parse(text.as_bytes())?;
    let jws = value.as_object().ok_or_else(|| wrong("expected an object"))?;
    let payload = match (jws.get("payload"), detached) {
        (Some(Value::String(text)), None) => Payload::Here(text),
        (None, Some(content)) => Payload::Elsewhere(content),
        (Some(_), Some(_)) => return Err(JwsError::NotDetached),
        (_, None) => return Err(wrong("expected \"payload\", a string")),
    };
    let signatures = signatures(jws)?.into_iter().map(|signature| signature.read(payload));
    let read: Vec<_> = signatures.collect::<Result<_, _>>()?;
    // RFC 7797 §3: "its value MUST be the same" in all signatures.
    let mut encoded = read.iter().flatten().map(|(_, encoded)| encoded);
    let first = encoded.next();
    if encoded.any(|other| Some(other) != first) {
        return Err(JwsError::B64);
    }
    Ok(read.into_iter().map(|one| one.map(|(unverified, _)| unverified)).collect())
}

#[derive(Clone, Copy)]
enum Payload<'a> {
    Here(&'a str),
    Elsewhere(&'a [u8]),
}

/// One signature as it stands.
struct Signature<'a> {
    protected: &'a str,
    unprotected: Option<&'a Map<String, Value>>,
    signature: &'a str,
}

/// Those of `signatures` (§7.2.1), or the one that stands flat beside the payload (§7.2.2).
fn signatures(jws: &Map<String, Value>) -> Result<Vec<Signature<'_>>, JwsError> {
    let Some(list) = jws.get("signatures") else { return Ok(vec![Signature::of(jws)?]) };
    if ["protected", "header", "signature"].iter().any(|member| jws.contains_key(*member)) {
        return Err(wrong("both general and flattened"));
    }
    let list = list.as_array().filter(|list| (1..=MAX_SIGNATURES).contains(&list.len()));
    let list = list.ok_or_else(|| wrong("expected \"signatures\", an array of 1 to 16"))?;
    list.iter()
        .map(|item| Signature::of(item.as_object().ok_or_else(|| wrong("expected an object"))?))
        .collect()
}

impl<'a> Signature<'a> {
    fn of(members: &'a Map<String, Value>) -> Result<Self, JwsError> {
        let text = |member| match members.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(wrong("expected \"protected\" and \"signature\" to be strings")),
        };
        let unprotected = match members.get("header") {
            None => None,
            Some(Value::Object(header)) => Some(header),
            Some(_) => return Err(wrong("expected \"header\" to be an object")),
        };
        let protected = text("protected")?;
        if protected.is_none_or(str::is_empty) && unprotected.is_none() || protected == Some("") {
            return Err(wrong("expected a header, and \"protected\" not to be empty"));
        }
        let signature = text("signature")?.ok_or_else(|| wrong("expected \"signature\""))?;
        Ok(Self { protected: protected.unwrap_or_default(), unprotected, signature })
    }

    /// The outer error is of the JWS, the inner of this signature's header.
    fn read(&self, payload: Payload<'_>) -> Result<Result<(Unverified, bool), JwsError>, JwsError> {
        let signature = decode("signature", self.signature)?;
        let protected = decode("header", self.protected)?;
        let protected = Some(protected.as_slice()).filter(|octets| !octets.is_empty());
        let (header, encoded) = match Header::join(protected, self.unprotected, Content::Octets) {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        let decoded;
        let content = match payload {
            Payload::Elsewhere(content) => content,
            Payload::Here(text) if !encoded => text.as_bytes(),
            Payload::Here(text) => {
                decoded = decode("payload", text)?;
                &decoded
            }
        };
        Ok(Ok((Unverified::new(header, self.protected, content, encoded, signature), encoded)))
    }
}

fn wrong(problem: &'static str) -> JwsError {
    JwsError::Serialisation { problem }
}
