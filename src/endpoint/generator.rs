//! Exchangeable tokens in bulk, for subjects who are not there: a service has them generated, another client redeems
//! each of them ([`crate::grant::exchangeable`]).
//!
//! Everything is decided before the first octet of the answer, which then is streamed. Nothing is stored for a
//! token: it says what it is by itself, and single use is enforced when it is redeemed.

use serde_json::json;

use super::members::expect_json;
use super::subjects::Subjects;
use crate::client::Client;
use crate::client_authentication::authenticate_bearer;
use crate::error::{ErrorCode, ProtocolError};
use crate::form::Form;
use crate::grant::quota_exhausted;
use crate::host::{Event, Failure, Host};
use crate::http::{HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::jose::batch::{self, Column, Template};
use crate::keys::IssuerKey;
use crate::policy::{self, ClientFacts, GenerateFacts, Granted, Policy, Refusal, Rule, Source};
use crate::scope::Scope;
use crate::secret::Secret;
use crate::store::{Quota, is_api_key_of, policy_of};
use crate::token::tag;

/// Tokens of the first chunk, few, so that the answer begins at once.
const FIRST: usize = 32;
/// Most tokens of a chunk. Each is as long as all before it: where signing leaves the host no time to send, the first
/// octet goes out with the second chunk.
const MOST: usize = 512;

/// Serves a call. `None`: the answer was streamed.
pub(super) async fn serve(host: &Host, issuer: &Issuer, request: &HttpRequest) -> Option<HttpResponse> {
    let mut event = Event::new("generation.refused", host.now(), &issuer.identifier);
    match begin(host, issuer, request, &mut event).await {
        Ok(generation) => {
            event.kind = "tokens.generated";
            let _ = host.record(event).await;
            // The head is out: what fails now ends the answer before its end.
            generation.stream(host).await.err().map(|failure| super::unavailable(&failure))
        }
        Err(error) => {
            event.refused(&error);
            let _ = host.record(event).await;
            Some(error.to_response())
        }
    }
}

/// Decides everything, and makes the first chunk.
async fn begin<'a>(
    host: &Host,
    issuer: &'a Issuer,
    request: &'a HttpRequest,
    event: &mut Event,
) -> Result<Generation<'a>, ProtocolError> {
    expect_json(request, "the member ids")?;
    let policy = policy_of(host, issuer).await?;
    let policy = policy.as_deref();
    event.policy_version = policy.map(|policy| policy.version.clone());
    let from = authenticate_bearer(host, issuer, policy, request, issuer.profile.generator.scope).await?;
    event.client_id = Some(from.client_id.clone());
    expect_api_key(host, issuer, &from, request).await?;
    let asked = Asked::read(issuer, request)?;
    event.for_client_id = Some(asked.to.client_id.clone());
    let granted = decide(host, issuer, policy, &from, &asked)?;
    event.scope = Some(granted.scope.to_string());
    let subjects = Subjects::parse(request.body.bytes())?;
    let count = subjects.raw().len() as u64;
    event.count = u32::try_from(count).ok();
    event.digest = host.audits().then(|| subjects.digest());

    let name = granted.grant.clone().unwrap_or_default();
    let quota = Quota::of(host, &issuer.identifier, &name);
    event.grant = Some(name);
    if let Some(most) = granted.quota
        && !quota.take(count, most).await.map_err(ProtocolError::unavailable)?
    {
        let message = format!("{count} more would exceed the {most} tokens of this day");
        return Err(quota_exhausted(&quota, &Refusal::new(Rule::ExchangeQuotaExhausted, message)));
    }
    let generation = Generation::begin(host, issuer, &from, &asked, &granted, subjects).await;
    match generation {
        Ok(generation) => Ok(generation),
        Err(failure) => {
            if granted.quota.is_some() {
                // Where that fails too, the day has a few tokens less.
                let _ = quota.give_back(count).await;
            }
            let message = "the tokens could not be signed: try again";
            Err(ProtocolError::new(ErrorCode::TemporarilyUnavailable, message).with_cause(failure))
        }
    }
}

/// One answer for whatever is wrong with the key.
async fn expect_api_key(
    host: &Host,
    issuer: &Issuer,
    client: &Client,
    request: &HttpRequest,
) -> Result<(), ProtocolError> {
    let refused = || {
        ProtocolError::new(ErrorCode::InvalidClient, "x-api-key is missing, or not a key of this client")
            .with_header("www-authenticate", format!("Bearer realm=\"{}\"", issuer.identifier))
    };
    let key = request.headers.x_api_key.as_deref().ok_or_else(refused)?;
    let good = is_api_key_of(host, issuer, client, &Secret::new(key)).await;
    if good.map_err(ProtocolError::unavailable)? { Ok(()) } else { Err(refused()) }
}

/// What the query asks for.
struct Asked<'a> {
    to: &'a Client,
    scope: Option<Scope>,
}

