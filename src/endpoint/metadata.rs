//! Server metadata: RFC 8414 §2, OpenID Connect Discovery 1.0 §3. One document serves both.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{introspection, jwks, revocation};
use crate::client::{AuthMethod, SECRET_JWT_ALGORITHM};
use crate::http::HttpResponse;
use crate::issuer::{Ciba, Issuer};
use crate::jose::Algorithm;

pub(super) const WELL_KNOWN: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// How long a cache may keep the document, in seconds.
const MAX_AGE: u64 = 300;

pub(super) fn serve(issuer: &Issuer) -> HttpResponse {
    let auth_methods = issuer.profile.auth_methods;
    let algorithms: BTreeSet<_> = issuer.keys().map(|key| key.alg.name()).collect();
    let confidential: Vec<_> = auth_methods
        .iter()
        .filter(|method| **method != AuthMethod::None)
        .map(|method| method.as_str())
        .collect();
    let mut document = json!({
        "issuer": issuer.identifier,
        "token_endpoint": issuer.url(issuer.profile.token_path),
        "jwks_uri": issuer.url(jwks::PATH),
        "scopes_supported": issuer.scope.tokens().collect::<Vec<_>>(),
        // No grant that uses the authorization endpoint is offered, so there is none (RFC 8414 §2).
        "response_types_supported": [],
        "grant_types_supported": issuer.grant_types().iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "token_endpoint_auth_methods_supported":
            auth_methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "introspection_endpoint": issuer.url(introspection::PATH),
        "introspection_endpoint_auth_methods_supported": confidential,
        "revocation_endpoint": issuer.url(revocation::PATH),
        "revocation_endpoint_auth_methods_supported":
            auth_methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "subject_types_supported": [if issuer.profile.pairwise { "pairwise" } else { "public" }],
        "id_token_signing_alg_values_supported": algorithms,
    });
    // RFC 8414 §2: required where a JWT method is offered, and never none.
    let by_jwt = [AuthMethod::PrivateKeyJwt, AuthMethod::ClientSecretJwt];
    if let Some(members) = document.as_object_mut()
        && by_jwt.iter().any(|method| auth_methods.contains(method))
    {
        let shape = issuer.profile.assertion.algorithms;
        let taken = |alg: &&Algorithm| {
            (!alg.is_symmetric() || **alg == SECRET_JWT_ALGORITHM)
                && (shape.is_empty() || shape.contains(alg))
        };
        let algorithms: Vec<_> = Algorithm::ALL.iter().filter(taken).map(|alg| alg.name()).collect();
        for endpoint in ["token", "introspection", "revocation"] {
            let name = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
            members.insert(name, json!(algorithms));
        }
    }
    if let (Some(ciba), Some(members)) = (&issuer.ciba, document.as_object_mut()) {
        backchannel(issuer, ciba, members);
    }
    HttpResponse::document(document.to_string(), MAX_AGE)
}

/// CIBA Core §4, RFC 9396 §10.
fn backchannel(issuer: &Issuer, ciba: &Ciba, members: &mut Map<String, Value>) {
    let shape = &issuer.profile.backchannel;
    let taken = |alg: &&Algorithm| {
        !alg.is_symmetric() && (shape.algorithms.is_empty() || shape.algorithms.contains(alg))
    };
    let algorithms: Vec<_> = Algorithm::ALL.iter().filter(taken).map(|alg| alg.name()).collect();
    let modes: Vec<_> = shape.modes.iter().map(|mode| mode.as_str()).collect();
    let user_code = !shape.ignored.contains(&"user_code");
    for (name, value) in [
        ("backchannel_authentication_endpoint", json!(issuer.url(shape.path))),
        ("backchannel_token_delivery_modes_supported", json!(modes)),
        ("backchannel_authentication_request_signing_alg_values_supported", json!(algorithms)),
        ("backchannel_user_code_parameter_supported", json!(user_code)),
    ] {
        members.insert(name.into(), value);
    }
    for (name, values) in [
        ("acr_values_supported", &ciba.acr_values),
        ("authorization_details_types_supported", &ciba.authorization_details_types),
    ] {
        if !values.is_empty() {
            members.insert(name.into(), json!(values));
        }
    }
}
