//! `backchannel/authentication/complete`: the person has answered, or was given up on.

use serde_json::{Map, Value, json};

use super::answer::{Action, Answer, NOT_COMPLETED};
use super::authentication::mode;
use super::message::{Field, Outcome, Properties, Row, Table, Wrong, member, message, put};
use crate::client::DeliveryMode;
use crate::endpoint::Server;
use crate::endpoint::ciba_complete::{self, By, Completed, Notifier};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::Host;
use crate::issuer::Issuer;
use crate::json;
use crate::store::Approval;
use crate::store::ciba::Decision;

message! { read:
    /// Says what became of an authentication. The first call that is good stands; one that is not changes nothing.
    CompleteRequest, "POST backchannel/authentication/complete" {
        /// Required.
        ticket: Option<String> = "ticket",
        /// Required.
        result: Option<Outcome> = "result",
        /// Who agreed. Required with `AUTHORIZED`.
        subject: Option<String> = "subject",
        /// What the id token calls them instead.
        sub: Option<String> = "sub",
        /// When they were authenticated, in seconds since 1970.
        auth_time: u64 = "authTime",
        /// How well: `acr` of the id token.
        acr: Option<String> = "acr",
        /// More claims of the id token: a JSON object. None that the issuer sets.
        claims: Option<String> = "claims",
        /// More members of the token response, tied to the access token: at most 65,535 bytes as base64url of JSON.
        /// Hidden ones are introspected, and the client is not shown them.
        properties: Properties = "properties",
        /// What was agreed to in place of what was asked for; with `openid`.
        scopes: Vec<String> = "scopes",
        /// More header parameters of the id token: a JSON object. None that the issuer sets.
        idt_header_params: Option<String> = "idtHeaderParams",
        /// `error_description`, unless it is `AUTHORIZED`; other characters than RFC 6749 §5.2 allows are replaced.
        error_description: Option<String> = "errorDescription",
        /// `error_uri`, unless it is `AUTHORIZED`; left out where it has other characters.
        error_uri: Option<String> = "errorUri",
        /// How long the access token is good for, in seconds; at most what the policy allows.
        access_token_duration: u64 = "accessTokenDuration",
        /// How long refreshing is, in seconds; at most what the policy allows.
        refresh_token_duration: u64 = "refreshTokenDuration",
    }
}

message! { write:
    /// With `NO_ACTION` and `NOTIFICATION`.
    CompleteResponse, "The answer: `NO_ACTION`, `NOTIFICATION`, `SERVER_ERROR`" {
        /// `POLL`, `PING` or `PUSH`.
        delivery_mode: Option<String> = "deliveryMode",
        /// Where the notification goes.
        notification_endpoint: Option<String> = "clientNotificationEndpoint",
        /// Its bearer token.
        notification_token: Option<String> = "clientNotificationToken",
        /// `auth_req_id`
        auth_req_id: Option<String> = "authReqId",
        /// The access token that is pushed.
        access_token: Option<String> = "accessToken",
        /// The refresh token that is pushed.
        refresh_token: Option<String> = "refreshToken",
        /// The id token that is pushed.
        id_token: Option<String> = "idToken",
        /// How long the access token is good for, in seconds.
        access_token_duration: u64 = "accessTokenDuration",
        /// How long the refresh token is, in seconds.
        refresh_token_duration: u64 = "refreshTokenDuration",
        /// How long the id token is, in seconds.
        id_token_duration: u64 = "idTokenDuration",
        /// The access token, which is a JWT.
        jwt_access_token: Option<String> = "jwtAccessToken",
        /// `resource`, RFC 8707 §2.
        resources: Vec<String> = "resources",
    }
}

pub(super) async fn complete(
    server: &Server,
    host: &Host,
    issuer: &Issuer,
    request: CompleteRequest,
) -> Answer {
    match decided(server, host, issuer, request).await {
        Ok(completed) => told(completed),
        Err(error) if error.code == ErrorCode::TemporarilyUnavailable => {
            Answer::broken(&error, Action::ServerError)
        }
        Err(error) => {
            // What is called one thing here and another in the core.
            let message = error.description.replace("id_token_header", "idtHeaderParams");
            Answer::new(&NOT_COMPLETED, message, Action::ServerError, None)
        }
    }
}

