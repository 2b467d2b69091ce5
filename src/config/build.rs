//! From the document to issuers: what its shape alone cannot say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::document::{self, Document};
use super::env::Env;
use super::keys::Use;
use super::text::{PolicyPlace, PolicySetting};
use super::{Settings, ciba, clients, keys, not_among};
use crate::issuer::{Issuer, PolicySource};
use crate::jose::Jwk;
use crate::keys::IssuerKey;
use crate::mistake::{Mistake, Mistakes};
use crate::resource::ResourceServer;
use crate::time::Seconds;

pub(super) fn settings(
    document: &Document,
    bindings: &BTreeMap<String, String>,
) -> Result<Settings, Vec<Mistake>> {
    let env = Env::new(bindings);
    let mut mistakes = Mistakes::default();
    let origin = env.resolve(&document.origin, "/origin", &mut mistakes);
    let origin = origin.and_then(|origin| check_origin(&origin, document.dev, &mut mistakes));
    let origin = origin.unwrap_or_default();

    if document.issuers.is_empty() {
        mistakes.add("/issuers", "expected at least one issuer");
    }
    // A place stays empty where an issuer cannot be built; its clients are judged all the same.
    let mut issuers: Vec<Option<Issuer>> = Vec::new();
    for (i, issuer) in document.issuers.iter().enumerate() {
        let at = format!("/issuers/{i}");
        if document.issuers.iter().take(i).any(|other| other.path == issuer.path) {
            mistakes.add(format!("{at}/path"), format!("{} is taken by another issuer", issuer.path));
        }
        issuers.push(build_issuer(issuer, &at, &origin, &env, &mut mistakes));
    }
    if !issuers.is_empty() {
        clients::add(document, &env, &mut issuers, &mut mistakes);
    }

    let dev_env = document.dev_env.iter().filter_map(|(name, text)| {
        let text = env.resolve(text, &format!("/dev_env/{name}"), &mut mistakes)?;
        Some((name.clone(), text))
    });
    let dev_env: BTreeMap<String, String> = dev_env.collect();
    if !document.dev && !dev_env.is_empty() {
        mistakes.add("/dev_env", "expected only together with \"dev\": true");
    }
    mistakes.or(Settings {
        issuers: issuers.into_iter().flatten().collect(),
        dev_env: document.dev.then_some(dev_env),
    })
}

/// RFC 8414 §2: https, no query, no fragment. http and development only on a loopback host.
fn check_origin(text: &str, dev: bool, mistakes: &mut Mistakes) -> Option<String> {
    let uri = fluent_uri::Uri::parse(text).ok();
    let authority = uri.as_ref().and_then(fluent_uri::Uri::authority);
    let (Some(uri), Some(authority)) = (uri, authority) else {
        mistakes.add(
            "/origin",
            format!("expected scheme, host and port as in https://auth.example.com, found {text}"),
        );
        return None;
    };
    let scheme = uri.scheme().as_str();
    if !matches!(scheme, "http" | "https")
        || !uri.path().as_str().is_empty()
        || uri.has_query()
        || uri.has_fragment()
        || authority.has_userinfo()
        || authority.host().is_empty()
    {
        mistakes.add(
            "/origin",
            format!("expected only scheme, host and port, without a slash at the end, found {text}"),
        );
        return None;
    }
    let loopback = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
    if scheme == "http" && !loopback {
        mistakes.add("/origin", "expected https: http is for localhost, 127.0.0.1 and [::1] alone");
    }
    if dev && !loopback {
        mistakes.add("/dev", "refused: development needs an origin on localhost, 127.0.0.1 or [::1]");
    }
    Some(text.to_owned())
}

