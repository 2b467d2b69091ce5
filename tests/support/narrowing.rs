//! Policies from which something was taken out, and a document whose order is another.

use edgegrant::policy::{Date, ExchangeGrant, Lifetime, Policy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policies::{NOW, date};

/// The place of the grant that the facts are about.
pub fn place_of(policy: &Value, facts: &Value) -> Option<usize> {
    let flow = match facts["kind"].as_str()? {
        "generate" | "redeem" => "exchangeable_token",
        "exchange" => "token_exchange",
        "id_token" => "id_token",
        "refresh" => facts["flow"].as_str()?,
        _ => return None,
    };
    let same = |grant: &Value| {
        let from = match facts.get("from_issuer") {
            Some(issuer) => grant.get("from_issuer") == Some(issuer),
            None => grant.get("from") == facts["from"].get("client_id"),
        };
        grant["flow"] == flow && from && grant["to"] == facts["to"]["client_id"]
    };
    policy["exchange"].as_array()?.iter().position(same)
}

/// The grant that the facts are about.
pub fn grant_of<'p>(policy: &'p Value, facts: &Value) -> Option<&'p Value> {
    policy["exchange"].get(place_of(policy, facts)?)
}

/// Narrower policies, each with what was done to it.
struct Narrower<'p> {
    policy: &'p Policy,
    made: Vec<(String, Policy)>,
}

impl Narrower<'_> {
    fn by(&mut self, what: impl Into<String>, change: impl FnOnce(&mut Policy)) {
        let mut policy = self.policy.clone();
        change(&mut policy);
        self.made.push((what.into(), policy));
    }

    /// By each item of a list; where there is no list, by one of `only`.
    fn by_items<T: Clone>(
        &mut self,
        what: &str,
        list: impl Fn(&mut Policy) -> &mut Option<Vec<T>>,
        only: &[T],
    ) {
        match list(&mut self.policy.clone()) {
            None => self.by(format!("{what}: only some"), |policy| *list(policy) = Some(only.to_vec())),
            Some(items) => {
                for item in 0..items.len() {
                    self.by(format!("{what}: without {item}"), |policy| {
                        drop(list(policy).as_mut().unwrap().remove(item));
                    });
                }
            }
        }
    }
}

/// All policies that have a little less than this one: of its scopes, audiences, purposes and lifetimes, one grant
/// less, or less in the grant at `place`.
pub fn narrowings(policy: &Policy, place: Option<usize>) -> Vec<(String, Policy)> {
    let mut all = Narrower { policy, made: Vec::new() };
    by_scopes(&mut all);
    by_lifetimes(&mut all);
    if let Some(audiences) = &policy.audiences {
        for (client, list) in audiences {
            all.by(format!("no audiences of {client}"), |policy| {
                drop(policy.audiences.as_mut().unwrap().remove(client));
            });
            for item in 0..list.len() {
                all.by(format!("audience {item} of {client}"), |policy| {
                    drop(policy.audiences.as_mut().unwrap().get_mut(client).unwrap().remove(item));
                });
            }
        }
    } else {
        all.by("audiences of nobody", |policy| policy.audiences = Some([].into()));
    }
    for (purpose, scopes) in &policy.purposes {
        all.by(format!("no {purpose}"), |policy| drop(policy.purposes.remove(purpose)));
        for token in scopes.keys() {
            all.by(format!("no {purpose} of {token}"), |policy| {
                policy.purposes.get_mut(purpose).unwrap().remove(token);
            });
        }
    }
    all.by("no foreign issuer", |policy| {
        policy.issuers.clear();
        policy.exchange.retain(|grant| grant.from_issuer.is_none());
    });
    for gone in 0..policy.exchange.len() {
        all.by(format!("no grant {gone}"), |policy| drop(policy.exchange.remove(gone)));
    }
    if let Some(place) = place {
        by_grant(&mut all, place);
    }
    all.made
}

