//! Static clients: checked against the issuers that know them, and added to those.

use std::rc::Rc;

use super::document::{self, Document};
use super::env::Env;
use super::text::Keys;
use super::{backchannel, not_among};
use crate::client::{AuthMethod, Client, ClientKey, Credential, GrantType, SECRET_JWT_ALGORITHM, Status};
use crate::issuer::Issuer;
use crate::jose::{Jwk, JwkSet, VerifyingKey};
use crate::mistake::Mistakes;
use crate::secret::{Secret, SecretHash};

/// 128 bits as base64url, the least that RFC 6749 §10.10 lets a secret be.
const SHORTEST_SECRET: usize = 22;

pub(super) fn add(document: &Document, env: &Env, issuers: &mut [Option<Issuer>], mistakes: &mut Mistakes) {
    for (c, client) in document.clients.iter().enumerate() {
        let at = format!("/clients/{c}");
        check_id(&client.client_id, &at, mistakes);
        let paths = paths(client);
        let taken = |other: &document::Client| {
            other.client_id == client.client_id && paths.iter().any(|path| self::paths(other).contains(path))
        };
        if document.clients.iter().take(c).any(taken) {
            let message = format!("{} is taken by another client of the same issuer", client.client_id);
            mistakes.add(format!("{at}/client_id"), message);
        }
        let credential = build_credential(client, &at, env, mistakes);
        let mut homes: Vec<usize> = Vec::new();
        for (p, path) in paths.iter().enumerate() {
            match document.issuers.iter().position(|issuer| issuer.path == *path) {
                Some(home) => homes.push(home),
                None => mistakes.add(format!("{at}/issuers/{p}"), "expected the path of one of the issuers"),
            }
        }
        for &home in &homes {
            if let Some(issuer) = document.issuers.get(home) {
                check_against(client, issuer, &at, mistakes);
                backchannel::check_against(client, issuer, document, &at, env, mistakes);
            }
        }
        let api_keys = api_keys(client, &at, env, mistakes);
        let keys = match &credential {
            Some(Credential::PrivateKeyJwt(keys)) => Some(keys.clone()),
            // What is wrong with them is told already.
            None if client.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt => None,
            _ if client.jwks.is_some() => client_keys(client, &at, env, mistakes),
            _ => Some(Vec::new()),
        };
        let backchannel = backchannel::build(client, keys, &at, env, mistakes);
        let Some(credential) = credential else { continue };
        let scope = client.scope.clone().unwrap_or_default();
        let tenant_disabled = homes.iter().filter_map(|&home| document.issuers.get(home)).any(|issuer| {
            issuer.tenants.iter().any(|tenant| tenant.disabled && Some(&tenant.id) == client.tenant.as_ref())
        });
        let built = Rc::new(Client {
            client_id: client.client_id.clone(),
            client_name: client.client_name.clone(),
            number: client.client_number,
            credential,
            grant_types: client.grant_types.clone().unwrap_or_else(|| vec![GrantType::ClientCredentials]),
            default_scope: client.default_scope.clone().unwrap_or_else(|| scope.clone()),
            scope,
            resources: client.resources.clone(),
            api_keys,
            backchannel,
            sector: client.sector_identifier.clone().unwrap_or_else(|| client.client_id.clone()),
            active: client.status == Status::Authorized && !tenant_disabled,
        });
        for &home in &homes {
            if let Some(Some(issuer)) = issuers.get_mut(home) {
                issuer.clients.insert(client.client_id.clone(), Rc::clone(&built));
            }
        }
    }
}

/// The paths of the issuers that know `client`.
fn paths(client: &document::Client) -> Vec<String> {
    client.issuers.clone().unwrap_or_else(|| vec!["/".into()])
}

/// RFC 6749 appendix A.1: `client-id = *VSCHAR`.
fn check_id(client_id: &str, at: &str, mistakes: &mut Mistakes) {
    if client_id.is_empty() || client_id.len() > 512 || !client_id.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
        mistakes.add(format!("{at}/client_id"), "expected 1 to 512 characters of printable ASCII");
    }
}

fn check_against(client: &document::Client, issuer: &document::Issuer, at: &str, mistakes: &mut Mistakes) {
    let (method, profile) = (client.token_endpoint_auth_method, issuer.profile.profile());
    let known = issuer.scope.clone().unwrap_or_default();
    if !profile.auth_methods.contains(&method) {
        let allowed: Vec<_> = profile.auth_methods.iter().map(|method| method.as_str()).collect();
        let message = format!("expected one of {} at issuer {}", allowed.join(", "), issuer.path);
        mistakes.add(format!("{at}/token_endpoint_auth_method"), message);
    }
    let scope = client.scope.clone().unwrap_or_default();
    let unknown = scope.without(&known);
    if !unknown.is_empty() {
        mistakes.add(format!("{at}/scope"), not_among(&unknown, &known));
    }
    if let Some(default) = &client.default_scope
        && !default.without(&scope).is_empty()
    {
        mistakes.add(format!("{at}/default_scope"), "expected a part of the client's scope");
    }
    for (r, resource) in client.resources.iter().flatten().enumerate() {
        if !issuer.resources.iter().any(|known| known.identifier == *resource) {
            mistakes.add(
                format!("{at}/resources/{r}"),
                "expected the identifier of one of the issuer's resources",
            );
        }
    }
    if let Some(tenant) = &client.tenant
        && !issuer.tenants.iter().any(|known| known.id == *tenant)
    {
        mistakes.add(
            format!("{at}/tenant"),
            format!("{tenant} is not among the tenants of issuer {}", issuer.path),
        );
    }
    if !client.api_keys.is_empty() && issuer.generator_keys.is_empty() {
        let message = format!("issuer {} has no generator_keys, so nothing asks for these", issuer.path);
        mistakes.add(format!("{at}/api_keys"), message);
    }
    // RFC 6749 §4.4: this grant is for confidential clients only. RFC 8693 §2.1: whoever finds a token could
    // exchange it, if the client did not prove who it is.
    let grants = client.grant_types.as_deref().unwrap_or(&[GrantType::ClientCredentials]);
    for grant in [GrantType::ClientCredentials, GrantType::TokenExchange] {
        if method == AuthMethod::None && grants.contains(&grant) {
            let message = format!(
                "a public client cannot have {grant}: expected an auth method other than none, or other grants"
            );
            mistakes.add(format!("{at}/grant_types"), message);
        }
    }
}

