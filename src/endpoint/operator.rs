//! What the program that embeds this server may do: publish the policy, keep the directory of subjects, record and read
//! consents, give and revoke API keys. These come as requests marked [`HttpRequest::operator`], which nothing that a
//! network sent is.

use serde_json::{Value, json};
use uuid::Builder;

use super::ciba_complete::{By, Notifier, complete, decision};
use super::members::Members;
use super::{Server, consents};
use crate::error::ProtocolError;
use crate::host::{Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::{Issuer, PolicySource};
use crate::json;
use crate::mistake::Mistake;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::store;
use rand_core::Rng;

/// Why a command was not done.
enum Fault {
    Refused(ProtocolError),
    Mistakes { of: &'static str, mistakes: Vec<Mistake> },
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
        Err(Fault::Mistakes { of, mistakes }) => {
            let description = format!("the {of} has {} mistakes", mistakes.len());
            let answer = json!({
                "error": "invalid_request", "error_description": description, "mistakes": mistakes,
            });
            HttpResponse::json(400, answer.to_string())
        }
    }
}

/// A command is a member of that name; `issuer` in it is the identifier of the issuer that it is for.
async fn perform(server: &Server, host: &Host, request: &HttpRequest) -> Result<Value, Fault> {
    let unknown = || ProtocolError::invalid_request("no such command");
    let body = json::parse(request.body.bytes()).map_err(|_| unknown())?;
    let one = body.as_object().filter(|body| body.len() == 1);
    let (name, members) = one.and_then(|body| body.iter().next()).ok_or_else(unknown)?;
    let command = Members(members);
    // A ticket says by itself which issuer's it is.
    if name == "complete_authentication" {
        let decision = decision(members.get("result").unwrap_or(&Value::Null))?;
        let ticket = By::Ticket(command.text("ticket")?);
        complete(server, host, ticket, &decision, Notifier::Here).await?;
        return Ok(json!({}));
    }
    let issuer = issuer_of(server, command)?;
    let mut event = Event::new("operator", host.now(), &issuer.identifier);
    event.cause = Some(name.clone());
    let answer = match name.as_str() {
        "publish_policy" => publish_policy(host, issuer, command.text("policy")?, &mut event).await?,
        "read_policy" => {
            let text = store::published_policy(host, issuer).await.map_err(ProtocolError::unavailable)?;
            return Ok(json!({ "policy": text }));
        }
        "explain_policy" => return explain_policy(host, issuer, command.text("facts")?).await,
        "put_subject" => {
            let sub = command.sub()?;
            let active = members.get("active").and_then(Value::as_bool);
            let active =
                active.ok_or_else(|| ProtocolError::invalid_request("active must be true or false"))?;
            let hints = hints(members)?;
            store::put_subject(host, issuer, sub, active).await.map_err(ProtocolError::unavailable)?;
            for hint in hints {
                store::put_hint(host, issuer, hint, sub).await.map_err(ProtocolError::unavailable)?;
            }
            event.cause = Some(if active { "activate_subject" } else { "disable_subject" }.into());
            event.subject = Some(sub.to_owned());
            json!({})
        }
        "create_api_key" => {
            let client_id = command.client(issuer)?;
            let mut random = [0; 16];
            host.rng().fill_bytes(&mut random);
            let api_key = Builder::from_random_bytes(random).into_uuid().to_string();
            put_api_key(host, issuer, client_id, &api_key, false).await?;
            event.client_id = Some(client_id.to_owned());
            json!({ "api_key": api_key })
        }
        "revoke_api_key" => {
            let client_id = command.client(issuer)?;
            put_api_key(host, issuer, client_id, command.text("api_key")?, true).await?;
            event.client_id = Some(client_id.to_owned());
            json!({})
        }
        // It is audited as what it is, whoever says so.
        "put_consent" => {
            let meant = consents::meant(issuer, command.sub()?, command)?;
            consents::record(host, issuer, &meant, command, None, &mut event).await?
        }
        "read_consents" => return Ok(consents::read(host, issuer, command.sub()?).await?),
        _ => return Err(unknown().into()),
    };
    let _ = host.record(event).await;
    Ok(answer)
}

fn issuer_of<'s>(server: &'s Server, command: Members<'_>) -> Result<&'s Issuer, ProtocolError> {
    let identifier = command.text("issuer")?;
    let found = server.issuers.iter().find(|issuer| issuer.identifier == identifier);
    found.map(|issuer| &**issuer).ok_or_else(|| {
        let known: Vec<_> = server.issuers.iter().map(|issuer| issuer.identifier.as_str()).collect();
        ProtocolError::invalid_request(format!("no issuer {identifier}; there are {}", known.join(", ")))
    })
}

/// What a subject may be called in hints.
fn hints(members: &Value) -> Result<Vec<&str>, ProtocolError> {
    let hints = match members.get("hints") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(hints) => hints.as_array().and_then(|all| all.iter().map(Value::as_str).collect()),
    };
    let sound =
        hints.filter(|hints: &Vec<&str>| hints.len() <= 100 && hints.iter().all(|hint| !hint.is_empty()));
    sound.ok_or_else(|| ProtocolError::invalid_request("hints must be at most 100 texts that are not empty"))
}

async fn publish_policy(host: &Host, issuer: &Issuer, text: &str, event: &mut Event) -> Result<Value, Fault> {
    if !matches!(issuer.policy, PolicySource::Registry(_)) {
        let message = "this issuer's policy stands in its configuration: set \"policy\": \"registry\"";
        return Err(ProtocolError::invalid_request(message).into());
    }
    let version = Policy::parse(text).map_err(|mistakes| Fault::Mistakes { of: "policy", mistakes })?.version;
    store::publish_policy(host, issuer, text.to_owned()).await.map_err(ProtocolError::unavailable)?;
    event.policy_version = Some(version.clone());
    Ok(json!({ "version": version }))
}

/// Explains a decision by the policy that is in force.
async fn explain_policy(host: &Host, issuer: &Issuer, facts: &str) -> Result<Value, Fault> {
    let policy = store::policy_of(host, issuer).await?;
    let policy = policy.ok_or_else(|| ProtocolError::invalid_request("this issuer has no policy"))?;
    let decision = policy.explain(facts).map_err(|mistakes| Fault::Mistakes { of: "facts", mistakes })?;
    // A decision is plain data, which always serializes.
    Ok(serde_json::to_value(decision).unwrap_or_default())
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
