//! Random policies and facts over a small world, as JSON, so that what is drawn at random often meets.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

pub const SCOPES: &[&str] = &["s0", "s1", "s2", "s3", "s4"];
const CLIENTS: &[&str] = &["a", "b", "c"];
const AUDIENCES: &[&str] = &["urn:0", "urn:1", "urn:2"];
const TYPES: &[&str] = &["access_token", "id_token", "jwt"];
const PURPOSES: &[&str] = &["p", "q"];
const FLOWS: &[&str] = &["token_exchange", "exchangeable_token", "id_token"];
const ISSUER: &str = "https://i.example";
/// Seconds since 1970; the dates in policies and facts are about it.
pub const NOW: u64 = 1_800_000_000;

/// An object of the members that are not null.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Null more often than not.
fn maybe(some: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    weighted(0.3, some).prop_map(Option::unwrap_or_default)
}

fn number(range: std::ops::Range<u64>) -> impl Strategy<Value = Value> {
    range.prop_map(Value::from)
}

/// As policies write it.
pub fn date(seconds: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(at).to_string()
}

fn dates(range: std::ops::Range<u64>) -> impl Strategy<Value = Value> {
    range.prop_map(|seconds| json!(date(seconds)))
}

fn some(all: &'static [&'static str]) -> impl Strategy<Value = Value> {
    subsequence(all, 0..=all.len()).prop_shuffle().prop_map(|some| json!(some))
}

fn most(all: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![3 => Just(json!(all)), 1 => some(all)]
}

fn scope(least: usize) -> impl Strategy<Value = Value> {
    let some = subsequence(SCOPES, least..=SCOPES.len()).prop_shuffle();
    prop_oneof![1 => Just(json!(SCOPES.join(" "))), 2 => some.prop_map(|some| json!(some.join(" ")))]
}

/// By each of these names, most often something.
fn named(
    names: &'static [&'static str],
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Value> {
    vec(weighted(0.85, value), names.len()).prop_map(move |values| {
        let named = names.iter().zip(values);
        named.filter_map(|(name, value)| Some(((*name).to_owned(), value?))).collect()
    })
}

fn lifetime() -> impl Strategy<Value = Value> {
    (maybe(number(60..4000)), maybe(number(60..4000))).prop_map(|(default, max)| {
        let most = max.as_u64().unwrap_or(u64::MAX);
        let default = default.as_u64().map_or(Value::Null, |default| json!(default.min(most)));
        object([("default", default), ("max", max)])
    })
}

