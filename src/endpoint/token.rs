//! The token endpoint, RFC 6749 §3.2.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::client::{Client, Credential, GrantType};
use crate::client_authentication::authenticate;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::grant::{
    Context, Grant, Issued, ciba, client_credentials, jwt_bearer, refresh_token, token_exchange,
};
use crate::host::{Event, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::policy::{LegalBasis, TokenType};
use crate::profile::ScopeMember;
use crate::store::{Property, policy_of};

/// A token response, RFC 6749 §5.1, RFC 8693 §2.2.1.
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<String>,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(flatten)]
    properties: Map<String, Value>,
}

pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> HttpResponse {
    let mut event = Event::new("token.refused", host.now(), &issuer.identifier);
    let issued = token(host, issuer, request, Vec::new(), &mut event).await;
    answer(host, issuer, event, issued).await
}

/// Answers with what was issued, or with why not, and records which.
pub(super) async fn answer(
    host: &Host,
    issuer: &Issuer,
    mut event: Event,
    issued: Result<Issued, ProtocolError>,
) -> HttpResponse {
    let response = match issued {
        Ok(issued) => {
            let response = respond(issuer, &issued);
            note(&mut event, issued);
            response
        }
        Err(error) => {
            event.refused(&error);
            error.to_response()
        }
    };
    // An audit event that the host cannot write is the host's to report; the answer stands.
    let _ = host.record(event).await;
    response
}

/// Notes what was issued.
pub(super) fn note(event: &mut Event, issued: Issued) {
    let Grant { sub, granted, details, .. } = issued.grant;
    event.kind = "token.issued";
    event.scope = Some(granted.scope.to_string());
    event.audience = granted.audience;
    event.grant = granted.grant;
    event.subject = Some(sub);
    event.purpose = details.purpose;
    event.legal_basis = granted.legal_basis.map(LegalBasis::as_str);
    event.jti = Some(issued.jti);
}

/// Issues what the request asks for. `properties`: what is tied to it beside what the grant ties to it.
pub(super) async fn token(
    host: &Host,
    issuer: &Issuer,
    request: &HttpRequest,
    properties: Vec<Property>,
    event: &mut Event,
) -> Result<Issued, ProtocolError> {
    let form = read_form(request)?;
    let grant_type = form.require("grant_type")?;
    event.grant_type = Some(grant_type.to_owned());
    let client = authenticate(host, issuer, &issuer.assertion_audiences(), request, &form).await?;
    event.client_id = Some(client.client_id.clone());
    let grant_type = allowed_grant(issuer, grant_type, &client)?;
    let policy = policy_of(host, issuer).await?;
    event.policy_version = policy.as_ref().map(|policy| policy.version.clone());
    let context = Context { host, issuer, client: &client, policy: policy.as_deref(), form: &form };
    let mut grant = match grant_type {
        GrantType::ClientCredentials => client_credentials::grant(&context)?,
        GrantType::RefreshToken => refresh_token::grant(&context).await?,
        GrantType::TokenExchange => token_exchange::grant(&context).await?,
        GrantType::Ciba => ciba::grant(&context).await?,
        GrantType::JwtBearer => jwt_bearer::grant(&context).await?,
    };
    grant.details.properties.retain(|tied| !properties.iter().any(|property| property.key == tied.key));
    grant.details.properties.extend(properties);
    context.issue(grant).await
}

/// RFC 6749 §3.2 and appendix B: parameters are a form in UTF-8.
pub(super) fn read_form(request: &HttpRequest) -> Result<Form, ProtocolError> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let content_type = request.headers.content_type.as_deref().unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let charset = parameters.split_once('=').map(|(_, charset)| charset.trim().trim_matches('"'));
    if !media_type.trim().eq_ignore_ascii_case(FORM)
        || charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8"))
    {
        let message = format!("send the parameters as {FORM} in UTF-8");
        return Err(ProtocolError::invalid_request(message).with_status(415));
    }
    Form::parse(request.body.bytes())
}

