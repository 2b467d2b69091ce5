//! `auth/introspection`, `auth/introspection/standard`, `auth/revocation`: what becomes of tokens.

use serde_json::{Map, Value, json};

use super::answer::{Action, Answer, TOKEN_REFUSED};
use super::client_request::client_request;
use super::message::{Field, Row, Table, Wrong, member, message, put};
use crate::endpoint::introspection::{Active, look_up};
use crate::endpoint::revocation;
use crate::error::ProtocolError;
use crate::form::Form;
use crate::host::Host;
use crate::issuer::Issuer;
use crate::policy::Rule;
use crate::store::Property;
use crate::token;

message! { read:
    /// A resource server asks whether an access token will do.
    IntrospectionRequest, "POST auth/introspection" {
        /// Required: the access token.
        token: Option<String> = "token",
        /// The scope that it must have.
        scopes: Vec<String> = "scopes",
        /// Whom it must be about.
        subject: Option<String> = "subject",
        /// Audiences that it must have.
        resources: Vec<String> = "resources",
        /// Authentication context classes. Access tokens do not say theirs, so none will do.
        acr_values: Vec<String> = "acrValues",
        /// How long ago the authentication may be, in seconds. Access tokens do not say, so none will do.
        max_age: u64 = "maxAge",
    }
}

message! { write:
    /// In every answer. Where it is not `OK`, `responseContent` is the value of `WWW-Authenticate` (RFC 6750 §3).
    IntrospectionResponse, "The answer: `OK`, `BAD_REQUEST`, `UNAUTHORIZED`, `FORBIDDEN`, `INTERNAL_SERVER_ERROR`" {
        /// Whether there is such a token, or was.
        existent: bool = "existent",
        /// Whether it is good now.
        usable: bool = "usable",
        /// Whether it has the scope, subject and audiences.
        sufficient: bool = "sufficient",
        /// Whether it can be refreshed. A token does not say, so this is not known.
        refreshable: bool = "refreshable",
        /// When it ends, in milliseconds since 1970.
        expires_at: u64 = "expiresAt",
        /// Whom it is about; not set: the client itself.
        subject: Option<String> = "subject",
        /// Its scope.
        scopes: Vec<String> = "scopes",
        /// What is tied to it, hidden or not.
        properties: Vec<Property> = "properties",
        /// Its audiences.
        resources: Vec<String> = "accessTokenResources",
    }
}

message! { read:
    /// A resource server's request by RFC 7662; the front end has authenticated it.
    StandardRequest, "POST auth/introspection/standard" {
        /// The body of its request.
        parameters: Option<String> = "parameters",
        /// Whether it is shown what clients are not shown.
        hidden: bool = "withHiddenProperties",
    }
}

message! { read:
    /// A client's request by RFC 7009.
    RevocationRequest, "POST auth/revocation" {
        /// The body of the client's request.
        parameters: Option<String> = "parameters",
        /// The user of its Authorization header.
        client_id: Option<String> = "clientId",
        /// The password of its Authorization header.
        client_secret: Option<String> = "clientSecret",
    }
}

pub(super) async fn introspect(host: &Host, issuer: &Issuer, asked: IntrospectionRequest) -> Answer {
    let Some(text) = &asked.token else {
        let none = IntrospectionResponse::default();
        return challenge(Action::BadRequest, "invalid_request", "the access token is missing", none);
    };
    let found = match look_up(host, issuer, text).await {
        Ok(found) => found.filter(|found| !found.refresh),
        Err(error) => return Answer::broken(&error, Action::InternalServerError),
    };
    let Some(found) = found else {
        let expired = token::access_token(issuer, text, host.now());
        let existent = expired.is_err_and(|refusal| refusal.rule == Rule::SubjectTokenExpired);
        let response = IntrospectionResponse { existent, ..IntrospectionResponse::default() };
        let why = if existent { "the access token has expired" } else { "the access token is not good" };
        return challenge(Action::Unauthorized, "invalid_token", why, response);
    };
    let client = issuer.clients.get(&found.client_id);
    let bound = found.members.contains_key("cnf");
    let mut response = response(found);
    let answer = if let Some((action, code, why)) = insufficient(&asked, &response, bound) {
        challenge(action, code, &why, response)
    } else {
        response.sufficient = true;
        Answer::done("the access token will do", Action::Ok, None).with(|members| response.write(members))
    };
    answer.of(client)
}

