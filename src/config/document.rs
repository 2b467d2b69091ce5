//! The configuration document, as it is written: `edgegrant.json`.
//!
//! These types are the one statement of its shape. The JSON Schema (`edgegrant.schema.json`) is made
//! from them, doc comments and all.

use std::collections::BTreeMap;

use deserr::Deserr;

use super::text::{Binding, Keys, PolicySetting, Text};
use crate::client::{AuthMethod, DeliveryMode, GrantType, Status};
use crate::jose::Algorithm;
use crate::mistake::{Members, Mistakes};
use crate::profile::Name;
use crate::resource::Resource;
use crate::scope::Scope;

/// A deployment: its issuers and their static clients.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(title = "edgegrant.json", deny_unknown_fields)
)]
pub struct Document {
    /// The JSON Schema of this document, for editors.
    #[deserr(rename = "$schema", default)]
    #[cfg_attr(feature = "schema", schemars(rename = "$schema"))]
    pub schema: Option<String>,
    /// Scheme, host and port that clients use, without a slash at the end. Never taken from a
    /// request. https, except on a loopback host.
    pub origin: Text,
    /// Development: serves `/_dev/env`. Refused unless `origin` is a loopback host.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub dev: bool,
    /// What `/_dev/env` answers, by name. Requires `dev`.
    #[deserr(default, from(Members<Text>) = Members::into_map)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub dev_env: BTreeMap<String, Text>,
    /// The issuers, at least one.
    pub issuers: Vec<Issuer>,
    /// Clients that stand in this document.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub clients: Vec<Client>,
}

/// An authorization server: RFC 8414's issuer.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Issuer {
    /// Where it is mounted under the origin: `/`, or `/` and segments of letters, digits, `-`, `.`,
    /// `_`, `~`.
    pub path: String,
    /// How it speaks on the wire.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub profile: Name,
    /// Its signing keys: exactly one is current.
    pub keys: Vec<Key>,
    /// How long what it issues is good for.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub lifetimes: Lifetimes,
    /// The scope tokens that it knows, separated by spaces.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub scope: Option<Scope>,
    /// The resource servers that it issues tokens for.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub resources: Vec<ResourceServer>,
    /// The audience of a token whose request names none. Default: the issuer itself.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub default_resource: Option<Resource>,
    /// The keys of its exchangeable tokens, which only it reads and which are not published; exactly one is
    /// current. Default: none, and it generates no such tokens.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub generator_keys: Vec<Key>,
    /// Its policy: the document itself, or `registry`, where the operator publishes it. Default: none, and
    /// nothing is exchanged.
    #[deserr(default)]
    pub policy: Option<PolicySetting>,
    /// Subjects that may be acted for. The directory in the store has the word over these, and a hook over both.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub subjects: Vec<Subject>,
    /// The tenants that its clients may belong to.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenants: Vec<Tenant>,
    /// How people are authenticated who are elsewhere (CIBA). Default: they are not.
    #[deserr(default)]
    pub ciba: Option<Ciba>,
    /// The credentials of the front end that asks what to do, in a profile that has an API for that.
    #[deserr(default)]
    pub front_end: Option<FrontEnd>,
    /// The binding that holds what pairwise subjects are made with, at least 32 characters; it must never change.
    /// Needed where the profile has such subjects.
    #[deserr(default)]
    pub pairwise_salt: Option<Binding>,
}

/// How people are authenticated who are elsewhere: CIBA Core 1.0.
#[derive(Debug, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Ciba {
    /// How long a request lasts that asks for nothing else, in seconds. Default: 120.
    #[deserr(default)]
    pub expires_in: Option<u64>,
    /// How long a request lasts at most, in seconds, 1 to 86400. Default: 600, or `expires_in` where that is more.
    #[deserr(default)]
    pub max_expires_in: Option<u64>,
    /// How long a client must wait between polls, in seconds, 1 to 60. Default: 5.
    #[deserr(default)]
    pub interval: Option<u64>,
    /// How long a poll waits for a result, in seconds, at most 30. Default: 0, and it is answered at once.
    #[deserr(default)]
    pub long_polling: Option<u64>,
    /// The hosts, with their ports where they are not 443, that clients may have notifications sent to. A worker
    /// cannot see whom it reaches, so name none that leads inside.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub notification_hosts: Vec<String>,
    /// The authentication context classes that whoever authenticates people can reach.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub acr_values: Vec<String>,
    /// The types of `authorization_details` (RFC 9396) that are understood.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub authorization_details_types: Vec<String>,
    /// Where a person gives consent that is missing: `consent_url` is this and the query `request`.
    #[deserr(default)]
    pub consent_page: Option<Text>,
}

/// The credentials of a front end.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct FrontEnd {
    /// The service's id: letters, digits, `-`, `.`, `_`, `~`.
    pub service_id: String,
    /// The API key, likewise.
    pub api_key: Text,
    /// The binding that holds the API secret.
    pub api_secret: Binding,
    /// The binding that holds the service's access token. Default: none, and only Basic will do.
    #[deserr(default)]
    pub access_token: Option<Binding>,
}

/// Somebody who may be acted for.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Subject {
    /// The `sub` of its tokens, 1 to 255 bytes.
    pub sub: String,
    /// Whether it may not be acted for, or be asked, now.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub disabled: bool,
    /// What clients may call it in a `login_hint`, beside its `sub`.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub hints: Vec<String>,
    /// The binding that holds the code that a client must send to have it asked.
    #[deserr(default)]
    pub user_code: Option<Binding>,
    /// What it consented to. A record in the store has the word over these.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub consents: Vec<Consent>,
}

