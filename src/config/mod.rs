//! Configuration: one JSON document, read whole, every mistake named by its place.
//!
//! [`plan`] says what the environment must give; [`read`] makes issuers of the document and the
//! environment. Secrets and private keys only ever stand in the environment.

mod backchannel;
mod build;
mod ciba;
mod clients;
mod document;
mod env;
mod keys;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

pub use document::Document;

use crate::issuer::Issuer;
use crate::json;
use crate::mistake::{Mistake, Mistakes};
use crate::scope::Scope;
use document::Signing;
use text::{Binding, Keys, Text};

/// What the host must do before [`read`].
#[derive(Debug, Serialize)]
pub struct Plan {
    /// The environment bindings that the document refers to.
    pub bindings: Vec<PlannedBinding>,
    /// The record kinds that the `state` role will hold.
    pub state_kinds: Vec<&'static str>,
}

/// A reference to an environment binding.
#[derive(Debug, PartialEq, Serialize)]
pub struct PlannedBinding {
    /// The binding's name.
    pub name: String,
    /// Where it is referred to.
    pub pointer: String,
    /// What it holds.
    pub kind: BindingKind,
    /// JWS algorithm of a private key.
    pub alg: Option<&'static str>,
}

/// What a binding holds, and who needs it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingKind {
    /// Text, which the core is given.
    Text,
    /// A private JWK that the host keeps; the core is given its public part.
    PrivateKey,
}

/// What the document makes: issuers, and what `/_dev/env` answers.
#[derive(Debug)]
pub struct Settings {
    /// The issuers.
    pub issuers: Vec<Issuer>,
    /// `Some` in development.
    pub dev_env: Option<BTreeMap<String, String>>,
}

/// Parses the document.
pub fn parse(config: &str) -> Result<Document, Vec<Mistake>> {
    let value = json::parse(config.as_bytes()).map_err(|error| vec![Mistake::new("", error.to_string())])?;
    deserr::deserialize::<Document, _, Mistakes>(value).map_err(Mistakes::sorted)
}

/// Reads the document and says which bindings it refers to.
pub fn plan(config: &str) -> Result<Plan, Vec<Mistake>> {
    let document = parse(config)?;
    let mut bindings: Vec<PlannedBinding> = Vec::new();
    let mut refer = |name: &str, pointer: String, kind, alg| {
        bindings.push(PlannedBinding { name: name.to_owned(), pointer, kind, alg });
    };
    if let Text::Env(binding) = &document.origin {
        refer(&binding.env, "/origin/env".into(), BindingKind::Text, None);
    }
    for (name, value) in &document.dev_env {
        if let Text::Env(binding) = value {
            refer(&binding.env, format!("/dev_env/{name}/env"), BindingKind::Text, None);
        }
    }
    for (i, issuer) in document.issuers.iter().enumerate() {
        for (member, keys) in [("keys", &issuer.keys), ("generator_keys", &issuer.generator_keys)] {
            for (k, key) in keys.iter().enumerate() {
                let pointer = format!("/issuers/{i}/{member}/{k}/private_key/env");
                let kind = match key.signed_by() {
                    Signing::Host => BindingKind::PrivateKey,
                    Signing::Core => BindingKind::Text,
                };
                refer(&key.private_key.env, pointer, kind, Some(key.alg.name()));
            }
        }
    }
    for (i, issuer) in document.issuers.iter().enumerate() {
        let mut text = |binding: &Binding, at: String| {
            refer(&binding.env, format!("/issuers/{i}/{at}/env"), BindingKind::Text, None);
        };
        for (s, subject) in issuer.subjects.iter().enumerate() {
            if let Some(code) = &subject.user_code {
                text(code, format!("subjects/{s}/user_code"));
            }
        }
        if let Some(Text::Env(page)) = issuer.ciba.as_ref().and_then(|ciba| ciba.consent_page.as_ref()) {
            text(page, "ciba/consent_page".into());
        }
        if let Some(front_end) = &issuer.front_end {
            if let Text::Env(api_key) = &front_end.api_key {
                text(api_key, "front_end/api_key".into());
            }
            text(&front_end.api_secret, "front_end/api_secret".into());
            if let Some(token) = &front_end.access_token {
                text(token, "front_end/access_token".into());
            }
        }
        if let Some(salt) = &issuer.pairwise_salt {
            text(salt, "pairwise_salt".into());
        }
    }
    for (c, client) in document.clients.iter().enumerate() {
        if let Some(Text::Env(endpoint)) = &client.backchannel_client_notification_endpoint {
            let pointer = format!("/clients/{c}/backchannel_client_notification_endpoint/env");
            refer(&endpoint.env, pointer, BindingKind::Text, None);
        }
        if let Some(secret) = &client.client_secret {
            refer(&secret.env, format!("/clients/{c}/client_secret/env"), BindingKind::Text, None);
        }
        for (k, binding) in client.api_keys.iter().enumerate() {
            refer(&binding.env, format!("/clients/{c}/api_keys/{k}/env"), BindingKind::Text, None);
        }
        if let Some(Keys::Env(binding)) = &client.jwks {
            refer(&binding.env, format!("/clients/{c}/jwks/env"), BindingKind::Text, None);
        }
    }
    Ok(Plan { bindings, state_kinds: crate::store::STATE_KINDS.to_vec() })
}

/// Makes issuers of the document and the text of its bindings.
///
/// # Errors
/// All mistakes at once.
pub fn read(config: &str, bindings: &BTreeMap<String, String>) -> Result<Settings, Vec<Mistake>> {
    build::settings(&parse(config)?, bindings)
}

fn not_among(unknown: &Scope, known: &Scope) -> String {
    let known = if known.is_empty() { "none".to_owned() } else { known.to_string() };
    format!("{unknown} is not among the issuer's scope: {known}")
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}
