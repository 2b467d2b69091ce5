//! Decides an authentication that a client asked for: CIBA Core §8, and tells the client, §10.2, §10.3, §12.
//!
//! Whoever asked the person comes here with the ticket. The first decision stands.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Server, token};
use crate::client::{Client, DeliveryMode, GrantType};
use crate::consent::ConsentState;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::grant::{Context, Issued, ciba};
use crate::host::{Event, Host, Outbound};
use crate::issuer::Issuer;
use crate::scope::Scope;
use crate::store::ciba::{Decision, Open, Undecidable, find, find_by_ticket};
use crate::store::{Approval, Processing, policy_of, record_consent};

/// How long a client may take to answer a notification, in milliseconds.
const TIMEOUT: u32 = 5_000;
/// How much of its answer is read, in bytes: none of it counts.
const MOST: u32 = 1_024;

/// What a request is named by.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// Its ticket.
    Ticket(&'a str),
    /// Its ticket, where the request is this issuer's.
    TicketOf(&'a str, &'a Issuer),
    /// Its `auth_req_id`, which the client has too: in development alone.
    AuthReqId(&'a str),
}

/// Who tells the client.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Notifier {
    /// This server.
    Here,
    /// Whoever decided.
    FrontEnd,
}

/// An authentication that was decided.
pub(super) struct Completed {
    /// The client that asked.
    pub client: Rc<Client>,
    /// The request.
    pub open: Open,
    /// The notification, where the client gets one.
    pub notification: Option<Value>,
    /// The tokens in it.
    pub issued: Option<Issued>,
}

/// Reads what was decided: `{"outcome": "authorized", …}`, an [`Approval`] beside it; `{"outcome": "access_denied"}`
/// or `transaction_failed`, with `error_description` and `error_uri`.
pub(super) fn decision(result: &Value) -> Result<Decision, ProtocolError> {
    let text = |name| result.get(name).and_then(Value::as_str).map(str::to_owned);
    let denied =
        |failed| Decision::Denied { failed, description: text("error_description"), uri: text("error_uri") };
    match text("outcome").as_deref() {
        Some("authorized") => Approval::parse(result)
            .map(|approval| Decision::Approved(Box::new(approval)))
            .map_err(|error| ProtocolError::invalid_request(error.to_string())),
        Some("access_denied") => Ok(denied(false)),
        Some("transaction_failed") => Ok(denied(true)),
        _ => Err(ProtocolError::invalid_request(
            "outcome must be one of authorized, access_denied, transaction_failed",
        )),
    }
}

/// Decides a request.
///
/// # Errors
/// `invalid_request`, which says whether the ticket is unknown, was used or has expired, or what is wrong with the
/// decision; the request then stays as it was.
pub(super) async fn complete(
    server: &Server,
    host: &Host,
    by: By<'_>,
    decision: &Decision,
    notifier: Notifier,
) -> Result<Completed, ProtocolError> {
    let found = match by {
        By::Ticket(ticket) | By::TicketOf(ticket, _) => find_by_ticket(host, ticket).await,
        By::AuthReqId(auth_req_id) => find(host, auth_req_id).await,
    };
    let unknown = || ProtocolError::invalid_request("the ticket is unknown: no such request was made");
    let ours = |open: &Open| match by {
        By::TicketOf(_, issuer) => open.request.asked.issuer == issuer.identifier,
        By::Ticket(_) | By::AuthReqId(_) => true,
    };
    let mut open = found.map_err(ProtocolError::unavailable)?.filter(ours).ok_or_else(unknown)?;
    open.decidable(host.now()).map_err(undecidable)?;
    let asked = open.request.asked.clone();
    let issuer =
        server.issuers.iter().find(|issuer| issuer.identifier == asked.issuer).ok_or_else(unknown)?;
    let client = issuer.clients.get(&asked.client_id).ok_or_else(unknown)?;
    let (issuer, client) = (Rc::clone(issuer), Rc::clone(client));
    if let Decision::Approved(approval) = decision {
        check(&issuer, &client, &open, approval)?;
    }
    let push = asked.mode == DeliveryMode::Push;
    let mut issued = None;
    let notification = match decision {
        Decision::Approved(approval) if push => {
            token::allowed_grant(&issuer, GrantType::Ciba.as_str(), &client)?;
            // Nobody would be given the tokens.
            if client.backchannel.mode != DeliveryMode::Push {
                let message = "the client is not one that tokens are pushed to any more";
                return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, message));
            }
            let policy = policy_of(host, &issuer).await?;
            let form = Form::default();
            let context =
                Context { host, issuer: &issuer, client: &client, policy: policy.as_deref(), form: &form };
            let grant = ciba::approved(&context, &open, approval).await?;
            let tokens = context.issue(grant).await.map_err(first_stands)?;
            let mut body = token::body(&issuer, &tokens);
            if let Some(members) = body.as_object_mut() {
                members.insert("auth_req_id".into(), open.auth_req_id.as_str().into());
            }
            issued = Some(tokens);
            Some(body)
        }
        decision => {
            let decided = open.decide(host, decision).await.map_err(ProtocolError::unavailable)?;
            decided.map_err(undecidable)?;
            if let Some(purpose) = &asked.purpose {
                say(host, &issuer, &open, purpose, decision).await?;
            }
            match asked.mode {
                DeliveryMode::Poll => None,
                // §10.2: exactly this, whatever was decided.
                DeliveryMode::Ping => Some(json!({ "auth_req_id": open.auth_req_id })),
                DeliveryMode::Push => Some(refusal(&issuer, &open, decision)),
            }
        }
    };
    if let (Some(body), Notifier::Here) = (&notification, notifier) {
        notify(host, &client, asked.notification_token.as_deref(), body).await?;
    }
    record(host, &issuer, &open, decision).await;
    Ok(Completed { client, open, notification, issued })
}

