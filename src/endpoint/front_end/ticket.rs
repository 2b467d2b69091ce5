//! `backchannel/authentication/issue` and `fail`: the person was found and will be asked, or nobody will.

use serde_json::{Map, Value, json};

use super::answer::{Action, Answer, REQUEST_WRONG, TICKET_UNUSABLE};
use super::message::{Field, Reason, Row, Table, Wrong, member, message, put};
use crate::client::{DeliveryMode, GrantType};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::{Event, Failure, Host};
use crate::issuer::Issuer;
use crate::store::ciba::{Open, find_by_ticket};

message! { read:
    /// Acknowledges the client's request: the person is being asked.
    IssueRequest, "POST backchannel/authentication/issue" {
        /// Required.
        ticket: Option<String> = "ticket",
    }
}

message! { write:
    /// With `OK`.
    IssueResponse, "The answer: `OK`, `INVALID_TICKET`, `INTERNAL_SERVER_ERROR`" {
        /// `auth_req_id`
        auth_req_id: Option<String> = "authReqId",
        /// How long the request lasts from now on, in seconds.
        expires_in: u64 = "expiresIn",
        /// How long the client waits between polls, in seconds; 0: it does not poll.
        interval: u64 = "interval",
    }
}

message! { read:
    /// Refuses the client's request. The ticket is spent.
    FailRequest, "POST backchannel/authentication/fail" {
        /// Required.
        ticket: Option<String> = "ticket",
        /// Required.
        reason: Option<Reason> = "reason",
        /// `error_description`; other characters than RFC 6749 §5.2 allows are replaced.
        error_description: Option<String> = "errorDescription",
        /// `error_uri`; left out where it has other characters.
        error_uri: Option<String> = "errorUri",
    }
}

pub(super) async fn issue(host: &Host, issuer: &Issuer, request: IssueRequest) -> Answer {
    let unusable = |why: &dyn std::fmt::Display| {
        let told = ProtocolError::new(ErrorCode::ServerError, "the request could not be taken").to_json();
        Answer::new(&TICKET_UNUSABLE, why, Action::InvalidTicket, Some(told.to_string()))
    };
    let mut open = match find(host, issuer, request.ticket.as_deref()).await {
        Err(failure) => return broken(&failure),
        Ok(None) => return unusable(&UNKNOWN),
        Ok(Some(open)) => open,
    };
    match open.issue(host).await {
        Err(failure) => return broken(&failure),
        Ok(Err(why)) => return unusable(&why),
        Ok(Ok(())) => {}
    }
    record(host, issuer, &open, None).await;
    let expires_in = open.request.expires_in;
    let mut body = json!({ "auth_req_id": open.auth_req_id, "expires_in": expires_in });
    let polls = open.request.asked.mode != DeliveryMode::Push;
    let interval = if polls { open.request.interval } else { 0 };
    // CIBA Core §7.3: interval is for those who poll.
    if let Some(members) = body.as_object_mut().filter(|_| polls) {
        members.insert("interval".into(), interval.into());
    }
    let response = IssueResponse { auth_req_id: Some(open.auth_req_id), expires_in, interval };
    let answer = Answer::done("the request was acknowledged", Action::Ok, Some(body.to_string()));
    answer.with(|members| response.write(members))
}

pub(super) async fn fail(host: &Host, issuer: &Issuer, request: FailRequest) -> Answer {
    let told =
        |description: &str| ProtocolError::new(ErrorCode::ServerError, description).to_json().to_string();
    let unusable = |why: &dyn std::fmt::Display| {
        let told = told("the request could not be taken");
        Answer::new(&TICKET_UNUSABLE, why, Action::InternalServerError, Some(told))
    };
    let Some(reason) = request.reason else {
        let message = "reason is missing: the ticket stays as it was";
        return Answer::new(&REQUEST_WRONG, message, Action::InternalServerError, Some(told("try again")));
    };
    let mut open = match find(host, issuer, request.ticket.as_deref()).await {
        Err(failure) => return broken(&failure),
        Ok(None) => return unusable(&UNKNOWN),
        Ok(Some(open)) => open,
    };
    match open.abandon(host).await {
        Err(failure) => return broken(&failure),
        Ok(Err(why)) => return unusable(&why),
        Ok(Ok(())) => {}
    }
    let (code, action, usual) = meaning(reason);
    let error = ProtocolError::new(code, request.error_description.as_deref().unwrap_or(usual))
        .with_uri(request.error_uri.as_deref());
    record(host, issuer, &open, Some(&error)).await;
    Answer::done("the request was refused", action, Some(error.to_json().to_string()))
}

/// The error, what the front end does, and what the client is told where the front end says nothing.
fn meaning(reason: Reason) -> (ErrorCode, Action, &'static str) {
    let (code, usual) = match reason {
        Reason::ExpiredLoginHintToken => {
            (ErrorCode::ExpiredLoginHintToken, "the login_hint_token has expired")
        }
        Reason::UnknownUserId => (ErrorCode::UnknownUserId, "the hint names nobody who can be asked here"),
        Reason::UnauthorizedClient => (ErrorCode::UnauthorizedClient, "this client may not ask for this"),
        Reason::MissingUserCode => {
            (ErrorCode::MissingUserCode, "this person is only asked by those who send their user_code")
        }
        Reason::InvalidUserCode => (ErrorCode::InvalidUserCode, "the user_code is another"),
        Reason::InvalidBindingMessage => {
            (ErrorCode::InvalidBindingMessage, "the binding_message cannot be shown")
        }
        Reason::InvalidTarget => (ErrorCode::InvalidTarget, "the resource is not known"),
        Reason::AccessDenied => (ErrorCode::AccessDenied, "the request was refused"),
        Reason::ServerError => (ErrorCode::ServerError, "the request could not be served: try again"),
    };
    let action = match code {
        ErrorCode::AccessDenied => Action::Forbidden,
        ErrorCode::ServerError => Action::InternalServerError,
        _ => Action::BadRequest,
    };
    (code, action, usual)
}

const UNKNOWN: &str = "the ticket is unknown: no such request was made, or it is long over";

/// The request of this ticket, where it is this issuer's.
async fn find(host: &Host, issuer: &Issuer, ticket: Option<&str>) -> Result<Option<Open>, Failure> {
    let found = find_by_ticket(host, ticket.unwrap_or_default()).await?;
    Ok(found.filter(|open| open.request.asked.issuer == issuer.identifier))
}

fn broken(failure: &Failure) -> Answer {
    Answer::broken(&ProtocolError::unavailable(failure), Action::InternalServerError)
}

async fn record(host: &Host, issuer: &Issuer, open: &Open, error: Option<&ProtocolError>) {
    let asked = &open.request.asked;
    let mut event = Event::new("authentication.requested", host.now(), &issuer.identifier);
    event.grant_type = Some(GrantType::Ciba.as_str().to_owned());
    event.client_id = Some(asked.client_id.clone());
    event.scope = Some(asked.scope.clone());
    if let Some(error) = error {
        event.kind = "authentication.refused";
        event.refused(error);
    }
    // An audit event that the host cannot write is the host's to report; the answer stands.
    let _ = host.record(event).await;
}
