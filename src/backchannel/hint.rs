//! Whom a request is about: CIBA Core §7.1, §7.2.

use super::{Parameters, Request};
use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::host::{self, Host, UserCodeFault};
use crate::issuer::Issuer;
use crate::named::named;
use crate::policy::{Policy, Rule, SubjectState};
use crate::profile::BackchannelShape;
use crate::store::{Person, Quota, subject_of_hint};
use crate::token::{self, Fault};

/// Wrong user codes that a client may send for one person in a day (§7.1.2).
const GUESSES: u64 = 10;

named! {
    /// The hints, of which a request has exactly one.
    HintKind {
        /// What the person is known by.
        LoginHint = "login_hint",
        /// A token that says who it is.
        LoginHintToken = "login_hint_token",
        /// An id token that this issuer issued to the client before.
        IdTokenHint = "id_token_hint",
    }
}

/// A hint.
#[derive(Debug)]
pub struct Hint {
    /// Which one.
    pub kind: HintKind,
    /// What it says; of a subscriber the canonical form.
    pub text: String,
    /// The subject, where the hint itself proves it: of an id token.
    pub sub: Option<String>,
}

/// Reads the hint of a request. What it says is checked as far as that needs nobody else.
pub(super) fn read(
    issuer: &Issuer,
    client: &Client,
    shape: &BackchannelShape,
    parameters: &Parameters,
) -> Result<Hint, ProtocolError> {
    let mut hints = Vec::new();
    for kind in HintKind::ALL {
        if let Some(text) = parameters.text(kind.as_str())? {
            hints.push((*kind, text));
        }
    }
    // §7.1: exactly one.
    let [(kind, text)] = <[_; 1]>::try_from(hints).map_err(|hints| {
        let message =
            format!("send exactly one of login_hint, login_hint_token, id_token_hint, not {}", hints.len());
        ProtocolError::invalid_request(message)
    })?;
    if shape.login_hint_only && kind != HintKind::LoginHint {
        return Err(ProtocolError::invalid_request(format!("send login_hint: {kind} is not taken here")));
    }
    let invalid = |error: String| ProtocolError::invalid_request(format!("{kind}: {error}"));
    match kind {
        HintKind::LoginHint => {
            let text = shape.login_hint.canonical(&text).map_err(|error| invalid(error.to_string()))?;
            Ok(Hint { kind, text, sub: None })
        }
        HintKind::IdTokenHint => {
            let sub = token::id_token_hint(issuer, &text, &client.client_id);
            let sub = sub.map_err(|refusal| invalid(refusal.message))?;
            Ok(Hint { kind, text, sub: Some(sub) })
        }
        HintKind::LoginHintToken => Ok(Hint { kind, text, sub: None }),
    }
}

/// The person that the request is about.
///
/// # Errors
/// §13: `unknown_user_id`, `expired_login_hint_token`, `missing_user_code`, `invalid_user_code`.
pub async fn person(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    policy: Option<&Policy>,
    request: &Request,
) -> Result<Person, ProtocolError> {
    let Hint { kind, text, sub } = &request.hint;
    let text = match (kind, sub) {
        (_, Some(sub)) => sub.clone(),
        // Where the operator knows people, such tokens are its own.
        (HintKind::LoginHintToken, None) if !host.identifies() => {
            subject_of_token(host, issuer, policy, text).await?
        }
        _ => text.clone(),
    };
    let hint = host::Hint {
        issuer: issuer.identifier.clone(),
        client_id: client.client_id.clone(),
        kind: kind.as_str(),
        hint: text,
        user_code: request.user_code.clone(),
    };
    let found = subject_of_hint(host, issuer, hint).await.map_err(ProtocolError::unavailable)?;
    let found = found.ok_or_else(unknown)?;
    // Before all else, so that nobody learns who is disabled.
    if found.state == SubjectState::Disabled {
        return Err(unknown().with_cause("the subject is disabled"));
    }
    if found.user_code == Some(UserCodeFault::Missing) {
        let message = "this person is only asked by those who send their user_code";
        return Err(ProtocolError::new(ErrorCode::MissingUserCode, message));
    }
    if request.user_code.is_some() {
        let wrong = found.user_code == Some(UserCodeFault::Wrong);
        guess(host, issuer, client, &found.sub, wrong).await?;
    }
    Ok(found)
}

/// The one answer for whoever cannot be asked.
pub fn unknown() -> ProtocolError {
    ProtocolError::new(ErrorCode::UnknownUserId, "the hint names nobody who can be asked here")
}

/// A guess is counted before it is known whether it was right, so that many at once are not more than one by one.
async fn guess(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    sub: &str,
    wrong: bool,
) -> Result<(), ProtocolError> {
    let guesses = Quota::of(host, &issuer.identifier, &format!("user_code {:?} {sub}", client.client_id));
    let may = guesses.take(1, GUESSES).await.map_err(ProtocolError::unavailable)?;
    if may && !wrong {
        return guesses.give_back(1).await.map_err(ProtocolError::unavailable);
    }
    let message = if may { "the user_code is another" } else { "too many wrong user codes for this day" };
    Err(ProtocolError::new(ErrorCode::InvalidUserCode, message))
}

/// Whom a token of an issuer that the policy trusts speaks of.
async fn subject_of_token(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    text: &str,
) -> Result<String, ProtocolError> {
    match token::foreign(host, issuer, policy, text).await {
        Ok(token) => Ok(token.sub),
        Err(Fault::Failed(failure)) => Err(ProtocolError::unavailable(failure)),
        Err(Fault::Refused(refusal)) => {
            let code = match refusal.rule {
                Rule::SubjectTokenExpired => ErrorCode::ExpiredLoginHintToken,
                _ => ErrorCode::InvalidRequest,
            };
            let message = format!("login_hint_token: {}", refusal.message);
            Err(ProtocolError::new(code, message).with_rule(refusal.rule.id()))
        }
    }
}
