//! `backchannel/authentication`: is this request of a client's good, and whom is it about?

use serde_json::{Map, Value};

use super::answer::{Action, Answer};
use super::client_request::client_request;
use super::message::{AuthorizationDetails, Field, Row, Scopes, Table, Wrong, member, message, put};
use crate::backchannel::HintKind;
use crate::client::{DeliveryMode, GrantType};
use crate::endpoint::bc_authorize::{self, Read};
use crate::error::ProtocolError;
use crate::form::Form;
use crate::grant::Context;
use crate::host::{Event, Host};
use crate::issuer::{Ciba, Issuer};
use crate::policy::{self, Asked, BackchannelFacts, ClientFacts};
use crate::store::ciba::{State, begin};

message! { read:
    /// Asks whether a client's request is good.
    AuthenticationRequest, "POST backchannel/authentication" {
        /// The body of the client's request.
        parameters: Option<String> = "parameters",
        /// The user of its Authorization header.
        client_id: Option<String> = "clientId",
        /// The password of its Authorization header.
        client_secret: Option<String> = "clientSecret",
    }
}

message! { write:
    /// With `USER_IDENTIFICATION`.
    AuthenticationResponse, "The answer: `USER_IDENTIFICATION`, `BAD_REQUEST`, `UNAUTHORIZED`, `INTERNAL_SERVER_ERROR`" {
        /// `POLL`, `PING` or `PUSH`.
        delivery_mode: Option<String> = "deliveryMode",
        /// The scope that is asked for and registered.
        scopes: Scopes = "scopes",
        /// The claims that this scope stands for, OpenID Connect Core §5.4.
        claim_names: Vec<String> = "claimNames",
        /// `client_notification_token`
        notification_token: Option<String> = "clientNotificationToken",
        /// Those of `acr_values` that are known, the preferred one first.
        acrs: Vec<String> = "acrs",
        /// `LOGIN_HINT`, `LOGIN_HINT_TOKEN` or `ID_TOKEN_HINT`.
        hint_type: Option<String> = "hintType",
        /// The hint, as it was sent.
        hint: Option<String> = "hint",
        /// The subject of an `id_token_hint`.
        sub: Option<String> = "sub",
        /// `binding_message`
        binding_message: Option<String> = "bindingMessage",
        /// `user_code`
        user_code: Option<String> = "userCode",
        /// Whether the client is registered to send one.
        user_code_required: bool = "userCodeRequired",
        /// `requested_expiry`, in seconds; 0: none was asked for.
        requested_expiry: u64 = "requestedExpiry",
        /// `request_context`: JSON.
        request_context: Option<String> = "requestContext",
        /// `resource`, RFC 8707 §2.
        resources: Vec<String> = "resources",
        /// `authorization_details`, RFC 9396 §2: `otherFields` of an element is JSON.
        authorization_details: AuthorizationDetails = "authorizationDetails",
        /// What was dropped of the request.
        warnings: Vec<String> = "warnings",
        /// What issue, fail and complete are called with.
        ticket: Option<String> = "ticket",
    }
}

/// OpenID Connect Core §5.4.
const CLAIMS: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

pub(super) async fn authenticate(host: &Host, issuer: &Issuer, asked: AuthenticationRequest) -> Answer {
    let mut event = Event::new("authentication.refused", host.now(), &issuer.identifier);
    event.grant_type = Some(GrantType::Ciba.as_str().to_owned());
    match identify(host, issuer, asked, &mut event).await {
        Ok(answer) => answer,
        Err(error) => {
            event.refused(&error);
            // An audit event that the host cannot write is the host's to report; the answer stands.
            let _ = host.record(event).await;
            Answer::refused(&error, Action::Unauthorized)
        }
    }
}

async fn identify(
    host: &Host,
    issuer: &Issuer,
    asked: AuthenticationRequest,
    event: &mut Event,
) -> Result<Answer, ProtocolError> {
    let ciba = issuer.ciba.as_ref().ok_or_else(crate::endpoint::unknown_path)?;
    let http = client_request(asked.parameters, asked.client_id, asked.client_secret);
    let read = bc_authorize::read(host, issuer, ciba, &http, event).await?;
    check(host, issuer, &read)?;
    read.request.use_up(host, issuer, &read.client).await?;
    begun(host, issuer, ciba, read).await
}

/// Whether the client could be given this for anybody.
fn check(host: &Host, issuer: &Issuer, read: &Read) -> Result<(), ProtocolError> {
    let Read { client, policy, request } = read;
    let form = Form::default();
    let context = Context { host, issuer, client, policy: policy.as_deref(), form: &form };
    let audience: Vec<&str> = request.audience.iter().map(String::as_str).collect();
    let facts = BackchannelFacts {
        issuer: context.issuer_facts(),
        client: ClientFacts::from(&**client),
        subject: None,
        asked: Asked { scope: Some(&request.scope), audience: &audience },
        purpose: None,
        left: None,
    };
    let decision = policy::backchannel(context.policy, &facts).into_result();
    decision.map(|_| ()).map_err(|refusal| context.refuse(&refusal))
}

/// Keeps the request until the front end knows whom it is about.
async fn begun(host: &Host, issuer: &Issuer, ciba: &Ciba, read: Read) -> Result<Answer, ProtocolError> {
    let Read { client, request, .. } = read;
    let kept = bc_authorize::asked(issuer, &client, &request, None);
    let begun = begin(host, kept, State::Identifying, request.expires_in, ciba.interval).await;
    let names = begun.map_err(ProtocolError::unavailable)?;
    let is_default = |token: &str| client.default_scope.contains(token);
    let claims = CLAIMS.iter().filter(|(token, _)| request.scope.contains(token));
    let response = AuthenticationResponse {
        delivery_mode: Some(mode(client.backchannel.mode)),
        scopes: Scopes(request.scope.tokens().map(|token| (token.to_owned(), is_default(token))).collect()),
        claim_names: claims.flat_map(|(_, names)| names.iter().map(|name| (*name).to_owned())).collect(),
        notification_token: request.notification_token,
        acrs: request.acr_values,
        hint_type: Some(hint_type(request.hint.kind).to_owned()),
        hint: Some(request.hint.text),
        sub: request.hint.sub,
        binding_message: request.binding_message,
        user_code: request.user_code,
        user_code_required: client.backchannel.user_code,
        requested_expiry: request.requested_expiry.unwrap_or_default(),
        request_context: request.request_context.map(|context| context.to_string()),
        resources: request.audience,
        authorization_details: AuthorizationDetails(request.authorization_details),
        warnings: request.warnings,
        ticket: Some(names.ticket),
    };
    let answer = Answer::done("find the person, then issue or fail", Action::UserIdentification, None);
    Ok(answer.of(Some(&client)).with(|members| response.write(members)))
}

/// How a client gets its results.
pub(super) fn mode(mode: DeliveryMode) -> String {
    let mode = match mode {
        DeliveryMode::Poll => "POLL",
        DeliveryMode::Ping => "PING",
        DeliveryMode::Push => "PUSH",
    };
    mode.to_owned()
}

fn hint_type(kind: HintKind) -> &'static str {
    match kind {
        HintKind::LoginHint => "LOGIN_HINT",
        HintKind::LoginHintToken => "LOGIN_HINT_TOKEN",
        HintKind::IdTokenHint => "ID_TOKEN_HINT",
    }
}
