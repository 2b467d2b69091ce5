//! What holds of every decision, whatever the policy and the facts.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/narrowing.rs"]
mod narrowing;
#[path = "support/policies.rs"]
mod policies;

use std::collections::BTreeSet;

use edgegrant::policy::{Facts, Policy};
use narrowing::{grant_of, narrowings, place_of, shuffled};
use policies::{KINDS, NOW, SCOPES, facts, policy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

type Set = BTreeSet<String>;

/// The decision, as it is shown.
fn decide(policy: &Value, facts: &Value) -> Value {
    let read = Policy::parse(&policy.to_string()).unwrap_or_else(|mistakes| panic!("{policy}: {mistakes:?}"));
    let decision =
        read.explain(&facts.to_string()).unwrap_or_else(|mistakes| panic!("{facts}: {mistakes:?}"));
    serde_json::to_value(decision).unwrap()
}

fn is_granted(decision: &Value) -> bool {
    decision["outcome"] == "granted"
}

/// The items of a list, or the tokens of a scope.
fn set(value: &Value) -> Set {
    match value {
        Value::String(scope) => {
            scope.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()
        }
        list => list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

/// Whether the list holds it, where there is a list.
fn among(list: Option<&Value>, item: &str) -> bool {
    list.is_none_or(|list| set(list).contains(item))
}

/// The scope that can be granted at most, found in another way than decisions do.
fn most_scope(policy: &Value, facts: &Value) -> Set {
    let kind = facts["kind"].as_str().unwrap();
    // What a purpose rests on: something else than consent, or consent that was given.
    let rests = |token: &String| {
        facts.get("purpose").is_none_or(|purpose| {
            let basis = policy["purposes"][purpose.as_str().unwrap()][token].as_str();
            basis.is_some_and(|basis| basis != "consent" || facts["consent"] == "given")
        })
    };
    if kind == "purpose" {
        return set(&json!(SCOPES)).into_iter().filter(rests).collect();
    }
    let client = facts.get("client").unwrap_or(&facts["to"]);
    let id = client["client_id"].as_str().unwrap();
    let unattended = kind == "generate" || kind == "redeem";
    let bounds = [
        facts["issuer"].get("scope"),
        client.get("scope"),
        facts.get("scope"),
        facts["subject"].get("scope"),
        grant_of(policy, facts).map(|grant| &grant["scope"]),
    ];
    let allowed = |token: &String| {
        policy["scopes"].get(token).is_some_and(|rule| {
            among(rule.get("clients"), id) && (!unattended || among(rule.get("auto_approved"), id))
        })
    };
    let most = set(&json!(SCOPES)).into_iter().filter(allowed).filter(rests);
    most.filter(|token| bounds.iter().all(|bound| among(*bound, token))).collect()
}

/// The audiences that can be granted at most.
fn most_audience(policy: &Value, facts: &Value) -> Set {
    let default = set(&json!([facts["issuer"]["default_audience"]]));
    let mut most = match facts["kind"].as_str().unwrap() {
        "client_credentials" | "backchannel" | "refresh" => {
            let client = facts.get("client").unwrap_or(&facts["to"]);
            let servers = facts["issuer"]["resources"].as_array().unwrap();
            let id = client["client_id"].as_str().unwrap();
            let listed = policy.get("audiences").map(|audiences| &audiences[id]);
            let servers = servers.iter().map(|server| server["identifier"].as_str().unwrap().to_owned());
            let may = |one: &String| among(client.get("resources"), one) && among(listed, one);
            servers.filter(may).chain(default).collect()
        }
        "exchange" if !set(&facts["subject"]["audience"]).is_empty() => set(&facts["subject"]["audience"]),
        "exchange" | "redeem" | "id_token" => default,
        _ => Set::new(),
    };
    if let Some(grant) = grant_of(policy, facts) {
        most.extend(set(&grant["audience"]));
    }
    most
}

/// Whether the scope token means something at an audience that is a resource server.
fn means_something(policy: &Value, facts: &Value, token: &str, audience: &str) -> bool {
    let mut servers = facts["issuer"]["resources"].as_array().into_iter().flatten();
    servers.find(|server| server["identifier"] == audience).is_none_or(|server| {
        among(server.get("scope"), token) && among(policy["scopes"][token].get("resources"), audience)
    })
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(config(2048))]

    #[test]
    fn what_is_granted_is_within_all_bounds(policy in policy(), facts in facts(KINDS)) {
        let decision = decide(&policy, &facts);
        if !is_granted(&decision) {
            return Ok(());
        }
        let granted = &decision["granted"];
        let (scope, audience) = (set(&granted["scope"]), set(&granted["audience"]));
        prop_assert!(scope.is_subset(&most_scope(&policy, &facts)), "{facts} {decision}");
        prop_assert!(audience.is_subset(&most_audience(&policy, &facts)), "{facts} {decision}");
        for token in &scope {
            let meaningful = |one: &String| means_something(&policy, &facts, token, one);
            prop_assert!(audience.iter().all(meaningful), "{token} {facts} {decision}");
        }
        if let Some(asked) = facts.get("scope") {
            prop_assert_eq!(&scope, &set(asked));
        }
        let lifetime = granted["lifetime"].as_u64().unwrap();
        let kind = if facts["kind"] == "generate" { "exchangeable_token" } else { "access_token" };
        let grant = grant_of(&policy, &facts);
        // The lifetime in a grant for exchangeable tokens is theirs, not that of what they are redeemed for.
        let own = grant.filter(|_| facts["kind"] != "redeem").map(|grant| &grant["lifetime"]);
        let ends = facts["subject"].get("expires_at").unwrap_or(&facts["ends_at"]).as_u64();
        let left = facts["left"].as_u64().or(ends.map(|end| end - NOW));
        let bounds = [policy["lifetimes"][kind]["max"].as_u64(), own.and_then(Value::as_u64), left];
        prop_assert!(bounds.into_iter().flatten().all(|bound| lifetime <= bound), "{facts} {decision}");
        let counted = |name: &str, otherwise: u64| facts[name].as_u64().unwrap_or(otherwise);
        let used = counted("used", 0) + counted("count", 1);
        let counts = facts["kind"] != "redeem" && facts["kind"] != "refresh";
        let quota = grant.filter(|_| counts).and_then(|grant| grant["quota"].as_u64());
        prop_assert!(quota.is_none_or(|quota| used <= quota), "{facts} {decision}");
    }
}

proptest! {
    #![proptest_config(config(512))]

    /// Each step is shown to be harmless for any policy, and so is any number of them.
    #[test]
    fn narrowing_never_widens(document in policy(), facts in facts(KINDS)) {
        let policy = Policy::parse(&document.to_string()).unwrap();
        let read = Facts::parse(&facts.to_string()).unwrap();
        let before = read.decide(&policy);
        for (what, narrow) in narrowings(&policy, place_of(&document, &facts)) {
            let Some(after) = read.decide(&narrow).granted else { continue };
            let Some(before) = &before.granted else {
                panic!("{what}: {facts} {before:?}");
            };
            let (less, more) = (&after.audience, &before.audience);
            let widened = !after.scope.without(&before.scope).is_empty()
                || !less.iter().all(|one| more.contains(one))
                || after.lifetime > before.lifetime;
            prop_assert!(!widened, "{what}: {facts} {before:?} {after:?}");
        }
    }

    #[test]
    fn the_order_of_a_policy_never_matters(
        (policy, other) in policy().prop_flat_map(|policy| (Just(policy.clone()), shuffled(&policy))),
        facts in facts(KINDS),
    ) {
        prop_assert_eq!(decide(&policy, &facts), decide(&other, &facts));
    }

    /// But for the order of audiences, which is that of the request, and for what is named first where more is wrong.
    #[test]
    fn the_order_of_facts_never_matters(
        policy in policy(),
        (facts, other) in facts(KINDS).prop_flat_map(|facts| (Just(facts.clone()), shuffled(&facts))),
    ) {
        let ordered = |mut decision: Value| {
            let audience = set(&decision["granted"]["audience"]);
            if is_granted(&decision) {
                decision["granted"]["audience"] = json!(audience);
            }
            for ruling in decision["rules"].as_array_mut().unwrap() {
                ruling["message"] = Value::Null;
            }
            decision
        };
        prop_assert_eq!(ordered(decide(&policy, &facts)), ordered(decide(&policy, &other)));
    }

    #[test]
    fn no_chain_of_exchanges_widens(hops in vec((policy(), facts(&["exchange"])), 1..6)) {
        exchanged(hops)?;
    }
}

/// Exchanges one token again and again, each time for that of the client that holds it; says how often.
fn exchanged(hops: Vec<(Value, Value)>) -> Result<u64, TestCaseError> {
    let (mut scope, mut audience): (Option<Set>, Option<Set>) = (None, None);
    let (mut end, mut depth, mut token) = (u64::MAX, 0, None);
    let mut exchanged = 0;
    for (hop, (policy, mut facts)) in hops.into_iter().enumerate() {
        let now = NOW + 7 * hop as u64;
        facts["now"] = json!(now);
        facts["issuer"]["default_audience"] = json!("issuer");
        if let Some((holder, subject)) = &token {
            let facts = facts.as_object_mut().unwrap();
            facts.remove("from_issuer");
            facts.insert("from".into(), json!({ "client_id": holder }));
            facts.insert("subject".into(), Value::clone(subject));
        }
        let decision = decide(&policy, &facts);
        if !is_granted(&decision) {
            continue;
        }
        let (granted, grant, subject) =
            (&decision["granted"], grant_of(&policy, &facts).unwrap(), &facts["subject"]);
        if exchanged == 0 {
            let named = set(&subject["audience"]);
            scope = subject.get("scope").map(set);
            audience = Some(if named.is_empty() { set(&json!(["issuer"])) } else { named });
            end = subject["expires_at"].as_u64().unwrap();
            depth = subject["act_depth"].as_u64().unwrap();
        }
        exchanged += 1;
        let bound = set(&grant["scope"]);
        let most = scope.map_or_else(|| bound.clone(), |scope| scope.intersection(&bound).cloned().collect());
        prop_assert!(set(&granted["scope"]).is_subset(&most), "{facts} {decision}");
        scope = Some(most);
        let most: Set = audience.into_iter().flatten().chain(set(&grant["audience"])).collect();
        prop_assert!(set(&granted["audience"]).is_subset(&most), "{facts} {decision}");
        audience = Some(most);
        let ends = now + granted["lifetime"].as_u64().unwrap();
        prop_assert!(ends <= end, "{facts} {decision}");
        depth += u64::from(granted["delegation"] == true);
        prop_assert!(depth <= grant["max_act_depth"].as_u64().unwrap_or(2), "{facts} {decision}");
        let next = json!({"scope": granted["scope"], "audience": granted["audience"], "expires_at": ends,
            "act_depth": depth});
        token = Some((facts["to"]["client_id"].clone(), next));
    }
    Ok(exchanged)
}

/// The properties above would hold of nothing: what is drawn is granted often enough to tell.
#[test]
fn much_is_granted() {
    let mut runner = TestRunner::deterministic();
    for kind in KINDS {
        let drawn =
            vec((policy(), facts(std::slice::from_ref(kind))), 100).new_tree(&mut runner).unwrap().current();
        let granted = drawn.iter().filter(|(policy, facts)| is_granted(&decide(policy, facts))).count();
        println!("{kind}: {granted} of 100");
        assert!(granted >= 10, "{kind}: {granted} of 100");
    }
    let chains = vec(vec((policy(), facts(&["exchange"])), 5), 50).new_tree(&mut runner).unwrap().current();
    let long = chains.into_iter().filter(|hops| exchanged(hops.clone()).unwrap() >= 2).count();
    println!("chains: {long} of 50");
    assert!(long >= 5, "{long} chains of 50");
}
