use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Decision, Policy, Rule};

const NOW: &str = "2026-06-01T00:00:00Z";

fn policy() -> Value {
    let issuer = "https://as.example";
    json!({
        "version": "7",
        "scopes": {
            "read": {"auto_approved": ["b"]},
            "write": {"auto_approved": ["b"], "resources": ["urn:orders"]},
            "sign": {},
            "admin": {"clients": ["root"], "auto_approved": ["root"]},
        },
        "audiences": {"b": ["urn:orders"], "a": ["urn:orders", "urn:stock"]},
        "lifetimes": {"access_token": {"max": 7200}, "exchangeable_token": {"max": 7200}},
        "issuers": [{"issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "algorithms": ["ES256"]}],
        "exchange": [
            grant(&json!({"from": "a", "quota": 10})),
            grant(&json!({"from_issuer": issuer, "subject_token_types": ["jwt"], "modes": ["delegation"],
                "audience": ["urn:stock"]})),
            grant(&json!({"from": "a", "flow": "exchangeable_token", "quota": 10, "lifetime": 600})),
            grant(&json!({"from": "a", "flow": "id_token", "lifetime": 600})),
        ],
        "purposes": {"dpv:Fraud": {"sim": "legitimate_interest", "location": "consent"},
            "dpv:Orders": {"read": "contract", "write": "consent"}},
    })
}

fn grant(members: &Value) -> Value {
    let grant = json!({"to": "b", "scope": "read write admin", "justification": "for absent people",
        "approved_by": "board", "approved_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z"});
    patched(grant, members)
}

/// Facts that the policy above grants something on.
fn facts(name: &str) -> Value {
    let issuer = json!({"resources": [{"identifier": "urn:orders"},
        {"identifier": "urn:stock", "scope": "read"}]});
    match name {
        "client_credentials" => json!({"kind": name, "issuer": issuer, "client": "b"}),
        "backchannel" => json!({"kind": name, "issuer": issuer, "client": "b", "scope": "read write"}),
        "exchange" => json!({"kind": name, "issuer": issuer, "from": "a", "to": "b", "now": NOW,
            "subject": {"scope": "read write sign", "audience": ["urn:orders"],
                "expires_at": "2026-06-01T00:30:00Z"}}),
        "foreign" => json!({"kind": "exchange", "issuer": issuer, "from_issuer": "https://as.example",
            "to": "b", "now": NOW, "subject": {"token_type": "jwt", "expires_at": 1_800_000_000}}),
        "refresh" => json!({"kind": name, "flow": "id_token", "from": "a", "to": "b", "now": NOW,
            "scope": "read write", "ends_at": "2026-06-01T01:00:00Z"}),
        "redeem" => json!({"kind": name, "from": "a", "to": "b", "now": NOW, "subject": {"scope": "read"}}),
        "purpose" => json!({"kind": name, "purpose": "dpv:Fraud", "scope": "sim"}),
        _ => json!({"kind": name, "from": "a", "to": "b", "now": NOW}),
    }
}

/// RFC 7396; a member that is named by a number changes an item.
fn patched(mut value: Value, patch: &Value) -> Value {
    let Value::Object(members) = patch else { return patch.clone() };
    for (name, change) in members {
        if let (Value::Array(items), Ok(at)) = (&mut value, name.parse::<usize>()) {
            items[at] = patched(items[at].take(), change);
            continue;
        }
        if !value.is_object() {
            value = json!({});
        }
        if change.is_null() {
            value.as_object_mut().unwrap().shift_remove(name);
        } else {
            value[name] = patched(value[name].take(), change);
        }
    }
    value
}

/// What is granted, in short; or the rules that refuse.
fn short(decision: &Decision) -> String {
    let refused = decision.rules.iter().filter(|ruling| !ruling.holds);
    let refused: Vec<_> = refused.map(|ruling| ruling.rule.id()).collect();
    match &decision.granted {
        Some(granted) if refused.is_empty() => {
            format!("{} @{} {}s", granted.scope, granted.audience.join(","), granted.lifetime.0)
        }
        None => refused.join(" "),
        Some(_) => panic!("granted in spite of {refused:?}"),
    }
}

/// Facts; what is changed in them; what is granted, or who refuses; what is changed in the policy.
const TABLE: &str = r#"
client_credentials | {} | read sign write @issuer 3600s
client_credentials | {"client":{"client_id":"b","active":false}} | client.inactive
client_credentials | {"issuer":{"audience_required":true}} | audience.required
client_credentials | {"audience":["urn:x"]} | audience.unknown
client_credentials | {"audience":["urn:stock"]} | audience.not-allowed
client_credentials | {"audience":["urn:orders"],"scope":"write"} | write @urn:orders 3600s
client_credentials | {"scope":"x"} | scope.unknown scope.not-allowed scope.not-in-policy
client_credentials | {"scope":"sign","client":{"client_id":"b","scope":"read"}} | scope.not-allowed
client_credentials | {"client":{"client_id":"b","scope":""}} |  @issuer 3600s
client_credentials | {"scope":"admin"} | scope.not-in-policy
client_credentials | {"scope":"sign","client":"a","audience":["urn:stock"]} | scope.not-of-resource
client_credentials | {"issuer":{"access_token_lifetime":9000}} | read sign write @issuer 7200s
exchange | {} | read write @urn:orders 1800s
exchange | {"from":{"client_id":"a","active":false}} | client.inactive
exchange | {"from":"c"} | exchange.no-grant
exchange | {} | exchange.no-justification | {"exchange":{"0":{"justification":" "}}}
exchange | {"now":"2025-12-31T23:59:59Z"} | exchange.not-yet-approved
exchange | {"now":"2027-01-01T00:00:00Z"} | exchange.expired exchange.nothing-left
exchange | {"subject":{"token_type":"id_token"}} | exchange.subject-token-type
exchange | {"requested_token_type":"jwt"} | exchange.requested-token-type
exchange | {"subject":{"state":"unknown"}} | subject.unknown
exchange | {"subject":{"state":"disabled"}} | subject.disabled
exchange | {"subject":{"may_act":"c"}} | exchange.actor-not-allowed
exchange | {"subject":{"may_act":"b"}} | read write @urn:orders 1800s
exchange | {"actor":{"sub":"a","own":false}} | exchange.actor-not-allowed exchange.delegation-not-allowed
exchange | {"actor":"b"} | exchange.delegation-not-allowed
exchange | {"subject":{"act_depth":3}} | exchange.act-too-deep
exchange | {"audience":["urn:stock"]} | audience.beyond-grant audience.not-allowed
exchange | {"scope":"read"} | read @urn:orders 1800s
exchange | {"scope":"sign"} | scope.beyond-grant
exchange | {"scope":"admin"} | scope.beyond-subject scope.not-in-policy
exchange | {"scope":"read","to":{"client_id":"b","scope":"write"}} | scope.not-allowed
exchange | {"subject":{"expires_at":"2026-06-01T00:00:00Z"}} | exchange.nothing-left
exchange | {"used":9} | read write @urn:orders 1800s
exchange | {"used":10} | exchange.quota-exhausted
exchange | {} | read write @urn:orders 60s | {"exchange":{"0":{"lifetime":60}}}
foreign | {} | read write @issuer 3600s
foreign | {"audience":["urn:stock"]} | read @urn:stock 3600s
foreign | {"from_issuer":"https://b.example"} | issuer.not-trusted exchange.no-grant exchange.subject-token-type
foreign | {"subject":{"act_depth":2}} | exchange.act-too-deep
foreign | {"subject":{"act_depth":18446744073709551615}} | exchange.act-too-deep
generate | {} | read write @ 600s
generate | {"from":"c","scope":"read"} | exchange.no-grant scope.beyond-grant
generate | {"scope":"sign"} | scope.not-auto-approved scope.beyond-grant
generate | {"scope":"admin"} | scope.not-auto-approved
generate | {"count":8,"used":2} | read write @ 600s
generate | {"count":9,"used":2} | exchange.quota-exhausted
generate | {"count":18446744073709551615,"used":2} | exchange.quota-exhausted
generate | {} | read write @ 300s | {"lifetimes":{"exchangeable_token":{"max":300}}}
redeem | {} | read @issuer 3600s
redeem | {"audience":["urn:orders"]} | audience.beyond-grant audience.unknown
redeem | {"audience":["urn:stock"],"issuer":{"resources":[{"identifier":"urn:stock"}]}} | read @urn:stock 3600s | {"exchange":{"2":{"audience":["urn:stock"]}}}
redeem | {"audience":["urn:stock"],"issuer":{"resources":[{"identifier":"urn:stock","scope":"write"}]}} | scope.not-of-resource | {"exchange":{"2":{"audience":["urn:stock"]}}}
redeem | {"subject":{"scope":"read write"},"scope":"read"} | read @issuer 3600s
redeem | {"scope":"write"} | scope.beyond-subject
redeem | {"subject":{"scope":"read sign"}} | scope.not-auto-approved scope.beyond-grant
redeem | {"subject":{"state":"disabled"}} | subject.disabled
redeem | {"now":"2027-01-02T00:00:00Z"} | exchange.expired
id_token | {} | read write @issuer 600s
id_token | {"scope":"read"} | read @issuer 600s
id_token | {"audience":["urn:orders"],"issuer":{"resources":[{"identifier":"urn:orders"}]}} | audience.beyond-grant
id_token | {"issuer":{"scope":"read"},"to":{"client_id":"b","scope":"read write"}} | read @issuer 600s
id_token | {"scope":"sign"} | scope.beyond-grant
id_token | {"subject":{"state":"unknown"}} | subject.unknown
backchannel | {} | read write @issuer 3600s
backchannel | {"client":{"client_id":"b","active":false}} | client.inactive
backchannel | {"scope":"read","audience":["urn:stock"]} | audience.not-allowed
backchannel | {"audience":["urn:orders"],"scope":"write"} | write @urn:orders 3600s
backchannel | {"scope":"admin"} | scope.not-in-policy
backchannel | {"subject":{"state":"disabled"}} | subject.disabled
backchannel | {"subject":{"state":"unknown"}} | subject.unknown
backchannel | {"scope":"read","purpose":"dpv:Orders"} | read @issuer 3600s
backchannel | {"scope":"read","purpose":"dpv:Orders","consent":"refused"} | read @issuer 3600s
backchannel | {"scope":"read sign","purpose":"dpv:Orders"} | purpose.unknown
backchannel | {"scope":"read","purpose":"dpv:Marketing"} | purpose.unknown
backchannel | {"scope":"read write","purpose":"dpv:Orders"} | purpose.consent-required
backchannel | {"scope":"read write","purpose":"dpv:Orders","consent":"refused"} | purpose.consent-refused
backchannel | {"scope":"read write","purpose":"dpv:Orders","consent":"given"} | read write @issuer 3600s
backchannel | {"scope":"openid read","purpose":"dpv:Orders"} | openid read @issuer 3600s | {"scopes":{"openid":{"clients":["b"]}}}
backchannel | {"scope":"openid","purpose":"dpv:Orders"} | purpose.unknown | {"scopes":{"openid":{"clients":["b"]}}}
backchannel | {"left":60} | read write @issuer 60s
refresh | {} | read write @ 600s
refresh | {"scope":"read"} | read @ 600s
refresh | {"from":{"client_id":"a","active":false}} | client.inactive
refresh | {"from":"c"} | exchange.no-grant scope.beyond-grant
refresh | {"flow":"token_exchange"} | read write @ 3600s
refresh | {"flow":"token_exchange","from":null,"from_issuer":"https://b.example"} | issuer.not-trusted exchange.no-grant scope.beyond-grant
refresh | {"scope":"sign"} | scope.beyond-grant
refresh | {"issuer":{"scope":"read"}} | scope.unknown scope.not-allowed
refresh | {"scope":"write","audience":["urn:orders","urn:stock"],"issuer":{"resources":[{"identifier":"urn:orders"},{"identifier":"urn:stock","scope":"read"}],"default_audience":"urn:stock"}} | scope.not-of-resource
refresh | {"subject":{"state":"disabled"}} | subject.disabled
refresh | {"now":"2027-01-01T00:00:00Z"} | exchange.expired
refresh | {"ends_at":"2026-06-01T00:01:00Z"} | read write @ 60s
refresh | {"purpose":"dpv:Orders"} | purpose.consent-required
refresh | {"purpose":"dpv:Orders","consent":"refused"} | purpose.consent-refused
refresh | {"purpose":"dpv:Orders","consent":"given"} | read write @ 600s
purpose | {} | sim @ 0s
purpose | {"purpose":"dpv:Marketing"} | purpose.unknown
purpose | {"scope":"location"} | purpose.consent-required
purpose | {"scope":"location","consent":"refused"} | purpose.consent-refused
purpose | {"scope":"location","consent":"given"} | location @ 0s
"#;

#[test]
fn every_rule_is_reached() {
    let mut reached = BTreeSet::new();
    for line in TABLE.lines().filter(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split(" | ").collect();
        let change = |cell: usize| serde_json::from_str(cells.get(cell).unwrap_or(&"{}")).unwrap();
        let policy = Policy::parse(&patched(policy(), &change(3)).to_string()).unwrap();
        let decision = policy.explain(&patched(facts(cells[0]), &change(1)).to_string()).unwrap();
        assert_eq!(short(&decision), cells[2], "{line}");
        assert_eq!(decision.policy_version.as_deref(), Some("7"));
        let said = decision.rules.iter().filter(|ruling| ruling.message.is_some());
        reached.extend(said.map(|ruling| ruling.rule));
    }
    // Tokens are verified before anything is decided on them.
    let of_tokens =
        |rule: Rule| rule.id().starts_with("subject-token.") || rule == Rule::ExchangeConfirmation;
    let missed: Vec<_> =
        Rule::ALL.iter().filter(|rule| !of_tokens(**rule) && !reached.contains(rule)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn every_mistake_in_facts_is_named() {
    let policy = Policy::parse(&policy().to_string()).unwrap();
    let mistakes = |facts: &Value| policy.explain(&facts.to_string()).unwrap_err();
    let both = json!({"from_issuer": "https://as.example"});
    let server = json!({"issuer": {"resources": [{"identifier": "x"}]}});
    for (name, change, pointer, message) in [
        ("exchange", both, "", "expected either from or from_issuer"),
        ("exchange", json!({"from": null}), "", "expected either from or from_issuer"),
        ("exchange", json!({"from": 7}), "/from", "expected a string, an object, found a whole number"),
        ("exchange", json!({"from": {"client_id": "a", "scope": "x"}}), "/from/scope", "unknown member"),
        (
            "exchange",
            json!({"to": {"client_id": "b", "scope": "a  b"}}),
            "/to/scope",
            "expected scope tokens",
        ),
        ("exchange", json!({"now": "tomorrow"}), "/now", "expected an instant such as"),
        ("exchange", json!({"now": null}), "", "member now is missing"),
        ("exchange", json!({"subject": {"state": "gone"}}), "/subject/state", "active, disabled, unknown"),
        ("exchange", json!({"subject": {"expires_at": -1}}), "/subject/expires_at", "a negative number"),
        ("exchange", json!({"extra": 1}), "/extra", "unknown member"),
        ("exchange", server, "/issuer/resources/0/identifier", "expected an absolute URI"),
        ("generate", json!({"audience": []}), "/audience", "unknown member"),
        ("backchannel", json!({"consent": "yes"}), "/consent", "given, refused, unknown"),
        ("backchannel", json!({"client": null}), "", "member client is missing"),
        ("refresh", json!({"flow": "ciba"}), "/flow", "token_exchange, exchangeable_token, id_token"),
        ("refresh", json!({"from": null}), "", "expected either from or from_issuer"),
        ("purpose", json!({"consent": "yes"}), "/consent", "given, refused, unknown"),
        (
            "nothing",
            json!({}),
            "/kind",
            "client_credentials, generate, redeem, exchange, id_token, backchannel, refresh, purpose",
        ),
        ("purpose", json!({"kind": null}), "", "member kind is missing"),
    ] {
        let found = mistakes(&patched(facts(name), &change));
        let [mistake] = &found[..] else { panic!("{name} {change}: {found:?}") };
        assert_eq!(mistake.pointer, pointer, "{name} {change}: {mistake:?}");
        assert!(mistake.message.contains(message), "{name} {change}: {mistake:?}");
    }
    let found = mistakes(&json!({"kind": "generate", "from": 1, "to": {"client": "b"}, "count": "x"}));
    let pointers: Vec<_> = found.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(pointers, ["", "/count", "/from", "/to", "/to/client"]);
    assert_eq!(policy.explain("{").unwrap_err()[0].pointer, "");
}