/// The grant for this flow and pair.
fn grant((flow, from, to): (&'static str, &'static str, &'static str)) -> impl Strategy<Value = Value> {
    let foreign = from == ISSUER;
    let modes =
        select(vec![json!(["impersonation"]), json!(["delegation"]), json!(["impersonation", "delegation"])]);
    let bounds = (maybe(number(1..20)), maybe(number(1..5)), maybe(number(60..4000)));
    let dates = (maybe(dates(NOW - 50..NOW + 5)), dates(NOW - 100..NOW + 9000), weighted(0.95, Just("j")));
    let how =
        (maybe(most(TYPES)), maybe(most(TYPES)), maybe(modes), maybe(any::<bool>().prop_map(Value::from)));
    (scope(1), weighted(0.6, some(AUDIENCES)).prop_map(Option::unwrap_or_default), bounds, dates, how)
        .prop_map(
            move |(
                scope,
                audience,
                (quota, depth, lifetime),
                (since, end, why),
                (taken, given, modes, single_use),
            )| {
                object([
                    ("flow", json!(flow)),
                    (if foreign { "from_issuer" } else { "from" }, json!(from)),
                    ("to", json!(to)),
                    ("scope", scope),
                    ("audience", audience),
                    ("subject_token_types", if foreign { json!(["jwt", "access_token"]) } else { taken }),
                    ("requested_token_types", given),
                    ("modes", modes),
                    ("max_act_depth", depth),
                    ("lifetime", lifetime),
                    ("quota", quota),
                    ("single_use", single_use),
                    ("justification", json!(why)),
                    ("approved_by", json!("p")),
                    ("approved_at", since),
                    ("expires_at", end),
                ])
            },
        )
}

/// A policy that has most of the grants that there can be.
pub fn policy() -> impl Strategy<Value = Value> {
    let flows = ["token_exchange", "exchangeable_token", "id_token"];
    let own = flows.iter().flat_map(|flow| CLIENTS.iter().map(move |from| (*flow, *from)));
    let all = own.chain([("token_exchange", ISSUER)]).flat_map(|(flow, from)| {
        ["b", "c"].iter().map(move |to| weighted(0.8, grant((flow, from, *to))).boxed())
    });
    let grants =
        all.collect::<Vec<_>>().prop_map(|grants| json!(grants.into_iter().flatten().collect::<Vec<_>>()));
    let rule = (maybe(most(CLIENTS)), most(CLIENTS), maybe(most(AUDIENCES))).prop_map(
        |(clients, approved, resources)| {
            object([("clients", clients), ("auto_approved", approved), ("resources", resources)])
        },
    );
    let basis = prop_oneof![Just(json!("consent")), Just(json!("contract"))];
    let purposes = named(PURPOSES, named(SCOPES, basis));
    let audiences = maybe(named(CLIENTS, most(AUDIENCES)));
    (named(SCOPES, rule), audiences, lifetime(), lifetime(), grants, purposes).prop_map(
        |(scopes, audiences, access, exchangeable, exchange, purposes)| {
            object([
                ("version", json!("1")),
                ("scopes", scopes),
                ("audiences", audiences),
                ("lifetimes", json!({"access_token": access, "exchangeable_token": exchangeable})),
                ("exchange", exchange),
                ("issuers", json!([{"issuer": ISSUER, "jwks_uri": "https://i.example/keys", "algorithms": ["ES256"]}])),
                ("purposes", purposes),
            ])
        },
    )
}

fn issuer() -> impl Strategy<Value = Value> {
    let server = scope(0).prop_map(|scope| json!({ "scope": scope }));
    let servers = named(AUDIENCES, server).prop_map(|servers| {
        let servers = servers.as_object().unwrap().iter();
        servers.map(|(id, server)| json!({"identifier": id, "scope": server["scope"]})).collect::<Value>()
    });
    let default = prop_oneof![3 => Just("issuer"), 1 => Just("urn:0")];
    (scope(3), servers, default, prop::bool::weighted(0.1)).prop_map(|(scope, servers, default, required)| {
        json!({"scope": scope, "resources": servers, "default_audience": default, "audience_required": required})
    })
}

fn client(ids: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let active = prop::bool::weighted(0.97);
    (select(ids), scope(3), maybe(scope(0)), maybe(most(AUDIENCES)), active).prop_map(
        |(id, scope, default, resources, active)| {
            object([
                ("client_id", json!(id)),
                ("scope", scope),
                ("default_scope", default),
                ("resources", resources),
                ("active", json!(active)),
            ])
        },
    )
}

/// What a subject token says, and what is known of its subject.
fn subject() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![9 => Just("access_token"), 1 => select(TYPES)];
    let state = prop_oneof![20 => Just("active"), 1 => Just("disabled"), 1 => Just("unknown")];
    let held = some(&["urn:0", "urn:1", "urn:2", "issuer", "urn:other"]);
    let depth = prop_oneof![3 => Just(0), 1 => 0..3_u64];
    let may_act = weighted(0.1, select(CLIENTS));
    (kind, state, maybe(few()), held, NOW..NOW + 5000, depth, may_act).prop_map(
        |(kind, state, scope, audience, end, depth, may_act)| {
            object([
                ("token_type", json!(kind)),
                ("state", json!(state)),
                ("scope", scope),
                ("audience", audience),
                ("expires_at", json!(end)),
                ("act_depth", json!(depth)),
                ("may_act", json!(may_act)),
            ])
        },
    )
}

fn few() -> impl Strategy<Value = Value> {
    let few = subsequence(SCOPES, 1..=3).prop_shuffle();
    prop_oneof![4 => few.prop_map(|few| json!(few.join(" "))), 1 => Just(json!(""))]
}