fn build_issuer(
    issuer: &document::Issuer,
    at: &str,
    origin: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<Issuer> {
    let profile = issuer.profile.profile();
    if !is_mount(&issuer.path) {
        mistakes.add(
            format!("{at}/path"),
            "expected / or a path such as /shop: segments of letters, digits and -._~, no slash at the end",
        );
    }
    let path = issuer.path.trim_end_matches('/').to_owned();
    let slash = if profile.issuer_ends_with_slash { "/" } else { "" };
    let identifier = format!("{origin}{path}{slash}");

    let lifetime = issuer.lifetimes.access_token.map_or(profile.access_token.lifetime, Seconds);
    if !(1..=86_400).contains(&lifetime.0) {
        mistakes.add(format!("{at}/lifetimes/access_token"), "expected 1 to 86400 seconds");
    }

    let scope = issuer.scope.clone().unwrap_or_default();
    let mut resources: Vec<ResourceServer> = Vec::new();
    for (r, resource) in issuer.resources.iter().enumerate() {
        let own = resource.scope.clone().unwrap_or_else(|| scope.clone());
        let unknown = own.without(&scope);
        if !unknown.is_empty() {
            mistakes.add(format!("{at}/resources/{r}/scope"), not_among(&unknown, &scope));
        }
        if resources.iter().any(|known| known.identifier == resource.identifier) {
            mistakes.add(format!("{at}/resources/{r}/identifier"), "expected each resource server once");
        }
        resources.push(ResourceServer { identifier: resource.identifier.clone(), scope: own });
    }
    if let Some(default) = &issuer.default_resource
        && !resources.iter().any(|known| known.identifier == *default)
    {
        mistakes.add(format!("{at}/default_resource"), "expected the identifier of one of the resources");
    }
    if profile.audience_required && resources.is_empty() {
        mistakes.add(
            format!("{at}/resources"),
            "this profile's clients must name an audience: expected at least one",
        );
    }

    let policy = match &issuer.policy {
        None => PolicySource::None,
        Some(PolicySetting::Elsewhere(PolicyPlace::Registry)) => PolicySource::Registry(RefCell::default()),
        Some(PolicySetting::Plain(policy)) => {
            policy.check(&format!("{at}/policy"), mistakes);
            PolicySource::Fixed(Rc::new((**policy).clone()))
        }
    };
    let generator_keys = if issuer.generator_keys.is_empty() {
        Vec::new()
    } else {
        let built = keys::build(&issuer.generator_keys, Use::Generator, at, env, mistakes);
        built.map(|(first, others)| std::iter::once(first).chain(others).collect()).unwrap_or_default()
    };
    let subjects = ciba::subjects(issuer, at, env, mistakes);
    let ciba = issuer.ciba.as_ref().map(|ciba| ciba::ciba(ciba, at, env, mistakes));
    if profile.front_end.is_none() && issuer.front_end.is_some() {
        mistakes.add(format!("{at}/front_end"), "this profile has no API for a front end");
    }
    let front_end = issuer.front_end.as_ref().and_then(|one| ciba::front_end(one, at, env, mistakes));
    let pairwise = ciba::pairwise(issuer, profile, at, env, mistakes);
    let (signing_key, other_keys) = keys::build(&issuer.keys, Use::Published, at, env, mistakes)?;
    check_apart(&signing_key, &other_keys, &generator_keys, at, mistakes);
    let default_audience =
        issuer.default_resource.as_ref().map_or_else(|| identifier.clone(), |r| r.as_str().to_owned());
    Some(Issuer {
        identifier,
        path,
        origin: origin.to_owned(),
        profile,
        signing_key,
        other_keys,
        access_token_lifetime: lifetime,
        scope,
        resources,
        default_audience,
        generator_keys,
        policy,
        subjects,
        ciba,
        front_end,
        pairwise,
        consents: ciba::consents(issuer),
        clients: BTreeMap::new(),
    })
}

/// A key that signs exchangeable tokens signs nothing else: a token of the one kind must not pass for another.
fn check_apart(
    signing: &IssuerKey,
    others: &[IssuerKey],
    generator: &[IssuerKey],
    at: &str,
    mistakes: &mut Mistakes,
) {
    let published: Vec<_> = std::iter::once(signing)
        .chain(others)
        .filter_map(|key| key.public.as_ref())
        .map(Jwk::thumbprint)
        .collect();
    for (k, key) in generator.iter().enumerate() {
        if key.public.as_ref().is_some_and(|public| published.contains(&public.thumbprint())) {
            let message = "expected a key of its own: this one is among the issuer's keys";
            mistakes.add(format!("{at}/generator_keys/{k}/private_key"), message);
        }
    }
}

/// Segments that mean the same to every URL parser, and no dot segments.
fn is_mount(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    rest.is_empty()
        || rest.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        })
}
