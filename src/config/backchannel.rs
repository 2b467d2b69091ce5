//! A client's registration for CIBA, CIBA Core §4.

use super::document::{self, Document};
use super::env::Env;
use crate::client::{AuthMethod, Backchannel, ClientKey, DeliveryMode, GrantType};
use crate::mistake::Mistakes;

/// `keys`: the client's; `None`: they are faulty, which was told.
pub(super) fn build(
    client: &document::Client,
    keys: Option<Vec<ClientKey>>,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Backchannel {
    let mode = client.backchannel_token_delivery_mode;
    let member = "backchannel_client_notification_endpoint";
    let endpoint = client.backchannel_client_notification_endpoint.as_ref();
    match (mode, endpoint) {
        (DeliveryMode::Poll, Some(_)) => {
            mistakes.add(format!("{at}/{member}"), "mode poll has none: expected no such member");
        }
        (DeliveryMode::Ping | DeliveryMode::Push, None) => {
            mistakes.add(at, format!("member {member} is missing: mode {mode} needs it"));
        }
        _ => {}
    }
    let endpoint = endpoint.and_then(|text| env.resolve(text, &format!("{at}/{member}"), mistakes));
    let signed = client.backchannel_authentication_request_signing_alg;
    if let (Some(alg), Some(keys)) = (signed, &keys)
        // That none is symmetric, the issuer says.
        && !alg.is_symmetric()
        && !keys.iter().any(|key| key.alg == alg)
    {
        let member = "backchannel_authentication_request_signing_alg";
        let message = format!("expected an algorithm of the keys in jwks, found {alg}");
        mistakes.add(format!("{at}/{member}"), message);
    }
    Backchannel {
        mode,
        notification_endpoint: endpoint,
        request_signing_alg: signed,
        keys: keys.unwrap_or_default(),
        user_code: client.backchannel_user_code_parameter,
    }
}

/// What only the issuer can say: whether it serves this, and where notifications may go.
pub(super) fn check_against(
    client: &document::Client,
    issuer: &document::Issuer,
    document: &Document,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) {
    let grants = client.grant_types.as_deref().unwrap_or_default();
    let shape = &issuer.profile.profile().backchannel;
    if client.token_endpoint_auth_method == AuthMethod::None && grants.contains(&GrantType::Ciba) {
        let message = "a public client cannot have CIBA: expected an auth method other than none";
        mistakes.add(format!("{at}/grant_types"), message);
    }
    let mode = client.backchannel_token_delivery_mode;
    if mode != DeliveryMode::Poll && !grants.contains(&GrantType::Ciba) {
        let message = format!("mode {mode} is for clients with the grant {}", GrantType::Ciba);
        mistakes.add(format!("{at}/backchannel_token_delivery_mode"), message);
    }
    if grants.contains(&GrantType::Ciba) && !shape.modes.contains(&mode) {
        let modes: Vec<_> = shape.modes.iter().map(|mode| mode.as_str()).collect();
        let message = format!("expected one of {} at issuer {}", modes.join(", "), issuer.path);
        mistakes.add(format!("{at}/backchannel_token_delivery_mode"), message);
    }
    if let Some(alg) = client.backchannel_authentication_request_signing_alg
        && (alg.is_symmetric() || !(shape.algorithms.is_empty() || shape.algorithms.contains(&alg)))
    {
        let message = format!("{alg} is not taken at issuer {}", issuer.path);
        mistakes.add(format!("{at}/backchannel_authentication_request_signing_alg"), message);
    }
    // What is missing here is told where it is built.
    let mut unheard = Mistakes::default();
    let endpoint = client.backchannel_client_notification_endpoint.as_ref();
    let Some(endpoint) = endpoint.and_then(|text| env.resolve(text, "", &mut unheard)) else { return };
    let hosts = issuer.ciba.as_ref().map(|ciba| ciba.notification_hosts.as_slice()).unwrap_or_default();
    if let Err(message) = notification_endpoint(&endpoint, hosts, document.dev) {
        mistakes.add(format!("{at}/backchannel_client_notification_endpoint"), message);
    }
}

/// CIBA Core §4: an HTTPS URL; here also on a host that the operator allows. In development loopback hosts will do.
fn notification_endpoint(url: &str, hosts: &[String], dev: bool) -> Result<(), String> {
    let uri = fluent_uri::Uri::parse(url).ok();
    let authority = uri.as_ref().and_then(fluent_uri::Uri::authority);
    let (Some(uri), Some(authority)) = (uri, authority) else {
        return Err(format!("expected a URL as in https://client.example.com/ciba, found {url}"));
    };
    if authority.has_userinfo() || uri.has_fragment() || authority.host().is_empty() {
        return Err("expected a URL without user and fragment".into());
    }
    let loopback = dev && matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    match uri.scheme().as_str() {
        "http" | "https" if loopback => Ok(()),
        "https" if hosts.iter().any(|host| host == authority.as_str()) => Ok(()),
        "https" => Err(format!("{} is not among the issuer's ciba.notification_hosts", authority.as_str())),
        _ => Err("expected https".into()),
    }
}
