//! `auth/token`: a client asks for tokens.

use serde_json::{Map, Value, json};

use super::answer::{Action, Answer, NEVER_ASKED, REQUEST_WRONG};
use super::client_request::client_request;
use super::message::{Field, Properties, Row, Table, Wrong, member, message, put};
use crate::client::GrantType;
use crate::endpoint::token;
use crate::grant::Issued;
use crate::host::{Event, Host};
use crate::issuer::Issuer;
use crate::store::{Approval, Property};

message! { read:
    /// A client's token request.
    TokenRequest, "POST auth/token" {
        /// The body of the client's request.
        parameters: Option<String> = "parameters",
        /// The user of its Authorization header.
        client_id: Option<String> = "clientId",
        /// The password of its Authorization header.
        client_secret: Option<String> = "clientSecret",
        /// More members of the token response, tied to the access token.
        properties: Properties = "properties",
    }
}

message! { write:
    /// With `OK`.
    TokenResponse, "The answer: `OK`, `BAD_REQUEST`, `INVALID_CLIENT`, `INTERNAL_SERVER_ERROR`" {
        /// The access token.
        access_token: Option<String> = "accessToken",
        /// How long it is good for, in seconds.
        access_token_duration: u64 = "accessTokenDuration",
        /// When it ends, in milliseconds since 1970.
        access_token_expires_at: u64 = "accessTokenExpiresAt",
        /// The access token, which is a JWT.
        jwt_access_token: Option<String> = "jwtAccessToken",
        /// The refresh token, where there is one.
        refresh_token: Option<String> = "refreshToken",
        /// How long it is good for, in seconds.
        refresh_token_duration: u64 = "refreshTokenDuration",
        /// When it ends, in milliseconds since 1970.
        refresh_token_expires_at: u64 = "refreshTokenExpiresAt",
        /// The id token, where there is one.
        id_token: Option<String> = "idToken",
        /// `CLIENT_CREDENTIALS`, `REFRESH_TOKEN`, `TOKEN_EXCHANGE`, `CIBA` or `JWT_BEARER`.
        grant_type: Option<String> = "grantType",
        /// Whom the tokens are about; not set: the client itself.
        subject: Option<String> = "subject",
        /// The scope granted.
        scopes: Vec<String> = "scopes",
        /// What is tied to the access token, hidden or not.
        properties: Vec<Property> = "properties",
        /// The audiences of the access token.
        resources: Vec<String> = "accessTokenResources",
    }
}

pub(super) async fn token(host: &Host, issuer: &Issuer, request: TokenRequest) -> Answer {
    let properties = match Approval::parse(&json!({ "properties": request.properties.0 })) {
        Ok(checked) => checked.properties,
        Err(error) => return Answer::new(&REQUEST_WRONG, error, Action::InternalServerError, None),
    };
    let http = client_request(request.parameters, request.client_id, request.client_secret);
    let mut event = Event::new("token.refused", host.now(), &issuer.identifier);
    let answer = match token::token(host, issuer, &http, properties, &mut event).await {
        Ok(issued) => {
            let answer = told(host, issuer, &event, &issued);
            token::note(&mut event, issued);
            answer
        }
        Err(error) => {
            event.refused(&error);
            Answer::refused(&error, Action::InvalidClient)
        }
    };
    // An audit event that the host cannot write is the host's to report; the answer stands.
    let _ = host.record(event).await;
    answer
}

fn told(host: &Host, issuer: &Issuer, event: &Event, issued: &Issued) -> Answer {
    let grant = &issued.grant;
    let client_id = event.client_id.as_deref().unwrap_or_default();
    let refresh = issued.refresh_token_lifetime;
    let response = TokenResponse {
        access_token: Some(issued.access_token.clone()),
        access_token_duration: grant.granted.lifetime.0,
        access_token_expires_at: host.now().after(grant.granted.lifetime).seconds() * 1_000,
        jwt_access_token: Some(issued.access_token.clone()),
        refresh_token: issued.refresh_token.clone(),
        refresh_token_duration: refresh.unwrap_or_default().0,
        refresh_token_expires_at: refresh.map_or(0, |lifetime| host.now().after(lifetime).seconds() * 1_000),
        id_token: issued.id_token.clone(),
        grant_type: event
            .grant_type
            .as_deref()
            .and_then(GrantType::named)
            .map(|grant| named(grant).to_owned()),
        subject: Some(grant.sub.clone()).filter(|sub| sub != client_id),
        scopes: grant.granted.scope.tokens().map(str::to_owned).collect(),
        properties: grant.details.properties.clone(),
        resources: grant.granted.audience.clone(),
    };
    let body = token::body(issuer, issued).to_string();
    let answer = Answer::done("tokens were issued", Action::Ok, Some(body));
    answer.of(issuer.clients.get(client_id)).with(|members| response.write(members))
}

fn named(grant: GrantType) -> &'static str {
    match grant {
        GrantType::ClientCredentials => "CLIENT_CREDENTIALS",
        GrantType::RefreshToken => "REFRESH_TOKEN",
        GrantType::TokenExchange => "TOKEN_EXCHANGE",
        GrantType::Ciba => "CIBA",
        GrantType::JwtBearer => "JWT_BEARER",
    }
}

/// `auth/token/issue` and `auth/token/fail`: nothing is ever left to the front end, so there is nothing to end.
pub(super) fn never_asked() -> Answer {
    let message = "auth/token decides by itself: it gave no ticket, and nothing waits for this call";
    Answer::new(&NEVER_ASKED, message, Action::InternalServerError, None)
}
