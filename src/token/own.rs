//! Tokens of this issuer: RFC 9068 access tokens in the profile's shape, and id tokens.

use super::{Token, malformed, may_act, object, scope, times, verify};
use crate::issuer::Issuer;
use crate::jose::jws::Verified;
use crate::jose::jwt::Claims;
use crate::keys::IssuerKey;
use crate::policy::{Refusal, Rule};
use crate::time::{Seconds, Timestamp};

/// Verifies an access token that this issuer issued.
pub fn access_token(issuer: &Issuer, token: &str, now: Timestamp) -> Result<Token, Refusal> {
    let (verified, claims) = ours(issuer, token)?;
    // RFC 9068 §4: typ. An id token has another, or lacks client_id.
    if !verified.header().has_type(issuer.profile.access_token.typ) {
        return Err(malformed(format!("no access token: typ is not {}", issuer.profile.access_token.typ)));
    }
    let expires_at = times(&claims, now, Seconds(0))?;
    let client_id = claims.required_string("client_id").map_err(malformed)?;
    // In some dialects a client's own token has no subject.
    let sub = claims.string("sub").map_err(malformed)?.unwrap_or(client_id);
    Ok(Token {
        sub: sub.to_owned(),
        client_id: Some(client_id.to_owned()),
        iss: issuer.identifier.clone(),
        scope: Some(scope(&claims)?),
        audience: claims.audience().map_err(malformed)?.into_iter().map(str::to_owned).collect(),
        expires_at,
        act: object(&claims, "act")?,
        may_act: may_act(&claims, &issuer.identifier)?,
        cnf: object(&claims, "cnf")?,
        jti: claims.string("jti").map_err(malformed)?.map(str::to_owned),
        issued_at: issued_at(&claims)?,
        purpose: claims.string("purpose").map_err(malformed)?.map(str::to_owned),
        authorization_details: claims.value("authorization_details").cloned(),
    })
}

/// Verifies an id token that this issuer issued to one of its clients (OpenID Connect Core §2).
pub fn id_token(issuer: &Issuer, token: &str, now: Timestamp) -> Result<Token, Refusal> {
    let (verified, claims) = ours(issuer, token)?;
    // An access token is no id token: it has another typ, or says client_id and scope.
    let typ = verified.header().typ.as_deref();
    if typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) || claims.value("client_id").is_some() {
        return Err(malformed("no id token"));
    }
    let expires_at = times(&claims, now, Seconds(0))?;
    let audience = claims.audience().map_err(malformed)?;
    // §2: aud is the client; of several azp says which.
    let azp = claims.string("azp").map_err(malformed)?;
    let client_id = match (azp, audience.as_slice()) {
        (Some(azp), audience) if audience.contains(&azp) => azp,
        (None, [one]) => one,
        _ => return Err(Refusal::new(Rule::SubjectTokenAudience, "its aud names no client, or several")),
    };
    Ok(Token {
        sub: claims.required_string("sub").map_err(malformed)?.to_owned(),
        client_id: Some(client_id.to_owned()),
        iss: issuer.identifier.clone(),
        scope: None,
        // It is for the client, which is no audience of what it is exchanged for.
        audience: Vec::new(),
        expires_at,
        act: object(&claims, "act")?,
        may_act: may_act(&claims, &issuer.identifier)?,
        cnf: object(&claims, "cnf")?,
        jti: None,
        issued_at: None,
        purpose: None,
        authorization_details: None,
    })
}

fn issued_at(claims: &Claims) -> Result<Option<Timestamp>, Refusal> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; it is past")]
    Ok(claims.numeric_date("iat").map_err(malformed)?.map(|iat| Timestamp::from_seconds(iat as u64)))
}

/// The subject of an id token that this issuer issued to `client_id`, whenever that was: for as long as its key is
/// published (CIBA Core §7.1; OpenID Connect Core §3.1.2.1 for expired ones).
pub fn id_token_hint(issuer: &Issuer, token: &str, client_id: &str) -> Result<String, Refusal> {
    let (verified, claims) = ours(issuer, token)?;
    let typ = verified.header().typ.as_deref();
    if typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) || claims.value("client_id").is_some() {
        return Err(malformed("no id token"));
    }
    if !claims.audience().map_err(malformed)?.contains(&client_id) {
        return Err(Refusal::new(Rule::SubjectTokenAudience, "it was issued to another client"));
    }
    Ok(claims.required_string("sub").map_err(malformed)?.to_owned())
}

fn ours(issuer: &Issuer, token: &str) -> Result<(Verified, Claims), Refusal> {
    let keys: Vec<&IssuerKey> = issuer.keys().collect();
    let verified = verify(token, &keys)?;
    let claims = Claims::parse(verified.payload()).map_err(malformed)?;
    if claims.required_string("iss").map_err(malformed)? != issuer.identifier {
        return Err(Refusal::new(Rule::SubjectTokenIssuer, "the token is of another issuer"));
    }
    Ok((verified, claims))
}