/// What is approved must be this issuer's to give, and be about somebody.
fn check(issuer: &Issuer, client: &Client, open: &Open, approval: &Approval) -> Result<(), ProtocolError> {
    let invalid = |message: String| Err(ProtocolError::invalid_request(message));
    let asked = &open.request.asked;
    if asked.sub.is_none() && approval.sub.is_none() {
        return invalid("the subject is missing: say who agreed".into());
    }
    if asked.sub.is_some() && approval.sub.is_some() && asked.sub != approval.sub {
        return invalid("another subject was asked than the one who agreed".into());
    }
    let Some(text) = &approval.scope else { return Ok(()) };
    let scope: Scope = text.parse().unwrap_or_default();
    let asked_openid = asked.scope.split(' ').any(|token| token == "openid");
    if asked_openid && !scope.contains("openid") {
        return invalid("the scope must hold openid, which was asked for".into());
    }
    let known = issuer.scope.intersection(&client.scope).union(&asked.scope.parse().unwrap_or_default());
    let unknown = scope.without(&known);
    if !unknown.is_empty() {
        return invalid(format!("scope {unknown} is not allowed to this client"));
    }
    Ok(())
}

/// A decision about a purpose is a consent to it.
async fn say(
    host: &Host,
    issuer: &Issuer,
    open: &Open,
    purpose: &str,
    decision: &Decision,
) -> Result<(), ProtocolError> {
    let asked = &open.request.asked;
    let policy = policy_of(host, issuer).await?;
    let scope: Scope = asked.scope.parse().unwrap_or_default();
    let scope = policy.map(|policy| policy.by_consent(purpose, &scope)).unwrap_or_default();
    let state = match decision {
        Decision::Approved(_) => ConsentState::Given,
        Decision::Denied { failed: false, .. } => ConsentState::Refused,
        Decision::Denied { failed: true, .. } => return Ok(()),
    };
    let Some(sub) = asked.sub.as_deref().filter(|_| !scope.is_empty()) else { return Ok(()) };
    let processing = Processing { sub, client_id: &asked.client_id, purpose, scope: &scope };
    let kept = record_consent(host, issuer, processing, state, "operator").await;
    if kept.map_err(ProtocolError::unavailable)? {
        return Ok(());
    }
    Err(ProtocolError::invalid_request("this person's consents are too many to record another"))
}

/// §12: the payload of a push that brings no tokens.
fn refusal(issuer: &Issuer, open: &Open, decision: &Decision) -> Value {
    let (code, description, uri) = match decision {
        Decision::Denied { failed: true, description, uri } => {
            (issuer.profile.backchannel.failed_in_push, description.as_deref(), uri.as_deref())
        }
        Decision::Denied { description, uri, .. } => {
            (ErrorCode::AccessDenied, description.as_deref(), uri.as_deref())
        }
        Decision::Approved(_) => (ErrorCode::ServerError, None, None),
    };
    let usual = match code {
        ErrorCode::AccessDenied => "the person refused",
        _ => "the person could not be authenticated",
    };
    let error = ProtocolError::new(code, description.unwrap_or(usual)).with_uri(uri);
    let mut body = error.to_json();
    if let Some(members) = body.as_object_mut() {
        members.insert("auth_req_id".into(), open.auth_req_id.as_str().into());
    }
    body
}

/// §10.2, §10.3.1: a POST of JSON, with the client's own token as bearer token.
async fn notify(
    host: &Host,
    client: &Client,
    token: Option<&str>,
    body: &Value,
) -> Result<(), ProtocolError> {
    let (Some(url), Some(token)) = (&client.backchannel.notification_endpoint, token) else { return Ok(()) };
    let outbound = Outbound {
        method: "POST",
        url: url.clone(),
        headers: vec![
            ("authorization".into(), format!("Bearer {token}")),
            ("content-type".into(), "application/json".into()),
        ],
        body: Some(body.to_string()),
        timeout_ms: TIMEOUT,
        max_bytes: MOST,
    };
    host.notify(outbound).await.map_err(ProtocolError::unavailable)
}

async fn record(host: &Host, issuer: &Issuer, open: &Open, decision: &Decision) {
    let mut event = Event::new("authentication.completed", host.now(), &issuer.identifier);
    let asked = &open.request.asked;
    event.client_id = Some(asked.client_id.clone());
    event.scope = Some(asked.scope.clone());
    event.purpose.clone_from(&asked.purpose);
    event.subject.clone_from(&asked.sub);
    match decision {
        Decision::Approved(approval) => {
            event.subject = approval.sub.clone().or(event.subject);
            event.scope = approval.scope.clone().or(event.scope);
        }
        Decision::Denied { failed, .. } => {
            let code = if *failed { ErrorCode::TransactionFailed } else { ErrorCode::AccessDenied };
            event.error = Some(code.as_str());
        }
    }
    // An audit event that the host cannot write is the host's to report; the decision stands.
    let _ = host.record(event).await;
}

/// Why a request cannot be decided, for whoever wanted to.
pub(super) fn undecidable(why: Undecidable) -> ProtocolError {
    ProtocolError::invalid_request(why.to_string())
}

/// Another decision came first, between reading and writing.
fn first_stands(error: ProtocolError) -> ProtocolError {
    if error == ciba::redeemed() { undecidable(Undecidable::Decided) } else { error }
}