impl<'a> Asked<'a> {
    fn read(issuer: &'a Issuer, request: &HttpRequest) -> Result<Self, ProtocolError> {
        let query = Form::parse(request.query.as_bytes())?;
        let client_id = query.require("client_id")?;
        let to = issuer.clients.get(client_id).ok_or_else(|| {
            ProtocolError::invalid_request(format!("client_id: no client {client_id} is known here"))
        })?;
        let scope = query.get("scopes").map(Scope::from_commas).transpose();
        let scope = scope.map_err(|error| ProtocolError::new(ErrorCode::InvalidScope, error.to_string()))?;
        Ok(Self { to, scope })
    }
}

fn decide(
    host: &Host,
    issuer: &Issuer,
    policy: Option<&Policy>,
    from: &Client,
    asked: &Asked<'_>,
) -> Result<Granted, ProtocolError> {
    let decision = policy::generate(
        policy,
        &GenerateFacts {
            known: &issuer.scope,
            from: Source::Client { client_id: &from.client_id, active: from.active },
            to: ClientFacts::from(asked.to),
            asked: asked.scope.as_ref(),
            // How many, the quota is asked once all of them are read.
            count: 0,
            used: 0,
            now: host.now(),
        },
    );
    decision.into_result().map_err(|refusal| {
        let code = match refusal.rule {
            Rule::ScopeNotAutoApproved | Rule::ScopeBeyondGrant => ErrorCode::InvalidScope,
            _ => ErrorCode::AccessDenied,
        };
        ProtocolError::new(code, &refusal.message).with_rule(refusal.rule.id())
    })
}

/// Tokens in the making.
struct Generation<'a> {
    key: &'a IssuerKey,
    template: Template,
    node: [u8; 6],
    subjects: Subjects<'a>,
    made: usize,
    first: Vec<u8>,
}

impl<'a> Generation<'a> {
    async fn begin(
        host: &Host,
        issuer: &'a Issuer,
        from: &Client,
        asked: &Asked<'_>,
        granted: &Granted,
        subjects: Subjects<'a>,
    ) -> Result<Self, Failure> {
        let key = issuer.generator_keys.first().ok_or_else(|| failed("there is no key for them"))?;
        let typ = issuer.profile.generator.typ;
        let header = json!({ "kid": key.kid, "typ": typ, "alg": key.alg.name() }).to_string();
        let exchange_path =
            issuer.profile.exchange.as_ref().map_or(issuer.profile.token_path, |shape| shape.path);
        // What all of them share comes first, since it is encoded once.
        let claims = json!({
            "aud": issuer.url(exchange_path),
            "scope": granted.scope.tokens().collect::<Vec<_>>(),
            "iss": issuer.identifier,
            "exp": host.now().after(granted.lifetime).seconds(),
            "iat": host.now().seconds(),
            "client_id": asked.to.client_id,
            "sub": null,
            "jti": null,
        });
        let (header, _) = batch::encode_header(&header).map_err(failed)?;
        let template = Template::new(&header, &claims.to_string(), &["sub", "jti"]).map_err(failed)?;
        let node = tag(&issuer.identifier, &from.client_id, &asked.to.client_id);
        let mut begun = Self { key, template, node, subjects, made: 0, first: Vec::new() };
        begun.first = begun.chunk(host, FIRST).await?;
        Ok(begun)
    }

    async fn stream(mut self, host: &Host) -> Result<(), Failure> {
        let headers =
            vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
        host.head(200, headers).await?;
        host.chunk(std::mem::take(&mut self.first)).await?;
        while self.made < self.subjects.raw().len() {
            let chunk = self.chunk(host, self.made.min(MOST)).await?;
            host.chunk(chunk).await?;
        }
        Ok(())
    }

    /// The next tokens, as a part of the JSON object that answers.
    async fn chunk(&mut self, host: &Host, most: usize) -> Result<Vec<u8>, Failure> {
        let left = self.subjects.raw().get(self.made..).unwrap_or_default();
        let subjects = left.get(..most).unwrap_or(left);
        let columns = [Column::Values(subjects.to_vec()), Column::Uuid { node: Some(self.node) }];
        let inputs = self.template.inputs(&columns, subjects.len(), &mut *host.rng()).map_err(failed)?;
        let signatures = self.key.sign_inputs(host, &inputs).await?;
        let members: usize = subjects.iter().map(|subject| subject.get().len() + "\",:\"".len()).sum();
        // In base64url, three octets are four.
        let mut chunk = Vec::with_capacity(members + inputs.text().len() + signatures.len() * 3 / 2);
        let begins = self.made == 0;
        let member = |index: usize, chunk: &mut Vec<u8>| {
            let before = match index {
                0 if begins => "{",
                0 => ",",
                _ => "\",",
            };
            chunk.extend_from_slice(before.as_bytes());
            chunk.extend_from_slice(subjects.get(index).map_or("null", |subject| subject.get()).as_bytes());
            chunk.extend_from_slice(b":\"");
        };
        inputs.assemble_into(&mut chunk, &signatures, member).map_err(failed)?;
        self.made += subjects.len();
        let ends = self.made == self.subjects.raw().len();
        chunk.extend_from_slice(if ends { "\"}" } else { "\"" }.as_bytes());
        Ok(chunk)
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure { effect: "sign".into(), message: error.to_string() }
}
