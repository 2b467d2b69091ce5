//! Server metadata: RFC 8414 §2, OpenID Connect Discovery 1.0 §3. One document serves both.

use std::collections::BTreeSet;

use serde_json::json;

use super::jwks;
use crate::client::{AuthMethod, SECRET_JWT_ALGORITHM};
use crate::http::HttpResponse;
use crate::issuer::Issuer;
use crate::jose::Algorithm;

pub(super) const WELL_KNOWN: [&str; 2] =
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// How long a cache may keep the document, in seconds.
const MAX_AGE: u64 = 300;

pub(super) fn serve(issuer: &Issuer) -> HttpResponse {
    let auth_methods = issuer.profile.auth_methods;
    let algorithms: BTreeSet<_> = issuer.keys().map(|key| key.alg.name()).collect();
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
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
    });
    // RFC 8414 §2: required where a JWT method is offered, and never none.
    let by_jwt = [AuthMethod::PrivateKeyJwt, AuthMethod::ClientSecretJwt];
    if let Some(members) = document.as_object_mut()
        && by_jwt.iter().any(|method| auth_methods.contains(method))
    {
        let taken = |alg: &&Algorithm| !alg.is_symmetric() || **alg == SECRET_JWT_ALGORITHM;
        let algorithms: Vec<_> = Algorithm::ALL.iter().filter(taken).map(|alg| alg.name()).collect();
        members.insert("token_endpoint_auth_signing_alg_values_supported".into(), json!(algorithms));
    }
    HttpResponse::document(document.to_string(), MAX_AGE)
}
