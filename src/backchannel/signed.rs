//! Signed authentication requests: CIBA Core §7.1.1.

use serde_json::Value;

use super::parameters::Parameters;
use crate::client::Client;
use crate::error::ProtocolError;
use crate::form::Form;
use crate::host::Host;
use crate::issuer::Issuer;
use crate::jose::jws::Unverified;
use crate::jose::jwt::Claims;
use crate::json;
use crate::store::{Jti, UsedFor};
use crate::time::{Seconds, Timestamp};

/// How far clocks may differ.
const LEEWAY: Seconds = Seconds(30);
/// How long a request is good for at most: its `jti` must be remembered. FAPI-CIBA §5.2.2 has the same hour.
const LONGEST: Seconds = Seconds(3600);
const LONGEST_JTI: usize = 256;

/// What may stand beside `request`: what authenticates the client.
const OUTSIDE: [&str; 5] =
    ["request", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The claims that are about the JWT itself.
const OWN: [&str; 6] = ["iss", "aud", "exp", "iat", "nbf", "jti"];

/// Verifies a signed request and reads its parameters.
pub(super) fn read(
    now: Timestamp,
    issuer: &Issuer,
    client: &Client,
    form: &Form,
    request: &str,
) -> Result<Parameters, ProtocolError> {
    let faulty = |message: String| ProtocolError::invalid_request(format!("request: {message}"));
    // §7.1.1: parameters must not be present outside of the JWT.
    if let Some((name, _)) = form.iter().find(|(name, _)| !OUTSIDE.contains(name)) {
        return Err(faulty(format!("{name} must stand in it, not beside it")));
    }
    if request.split('.').count() == 5 {
        return Err(faulty("it must be signed, not encrypted".into()));
    }
    let jws = Unverified::parse(request).map_err(|error| faulty(error.to_string()))?;
    let header = jws.header();
    let registered = client.backchannel.request_signing_alg;
    let taken = issuer.profile.backchannel.algorithms;
    // §4: asymmetric, and the one that is registered.
    let good = !header.alg.is_symmetric()
        && registered.is_none_or(|alg| alg == header.alg)
        && (taken.is_empty() || taken.contains(&header.alg));
    if !good {
        return Err(faulty(format!("alg {} is not what this client signs with", header.alg)));
    }
    let typed = |typ: &String| ["JWT", "oauth-authz-req+jwt"].iter().any(|one| typ.eq_ignore_ascii_case(one));
    if !header.typ.as_ref().is_none_or(typed) {
        return Err(faulty("typ must be JWT, where there is one".into()));
    }
    let verified = client.backchannel.verify(&jws);
    let verified = verified.ok_or_else(|| faulty("it is not signed by a key of this client".into()))?;
    let claims = Claims::parse(verified.payload()).map_err(|error| faulty(error.to_string()))?;
    let (jti, expires_at) = check(issuer, client, &claims, now).map_err(faulty)?;
    let values = json::parse(verified.payload()).ok();
    let Some(Value::Object(mut values)) = values else { return Err(faulty("no claims".into())) };
    values.retain(|name, _| !OWN.contains(&name.as_str()));
    if values.contains_key("request") || values.contains_key("request_uri") {
        return Err(faulty("it must not hold another request".into()));
    }
    Ok(Parameters::signed(values, jti, expires_at))
}

/// §7.1.1: `aud` is this issuer, `iss` the client; `exp`, `iat`, `nbf` and `jti` are required.
fn check(
    issuer: &Issuer,
    client: &Client,
    claims: &Claims,
    now: Timestamp,
) -> Result<(String, Timestamp), String> {
    let text = |name| claims.required_string(name).map_err(|error| error.to_string());
    let date = |name| claims.required_numeric_date(name).map_err(|error| error.to_string());
    if text("iss")? != client.client_id {
        return Err("iss must be the client_id".into());
    }
    if !claims.audience().map_err(|error| error.to_string())?.contains(&issuer.identifier.as_str()) {
        return Err(format!("aud must be {}", issuer.identifier));
    }
    let (exp, nbf) = (date("exp")?, date("nbf")?);
    date("iat")?;
    claims.check_times(now.seconds(), LEEWAY.0).map_err(|error| error.to_string())?;
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
    let (longest, at) = (LONGEST.0 as f64, now.seconds() as f64);
    if exp - nbf > longest || at - nbf > longest {
        return Err(format!("exp must be at most {} seconds after nbf, and nbf not longer ago", LONGEST.0));
    }
    let jti = text("jti")?;
    if jti.is_empty() || jti.len() > LONGEST_JTI {
        return Err(format!("jti must have 1 to {LONGEST_JTI} bytes"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; it is not past")]
    Ok((jti.to_owned(), Timestamp::from_seconds(exp.ceil() as u64)))
}

/// Notes that a request was used.
pub(super) async fn use_up(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    jti: &str,
    expires_at: Timestamp,
) -> Result<(), ProtocolError> {
    let jti = Jti {
        used_for: UsedFor::Request,
        issuer: &issuer.identifier,
        client_id: &client.client_id,
        jti,
        expires_at: expires_at.after(LEEWAY),
    };
    if jti.record_once(host).await.map_err(ProtocolError::unavailable)? {
        return Ok(());
    }
    Err(ProtocolError::invalid_request("request: its jti was used before: sign a new one each time"))
}
