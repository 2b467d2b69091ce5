//! How people who are elsewhere are authenticated, and who they are.

use std::collections::BTreeMap;

use super::document;
use super::env::Env;
use crate::consent::{ConfiguredConsent, ConsentState};
use crate::issuer::{Ciba, FrontEnd, Subject};
use crate::mistake::Mistakes;
use crate::pairwise::Pairwise;
use crate::profile::Profile;
use crate::secret::{Secret, SecretHash};
use crate::time::Seconds;

/// 128 bits as base64url.
const SHORTEST_SECRET: usize = 22;

pub(super) fn ciba(document: &document::Ciba, at: &str, env: &Env, mistakes: &mut Mistakes) -> Ciba {
    let at = format!("{at}/ciba");
    let mut bounded = |name: &str, value: Option<u64>, usual: u64, (least, most): (u64, u64)| {
        let value = value.unwrap_or(usual);
        if !(least..=most).contains(&value) {
            mistakes.add(format!("{at}/{name}"), format!("expected {least} to {most} seconds"));
        }
        Seconds(value)
    };
    let expires_in = bounded("expires_in", document.expires_in, 120, (1, 86_400));
    // A faulty one is told of once.
    let least = expires_in.0.clamp(1, 86_400);
    let max_expires_in = bounded("max_expires_in", document.max_expires_in, least.max(600), (least, 86_400));
    let interval = bounded("interval", document.interval, 5, (1, 60));
    let long_polling = bounded("long_polling", document.long_polling, 0, (0, 30));
    for (h, host) in document.notification_hosts.iter().enumerate() {
        let url = format!("https://{host}/");
        let sound = fluent_uri::Uri::parse(url.as_str()).ok().and_then(|uri| {
            uri.authority().map(|authority| authority.as_str() == host && !authority.has_userinfo())
        });
        if sound != Some(true) || host.is_empty() {
            mistakes.add(
                format!("{at}/notification_hosts/{h}"),
                "expected a host, with its port where that is not 443, as in client.example.com",
            );
        }
    }
    let page = document.consent_page.as_ref();
    let consent_page = page.and_then(|page| env.resolve(page, &format!("{at}/consent_page"), mistakes));
    if let Some(page) = &consent_page
        && !fluent_uri::Uri::parse(page.as_str()).is_ok_and(|uri| !uri.has_query() && !uri.has_fragment())
    {
        mistakes.add(format!("{at}/consent_page"), "expected a URL without query and fragment");
    }
    Ciba {
        expires_in,
        max_expires_in,
        interval,
        long_polling,
        acr_values: document.acr_values.clone(),
        authorization_details_types: document.authorization_details_types.clone(),
        consent_page,
    }
}

pub(super) fn front_end(
    document: &document::FrontEnd,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<FrontEnd> {
    let at = format!("{at}/front_end");
    let api_key = env.resolve(&document.api_key, &format!("{at}/api_key"), mistakes);
    for (name, text) in [("service_id", Some(&document.service_id)), ("api_key", api_key.as_ref())] {
        let sound = |text: &String| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        if text.is_some_and(|text| !sound(text) || matches!(text.as_str(), "" | "." | "..")) {
            mistakes.add(format!("{at}/{name}"), "expected letters, digits and -._~");
        }
    }
    let api_secret = secret(&document.api_secret, &format!("{at}/api_secret"), env, mistakes);
    let token = document.access_token.as_ref();
    let access_token = token.map(|token| secret(token, &format!("{at}/access_token"), env, mistakes));
    Some(FrontEnd {
        service_id: document.service_id.clone(),
        api_key: api_key?,
        api_secret: SecretHash::of(&api_secret?),
        access_token: access_token.flatten().as_ref().map(SecretHash::of),
    })
}

/// A secret that cannot be guessed.
pub(super) fn secret(
    binding: &super::text::Binding,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<Secret> {
    let text = env.text(binding, at, mistakes)?;
    if text.len() < SHORTEST_SECRET {
        mistakes.add(at, format!("expected a secret of at least {SHORTEST_SECRET} characters"));
        return None;
    }
    Some(Secret::new(text))
}

pub(super) fn pairwise(
    document: &document::Issuer,
    profile: &Profile,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> Option<Pairwise> {
    match (&document.pairwise_salt, profile.pairwise) {
        (None, false) => None,
        (None, true) => {
            mistakes.add(at, "member pairwise_salt is missing: this profile's subjects are pairwise");
            None
        }
        (Some(_), false) => {
            mistakes.add(format!("{at}/pairwise_salt"), "this profile's subjects are not pairwise");
            None
        }
        (Some(salt), true) => {
            let at = format!("{at}/pairwise_salt");
            let salt = env.text(salt, &at, mistakes)?;
            Pairwise::new(salt.as_bytes()).map_err(|error| mistakes.add(at, error.to_string())).ok()
        }
    }
}

pub(super) fn consents(document: &document::Issuer) -> Vec<ConfiguredConsent> {
    let of = |subject: &document::Subject, consent: &document::Consent| ConfiguredConsent {
        sub: subject.sub.clone(),
        client_id: consent.client_id.clone(),
        purpose: consent.purpose.clone(),
        scope: consent.scope.clone(),
        state: ConsentState::Given,
    };
    document
        .subjects
        .iter()
        .flat_map(|one| one.consents.iter().map(move |consent| of(one, consent)))
        .collect()
}

pub(super) fn subjects(
    document: &document::Issuer,
    at: &str,
    env: &Env,
    mistakes: &mut Mistakes,
) -> BTreeMap<String, Subject> {
    let mut known: BTreeMap<String, Subject> = BTreeMap::new();
    for (s, subject) in document.subjects.iter().enumerate() {
        let at = format!("{at}/subjects/{s}");
        if subject.sub.is_empty() || subject.sub.len() > 255 {
            mistakes.add(format!("{at}/sub"), "expected 1 to 255 bytes");
        }
        for (h, hint) in subject.hints.iter().enumerate() {
            let another = |other: &document::Subject| other.sub != subject.sub && other.sub == *hint;
            let taken = known.values().any(|other| other.hints.contains(hint));
            if taken || hint.is_empty() || document.subjects.iter().any(another) {
                mistakes.add(format!("{at}/hints/{h}"), "expected a hint that names nobody else");
            }
        }
        let code = subject.user_code.as_ref();
        let code = code.and_then(|code| env.text(code, &format!("{at}/user_code"), mistakes));
        let built = Subject {
            active: !subject.disabled,
            hints: subject.hints.clone(),
            user_code: code.map(|code| SecretHash::of(&Secret::new(code))),
        };
        if known.insert(subject.sub.clone(), built).is_some() {
            mistakes.add(format!("{at}/sub"), "expected each subject once");
        }
    }
    known
}
