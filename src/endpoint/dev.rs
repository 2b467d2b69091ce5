//! Development only: what test clients need to know. Exists only where the configuration says
//! `"dev": true` and the origin is a loopback host.

use std::collections::BTreeMap;

use serde_json::json;

use super::Server;
use super::ciba_complete::{By, Notifier, complete, decision};
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::host::Host;
use crate::http::{HttpRequest, HttpResponse};
use crate::store::ciba::{find, find_by_id};

/// Where a person would consent, if this were not development.
pub(super) const CONSENT: &str = "/_dev/consent";

/// What the paths begin with that decide an authentication.
pub(super) const DECIDE: &str = "/_dev/ciba/";

/// `GET /_dev/env`: a flat object of strings.
pub(super) fn env(values: Option<&BTreeMap<String, String>>) -> HttpResponse {
    match values.map(serde_json::to_string) {
        Some(Ok(body)) => HttpResponse::json(200, body),
        _ => ProtocolError::new(ErrorCode::NotFound, "no endpoint has this path").to_response(),
    }
}

/// `/_dev/ciba/{auth_req_id}/{allow|deny}`: decides in place of a person.
pub(super) async fn decide(server: &Server, host: &Host, path: &str) -> Result<HttpResponse, ProtocolError> {
    let rest = path.strip_prefix(DECIDE).and_then(|rest| rest.split_once('/'));
    let (auth_req_id, action) = rest.ok_or_else(super::unknown_path)?;
    let open = find(host, auth_req_id).await.map_err(ProtocolError::unavailable)?;
    let open = open.ok_or_else(super::unknown_path)?;
    let (outcome, result) = match action {
        "allow" => (
            "authorized",
            json!({
                "outcome": "authorized",
                "sub": open.request.asked.sub.as_deref().unwrap_or("alice"),
                "auth_time": host.now().seconds(),
                "acr": open.request.asked.acr_values.first(),
            }),
        ),
        "deny" => ("access_denied", json!({ "outcome": "access_denied" })),
        _ => return Err(super::unknown_path()),
    };
    let decision = decision(&result)?;
    complete(server, host, By::AuthReqId(auth_req_id), &decision, Notifier::Here).await?;
    Ok(HttpResponse::json(200, json!({ "outcome": outcome }).to_string()))
}

/// `GET /_dev/consent?request={id}`: what a consent page would show.
pub(super) async fn consent(host: &Host, request: &HttpRequest) -> Result<HttpResponse, ProtocolError> {
    let query = Form::parse(request.query.as_bytes())?;
    let found = find_by_id(host, query.require("request")?).await.map_err(ProtocolError::unavailable)?;
    let asked = found.ok_or_else(super::unknown_path)?.asked;
    let body = json!({
        "client_id": asked.client_id,
        "purpose": asked.purpose,
        "scope": asked.scope,
        "decide": format!("POST {DECIDE}{{auth_req_id}}/allow or {DECIDE}{{auth_req_id}}/deny"),
    });
    Ok(HttpResponse::json(200, body.to_string()))
}
