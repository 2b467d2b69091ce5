//! What the program that embeds this server may do: publish the policy, keep the directory of subjects, give and
//! revoke API keys. These come as requests marked [`HttpRequest::operator`], which nothing that a network sent is.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Builder;

use super::Server;
use crate::error::ProtocolError;
use crate::host::{Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::{Issuer, PolicySource};
use crate::mistake::Mistake;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::store;
use rand_core::Rng;

/// A command, as a member of that name; `issuer` is the identifier of the issuer that it is for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    /// Publishes the text of a policy in the registry.
    PublishPolicy { issuer: String, policy: String },
    /// Reads the text that is published.
    ReadPolicy { issuer: String },
    /// Puts a subject into the directory, or changes what stands there.
    PutSubject { issuer: String, sub: String, active: bool },
    /// Gives a client an API key, which is told this once.
    CreateApiKey { issuer: String, client_id: String },
    /// Takes an API key away from a client.
    RevokeApiKey { issuer: String, client_id: String, api_key: String },
}

/// Why a command was not done.
enum Fault {
    Refused(ProtocolError),
    Mistakes(Vec<Mistake>),
}

impl From<ProtocolError> for Fault {
    fn from(error: ProtocolError) -> Self {
        Self::Refused(error)
    }
}

pub(super) async fn serve(server: &Server, host: &Host, request: &HttpRequest) -> HttpResponse {
    match perform(server, host, request).await {
        Ok(answer) => HttpResponse::json(200, answer.to_string()),
        Err(Fault::Refused(error)) => error.to_response(),
        Err(Fault::Mistakes(mistakes)) => {
            let description = format!("the policy has {} mistakes", mistakes.len());
            let answer = json!({
                "error": "invalid_request", "error_description": description, "mistakes": mistakes,
            });
            HttpResponse::json(400, answer.to_string())
        }
    }
}

async fn perform(server: &Server, host: &Host, request: &HttpRequest) -> Result<Value, Fault> {
    let command: Command = serde_json::from_slice(request.body.bytes())
        .map_err(|error| ProtocolError::invalid_request(format!("no such command: {error}")))?;
    let mut event = Event::new("operator", host.now(), "");
    let (answer, issuer) = match command {
        Command::PublishPolicy { issuer, policy } => {
            event.cause = Some("publish_policy".into());
            let issuer = find(server, &issuer)?;
            if !matches!(issuer.policy, PolicySource::Registry(_)) {
                let message =
                    "this issuer's policy stands in its configuration: set \"policy\": \"registry\"";
                return Err(ProtocolError::invalid_request(message).into());
            }
            let version = Policy::parse(&policy).map_err(Fault::Mistakes)?.version;
            store::publish_policy(host, issuer, policy).await.map_err(ProtocolError::unavailable)?;
            event.policy_version = Some(version.clone());
            (json!({ "version": version }), issuer)
        }
        Command::ReadPolicy { issuer } => {
            let issuer = find(server, &issuer)?;
            let text = store::published_policy(host, issuer).await.map_err(ProtocolError::unavailable)?;
            return Ok(json!({ "policy": text }));
        }
        Command::PutSubject { issuer, sub, active } => {
            event.cause = Some(if active { "activate_subject" } else { "disable_subject" }.into());
            let issuer = find(server, &issuer)?;
            if sub.is_empty() || sub.len() > 255 {
                return Err(ProtocolError::invalid_request("expected a sub of 1 to 255 bytes").into());
            }
            store::put_subject(host, issuer, &sub, active).await.map_err(ProtocolError::unavailable)?;
            event.subject = Some(sub);
            (json!({}), issuer)
        }
        Command::CreateApiKey { issuer, client_id } => {
            event.cause = Some("create_api_key".into());
            let issuer = find(server, &issuer)?;
            expect_client(issuer, &client_id)?;
            let mut random = [0; 16];
            host.rng().fill_bytes(&mut random);
            let api_key = Builder::from_random_bytes(random).into_uuid().to_string();
            put_api_key(host, issuer, &client_id, &api_key, false).await?;
            event.client_id = Some(client_id);
            (json!({ "api_key": api_key }), issuer)
        }
        Command::RevokeApiKey { issuer, client_id, api_key } => {
            event.cause = Some("revoke_api_key".into());
            let issuer = find(server, &issuer)?;
            expect_client(issuer, &client_id)?;
            put_api_key(host, issuer, &client_id, &api_key, true).await?;
            event.client_id = Some(client_id);
            (json!({}), issuer)
        }
    };
    event.issuer.clone_from(&issuer.identifier);
    let _ = host.record(event).await;
    Ok(answer)
}

fn find<'a>(server: &'a Server, identifier: &str) -> Result<&'a Issuer, ProtocolError> {
    server.issuers.iter().find(|issuer| issuer.identifier == identifier).map(|issuer| &**issuer).ok_or_else(
        || {
            let known: Vec<_> = server.issuers.iter().map(|issuer| issuer.identifier.as_str()).collect();
            ProtocolError::invalid_request(format!("no issuer {identifier}; there are {}", known.join(", ")))
        },
    )
}

fn expect_client(issuer: &Issuer, client_id: &str) -> Result<(), ProtocolError> {
    if issuer.clients.contains_key(client_id) {
        return Ok(());
    }
    Err(ProtocolError::invalid_request(format!("no client {client_id} is known there")))
}

async fn put_api_key(
    host: &Host,
    issuer: &Issuer,
    client_id: &str,
    api_key: &str,
    revoked: bool,
) -> Result<(), ProtocolError> {
    let put = store::put_api_key(host, issuer, client_id, &Secret::new(api_key), revoked).await;
    put.map_err(ProtocolError::unavailable)
}
