//! Requests to authenticate somebody who is elsewhere, read and checked: CIBA Core §7.1, §7.2.

mod hint;
mod parameters;
mod signed;

use serde_json::Value;

use crate::client::{Client, DeliveryMode};
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::Host;
use crate::issuer::{Ciba, Issuer};
use crate::profile::BackchannelShape;
use crate::purpose;
use crate::resource::expect_resources;
use crate::scope::Scope;
use crate::time::{Seconds, Timestamp};

pub use hint::{Hint, HintKind, person, unknown};
use parameters::Parameters;

/// §7.1: characters of a `client_notification_token`.
const LONGEST_NOTIFICATION_TOKEN: usize = 1024;
/// Characters that people can compare at a glance, and many more.
const LONGEST_BINDING_MESSAGE: usize = 128;
/// Bytes of what is passed on as it is.
const LONGEST_DETAILS: usize = 16 * 1024;

/// What a client asks for, as far as the request itself can be judged.
#[derive(Debug)]
pub struct Request {
    /// The scope.
    pub scope: Scope,
    /// The resources, RFC 8707 §2.
    pub audience: Vec<String>,
    /// Whom it is about.
    pub hint: Hint,
    /// `client_notification_token`, where the client's mode has one.
    pub notification_token: Option<String>,
    /// `acr_values`, those that are known.
    pub acr_values: Vec<String>,
    /// `binding_message`
    pub binding_message: Option<String>,
    /// `user_code`
    pub user_code: Option<String>,
    /// How long the request lasts.
    pub expires_in: Seconds,
    /// What it asked for of that, if anything.
    pub requested_expiry: Option<u64>,
    /// RFC 9396 §2
    pub authorization_details: Option<Value>,
    /// What the data is for.
    pub purpose: Option<String>,
    /// `request_context`, a JSON object that whoever decides may look at (FAPI-CIBA §5.2.2).
    pub request_context: Option<Value>,
    /// What was dropped of it, in words.
    pub warnings: Vec<String>,
    /// The `jti` of a signed one, which is good once, and when it ends.
    jti: Option<(String, Timestamp)>,
}

/// Reads an authentication request of `client`, signed or not.
///
/// # Errors
/// §13: `invalid_request`, `invalid_scope`, `invalid_binding_message`, `expired_login_hint_token`; RFC 8707 §2:
/// `invalid_target`; RFC 9396 §5: `invalid_authorization_details`.
pub fn read(
    host: &Host,
    issuer: &Issuer,
    ciba: &Ciba,
    client: &Client,
    form: &Form,
) -> Result<Request, ProtocolError> {
    let shape = &issuer.profile.backchannel;
    let parameters = Parameters::read(host, issuer, client, form)?;
    let mut warnings = Vec::new();
    let (scope, purpose) = scope(issuer, client, &parameters, &mut warnings)?;
    let acr_values = acr_values(ciba, &parameters, &mut warnings)?;
    let binding_message = binding_message(&parameters)?;
    let authorization_details = authorization_details(ciba, &parameters)?;
    // FAPI-CIBA §5.2.2: what is authorized must be plain to see.
    if shape.context_required && binding_message.is_none() && authorization_details.is_none() {
        let message = "say what is to be authorized: send binding_message or authorization_details";
        return Err(ProtocolError::invalid_request(message));
    }
    let requested_expiry = parameters.positive("requested_expiry")?;
    let wanted = requested_expiry.map_or(ciba.expires_in, Seconds);
    let request = Request {
        scope,
        audience: audience(&parameters)?,
        hint: hint::read(issuer, client, shape, &parameters)?,
        notification_token: notification_token(client, &parameters)?,
        acr_values,
        binding_message,
        user_code: parameters.text("user_code")?.filter(|_| client.backchannel.user_code),
        expires_in: wanted.min(ciba.max_expires_in),
        requested_expiry,
        authorization_details,
        purpose,
        request_context: context(&parameters)?,
        warnings,
        jti: parameters.jti,
    };
    Ok(request)
}

impl Request {
    /// Uses it up, where it is signed: it is good once. Call it last, so that no request that is refused for something
    /// else has lost its `jti`.
    ///
    /// # Errors
    /// `invalid_request` where it was used before.
    pub async fn use_up(&self, host: &Host, issuer: &Issuer, client: &Client) -> Result<(), ProtocolError> {
        let Some((jti, expires_at)) = &self.jti else { return Ok(()) };
        signed::use_up(host, issuer, client, jti, *expires_at).await
    }
}

