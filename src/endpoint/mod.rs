//! One file an endpoint, and the table that says which path leads where.
//!
//! Paths match octet by octet, undecoded: a path that only resembles one leads nowhere, least of all
//! to another issuer.

mod bc_authorize;
mod ciba_complete;
mod consent_request;
mod consents;
mod dev;
mod exchange;
#[cfg(feature = "faults")]
mod fault;
pub mod front_end;
mod generator;
mod introspection;
mod jwks;
mod members;
mod metadata;
mod operator;
mod revocation;
mod subjects;
mod token;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::config::{self, Settings};
use crate::error::{ErrorCode, ProtocolError};
use crate::host::{Failure, Hooks, Host};
use crate::http::{Body, HttpRequest, HttpResponse};
use crate::issuer::Issuer;
use crate::mistake::{Mistake, Mistakes};

/// A configured deployment: its issuers and the way to their endpoints.
pub struct Server {
    issuers: Vec<Rc<Issuer>>,
    dev_env: Option<BTreeMap<String, String>>,
    routes: BTreeMap<String, Route>,
    hooks: Hooks,
}

/// Where a path leads: an endpoint, and the issuer that it is of.
#[derive(Clone, Copy)]
struct Route {
    endpoint: Endpoint,
    /// Index of the issuer.
    issuer: usize,
}

/// The endpoints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    Token,
    BcAuthorize,
    FrontEnd(front_end::Operation),
    Exchange,
    Generator,
    Introspection,
    Revocation,
    Consents,
    Jwks,
    Metadata,
    Health,
    DevEnv,
    DevDecide,
    DevConsent,
    #[cfg(feature = "faults")]
    Fault,
}

const MIB: u32 = 1 << 20;

impl Endpoint {
    /// The methods that it takes.
    const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Token
            | Self::BcAuthorize
            | Self::Exchange
            | Self::Generator
            | Self::Introspection
            | Self::Revocation => &["POST"],
            Self::FrontEnd(operation) => operation.methods(),
            Self::Consents | Self::DevDecide => &["GET", "POST"],
            Self::Jwks | Self::Metadata | Self::Health | Self::DevEnv | Self::DevConsent => &["GET", "HEAD"],
            #[cfg(feature = "faults")]
            Self::Fault => &["POST"],
        }
    }

    /// The longest body that it takes, in bytes.
    const fn body_limit(self) -> u32 {
        match self {
            Self::Token
            | Self::BcAuthorize
            | Self::FrontEnd(_)
            | Self::Introspection
            | Self::Revocation
            | Self::Exchange
            | Self::Consents
            | Self::DevDecide => MIB,
            // 10,000 subjects of 255 bytes.
            Self::Generator => 4 * MIB,
            Self::Jwks | Self::Metadata | Self::Health | Self::DevEnv | Self::DevConsent => 0,
            #[cfg(feature = "faults")]
            Self::Fault => MIB,
        }
    }
}

impl Server {
    /// Reads the configuration and the text of its bindings.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn configure(config: &str, bindings: &BTreeMap<String, String>) -> Result<Self, Vec<Mistake>> {
        let Settings { issuers, dev_env } = config::read(config, bindings)?;
        let mut mistakes = Mistakes::default();
        let mut routes =
            BTreeMap::from([("/health".into(), Route { endpoint: Endpoint::Health, issuer: 0 })]);
        if dev_env.is_some() {
            routes.insert("/_dev/env".into(), Route { endpoint: Endpoint::DevEnv, issuer: 0 });
            routes.insert(dev::CONSENT.into(), Route { endpoint: Endpoint::DevConsent, issuer: 0 });
        }
        #[cfg(feature = "faults")]
        for path in fault::PATHS {
            routes.insert((*path).into(), Route { endpoint: Endpoint::Fault, issuer: 0 });
        }
        for (i, issuer) in issuers.iter().enumerate() {
            for (path, endpoint) in paths(issuer) {
                let taken = routes.insert(path.clone(), Route { endpoint, issuer: i });
                if taken.is_some_and(|other| other.issuer != i || other.endpoint != endpoint) {
                    mistakes
                        .add(format!("/issuers/{i}/path"), format!("its endpoint {path} is taken already"));
                }
            }
        }
        mistakes.or(Self {
            issuers: issuers.into_iter().map(Rc::new).collect(),
            dev_env,
            routes,
            hooks: Hooks { audit: true, ..Hooks::default() },
        })
    }

    /// What the operator has a hook for; unless told, audit events are put out.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// What the operator has a hook for.
    pub fn hooks(&self) -> Hooks {
        self.hooks
    }

    /// The longest body that is read for `path`, in bytes.
    pub fn body_limit(&self, path: &str) -> u32 {
        self.find(path).map_or(0, |route| route.endpoint.body_limit())
    }

    fn find(&self, path: &str) -> Option<Route> {
        let dev = self.dev_env.is_some() && path.starts_with(dev::DECIDE);
        let decide = dev.then_some(Route { endpoint: Endpoint::DevDecide, issuer: 0 });
        self.routes.get(path).copied().or(decide)
    }
}

