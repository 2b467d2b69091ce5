//! The policy's tools: findings, tests of a policy, and the documents that are made from the source.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use edgegrant::policy::{Date, FINDING_CODES, Finding, FindingSeverity, Policy, Rule};
use edgegrant::time::Timestamp;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse::<Date>().unwrap().at()
}

/// A policy in which there is nothing to find, with these members in its grant and in its scope `read`.
fn policy(grant: &Value, scope: &Value) -> Value {
    let mut policy = json!({
        "version": "1",
        "scopes": {
            "read": {"description": "reads", "auto_approved": ["b"]},
            "write": {"description": "writes", "clients": ["b"]},
            "pay/now": {"description": "pays", "sensitivity": "sensitive"},
        },
        "exchange": [{"from": "a", "to": "b", "scope": "read write", "quota": 9, "justification": "j",
            "approved_by": "p", "approved_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"}],
        "issuers": [{"issuer": "https://i.example", "jwks_uri": "https://i.example/keys",
            "algorithms": ["ES256"]}],
    });
    merge(&mut policy["exchange"][0], grant);
    merge(&mut policy["scopes"]["read"], scope);
    policy
}

fn merge(value: &mut Value, changes: &Value) {
    for (name, change) in changes.as_object().unwrap() {
        match change {
            Value::Null => drop(value.as_object_mut().unwrap().shift_remove(name)),
            change => value[name] = change.clone(),
        }
    }
}

fn findings(policy: &Value) -> Vec<Finding> {
    Policy::parse(&policy.to_string()).unwrap().findings(now())
}