/// §7.1: `scope` must hold `openid`. Where the profile has purposes, one must be named.
fn scope(
    issuer: &Issuer,
    client: &Client,
    parameters: &Parameters,
    warnings: &mut Vec<String>,
) -> Result<(Scope, Option<String>), ProtocolError> {
    let shape = &issuer.profile.backchannel;
    let text = parameters.text("scope")?;
    if shape.purpose {
        let asked = purpose::asked(parameters.text("purpose")?.as_deref(), text.as_deref())?;
        return Ok((asked.wanted(), Some(asked.purpose)));
    }
    let invalid = |message: String| ProtocolError::new(ErrorCode::InvalidScope, message);
    let text = text.ok_or_else(|| ProtocolError::invalid_request("parameter scope is missing"))?;
    let mut scope: Scope = text.parse().map_err(|error| invalid(format!("{error}")))?;
    if !scope.contains("openid") {
        return Err(invalid("scope must hold openid".into()));
    }
    if shape.drop_unknown_scope {
        let known = scope.intersection(&issuer.scope).intersection(&client.scope);
        let dropped = scope.without(&known);
        if !dropped.is_empty() {
            warnings.push(format!("scope {dropped} is not registered and was dropped"));
        }
        // openid is no scope of data, and is what this is about.
        scope = known.union(&["openid".to_owned()].into_iter().collect());
    }
    Ok((scope, None))
}

/// §7.1: in order of preference. They are voluntary, so those that nobody can reach are passed over.
fn acr_values(
    ciba: &Ciba,
    parameters: &Parameters,
    warnings: &mut Vec<String>,
) -> Result<Vec<String>, ProtocolError> {
    let text = parameters.text("acr_values")?.unwrap_or_default();
    let (known, unknown): (Vec<&str>, Vec<&str>) = text
        .split(' ')
        .filter(|one| !one.is_empty())
        .partition(|one| ciba.acr_values.iter().any(|known| known == one));
    if !unknown.is_empty() {
        warnings.push(format!("acr_values {} are not supported and were dropped", unknown.join(" ")));
    }
    Ok(known.into_iter().map(str::to_owned).collect())
}

/// §7.1: people compare it on two devices, so it is short and made of what can be seen.
fn binding_message(parameters: &Parameters) -> Result<Option<String>, ProtocolError> {
    let Some(message) = parameters.text("binding_message")? else { return Ok(None) };
    // Characters that change how others are shown, among them the direction of writing.
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if message.chars().count() > LONGEST_BINDING_MESSAGE || message.chars().any(hides) {
        let fault = format!("binding_message must be at most {LONGEST_BINDING_MESSAGE} visible characters");
        return Err(ProtocolError::new(ErrorCode::InvalidBindingMessage, fault));
    }
    Ok(Some(message))
}

/// RFC 9396 §2, §5: an array of objects, each of a type that is understood.
fn authorization_details(ciba: &Ciba, parameters: &Parameters) -> Result<Option<Value>, ProtocolError> {
    let Some(details) = parameters.json("authorization_details")? else { return Ok(None) };
    let invalid = |message: String| Err(ProtocolError::new(ErrorCode::InvalidAuthorizationDetails, message));
    let Some(items) = details.as_array().filter(|items| !items.is_empty()) else {
        return invalid("authorization_details must be an array of objects".into());
    };
    for item in items {
        let Some(kind) = item.get("type").and_then(Value::as_str) else {
            return invalid("each of authorization_details must be an object with a type".into());
        };
        if !ciba.authorization_details_types.iter().any(|known| known == kind) {
            return invalid(format!("the type {kind} of authorization_details is not supported"));
        }
    }
    if details.to_string().len() > LONGEST_DETAILS {
        return invalid(format!("authorization_details must be at most {LONGEST_DETAILS} bytes long"));
    }
    Ok(Some(details))
}

/// RFC 8707 §2
fn audience(parameters: &Parameters) -> Result<Vec<String>, ProtocolError> {
    let asked = parameters.texts("resource")?;
    expect_resources(asked.iter().map(String::as_str))?;
    Ok(asked)
}

/// §7.1: required in ping and push mode, a bearer token (RFC 6750 §2.1) of at most 1024 characters.
fn notification_token(client: &Client, parameters: &Parameters) -> Result<Option<String>, ProtocolError> {
    if client.backchannel.mode == DeliveryMode::Poll {
        return Ok(None);
    }
    let name = "client_notification_token";
    let token = parameters.text(name)?;
    let token = token.ok_or_else(|| {
        ProtocolError::invalid_request(format!(
            "parameter {name} is missing: mode {} needs it",
            client.backchannel.mode
        ))
    })?;
    let body = token.trim_end_matches('=');
    let sound = !body.is_empty()
        && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
        && token.len() <= LONGEST_NOTIFICATION_TOKEN;
    if sound {
        return Ok(Some(token));
    }
    let message = format!("{name} must be a bearer token of at most {LONGEST_NOTIFICATION_TOKEN} characters");
    Err(ProtocolError::invalid_request(message))
}

fn context(parameters: &Parameters) -> Result<Option<Value>, ProtocolError> {
    let Some(context) = parameters.json("request_context")? else { return Ok(None) };
    if context.is_object() && context.to_string().len() <= LONGEST_DETAILS {
        return Ok(Some(context));
    }
    let message = format!("request_context must be a JSON object of at most {LONGEST_DETAILS} bytes");
    Err(ProtocolError::invalid_request(message))
}

/// Whether the profile reads a parameter.
fn is_read(shape: &BackchannelShape, name: &str) -> bool {
    !shape.ignored.contains(&name)
}

/// Where people give consent that is missing. `id`: the request's.
pub fn consent_url(ciba: &Ciba, id: &str) -> Option<String> {
    ciba.consent_page.as_ref().map(|page| format!("{page}?request={id}"))
}