/// An issuer's endpoints.
fn paths(issuer: &Issuer) -> Vec<(String, Endpoint)> {
    let mut paths = vec![
        (format!("{}{}", issuer.path, issuer.profile.token_path), Endpoint::Token),
        (format!("{}{}", issuer.path, jwks::PATH), Endpoint::Jwks),
        (format!("{}{}", issuer.path, introspection::PATH), Endpoint::Introspection),
        (format!("{}{}", issuer.path, revocation::PATH), Endpoint::Revocation),
    ];
    if !issuer.generator_keys.is_empty() {
        paths.push((format!("{}{}", issuer.path, issuer.profile.generator.path), Endpoint::Generator));
    }
    if issuer.scope.contains(consents::SCOPE) {
        paths.push((format!("{}{}", issuer.path, consents::PATH), Endpoint::Consents));
    }
    if issuer.ciba.is_some() {
        let path = issuer.profile.backchannel.path;
        paths.push((format!("{}{path}", issuer.path), Endpoint::BcAuthorize));
    }
    for (path, operation) in front_end::paths(issuer) {
        paths.push((path, Endpoint::FrontEnd(operation)));
    }
    if let Some(shape) = &issuer.profile.exchange {
        paths.push((format!("{}{}", issuer.path, shape.path), Endpoint::Exchange));
    }
    // RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery §4
    // behind it; §5 of RFC 8414 tells clients to look for either document in either place.
    for well_known in metadata::WELL_KNOWN {
        paths.push((format!("{}{well_known}", issuer.path), Endpoint::Metadata));
        paths.push((format!("{well_known}{}", issuer.path), Endpoint::Metadata));
    }
    paths
}

/// Serves one request. `None`: the answer was streamed; an answer after the head of a streamed one: it broke off.
pub async fn serve(server: Rc<Server>, host: Host, request: HttpRequest) -> Option<HttpResponse> {
    if request.operator {
        return Some(operator::serve(&server, &host, &request).await);
    }
    let answer = match server.route(&request) {
        Ok((Endpoint::Token, issuer)) => Ok(token::serve(&host, &issuer, &request).await),
        Ok((Endpoint::Introspection, issuer)) => Ok(introspection::serve(&host, &issuer, &request).await),
        Ok((Endpoint::Revocation, issuer)) => Ok(revocation::serve(&host, &issuer, &request).await),
        Ok((Endpoint::BcAuthorize, issuer)) => Ok(bc_authorize::serve(&host, &issuer, &request).await),
        Ok((Endpoint::FrontEnd(operation), issuer)) => {
            Ok(front_end::serve(&server, &host, &issuer, operation, &request).await)
        }
        Ok((Endpoint::DevConsent, _)) => dev::consent(&host, &request).await,
        Ok((Endpoint::DevDecide, _)) => dev::decide(&server, &host, &request.path).await,
        Ok((Endpoint::Exchange, issuer)) => match &issuer.profile.exchange {
            Some(shape) => Ok(exchange::serve(&host, &issuer, shape, &request).await),
            None => Err(unknown_path()),
        },
        Ok((Endpoint::Generator, issuer)) => return generator::serve(&host, &issuer, &request).await,
        Ok((Endpoint::Consents, issuer)) => Ok(consents::serve(&host, &issuer, &request).await),
        Ok((Endpoint::Jwks, issuer)) => Ok(jwks::serve(&issuer)),
        Ok((Endpoint::Metadata, issuer)) => Ok(metadata::serve(&issuer)),
        Ok((Endpoint::Health, _)) => Ok(HttpResponse::json(200, r#"{"status":"ok"}"#.into())),
        Ok((Endpoint::DevEnv, _)) => Ok(dev::env(server.dev_env.as_ref())),
        #[cfg(feature = "faults")]
        Ok((Endpoint::Fault, _)) => match fault::serve(&host, &request).await {
            Ok(answer) => Ok(answer?),
            Err(failure) => Ok(unavailable(&failure)),
        },
        Err(error) => match server.find(&request.path).map(|route| route.endpoint) {
            Some(Endpoint::FrontEnd(operation)) => Ok(front_end::refuse(operation, &error)),
            _ => Err(error),
        },
    };
    Some(answer.unwrap_or_else(|error| error.to_response()))
}

impl Server {
    fn route(&self, request: &HttpRequest) -> Result<(Endpoint, Rc<Issuer>), ProtocolError> {
        let route = self.find(&request.path).ok_or_else(unknown_path)?;
        let issuer = self.issuers.get(route.issuer).ok_or_else(unknown_path)?;
        let methods = route.endpoint.methods();
        if !methods.contains(&request.method.as_str()) {
            let allow = methods.join(", ");
            return Err(ProtocolError::invalid_request(format!("this endpoint takes {allow} only"))
                .with_status(405)
                .with_header("allow", allow));
        }
        if request.body == Body::OverLimit {
            let message = format!("the body is longer than {} bytes", route.endpoint.body_limit());
            return Err(ProtocolError::invalid_request(message).with_status(413));
        }
        Ok((route.endpoint, Rc::clone(issuer)))
    }
}

fn unknown_path() -> ProtocolError {
    ProtocolError::new(ErrorCode::NotFound, "no endpoint has this path")
}

/// The answer where the host failed.
pub fn unavailable(failure: &Failure) -> HttpResponse {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, "try again").with_cause(failure).to_response()
}
