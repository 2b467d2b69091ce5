//! What the policy's tools take and give, held against `js/policy/types.ts` as `tests/boundary_types.rs` does with
//! the rest: samples of all of it are written as TypeScript, which `tsconfig.samples.json` has checked.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use edgegrant::policy::{Policy, Rule};
use serde_json::{Value, json};

fn policy() -> Policy {
    let grant = json!({"from": "a", "to": "b", "scope": "read", "quota": 5, "modes": ["delegation"],
        "justification": "j", "approved_by": "p", "expires_at": "2027-01-01T00:00:00Z"});
    let policy = json!({"version": "1", "scopes": {"read": {}}, "exchange": [grant],
        "purposes": {"p": {"read": "contract"}}});
    Policy::parse(&policy.to_string()).unwrap()
}

const NOW: u64 = 1_790_000_000;

/// Facts of each kind, with every member that there can be, by the interface in TypeScript.
fn facts() -> Vec<(&'static str, Value)> {
    let issuer = json!({"scope": "read", "resources": [{"identifier": "urn:a", "scope": "read"}],
        "default_audience": "urn:a", "audience_required": false, "access_token_lifetime": 60});
    let client = json!({"client_id": "b", "scope": "read", "default_scope": "read", "resources": ["urn:a"],
        "active": true});
    let party = json!({"client_id": "a", "active": true});
    let subject = json!({"token_type": "access_token", "sub": "s", "state": "active", "scope": "read",
        "audience": ["urn:a"], "expires_at": "2027-01-01T00:00:00Z", "act_depth": 0, "may_act": "b"});
    let exchange = json!({"kind": "exchange", "issuer": issuer, "from": party, "to": client, "subject": subject,
        "actor": {"sub": "b", "own": true}, "scope": "read", "audience": ["urn:a"], "requested_token_type": "access_token", "used": 0,
        "now": NOW});
    vec![
        (
            "ClientCredentialsFacts",
            json!({"kind": "client_credentials", "issuer": issuer, "client": client, "scope": "read",
                "audience": ["urn:a"]}),
        ),
        (
            "GenerateFacts",
            json!({"kind": "generate", "issuer": issuer, "from": party, "to": client, "scope": "read",
                "count": 1, "used": 0, "now": NOW}),
        ),
        (
            "RedeemFacts",
            json!({"kind": "redeem", "issuer": issuer, "from": party, "to": client, "scope": "read",
                "audience": ["urn:a"], "subject": {"sub": "s", "state": "active", "scope": "read"}, "now": NOW}),
        ),
        ("ExchangeFacts", exchange),
        (
            "IdTokenFacts",
            json!({"kind": "id_token", "issuer": issuer, "from": "a", "to": "b", "scope": "read",
                "subject": {"sub": "s", "state": "active"}, "audience": ["urn:a"], "used": 0, "now": "2026-01-01T00:00:00Z"}),
        ),
        ("PurposeFacts", json!({"kind": "purpose", "purpose": "p", "scope": "read", "consent": "given"})),
        (
            "BackchannelFacts",
            json!({"kind": "backchannel", "issuer": issuer, "client": client, "scope": "read",
                "subject": {"sub": "s", "state": "active"}, "audience": ["urn:a"], "purpose": "p",
                "consent": "unknown", "left": 60}),
        ),
        (
            "RefreshFacts",
            json!({"kind": "refresh", "issuer": issuer, "flow": "id_token", "from": "a",
                "to": "b", "scope": "read", "subject": {"sub": "s", "state": "active"}, "audience": ["urn:a"],
                "purpose": "p", "consent": "refused", "ends_at": NOW + 60, "now": NOW}),
        ),
    ]
}

/// The members that an object may have at this place, as the mistake about an unknown one says.
fn accepted(document: &Value, place: &str, read: impl Fn(&str) -> Vec<(String, String)>) -> Vec<String> {
    let mut wrong = document.clone();
    wrong.pointer_mut(place).unwrap()["?"] = json!(1);
    let mistakes = read(&wrong.to_string());
    let (_, message) = mistakes.iter().find(|(pointer, _)| *pointer == format!("{place}/?")).unwrap();
    let (_, names) = message.split_once("expected one of ").unwrap();
    let mut names: Vec<_> = names.split(", ").map(str::to_owned).collect();
    names.sort();
    names
}

fn members(document: &Value, place: &str) -> Vec<String> {
    let mut names: Vec<_> = document.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
    names.retain(|name| name != "kind");
    names.sort();
    names
}

