//! JWT client authentication: RFC 7523 §2.2 and §3.
//!
//! What an assertion says of itself is judged first and answered plainly, since it tells nothing
//! about our clients. Then client and signature, with the one answer for whoever fails. The `jti`
//! is used up last, so that only its owner can use it up.

use std::rc::Rc;

use super::{invalid_client, refused};
use crate::client::{Client, Credential, SECRET_JWT_ALGORITHM};
use crate::error::ProtocolError;
use crate::host::Host;
use crate::issuer::Issuer;
use crate::jose::jws::Unverified;
use crate::jose::jwt::Claims;
use crate::jose::{Algorithm, VerifyingKey};
use crate::store::{Jti, UsedFor};
use crate::time::{Seconds, Timestamp};

/// How far clocks may differ.
const LEEWAY: Seconds = Seconds(30);
const LONGEST_JTI: usize = 256;

pub(super) async fn verify(
    host: &Host,
    issuer: &Issuer,
    audiences: &[String],
    assertion: &str,
    client_id: Option<&str>,
) -> Result<Rc<Client>, ProtocolError> {
    let faulty = |message: String| invalid_client(issuer, &format!("client_assertion: {message}"));
    let token = Unverified::parse(assertion).map_err(|error| faulty(error.to_string()))?;
    let claims = Claims::parse(token.payload()).map_err(|error| faulty(error.to_string()))?;
    let said = Said::read(&claims, issuer, audiences, host.now()).map_err(faulty)?;
    // RFC 7521 §4.2: client_id is optional, and must name the same client.
    if client_id.is_some_and(|id| id != said.client_id) {
        return Err(ProtocolError::invalid_request("client_id differs from the client_assertion's sub"));
    }

    let taken = issuer.profile.assertion.algorithms;
    if !taken.is_empty() && !taken.contains(&token.header().alg) {
        let names: Vec<_> = taken.iter().map(|alg| alg.name()).collect();
        return Err(faulty(format!("alg must be one of {}", names.join(", "))));
    }

    // §3 item 9: signature by the client's own key, under the algorithm of that key.
    let alg = token.header().alg;
    let client = issuer.clients.get(said.client_id);
    let keys =
        client.map(|client| candidates(client, alg, token.header().kid.as_deref())).unwrap_or_default();
    let verified = if keys.is_empty() {
        // As much work as for a client that exists.
        if let Some(decoy) = decoy(issuer, alg) {
            let _ = decoy.verify(token.signing_input(), token.signature());
        }
        false
    } else {
        keys.iter().any(|key| key.verify(token.signing_input(), token.signature()).is_ok())
    };
    let (Some(client), true) = (client, verified) else {
        return Err(refused(issuer, "unknown client, unknown key or wrong signature"));
    };

    // §3 item 7: a jti is used once.
    let jti = Jti {
        used_for: UsedFor::Authentication,
        issuer: &issuer.identifier,
        client_id: said.client_id,
        jti: said.jti,
        expires_at: said.expires_at.after(LEEWAY),
    };
    let first = jti.record_once(host).await.map_err(ProtocolError::unavailable)?;
    if first {
        Ok(Rc::clone(client))
    } else {
        Err(faulty("jti was used before: send a new one each time".into()))
    }
}

/// What an assertion says.
struct Said<'a> {
    client_id: &'a str,
    jti: &'a str,
    expires_at: Timestamp,
}

impl<'a> Said<'a> {
    /// RFC 7523 §3, items 1 to 7.
    fn read(
        claims: &'a Claims,
        issuer: &Issuer,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<Self, String> {
        let required = |name| claims.required_string(name).map_err(|error| error.to_string());
        // Items 1 and 2: iss and sub are the client.
        let (iss, sub) = (required("iss")?, required("sub")?);
        if iss != sub {
            return Err("iss and sub must both be the client_id".into());
        }
        // Item 3: aud is this server, and nobody else: an assertion that another server could hand on
        // must not be good here.
        let audience = claims.audience().map_err(|error| error.to_string())?;
        let here = |one: &str| one == issuer.identifier || audiences.iter().any(|url| url == one);
        if !matches!(*audience, [one] if here(one)) {
            return Err(format!("aud must be {} alone", issuer.identifier));
        }
        // Items 4 to 6: exp is required; nbf and iat, if any, are past.
        claims.check_times(now.seconds(), LEEWAY.0).map_err(|error| error.to_string())?;
        let exp = claims.required_numeric_date("exp").map_err(|error| error.to_string())?;
        let longest = issuer.profile.assertion.longest;
        let latest = now.after(longest);
        // Not past and not far ahead, so it fits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let expires_at = if exp <= latest.seconds() as f64 {
            Timestamp::from_seconds(exp.ceil() as u64)
        } else {
            return Err(format!("exp must be at most {} seconds ahead", longest.0));
        };
        if issuer.profile.assertion.iat_required {
            let iat = claims.required_numeric_date("iat").map_err(|error| error.to_string())?;
            #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
            if exp - iat > longest.0 as f64 {
                return Err(format!("exp must be at most {} seconds after iat", longest.0));
            }
        }
        // Item 7: required here, so that an assertion is good once.
        let jti = required("jti")?;
        if jti.is_empty() || jti.len() > LONGEST_JTI {
            return Err(format!("jti must have 1 to {LONGEST_JTI} bytes"));
        }
        Ok(Self { client_id: sub, jti, expires_at })
    }
}

/// The client's keys that may have signed.
fn candidates<'a>(client: &'a Client, alg: Algorithm, kid: Option<&str>) -> Vec<&'a VerifyingKey> {
    match &client.credential {
        Credential::SecretJwt(key) if alg == SECRET_JWT_ALGORITHM => vec![key],
        Credential::PrivateKeyJwt(keys) => {
            keys.iter().filter(|key| key.may_have_signed(alg, kid)).map(|key| &key.key).collect()
        }
        _ => Vec::new(),
    }
}

/// Some client's key for `alg`, to spend the time of a verification on.
fn decoy(issuer: &Issuer, alg: Algorithm) -> Option<&VerifyingKey> {
    issuer.clients.values().find_map(|client| candidates(client, alg, None).first().copied())
}
