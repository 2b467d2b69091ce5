//! JWTs of other issuers, which the policy names with their keys.

use super::{Fault, LEEWAY, Token, malformed, may_act, object, times, verify_by};
use crate::host::Host;
use crate::issuer::Issuer;
use crate::jose::jws::Unverified;
use crate::jose::jwt::Claims;
use crate::jose::{Algorithm, JwkSet, VerifyingKey};
use crate::policy::{Policy, Refusal, Rule};
use crate::store;

/// Verifies a JWT of another issuer. Its subject is then one of ours, if it is in the directory: to name an issuer
/// in the policy is to let it speak of these.
pub async fn foreign(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    token: &str,
) -> Result<Token, Fault> {
    let jws = Unverified::parse(token).map_err(malformed)?;
    let claims = Claims::parse(jws.payload()).map_err(malformed)?;
    // RFC 8725 §3.8: the issuer decides which keys count.
    let iss = claims.required_string("iss").map_err(malformed)?;
    if iss == issuer.identifier {
        let message = "a token of this issuer is exchanged by the type that it was issued as";
        return Err(Refusal::new(Rule::SubjectTokenIssuer, message).into());
    }
    let trusted = policy.and_then(|policy| policy.issuers.iter().find(|one| one.issuer == iss));
    let trusted = trusted.ok_or_else(|| {
        Refusal::new(Rule::IssuerNotTrusted, format!("the issuer {iss} is not trusted here"))
    })?;
    // RFC 8725 §3.1: algorithms are the policy's, not the token's.
    let (alg, kid) = (jws.header().alg, jws.header().kid.as_deref());
    if !trusted.algorithms.iter().any(|name| name.parse::<Algorithm>() == Ok(alg)) {
        let message = format!("{alg} is not among the algorithms of that issuer");
        return Err(Refusal::new(Rule::SubjectTokenSignature, message).into());
    }
    let knows = |set: &JwkSet| set.find(kid, alg).next().is_some();
    let set = match (&trusted.jwks, &trusted.jwks_uri) {
        (Some(jwks), _) => JwkSet::from_value(jwks).ok(),
        (None, Some(uri)) => store::jwks(host, uri, knows).await?,
        (None, None) => None,
    };
    let keys: Vec<VerifyingKey> = set.iter().flat_map(|set| set.find(kid, alg)).collect();
    verify_by(&jws, keys.iter())?;
    // RFC 8725 §3.9: it must be meant for us.
    let expected = trusted.audience.as_deref().unwrap_or(&issuer.identifier);
    if !claims.audience().map_err(malformed)?.contains(&expected) {
        let message = format!("the token is not for {expected}");
        return Err(Refusal::new(Rule::SubjectTokenAudience, message).into());
    }
    Ok(Token {
        sub: claims.required_string("sub").map_err(malformed)?.to_owned(),
        client_id: None,
        iss: iss.to_owned(),
        // Its scope is of another world: what it may become here, the exchange grant says.
        scope: None,
        audience: Vec::new(),
        expires_at: times(&claims, host.now(), LEEWAY)?,
        act: object(&claims, "act")?,
        may_act: may_act(&claims, &issuer.identifier)?,
        cnf: object(&claims, "cnf")?,
        jti: None,
        issued_at: None,
        purpose: None,
        authorization_details: None,
    })
}
