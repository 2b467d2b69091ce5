//! Clients, RFC 6749 §2, in the terms of RFC 7591 §2.

use crate::jose::jws::{Unverified, Verified};
use crate::jose::{Algorithm, VerifyingKey};
use crate::named::named;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::secret::SecretHash;

/// The one algorithm of `client_secret_jwt`: a secret is used with one.
pub const SECRET_JWT_ALGORITHM: Algorithm = Algorithm::Hs256;

named! {
    /// How a client authenticates at the token endpoint: RFC 7591 §2, OpenID Connect Core §9.
    #[derive(Default)]
    AuthMethod {
        /// RFC 6749 §2.3.1, HTTP Basic.
        #[default]
        ClientSecretBasic = "client_secret_basic",
        /// RFC 6749 §2.3.1, in the body.
        ClientSecretPost = "client_secret_post",
        /// RFC 7523 §2.2, with the client secret as HMAC key.
        ClientSecretJwt = "client_secret_jwt",
        /// RFC 7523 §2.2, with a key of the client's.
        PrivateKeyJwt = "private_key_jwt",
        /// A public client: it only names itself.
        None = "none",
    }
}

named! {
    /// The grants of the token endpoint.
    GrantType {
        /// RFC 6749 §4.4
        ClientCredentials = "client_credentials",
        /// RFC 6749 §6
        RefreshToken = "refresh_token",
        /// RFC 8693 §2.1
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// CIBA Core §10.1
        Ciba = "urn:openid:params:grant-type:ciba",
        /// RFC 7523 §2.1
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    }
}

named! {
    /// How a client gets the result of an authentication that it asked for: CIBA Core §5.
    #[derive(Default)]
    DeliveryMode {
        /// It asks at the token endpoint until there is one.
        #[default]
        Poll = "poll",
        /// It is told that there is one, and fetches it.
        Ping = "ping",
        /// It is sent the result itself.
        Push = "push",
    }
}

named! {
    /// Where a client stands in its approval.
    #[derive(Default)]
    Status {
        /// May get tokens.
        #[default]
        Authorized = "authorized",
        /// Awaits approval.
        Pending = "pending",
        /// Approval was refused.
        Rejected = "rejected",
        /// Approval was withdrawn.
        Revoked = "revoked",
    }
}

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Its identifier.
    pub client_id: String,
    /// Its name for people.
    pub client_name: Option<String>,
    /// A number that names it beside its identifier, for a back-end API whose clients are numbered.
    pub number: Option<u64>,
    /// What it proves itself with.
    pub credential: Credential,
    /// The grants that it may use.
    pub grant_types: Vec<GrantType>,
    /// The scope that it may have.
    pub scope: Scope,
    /// What it gets when it asks for none.
    pub default_scope: Scope,
    /// The resource servers that it may get tokens for; `None`: all of the issuer's.
    pub resources: Option<Vec<Resource>>,
    /// The keys of its API subscription, hashed.
    pub api_keys: Vec<SecretHash>,
    /// How it has people authenticated who are elsewhere.
    pub backchannel: Backchannel,
    /// Whose pairwise subjects it shares, OpenID Connect Core §8.1; by default nobody's.
    pub sector: String,
    /// Whether it may get tokens at all: it is authorized and its tenant is not disabled.
    pub active: bool,
}

/// A client's registration for CIBA, CIBA Core §4.
#[derive(Debug, Default)]
pub struct Backchannel {
    /// `backchannel_token_delivery_mode`
    pub mode: DeliveryMode,
    /// `backchannel_client_notification_endpoint`, where the mode is ping or push.
    pub notification_endpoint: Option<String>,
    /// `backchannel_authentication_request_signing_alg`: its requests are signed, by this and nothing else.
    pub request_signing_alg: Option<Algorithm>,
    /// The keys that its requests, and its assertions about others, are signed with.
    pub keys: Vec<ClientKey>,
    /// `backchannel_user_code_parameter`
    pub user_code: bool,
}

/// What a client proves itself with.
#[derive(Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// Its secret, by HTTP Basic.
    SecretBasic(SecretHash),
    /// Its secret, in the body.
    SecretPost(SecretHash),
    /// A JWT under its secret.
    SecretJwt(VerifyingKey),
    /// A JWT under one of its keys.
    PrivateKeyJwt(Vec<ClientKey>),
}

/// A public key of a client.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// Key id, if it has one.
    pub kid: Option<String>,
    /// The one algorithm that it is used with.
    pub alg: Algorithm,
    /// The key.
    pub key: VerifyingKey,
}

impl ClientKey {
    /// Whether it may have signed what says `alg` and `kid`.
    pub fn may_have_signed(&self, alg: Algorithm, kid: Option<&str>) -> bool {
        self.alg == alg && (kid.is_none() || self.kid.is_none() || self.kid.as_deref() == kid)
    }
}

impl Backchannel {
    /// Verifies what the client signed, by one of its keys under that key's algorithm; `None`: none of them did.
    pub fn verify(&self, jws: &Unverified) -> Option<Verified> {
        let header = jws.header();
        let mut keys = self.keys.iter().filter(|key| key.may_have_signed(header.alg, header.kid.as_deref()));
        keys.find_map(|key| jws.clone().verify(&key.key).ok())
    }
}

impl Credential {
    /// The method that presents it.
    pub const fn method(&self) -> AuthMethod {
        match self {
            Self::None => AuthMethod::None,
            Self::SecretBasic(_) => AuthMethod::ClientSecretBasic,
            Self::SecretPost(_) => AuthMethod::ClientSecretPost,
            Self::SecretJwt(_) => AuthMethod::ClientSecretJwt,
            Self::PrivateKeyJwt(_) => AuthMethod::PrivateKeyJwt,
        }
    }
}