/// The kinds of facts, each with the members that it has.
const MEMBERS: &[(&str, &[&str])] = &[
    ("client_credentials", &["issuer", "client", "scope", "audience"]),
    ("generate", &["issuer", "from", "to", "scope", "used", "count", "now"]),
    ("redeem", &["issuer", "from", "to", "subject", "scope", "audience", "now"]),
    ("id_token", &["issuer", "from", "to", "subject", "scope", "audience", "used", "now"]),
    ("purpose", &["purpose", "scope", "consent"]),
    ("backchannel", &["issuer", "client", "subject", "scope", "audience", "purpose", "consent", "left"]),
    (
        "refresh",
        &[
            "issuer",
            "flow",
            "from",
            "from_issuer",
            "to",
            "subject",
            "scope",
            "audience",
            "purpose",
            "consent",
            "ends_at",
            "now",
        ],
    ),
    (
        "exchange",
        &[
            "issuer",
            "from",
            "from_issuer",
            "to",
            "subject",
            "actor",
            "scope",
            "audience",
            "requested_token_type",
            "used",
            "now",
        ],
    ),
];
pub const KINDS: &[&str] = &[
    "client_credentials",
    "generate",
    "redeem",
    "id_token",
    "purpose",
    "backchannel",
    "refresh",
    "exchange",
];

/// Facts of one of these kinds.
pub fn facts(kinds: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let types = prop_oneof![9 => Just("access_token"), 1 => select(TYPES)];
    let asked = (maybe(few()), maybe(some(AUDIENCES)), types, weighted(0.2, select(CLIENTS)));
    let parties = (issuer(), client(CLIENTS), client(&["b", "c"]), prop::bool::weighted(0.2));
    let counted = (0..9_u64, 1..9_u64);
    let about = (select(PURPOSES), select(vec!["given", "refused", "unknown"]), prop::bool::ANY);
    let ends = (select(FLOWS), NOW..NOW + 5000);
    (select(kinds), parties, subject(), asked, counted, about, ends).prop_map(
        |(kind, parties, mut subject, asked, (used, count), (purpose, consent, none), (flow, end))| {
            let (issuer, client, to, foreign) = parties;
            let foreign = foreign && ["exchange", "refresh"].contains(&kind);
            let (mut scope, audience, requested, actor) = asked;
            let least = |scope: &mut Value| {
                if scope.is_null() {
                    *scope = json!("s0");
                }
            };
            let subject_has: &[&str] = match kind {
                "redeem" => {
                    least(&mut subject["scope"]);
                    &["state", "scope"]
                }
                "id_token" | "backchannel" | "refresh" => &["state"],
                _ => &["token_type", "state", "scope", "audience", "expires_at", "act_depth", "may_act"],
            };
            subject.as_object_mut().unwrap().retain(|name, _| subject_has.contains(&name.as_str()));
            if ["purpose", "backchannel", "refresh"].contains(&kind) {
                least(&mut scope);
            }
            let party = json!({"client_id": client["client_id"], "active": client["active"]});
            let mut facts = object([
                ("issuer", issuer),
                ("client", client),
                ("from", if foreign { Value::Null } else { party }),
                ("from_issuer", if foreign { json!(ISSUER) } else { Value::Null }),
                ("to", to),
                ("subject", subject),
                ("scope", scope),
                ("audience", audience),
                ("requested_token_type", json!(requested)),
                ("actor", json!(actor)),
                ("used", json!(used)),
                ("count", json!(count)),
                ("purpose", if none && kind != "purpose" { Value::Null } else { json!(purpose) }),
                ("flow", json!(flow)),
                ("left", if none { Value::Null } else { json!(end - NOW) }),
                ("ends_at", json!(end)),
                ("consent", json!(consent)),
                ("now", json!(NOW)),
            ]);
            let (_, members) = MEMBERS.iter().find(|(name, _)| *name == kind).unwrap();
            facts.as_object_mut().unwrap().retain(|name, _| members.contains(&name.as_str()));
            facts["kind"] = json!(kind);
            facts
        },
    )
}