fn cases() -> Value {
    let (_, facts) = facts().remove(5);
    let case = |name: &str, expect: Value| json!({"name": name, "facts": facts, "expect": expect});
    json!([
        case("granted", json!({"outcome": "granted", "scope": "read", "audience": [], "lifetime": 0})),
        case("refused", json!({"outcome": "refused", "rule": "purpose.unknown"})),
    ])
}

#[test]
fn the_samples_have_every_member_that_is_read() {
    let policy = policy();
    let pairs = |mistakes: Vec<edgegrant::mistake::Mistake>| {
        mistakes.into_iter().map(|one| (one.pointer, one.message)).collect::<Vec<_>>()
    };
    let explain = |text: &str| policy.explain(text).map_or_else(pairs, |_| vec![]);
    for (name, facts) in facts() {
        assert!(explain(&facts.to_string()).is_empty(), "{name}");
        let nested = facts.as_object().unwrap().iter().filter(|(_, value)| value.is_object());
        let places = nested.map(|(name, _)| format!("/{name}")).chain([String::new()]);
        for place in places {
            let expected = accepted(&facts, &place, explain);
            // One of two members at a time.
            let expected: Vec<_> = expected.into_iter().filter(|name| name != "from_issuer").collect();
            assert_eq!(members(&facts, &place), expected, "{name} {place}");
        }
    }
    let test = |text: &str| policy.test(text).map_or_else(pairs, |_| vec![]);
    assert_eq!(members(&cases(), "/0"), accepted(&cases(), "/0", test));
    let mut expected = members(&cases(), "/0/expect");
    expected.extend(members(&cases(), "/1/expect"));
    expected.sort();
    expected.dedup();
    assert_eq!(expected, accepted(&cases(), "/0/expect", test));
}

#[test]
fn every_shape_is_written_for_the_type_check() {
    let policy = policy();
    let mut file = "import type * as p from \"../../js/policy/types.ts\";\n\n".to_owned();
    let mut write = |name: &str, kind: &str, value: &Value| {
        writeln!(file, "export const {name}: {kind} = {value};\n").unwrap();
    };
    let mut decisions = Vec::new();
    for (name, facts) in facts() {
        write(&name.to_lowercase(), &format!("p.{name}"), &facts);
        // Members that are declared there and not read here.
        let declared: BTreeMap<_, _> = facts.as_object().unwrap().keys().map(|name| (name, true)).collect();
        let optional = format!("Record<Exclude<keyof p.{name}, \"from_issuer\">, true>");
        write(&format!("{}_members", name.to_lowercase()), &optional, &json!(declared));
        for (part, kind) in [("issuer", "IssuerFacts"), ("client", "ClientFacts")] {
            if let Some(declared) = facts.get(part).and_then(Value::as_object) {
                let declared: BTreeMap<_, _> = declared.keys().map(|name| (name, true)).collect();
                let name = format!("{}_{part}_members", name.to_lowercase());
                write(&name, &format!("Record<keyof p.{kind}, true>"), &json!(declared));
            }
        }
        decisions.push(serde_json::to_value(policy.explain(&facts.to_string()).unwrap()).unwrap());
    }
    let (_, exchange) = &facts()[3];
    let declared: BTreeMap<_, _> =
        members(exchange, "/subject").into_iter().map(|name| (name, true)).collect();
    write("subject_members", "Record<keyof p.SubjectTokenFacts, true>", &json!(declared));
    write("decisions", "p.Decision[]", &json!(decisions));
    // Of what is not always there, all of it.
    let granted: BTreeMap<_, _> = decisions
        .iter()
        .filter_map(|decision| decision.get("granted").and_then(Value::as_object))
        .flat_map(|granted| granted.keys().map(|name| (name.clone(), true)))
        .collect();
    write("granted_members", "Record<keyof p.Granted, true>", &json!(granted));
    write("cases", "p.Case[]", &cases());
    let results = policy.test(&cases().to_string()).unwrap();
    assert_eq!(results.iter().map(|result| result.passed).collect::<Vec<_>>(), [true, false]);
    write("results", "p.CaseResult[]", &json!(results));
    let findings = policy.findings(edgegrant::time::Timestamp::from_seconds(NOW));
    write("findings", "p.Finding[]", &json!(findings));
    let ids: BTreeMap<_, _> = Rule::ALL.iter().map(|rule| (rule.id(), true)).collect();
    write("rules", "Record<p.RuleId, true>", &json!(ids));
    std::fs::create_dir_all("target/boundary").unwrap();
    std::fs::write("target/boundary/policy.ts", file).unwrap();
}