#[test]
fn a_good_policy_has_no_findings() {
    assert_eq!(findings(&policy(&json!({}), &json!({}))), []);
    // Bounded on either side of what is reported.
    let long = json!({"flow": "exchangeable_token", "scope": "read", "lifetime": 86_400, "single_use": false,
        "expires_at": "2026-07-01T00:00:01Z"});
    assert_eq!(findings(&policy(&long, &json!({}))), []);
    let capped =
        json!({"flow": "exchangeable_token", "scope": "read", "lifetime": 86_401, "single_use": false});
    let mut capped = policy(&capped, &json!({}));
    capped["lifetimes"] = json!({"exchangeable_token": {"max": 86_400}});
    assert_eq!(findings(&capped), []);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_code_is_found() {
    let foreign = json!({"from": null, "from_issuer": "https://i.example", "subject_token_types": ["jwt"]});
    let of_issuer = |changes: Value| {
        let mut grant = foreign.clone();
        merge(&mut grant, &changes);
        grant
    };
    assert_eq!(findings(&policy(&foreign, &json!({}))), []);
    let none = json!({});
    let reusable =
        json!({"flow": "exchangeable_token", "scope": "read", "lifetime": 86_401, "single_use": false});
    let mut found = BTreeSet::new();
    for (grant, scope, code, pointer) in [
        (none.clone(), json!({"description": " "}), "scope_undescribed", "/scopes/read"),
        (
            json!({"scope": "write"}),
            json!({"clients": [], "auto_approved": []}),
            "scope_for_nobody",
            "/scopes/read/clients",
        ),
        (
            none.clone(),
            json!({"clients": ["b"], "auto_approved": ["c", "b", "c"]}),
            "scope_approval_void",
            "/scopes/read/auto_approved",
        ),
        (
            none.clone(),
            json!({"sensitivity": "sensitive"}),
            "scope_sensitive_approved",
            "/scopes/read/auto_approved",
        ),
        (json!({"justification": "", "approved_by": null}), none.clone(), "grant_incomplete", "/exchange/0"),
        (
            json!({"approved_at": "2027-01-01T00:00:00Z"}),
            none.clone(),
            "grant_dates_reversed",
            "/exchange/0/expires_at",
        ),
        (
            json!({"expires_at": "2026-06-01T00:00:00Z"}),
            none.clone(),
            "grant_expired",
            "/exchange/0/expires_at",
        ),
        (
            json!({"expires_at": "2026-07-01T00:00:00Z"}),
            none.clone(),
            "grant_expires_soon",
            "/exchange/0/expires_at",
        ),
        (
            json!({"approved_at": "2026-06-01T00:00:01Z"}),
            none.clone(),
            "grant_not_yet_approved",
            "/exchange/0/approved_at",
        ),
        (json!({"scope": "read other"}), none.clone(), "grant_scope_unknown", "/exchange/0/scope"),
        (
            json!({"scope": "read write", "to": "c"}),
            none.clone(),
            "grant_scope_not_allowed",
            "/exchange/0/scope",
        ),
        (
            json!({"flow": "exchangeable_token"}),
            none.clone(),
            "grant_scope_not_approved",
            "/exchange/0/scope",
        ),
        (
            json!({"requested_token_types": []}),
            none.clone(),
            "grant_takes_nothing",
            "/exchange/0/requested_token_types",
        ),
        (
            of_issuer(json!({"subject_token_types": []})),
            none.clone(),
            "grant_takes_nothing",
            "/exchange/0/subject_token_types",
        ),
        (
            of_issuer(json!({"subject_token_types": null})),
            none.clone(),
            "grant_takes_no_jwt",
            "/exchange/0/subject_token_types",
        ),
        (of_issuer(json!({"flow": "id_token"})), none.clone(), "grant_flow_of_issuer", "/exchange/0/flow"),
        (json!({"from": "b"}), none.clone(), "grant_to_itself", "/exchange/0/to"),
        (json!({"scope": "read write pay/now"}), none.clone(), "grant_all_scopes", "/exchange/0/scope"),
        (
            json!({"quota": null, "scope": "pay/now"}),
            none.clone(),
            "grant_sensitive_unbounded",
            "/exchange/0",
        ),
        (json!({"quota": null}), none.clone(), "grant_unbounded", "/exchange/0"),
        (reusable, none.clone(), "grant_reusable_for_long", "/exchange/0/single_use"),
    ] {
        let all = findings(&policy(&grant, &scope));
        let [one] = &all[..] else { panic!("{grant} {scope}: {all:?}") };
        assert_eq!((one.code, one.pointer.as_str()), (code, pointer), "{grant} {scope}");
        found.insert(one.code);
    }
    let mut document = policy(&none, &none);
    document["purposes"] = json!({"dpv:Marketing": {"read": "consent"}, "own": {"read": "consent"},
        "dpv:Spying/1": {"read": "consent"}});
    let all = findings(&document);
    let [one] = &all[..] else { panic!("{all:?}") };
    assert_eq!((one.code, one.pointer.as_str()), ("purpose_no_term", "/purposes/dpv:Spying~11"));
    found.insert(one.code);
    assert_eq!(found, FINDING_CODES.iter().map(|code| code.name).collect());
}

#[test]
fn findings_point_into_the_document_and_name_what_they_found() {
    let mut document = policy(&json!({"justification": " ", "scope": "x y read"}), &json!({}));
    document["scopes"]["pay/now"]["description"] = json!(null);
    let found: Vec<_> = findings(&document).into_iter().map(|one| (one.pointer, one.message)).collect();
    let expected = [
        ("/scopes/pay~1now", "The scope has no description, so who approves it must guess"),
        (
            "/exchange/0",
            "The grant does not count without justification, approved_by and expires_at: justification missing",
        ),
        ("/exchange/0/scope", "The grant covers a scope that the policy does not list: x y"),
    ];
    assert_eq!(found, expected.map(|(pointer, message)| (pointer.to_owned(), message.to_owned())));
}

#[test]
fn cases_pass_or_say_what_is_different() {
    let policy = Policy::parse(&policy(&json!({}), &json!({})).to_string()).unwrap();
    let granted = json!({"kind": "client_credentials", "client": "b", "scope": "read write"});
    let refused = json!({"kind": "client_credentials", "client": "c", "scope": "write"});
    for (facts, expect, message) in [
        (&granted, json!({"outcome": "granted"}), None),
        (&granted, json!({"scope": "write read", "audience": ["issuer"], "lifetime": 3600}), None),
        (&granted, json!({"outcome": "refused"}), Some("expected refused, found granted")),
        (
            &granted,
            json!({"rule": "scope.unknown"}),
            Some("expected refused by scope.unknown, found granted"),
        ),
        (
            &granted,
            json!({"scope": "", "audience": [], "lifetime": 1}),
            Some(
                "expected scope \"\", found \"read write\"; expected audience \"\", found \"issuer\"; \
                 expected lifetime \"1\", found \"3600\"",
            ),
        ),
        (&refused, json!({"outcome": "refused"}), None),
        (&refused, json!({"outcome": "refused", "rule": "scope.not-in-policy"}), None),
        (
            &refused,
            json!({"rule": "scope.unknown"}),
            Some("expected refused by scope.unknown, found refused by scope.not-in-policy"),
        ),
        (&refused, json!({"scope": "write"}), Some("expected granted, found refused by scope.not-in-policy")),
        (
            &refused,
            json!({"outcome": "granted"}),
            Some("expected granted, found refused by scope.not-in-policy"),
        ),
    ] {
        let cases = json!([{"name": "n", "facts": facts, "expect": expect}]);
        let results = policy.test(&cases.to_string()).unwrap();
        assert_eq!(results.len(), 1);
        assert_eq!(
            (results[0].passed, results[0].message.as_deref()),
            (message.is_none(), message),
            "{expect}"
        );
        assert_eq!(results[0].decision, policy.explain(&facts.to_string()).unwrap());
    }
}

#[test]
fn mistakes_in_cases_are_named() {
    let policy = Policy::parse(&policy(&json!({}), &json!({})).to_string()).unwrap();
    let mistakes = |cases: &Value| policy.test(&cases.to_string()).unwrap_err();
    let facts = json!({"kind": "purpose", "purpose": "p", "scope": "read"});
    let either = "expected either rule or scope";
    for (expect, pointer, message) in [
        (json!({}), "/0/expect", "asserts nothing"),
        (json!({"rule": null}), "/0/expect", "asserts nothing"),
        (json!({"outcome": "granted", "rule": "scope.unknown"}), "/0/expect", "expected no rule"),
        (json!({"outcome": "refused", "scope": "read"}), "/0/expect", "expected no scope"),
        (json!({"rule": "scope.unknown", "lifetime": 1}), "/0/expect", either),
        (json!({"rule": "scope.nothing"}), "/0/expect/rule", "expected the id of a rule"),
        (json!({"outcome": "maybe"}), "/0/expect/outcome", "granted, refused"),
        (json!({"outcome": "granted", "quota": 1}), "/0/expect/quota", "unknown member"),
    ] {
        let found = mistakes(&json!([{"name": "n", "facts": facts, "expect": expect}]));
        let [one] = &found[..] else { panic!("{expect}: {found:?}") };
        assert_eq!(one.pointer, pointer, "{expect}");
        assert!(one.message.contains(message), "{expect}: {one:?}");
    }
    let good = json!({"name": "n", "facts": facts, "expect": {"outcome": "granted"}});
    assert_eq!(mistakes(&json!([good, good]))[0].pointer, "/1/name");
    assert_eq!(mistakes(&json!([]))[0].message, "expected at least one test");
    assert_eq!(mistakes(&json!({}))[0].message, "expected an array, found an object");
    let wrong = json!([good, {"name": 1, "facts": {"kind": "generate", "now": "x"}, "expect": {}}]);
    let found = mistakes(&wrong);
    let pointers: Vec<_> = found.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(pointers, ["/1/expect", "/1/facts", "/1/facts", "/1/facts/now", "/1/name"]);
}

/// The JSON between the fences of a document.
fn examples(document: &str) -> Vec<String> {
    let parts = document.split("```json\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_examples_of_the_documentation_are_good() {
    let document = std::fs::read_to_string("docs/policy.md").unwrap();
    let [policy, facts, cases] = &examples(&document)[..] else { panic!("expected three examples") };
    let policy = Policy::parse(policy).unwrap();
    assert_eq!(policy.findings(now()), []);
    let granted = policy.explain(facts).unwrap().into_result().unwrap();
    assert_eq!((granted.scope.to_string(), granted.lifetime.0), ("orders:read".into(), 604_800));
    for result in policy.test(cases).unwrap() {
        assert!(result.passed, "{result:?}");
    }
}

/// Holds a committed file to what the source makes of it; `UPDATE=1 cargo test --all-features --test policy` writes
/// it anew.
fn hold(file: &str, made: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, made).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(committed == made, "{file} is not what the source says: run with UPDATE=1");
}

#[test]
fn the_documentation_is_the_findings() {
    let mut table = String::from("| code | severity | what it means |\n| --- | --- | --- |\n");
    for code in FINDING_CODES {
        let severity = match code.severity {
            FindingSeverity::Error => "error",
            FindingSeverity::Warning => "warning",
            FindingSeverity::Note => "note",
        };
        writeln!(table, "| `{}` | {severity} | {} |", code.name, code.summary).unwrap();
    }
    let document = std::fs::read_to_string("docs/policy.md").unwrap();
    let (before, rest) = document.split_once("<!-- findings -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /findings -->\n").unwrap();
    hold("docs/policy.md", &format!("{before}<!-- findings -->\n{table}<!-- /findings -->\n{after}"));
}

#[test]
fn the_documentation_is_the_rules() {
    let mut made = String::from(
        "# The rules of a policy\n\n\
        Every decision lists the rules that had a say (`src/policy/rule.rs`). Their ids stay: they stand in audit\n\
        events and at the end of an `error_description`. [policy.md](policy.md) says what a policy is.\n\n\
        | id | when it refuses | what to do |\n| --- | --- | --- |\n",
    );
    for rule in Rule::ALL {
        writeln!(made, "| `{}` | {} | {} |", rule.id(), rule.when(), rule.resolve()).unwrap();
    }
    hold("docs/policy-rules.md", &made);
}

#[cfg(feature = "schema")]
#[test]
fn the_committed_schema_is_the_types() {
    let made = serde_json::to_string_pretty(&edgegrant::policy::schema()).unwrap();
    hold("policy.schema.json", &format!("{made}\n"));
}

#[test]
fn ids_and_codes_are_unique() {
    let ids: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert_eq!(rule.id().parse(), Ok(*rule));
    }
    let names: BTreeSet<_> = FINDING_CODES.iter().map(|code| code.name).collect();
    assert_eq!(names.len(), FINDING_CODES.len());
}