fn by_scopes(all: &mut Narrower<'_>) {
    for name in all.policy.scopes.keys() {
        all.by(format!("no {name}"), |policy| drop(policy.scopes.remove(name)));
        all.by_items(
            &format!("clients of {name}"),
            |policy| &mut policy.scopes.get_mut(name).unwrap().clients,
            &["b".to_owned()],
        );
        all.by_items(
            &format!("resources of {name}"),
            |policy| &mut policy.scopes.get_mut(name).unwrap().resources,
            &["urn:0".parse().unwrap()],
        );
        for item in 0..all.policy.scopes[name].auto_approved.len() {
            all.by(format!("approval {item} of {name}"), |policy| {
                drop(policy.scopes.get_mut(name).unwrap().auto_approved.remove(item));
            });
        }
    }
}

fn by_lifetimes(all: &mut Narrower<'_>) {
    let kinds: [fn(&mut Policy) -> &mut Option<Lifetime>; 2] =
        [|policy| &mut policy.lifetimes.access_token, |policy| &mut policy.lifetimes.exchangeable_token];
    for kind in kinds {
        let Lifetime { default, max } = kind(&mut all.policy.clone()).unwrap_or_default();
        let max = max.unwrap_or(600).div_ceil(2);
        let lower = Lifetime { default: default.map(|default| default.min(max)), max: Some(max) };
        all.by(format!("{lower:?}"), |policy| *kind(policy) = Some(lower));
        if let Some(default) = default {
            all.by("half the default", |policy| {
                kind(policy).as_mut().unwrap().default = Some(default.div_ceil(2));
            });
        }
    }
}

fn by_grant(all: &mut Narrower<'_>, place: usize) {
    let grant = all.policy.exchange[place].clone();
    let mut by = |what: &str, change: &dyn Fn(&mut ExchangeGrant)| {
        all.by(what, |policy| change(&mut policy.exchange[place]));
    };
    for token in grant.scope.tokens() {
        by(token, &|grant| grant.scope = grant.scope.filtered(|one| one != token));
    }
    for item in 0..grant.audience.len() {
        by("an audience of the grant", &|grant| drop(grant.audience.remove(item)));
    }
    let half = |bound: u64| Some(bound.div_ceil(2));
    by("half the quota", &|grant| grant.quota = half(grant.quota.unwrap_or(9)));
    by("less depth", &|grant| grant.max_act_depth = half(grant.max_act_depth.unwrap_or(2)));
    by("half the lifetime", &|grant| grant.lifetime = grant.lifetime.and_then(half));
    by("single use", &|grant| grant.single_use = Some(true));
    let day = |seconds: u64| Some(date(seconds).parse::<Date>().unwrap());
    by("expired", &|grant| grant.expires_at = day(NOW));
    by("expires", &|grant| grant.expires_at = grant.expires_at.min(day(NOW + 1)));
    by("not yet approved", &|grant| grant.approved_at = day(NOW + 1));
    by("no justification", &|grant| grant.justification = None);
    by("nobody approved", &|grant| grant.approved_by = Some(" ".into()));
    by("no end", &|grant| grant.expires_at = None);
    let item = |list: Option<&Vec<_>>| 0..list.map_or(0, Vec::len);
    for item in item(grant.subject_token_types.as_ref()) {
        by("a type less taken", &|grant| {
            grant.subject_token_types.as_mut().unwrap().remove(item);
        });
    }
    for item in item(grant.requested_token_types.as_ref()) {
        by("a type less given", &|grant| {
            grant.requested_token_types.as_mut().unwrap().remove(item);
        });
    }
    by("takes nothing", &|grant| grant.subject_token_types = Some(vec![]));
    by("gives nothing", &|grant| grant.requested_token_types = Some(vec![]));
    if let Some(modes) = grant.modes.filter(|modes| modes.len() > 1) {
        for mode in modes {
            by("one mode", &|grant| grant.modes = Some(vec![mode]));
        }
    }
}

/// The same in another order: of members, of the items of lists, and of the tokens of scopes.
pub fn shuffled(value: &Value) -> BoxedStrategy<Value> {
    match value {
        Value::Array(all) => {
            let all: Vec<_> = all.iter().map(shuffled).collect();
            all.prop_shuffle().prop_map(Value::Array).boxed()
        }
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| (Just(name.clone()), shuffled(value))).collect();
            members.prop_shuffle().prop_map(|members| members.into_iter().collect()).boxed()
        }
        Value::String(text) if text.contains(' ') => {
            let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
            Just(words).prop_shuffle().prop_map(|words| json!(words.join(" "))).boxed()
        }
        other => Just(other.clone()).boxed(),
    }
}