fn response(found: Active) -> IntrospectionResponse {
    let text = |name: &str| found.members.get(name).and_then(Value::as_str);
    let audience = match found.members.get("aud") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let scope = text("scope").unwrap_or_default().split(' ').filter(|token| !token.is_empty());
    IntrospectionResponse {
        existent: true,
        usable: true,
        sufficient: false,
        refreshable: false,
        expires_at: found.members.get("exp").and_then(Value::as_u64).unwrap_or_default() * 1_000,
        subject: text("sub").filter(|sub| *sub != found.client_id).map(str::to_owned),
        scopes: scope.map(str::to_owned).collect(),
        resources: audience,
        properties: found.properties,
    }
}

/// What the token lacks: what to do, the error (RFC 6750 §3.1, RFC 9470 §3), and in words.
fn insufficient(
    asked: &IntrospectionRequest,
    token: &IntrospectionResponse,
    bound: bool,
) -> Option<(Action, &'static str, String)> {
    if bound {
        let why = "the access token is bound to a key, and no proof of that is taken here";
        return Some((Action::Unauthorized, "invalid_token", why.to_owned()));
    }
    if !asked.acr_values.is_empty() || asked.max_age > 0 {
        let why = "the access token does not say how and when its subject was authenticated";
        return Some((Action::Unauthorized, "insufficient_user_authentication", why.to_owned()));
    }
    if let Some(missing) = asked.scopes.iter().find(|scope| !token.scopes.contains(scope)) {
        let why = format!("the access token lacks scope {missing}");
        return Some((Action::Forbidden, "insufficient_scope", why));
    }
    if asked.subject.is_some() && asked.subject != token.subject {
        let why = "the access token is about somebody else";
        return Some((Action::Forbidden, "invalid_token", why.to_owned()));
    }
    let missing = asked.resources.iter().find(|resource| !token.resources.contains(resource))?;
    Some((Action::Forbidden, "invalid_token", format!("the access token is not for {missing}")))
}

/// The answer whose content is the value of `WWW-Authenticate`, RFC 6750 §3.
fn challenge(action: Action, code: &str, why: &str, response: IntrospectionResponse) -> Answer {
    let why = ProtocolError::invalid_request(why).printable_description();
    let content = format!("Bearer error=\"{code}\", error_description=\"{why}\"");
    Answer::new(&TOKEN_REFUSED, why, action, Some(content)).with(|members| response.write(members))
}

pub(super) async fn introspect_by_rfc(host: &Host, issuer: &Issuer, asked: StandardRequest) -> Answer {
    let found = async {
        let form = Form::parse(asked.parameters.as_deref().unwrap_or_default().as_bytes())?;
        look_up(host, issuer, form.require("token")?).await
    };
    match found.await {
        Ok(found) => {
            let inactive = || json!({ "active": false });
            let body = found.map_or_else(inactive, |found| found.to_json(asked.hidden));
            Answer::done("the token was introspected", Action::Ok, Some(body.to_string()))
        }
        Err(error) => Answer::refused(&error, Action::BadRequest),
    }
}

pub(super) async fn revoke(host: &Host, issuer: &Issuer, asked: RevocationRequest) -> Answer {
    let http = client_request(asked.parameters, asked.client_id, asked.client_secret);
    match revocation::revocation(host, issuer, &http).await {
        Ok(()) => Answer::done("the token is no longer good, if it ever was", Action::Ok, Some("{}".into())),
        Err(error) => Answer::refused(&error, Action::InvalidClient),
    }
}