/// A consent.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Consent {
    /// The client that it was given to.
    pub client_id: String,
    /// What for: a member of the policy's `purposes`.
    pub purpose: String,
    /// To which scope tokens, separated by spaces.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub scope: Scope,
}

/// A signing key.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Key {
    /// Key id. Default: the JWK's own, or its RFC 7638 thumbprint.
    #[deserr(default)]
    pub kid: Option<String>,
    /// JWS algorithm: RS256, RS384, RS512, PS256, PS384, PS512, ES256, EdDSA or Ed25519; ES384 and
    /// ES512 where the core is built with `all-algorithms`. For `generator_keys` also HS256, HS384 and HS512,
    /// which the core signs.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub alg: Algorithm,
    /// The binding that holds the private key, a JWK.
    pub private_key: Binding,
    /// Whether it signs, will sign, or did.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub state: KeyState,
    /// Who signs with it.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub signing: Signing,
}

impl Key {
    /// Who signs with it: with a secret always the core.
    pub fn signed_by(&self) -> Signing {
        if self.alg.is_symmetric() { Signing::Core } else { self.signing }
    }
}

/// Where a key stands in its rotation. All three of an issuer's `keys` are published.
#[derive(Clone, Copy, Debug, Default, Deserr, Eq, PartialEq)]
#[deserr(error = Mistakes)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum KeyState {
    /// Published before its first use.
    #[deserr(rename = "next")]
    Next,
    /// Signs.
    #[default]
    #[deserr(rename = "current")]
    Current,
    /// Published for as long as what it signed is good.
    #[deserr(rename = "retired")]
    Retired,
}

/// Who signs with a key.
#[derive(Clone, Copy, Debug, Default, Deserr, Eq, PartialEq)]
#[deserr(error = Mistakes)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum Signing {
    /// The host's WebCrypto, with a key that cannot be extracted; the core never sees it.
    #[default]
    #[deserr(rename = "host")]
    Host,
    /// The core, in WebAssembly: for hosts without WebCrypto, or where it is faster.
    #[deserr(rename = "core")]
    Core,
}

/// How long what an issuer issues is good for.
#[derive(Debug, Default, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Lifetimes {
    /// Access tokens, in seconds, 1 to 86400. Default: the profile's.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 86400)))]
    pub access_token: Option<u64>,
}

/// A resource server: an audience of access tokens.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ResourceServer {
    /// Its identifier: an absolute URI without a fragment (RFC 8707 §2).
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub identifier: Resource,
    /// The scope tokens that mean something there, separated by spaces. Default: all of the issuer's.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub scope: Option<Scope>,
}

/// A tenant.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// Whether its clients get no tokens for now.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub disabled: bool,
}

/// A static client, in the terms of RFC 7591 §2.
#[derive(Debug, Deserr)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Client {
    /// RFC 6749 §2.2: printable ASCII.
    pub client_id: String,
    /// Paths of the issuers that know it. Default: `["/"]`.
    #[deserr(default)]
    pub issuers: Option<Vec<String>>,
    /// A name for people.
    #[deserr(default)]
    pub client_name: Option<String>,
    /// A number that names it beside its `client_id` in an API whose clients are numbered.
    #[deserr(default)]
    pub client_number: Option<u64>,
    /// The one way in which it authenticates.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub token_endpoint_auth_method: AuthMethod,
    /// The binding that holds its secret, for the `client_secret_*` methods.
    #[deserr(default)]
    pub client_secret: Option<Binding>,
    /// The bindings that hold the keys of its API subscription, `x-api-key`, each a UUID of version 4.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub api_keys: Vec<Binding>,
    /// Its public keys, for `private_key_jwt`, signed requests and assertions.
    #[deserr(default)]
    pub jwks: Option<Keys>,
    /// The grants that it may use. Default: `["client_credentials"]`.
    #[deserr(default)]
    pub grant_types: Option<Vec<GrantType>>,
    /// The scope tokens that it may have, separated by spaces.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub scope: Option<Scope>,
    /// What it gets when it asks for no scope. Default: all of `scope`.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub default_scope: Option<Scope>,
    /// The resource servers that it may get tokens for. Default: all of the issuer's.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<String>>"))]
    pub resources: Option<Vec<Resource>>,
    /// How it gets the results of CIBA, CIBA Core §4.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub backchannel_token_delivery_mode: DeliveryMode,
    /// Where it is told of them, in ping and push mode: https, on one of the issuer's `notification_hosts`.
    #[deserr(default)]
    pub backchannel_client_notification_endpoint: Option<Text>,
    /// The algorithm that its requests are signed with; without it they may be signed or not.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub backchannel_authentication_request_signing_alg: Option<Algorithm>,
    /// Whether it can ask for a user code.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub backchannel_user_code_parameter: bool,
    /// The host whose clients share pairwise subjects (OpenID Connect Core §8.1). Default: it shares them with nobody.
    #[deserr(default)]
    pub sector_identifier: Option<String>,
    /// The tenant that it belongs to.
    #[deserr(default)]
    pub tenant: Option<String>,
    /// Only an authorized client gets tokens.
    #[deserr(default)]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub status: Status,
}