fn api_keys(client: &document::Client, at: &str, env: &Env, mistakes: &mut Mistakes) -> Vec<SecretHash> {
    let mut keys = Vec::new();
    for (k, binding) in client.api_keys.iter().enumerate() {
        let at = format!("{at}/api_keys/{k}");
        let Some(text) = env.text(binding, &at, mistakes) else { continue };
        match uuid::Uuid::parse_str(text) {
            Ok(uuid) if uuid.get_version_num() == 4 && uuid.to_string() == text => {
                keys.push(SecretHash::of(&Secret::new(text)));
            }
            _ => mistakes.add(at, format!("expected a UUID of version 4 in binding {}", binding.env)),
        }
    }
    keys
}

fn build_credential(
    client: &document::Client,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<Credential> {
    let method = client.token_endpoint_auth_method;
    let needs_secret = matches!(
        method,
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::ClientSecretJwt
    );
    if !needs_secret && client.client_secret.is_some() {
        mistakes
            .add(format!("{at}/client_secret"), format!("{method} has no secret: expected no such member"));
    }
    match method {
        AuthMethod::None => Some(Credential::None),
        AuthMethod::PrivateKeyJwt => client_keys(client, at, env, mistakes).map(Credential::PrivateKeyJwt),
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::ClientSecretJwt => {
            let Some(binding) = &client.client_secret else {
                mistakes.add(at, format!("member client_secret is missing: {method} needs it"));
                return None;
            };
            let at = format!("{at}/client_secret");
            let secret = Secret::new(env.text(binding, &at, mistakes)?);
            if secret.expose().len() < SHORTEST_SECRET {
                mistakes.add(at, format!("expected a secret of at least {SHORTEST_SECRET} characters"));
                return None;
            }
            match method {
                AuthMethod::ClientSecretBasic => Some(Credential::SecretBasic(SecretHash::of(&secret))),
                AuthMethod::ClientSecretPost => Some(Credential::SecretPost(SecretHash::of(&secret))),
                _ => match VerifyingKey::new(&Jwk::symmetric(secret.expose()), SECRET_JWT_ALGORITHM) {
                    Ok(key) => Some(Credential::SecretJwt(key)),
                    Err(error) => {
                        mistakes.add(
                            at,
                            format!("expected a secret that can be an {SECRET_JWT_ALGORITHM} key: {error}"),
                        );
                        None
                    }
                },
            }
        }
    }
}

fn client_keys(
    client: &document::Client,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<Vec<ClientKey>> {
    let text = match &client.jwks {
        None => {
            mistakes.add(at, "member jwks is missing: private_key_jwt needs it");
            return None;
        }
        Some(Keys::Plain { keys }) => serde_json::json!({ "keys": keys }).to_string(),
        Some(Keys::Env(binding)) => env.text(binding, &format!("{at}/jwks"), mistakes)?.to_owned(),
    };
    let at = format!("{at}/jwks");
    let set = match JwkSet::parse(&text) {
        Ok(set) => set,
        Err(error) => {
            mistakes.add(at, format!("expected a JWK Set: {error}"));
            return None;
        }
    };
    for ignored in set.ignored() {
        mistakes.add(
            format!("{at}/keys/{}", ignored.index),
            format!("expected a key that can be used: {}", ignored.reason),
        );
    }
    let mut keys = Vec::new();
    for jwk in set.keys() {
        if jwk.is_private() {
            mistakes.add(&at, "expected public keys: a private key must stay with its client");
            return None;
        }
        // RFC 8725 §3.1: a key is used with one algorithm. Where it names none, its type's first.
        let Some(alg) = jwk.alg().or_else(|| jwk.algorithms().first().copied()) else { continue };
        if alg.is_symmetric() {
            continue;
        }
        match VerifyingKey::new(jwk, alg) {
            Ok(key) => keys.push(ClientKey { kid: jwk.kid().map(str::to_owned), alg, key }),
            Err(error) => mistakes.add(&at, format!("expected keys for {alg}: {error}")),
        }
    }
    if keys.is_empty() {
        mistakes.add(at, "expected at least one public key for RSA, ECDSA or EdDSA signatures");
        return None;
    }
    Some(keys)
}
