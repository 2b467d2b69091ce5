//! What every answer says: what to do next, and how it went.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::message::{Field, Row, Table, message, put};
use crate::client::Client;
use crate::error::{ErrorCode, ProtocolError};
use crate::http::HttpResponse;

/// How it went, for whoever reads logs.
pub struct ResultCode {
    /// The code.
    pub code: &'static str,
    /// What it means.
    pub summary: &'static str,
}

/// Declares result codes.
macro_rules! results {
    ($($name:ident = $code:literal, $summary:literal;)*) => {
        $(#[doc = $summary] pub(super) static $name: ResultCode = ResultCode { code: $code, summary: $summary };)*
        /// All of them.
        pub static RESULTS: &[&ResultCode] = &[$(&$name),*];
    };
}

results! {
    DONE = "A100001", "It was done.";
    CLIENT_REFUSED = "A200001", "The client's request was refused; `responseContent` says why.";
    CLIENT_UNKNOWN = "A200002", "The client could not be authenticated.";
    TOKEN_REFUSED = "A200003", "The access token is missing, not good, or does not suffice.";
    TICKET_UNUSABLE = "A300001", "The ticket cannot be used: unknown, issued already, completed already, or expired.";
    NOT_COMPLETED = "A300002", "The authentication was not completed, and stays as it was; the message says why.";
    NEVER_ASKED = "A300003", "This server decides by itself and never asks for this call.";
    REQUEST_WRONG = "A400001", "This call is not what it must be; the message says where.";
    CALLER_UNKNOWN = "A400002", "The front end could not be authenticated.";
    UNAVAILABLE = "A500001", "The store, or a key, is unavailable: try again.";
}

/// Declares actions.
macro_rules! actions {
    ($($variant:ident = $text:literal, $summary:literal;)*) => {
        /// What the front end does next.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Action {
            $(#[doc = $summary] $variant,)*
        }

        impl Action {
            const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        /// Each action, and what the front end does next.
        pub static ACTIONS: &[(&str, &str)] = &[$(($text, $summary)),*];
    };
}

actions! {
    Ok = "OK", "Answers 200 with `responseContent`; in an introspection it lets the request pass.";
    BadRequest = "BAD_REQUEST", "Answers 400 with `responseContent`.";
    Unauthorized = "UNAUTHORIZED", "Answers 401 with `responseContent`.";
    Forbidden = "FORBIDDEN", "Answers 403 with `responseContent`.";
    InternalServerError = "INTERNAL_SERVER_ERROR", "Answers 500 with `responseContent`.";
    InvalidClient = "INVALID_CLIENT",
        "Answers 401, or 400 where the client used no Authorization header, with `responseContent`.";
    InvalidTicket = "INVALID_TICKET", "Answers 500 with `responseContent`.";
    UserIdentification = "USER_IDENTIFICATION", "Finds the person, then calls issue or fail.";
    Nothing = "NO_ACTION", "Does nothing: the client polls.";
    Notification = "NOTIFICATION",
        "POSTs `responseContent` to `clientNotificationEndpoint`, with `clientNotificationToken` as bearer token.";
    ServerError = "SERVER_ERROR", "Tells its operator.";
}

message! { write:
    /// In each answer that names the client.
    ClientMembers, "The client" {
        /// Its number; 0: it has none.
        number: u64 = "clientId",
        /// Its `client_id`.
        alias: Option<String> = "clientIdAlias",
        /// Whether the request named it by its `client_id`; requests always do.
        alias_used: bool = "clientIdAliasUsed",
        /// Its name for people.
        name: Option<String> = "clientName",
    }
}

/// An answer.
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    members: Map<String, Value>,
}

impl Answer {
    /// What to do next, and how it went. `content`: what the front end sends on.
    pub(super) fn new(
        result: &ResultCode,
        message: impl std::fmt::Display,
        action: Action,
        content: Option<String>,
    ) -> Self {
        let mut members = Map::new();
        members.insert("resultCode".into(), result.code.into());
        members.insert("resultMessage".into(), format!("[{}] {message}", result.code).into());
        members.insert("action".into(), action.as_str().into());
        put(&mut members, "responseContent", content);
        Self { status: 200, headers: Vec::new(), members }
    }

    /// It was done.
    pub(super) fn done(message: &str, action: Action, content: Option<String>) -> Self {
        Self::new(&DONE, message, action, content)
    }

    /// Something broke. The client is told `server_error` (RFC 6749 §4.1.2.1), where it is told anything.
    pub(super) fn broken(error: &ProtocolError, action: Action) -> Self {
        let told = ProtocolError::new(ErrorCode::ServerError, &error.description).to_json();
        Self::new(&UNAVAILABLE, &error.description, action, Some(told.to_string()))
    }

    /// The client's request was refused. `unauthenticated`: what to do where it was not the client's.
    pub(super) fn refused(error: &ProtocolError, unauthenticated: Action) -> Self {
        let (result, action) = match error.code {
            ErrorCode::TemporarilyUnavailable | ErrorCode::ServerError => {
                return Self::broken(error, Action::InternalServerError);
            }
            ErrorCode::InvalidClient => (&CLIENT_UNKNOWN, unauthenticated),
            _ => (&CLIENT_REFUSED, Action::BadRequest),
        };
        Self::new(result, &error.description, action, Some(error.to_json().to_string()))
    }

    /// The call itself was refused.
    pub(super) fn misdirected(error: &ProtocolError, action: Action) -> Self {
        let result = if error.status() == 401 { &CALLER_UNKNOWN } else { &REQUEST_WRONG };
        let answer = Self::new(result, &error.description, action, None);
        Self { status: error.status(), headers: error.to_response().headers, ..answer }
    }

    /// Says which client it is about, where that is known.
    pub(super) fn of(mut self, client: Option<&Rc<Client>>) -> Self {
        let Some(client) = client else { return self };
        let members = ClientMembers {
            number: client.number.unwrap_or_default(),
            alias: Some(client.client_id.clone()),
            alias_used: true,
            name: client.client_name.clone(),
        };
        members.write(&mut self.members);
        self
    }

    /// Says more.
    pub(super) fn with(mut self, write: impl FnOnce(&mut Map<String, Value>)) -> Self {
        write(&mut self.members);
        self
    }

    /// What is sent.
    pub(super) fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::json(self.status, json!(self.members).to_string());
        for (name, value) in self.headers {
            if !response.headers.iter().any(|(known, _)| *known == name) {
                response.headers.push((name, value));
            }
        }
        response
    }
}