/// RFC 6749 §5.2: a grant that the issuer serves, and that this client may use.
pub(super) fn allowed_grant(
    issuer: &Issuer,
    grant_type: &str,
    client: &Client,
) -> Result<GrantType, ProtocolError> {
    let served = issuer.grant_types();
    let known = GrantType::named(grant_type).filter(|known| served.contains(known)).ok_or_else(|| {
        let grants: Vec<_> = served.iter().map(|grant| grant.as_str()).collect();
        let message = format!("grant_type must be one of {}", grants.join(", "));
        ProtocolError::new(ErrorCode::UnsupportedGrantType, message)
    })?;
    if !client.grant_types.contains(&known) {
        let message = format!("this client may not use {known}");
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, message));
    }
    // RFC 6749 §4.4: client_credentials must only be used by confidential clients; RFC 8693 §2.1: without client
    // authentication anyone who possesses a token could exchange it.
    let proven = !matches!(client.credential, Credential::None);
    // CIBA Core §4 names confidential clients' methods alone.
    let public = [GrantType::RefreshToken];
    if !proven && !public.contains(&known) {
        let message = format!("a public client cannot use {known}");
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, message));
    }
    Ok(known)
}

fn respond(issuer: &Issuer, issued: &Issued) -> HttpResponse {
    HttpResponse::json(200, body(issuer, issued).to_string())
}

/// A token response, RFC 6749 §5.1.
pub(super) fn body(issuer: &Issuer, issued: &Issued) -> Value {
    let shape = &issuer.profile.token_response;
    let Grant { granted, cnf, issued_token_type, details, .. } = &issued.grant;
    let shown = details.properties.iter().filter(|property| !property.hidden);
    let token_type = match issued_token_type {
        // RFC 8693 §2.2.1: what is no access token has no such type.
        Some(of) if *of != TokenType::AccessToken => "N_A",
        // RFC 9449 §5: who has not the key cannot use it.
        _ if cnf.as_ref().is_some_and(|cnf| cnf.get("jkt").is_some()) => "DPoP",
        _ => shape.token_type,
    };
    let body = TokenResponse {
        access_token: &issued.access_token,
        issued_token_type: issued_token_type.map(TokenType::urn),
        token_type,
        expires_in: granted.lifetime.0.saturating_sub(shape.expires_in_less),
        // RFC 6749 §5.1: required where it differs from what was asked; always said where not empty.
        scope: match shape.scope {
            ScopeMember::Granted => Some(granted.scope.to_string()).filter(|scope| !scope.is_empty()),
            ScopeMember::Empty => Some(String::new()),
        },
        refresh_token: issued.refresh_token.as_deref(),
        id_token: issued.id_token.as_deref(),
        authorization_details: details.authorization_details.as_ref(),
        jti: Some(issued.jti.as_str()).filter(|_| shape.jti && issued_token_type.is_none()),
        properties: shown.map(|property| (property.key.clone(), property.value.as_str().into())).collect(),
    };
    // Text and numbers always serialize.
    serde_json::to_value(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::client::Backchannel;
    use crate::config;
    use crate::jose::{Algorithm, SigningKey};
    use crate::scope::Scope;
    use crate::secret::SecretHash;

    /// RFC 6749 §4.4, RFC 8693 §2.1. The configuration does not let such a client in; the endpoint must not either.
    #[test]
    fn a_public_client_cannot_use_what_confidential_clients_can_however_it_was_registered() {
        use rand_core::SeedableRng;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let key = SigningKey::generate(Algorithm::Es256, &mut rng).unwrap().to_jwk().public().unwrap();
        let document = r#"{ "origin": "https://auth.example.com", "issuers": [
            { "path": "/", "keys": [{ "alg": "ES256", "private_key": { "env": "KEY" } }],
              "policy": { "version": "1", "scopes": {} } }] }"#;
        let bindings = BTreeMap::from([("KEY".to_owned(), key.to_json())]);
        let settings = config::read(document, &bindings).unwrap();
        let client = |credential| Client {
            client_id: "client".into(),
            client_name: None,
            number: None,
            credential,
            grant_types: GrantType::ALL.to_vec(),
            scope: Scope::default(),
            default_scope: Scope::default(),
            resources: None,
            api_keys: Vec::new(),
            backchannel: Backchannel::default(),
            sector: "client".into(),
            active: true,
        };
        for grant in [GrantType::ClientCredentials, GrantType::TokenExchange] {
            let allowed = |credential| {
                let client = client(credential);
                allowed_grant(&settings.issuers[0], grant.as_str(), &client).map_err(|error| error.code)
            };
            assert_eq!(allowed(Credential::None), Err(ErrorCode::UnauthorizedClient));
            assert_eq!(allowed(Credential::SecretBasic(SecretHash::of_nothing())), Ok(grant));
        }
    }
}