async fn decided(
    server: &Server,
    host: &Host,
    issuer: &Issuer,
    request: CompleteRequest,
) -> Result<Completed, ProtocolError> {
    let ticket = request.ticket.clone().unwrap_or_default();
    let decision = decision(request)?;
    ciba_complete::complete(server, host, By::TicketOf(&ticket, issuer), &decision, Notifier::FrontEnd).await
}

/// What was decided, as the core says it.
fn decision(request: CompleteRequest) -> Result<Decision, ProtocolError> {
    let outcome = request.result.ok_or_else(|| ProtocolError::invalid_request("result is missing"))?;
    if outcome != Outcome::Authorized {
        return Ok(Decision::Denied {
            failed: outcome == Outcome::TransactionFailed,
            description: request.error_description,
            uri: request.error_uri,
        });
    }
    let subject = request.subject.ok_or_else(|| {
        ProtocolError::invalid_request("subject is missing: say who agreed, or that the result is another")
    })?;
    let approval = json!({
        "sub": subject,
        "id_token_sub": request.sub,
        "auth_time": Some(request.auth_time).filter(|at| *at > 0),
        "acr": request.acr,
        "claims": object("claims", request.claims)?,
        "id_token_header": object("idtHeaderParams", request.idt_header_params)?,
        "properties": request.properties.0,
        "scope": Some(request.scopes.join(" ")).filter(|scope| !scope.is_empty()),
        "access_token_lifetime": Some(request.access_token_duration).filter(|lifetime| *lifetime > 0),
        "refresh_token_lifetime": Some(request.refresh_token_duration).filter(|lifetime| *lifetime > 0),
    });
    Approval::parse(&approval)
        .map(|approval| Decision::Approved(Box::new(approval)))
        .map_err(|error| ProtocolError::invalid_request(error.to_string()))
}

/// A JSON object that was sent as a text.
fn object(name: &str, text: Option<String>) -> Result<Value, ProtocolError> {
    let Some(text) = text else { return Ok(Value::Null) };
    let wrong = |why: &dyn std::fmt::Display| {
        ProtocolError::invalid_request(format!("{name} must be a JSON object as a text: {why}"))
    };
    let value = json::parse(text.as_bytes()).map_err(|error| wrong(&error))?;
    if value.is_object() { Ok(value) } else { Err(wrong(&"it is another value")) }
}

fn told(completed: Completed) -> Answer {
    let Completed { client, open, notification, issued, .. } = completed;
    let asked = open.request.asked;
    let notified = asked.mode != DeliveryMode::Poll;
    let mut response = CompleteResponse {
        delivery_mode: Some(mode(asked.mode)),
        notification_endpoint: client.backchannel.notification_endpoint.clone().filter(|_| notified),
        notification_token: asked.notification_token.filter(|_| notified),
        auth_req_id: Some(open.auth_req_id),
        resources: asked.audience,
        ..CompleteResponse::default()
    };
    if let Some(issued) = issued {
        let lifetime = issued.grant.granted.lifetime.0;
        response.access_token_duration = lifetime;
        response.refresh_token_duration = issued.refresh_token_lifetime.unwrap_or_default().0;
        response.id_token_duration = if issued.id_token.is_some() { lifetime } else { 0 };
        response.jwt_access_token = Some(issued.access_token.clone());
        response.access_token = Some(issued.access_token);
        response.refresh_token = issued.refresh_token;
        response.id_token = issued.id_token;
    }
    let answer = match notification {
        None => Answer::done("the client will ask", Action::Nothing, None),
        Some(body) => Answer::done("notify the client", Action::Notification, Some(body.to_string())),
    };
    answer.of(Some(&client)).with(|members| response.write(members))
}
