//! Using JWTs as Authorization Grants: RFC 7523 §2.1, §3.
//!
//! Takes a JWT that the client signed, about a subscriber, and a purpose. Gives an access token where the purpose
//! rests on something else than a consent that is missing; nobody is asked.

use super::ciba::{self, Purpose};
use super::{Context, Grant, IdTokenGrant, UsedUp};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Hint;
use crate::jose::jws::Unverified;
use crate::jose::jwt::Claims;
use crate::policy::Rule;
use crate::purpose;
use crate::store::{Details, Person, subject_of_hint};
use crate::subscriber::Subscriber;
use crate::time::{Seconds, Timestamp};

/// How far clocks may differ.
const LEEWAY: Seconds = Seconds(30);
/// How long a grant is good for at most.
const LONGEST: Seconds = Seconds(300);
const LONGEST_JTI: usize = 256;

/// Decides what the client gets.
///
/// # Errors
/// §3.1: `invalid_grant` for whatever is wrong with the JWT; `invalid_scope`, `invalid_request`.
pub async fn grant(context: &Context<'_>) -> Result<Grant, ProtocolError> {
    let Context { host, issuer, client, form, .. } = context;
    // §2.1: assertion is required.
    let assertion = form.require("assertion")?;
    let asked = purpose::asked(form.get("purpose"), form.get("scope"))?;
    let jws = Unverified::parse(assertion).map_err(faulty)?;
    // §3 item 9: signed by the client, under the algorithm of the key.
    let verified = client.backchannel.verify(&jws);
    let verified = verified.ok_or_else(|| faulty("it is not signed by a key of this client"))?;
    let claims = Claims::parse(verified.payload()).map_err(faulty)?;
    let said = said(context, &claims).map_err(faulty)?;

    let subscriber: Subscriber = said.sub.parse().map_err(|error| faulty(format!("sub: {error}")))?;
    // An address may be somebody else's before the JWT has ended.
    if matches!(subscriber, Subscriber::Address(..)) {
        return Err(faulty("sub must begin with tel: or operatortoken:"));
    }
    let hint = Hint {
        issuer: issuer.identifier.clone(),
        client_id: client.client_id.clone(),
        kind: "login_hint",
        hint: subscriber.to_string(),
        user_code: None,
    };
    let found = subject_of_hint(host, issuer, hint).await;
    let found = found.map_err(ProtocolError::unavailable)?;
    let found = found.ok_or_else(unknown)?;
    let Person { sub, state, .. } = found;
    let scope = asked.wanted();
    let decision =
        ciba::decide(context, client, (&sub, state), &scope, &[], Some(Purpose::asked(&asked.purpose)), None)
            .await;
    let decision = decision.map_err(ProtocolError::unavailable)?;
    // RFC 6749 §5.2: a token request is answered 400.
    let granted = decision.into_result().map_err(|refusal| match refusal.rule {
        Rule::SubjectUnknown | Rule::SubjectDisabled => unknown().with_cause(&refusal),
        _ => context.refuse(&refusal).with_status(400),
    })?;
    let id_token = granted.scope.contains("openid").then(IdTokenGrant::default);
    let details = Details { purpose: Some(asked.purpose), ..Details::default() };
    let refreshes = context.may_refresh(&granted);
    // §3 item 7: good once; one that was refused can be sent again.
    let assertion = Some((said.jti.to_owned(), said.expires_at.after(LEEWAY)));
    let used_up = UsedUp { assertion, ..UsedUp::default() };
    let mut grant = Grant { sub, granted, details, id_token, used_up, ..Grant::default() };
    if refreshes {
        grant.used_up.refresh_token = Some(context.begin_family(None, &grant, None, None));
    }
    Ok(grant)
}

/// What the JWT says.
struct Said<'a> {
    sub: &'a str,
    jti: &'a str,
    expires_at: Timestamp,
}

/// §3, items 1 to 7.
fn said<'a>(context: &Context<'_>, claims: &'a Claims) -> Result<Said<'a>, String> {
    let Context { host, issuer, client, .. } = context;
    let required = |name| claims.required_string(name).map_err(|error| error.to_string());
    if required("iss")? != client.client_id {
        return Err("iss must be the client_id".into());
    }
    let audiences = issuer.endpoint_audiences();
    let here = |one: &str| one == issuer.identifier || audiences.iter().any(|url| url == one);
    let audience = claims.audience().map_err(|error| error.to_string())?;
    if !matches!(*audience, [one] if here(one)) {
        return Err(format!("aud must be {} alone", issuer.identifier));
    }
    let now = host.now();
    claims.check_times(now.seconds(), LEEWAY.0).map_err(|error| error.to_string())?;
    let date = |name| claims.required_numeric_date(name).map_err(|error| error.to_string());
    let (exp, iat) = (date("exp")?, date("iat")?);
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
    if exp > now.after(LONGEST).seconds() as f64 || exp - iat > LONGEST.0 as f64 {
        return Err(format!("exp must be at most {} seconds ahead, and after iat", LONGEST.0));
    }
    let jti = required("jti")?;
    if jti.is_empty() || jti.len() > LONGEST_JTI {
        return Err(format!("jti must have 1 to {LONGEST_JTI} bytes"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; it is not past")]
    Ok(Said { sub: required("sub")?, jti, expires_at: Timestamp::from_seconds(exp.ceil() as u64) })
}

fn unknown() -> ProtocolError {
    faulty("sub names nobody who is known here")
}

/// The answer to all who come after the first.
pub fn used() -> ProtocolError {
    faulty("jti was used before: send a new one each time")
}

fn faulty(message: impl std::fmt::Display) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidGrant, format!("assertion: {message}"))
}
