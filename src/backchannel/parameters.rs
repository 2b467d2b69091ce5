//! A request's parameters, from the form or from the JWT that it is signed as.

use serde_json::{Map, Value};

use super::{is_read, signed};
use crate::client::Client;
use crate::error::ProtocolError;
use crate::form::Form;
use crate::host::Host;
use crate::issuer::Issuer;
use crate::json;
use crate::time::Timestamp;

/// Parameters that may be repeated in a form, RFC 8707 §2.
const REPEATABLE: &str = "resource";

/// The parameters, without those that the profile does not read.
pub(super) struct Parameters {
    values: Map<String, Value>,
    /// The `jti` of a signed request, which is good once, and when it ends.
    pub(super) jti: Option<(String, Timestamp)>,
}

impl Parameters {
    /// Reads them.
    ///
    /// # Errors
    /// `invalid_request` where they must be signed and are not, or are and the JWT is no good.
    pub(super) fn read(
        host: &Host,
        issuer: &Issuer,
        client: &Client,
        form: &Form,
    ) -> Result<Self, ProtocolError> {
        let shape = &issuer.profile.backchannel;
        let mut read = match form.get("request") {
            Some(request) => signed::read(host.now(), issuer, client, form, request)?,
            // §4: a client that is registered to sign must.
            None if shape.signed || client.backchannel.request_signing_alg.is_some() => {
                return Err(ProtocolError::invalid_request("send the parameters signed, as request"));
            }
            None => Self { values: of_form(form), jti: None },
        };
        read.values.retain(|name, _| is_read(shape, name));
        Ok(read)
    }

    /// Those of a JWT's claims.
    pub(super) fn signed(values: Map<String, Value>, jti: String, expires_at: Timestamp) -> Self {
        Self { values, jti: Some((jti, expires_at)) }
    }

    /// A parameter that is a text. One that is empty is none (RFC 6749 §3.1).
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, ProtocolError> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(ProtocolError::invalid_request(format!("{name} must be a text"))),
        }
    }

    /// A parameter that may stand there several times.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ProtocolError> {
        match self.values.get(name) {
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .ok_or_else(|| ProtocolError::invalid_request(format!("{name} must be texts"))),
            _ => Ok(self.text(name)?.into_iter().collect()),
        }
    }

    /// A parameter that is a positive whole number, as such or as a text (CIBA Core §7.1.1).
    pub(super) fn positive(&self, name: &str) -> Result<Option<u64>, ProtocolError> {
        let number = match self.values.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => {
                // Digits that are no such number are a larger one, which is as good as the largest.
                Some(text.parse().unwrap_or(u64::MAX))
            }
            Some(other) => other.as_u64(),
        };
        number.filter(|number| *number > 0).map(Some).ok_or_else(|| {
            ProtocolError::invalid_request(format!("{name} must be a positive whole number of seconds"))
        })
    }

    /// A parameter that is JSON: in a form as a text.
    pub(super) fn json(&self, name: &str) -> Result<Option<Value>, ProtocolError> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => json::parse(text.as_bytes())
                .map(Some)
                .map_err(|error| ProtocolError::invalid_request(format!("{name} must be JSON: {error}"))),
            Some(value) => Ok(Some(value.clone())),
        }
    }
}

fn of_form(form: &Form) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, value) in form.iter() {
        if name == REPEATABLE {
            let all: Vec<Value> = form.all(name).map(Value::from).collect();
            values.insert(name.to_owned(), Value::Array(all));
        } else {
            values.insert(name.to_owned(), value.into());
        }
    }
    values
}
