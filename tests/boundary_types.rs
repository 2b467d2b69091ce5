//! Writes a sample of every value that crosses the boundary as TypeScript, typed as `js/types.ts` says.
//! `tsconfig.samples.json` has the compiler hold the two against each other: a member that is missing,
//! renamed, of another type or not declared fails there.
//!
//! The matches below have no wildcard: a new variant does not compile here without its sample.

use std::fmt::Write as _;

use edgegrant::host::*;
use edgegrant::http::{Body, Headers, HttpRequest, HttpResponse};
use edgegrant::mistake::Mistake;
use edgegrant::suspend::Step;
use serde::Serialize;
use serde_json::{Value, json};

fn effects() -> Vec<Effect> {
    let outbound = |body: Option<&str>| Outbound {
        method: "POST",
        url: "https://client.example.com/cb".into(),
        headers: vec![("authorization".into(), "Bearer x".into())],
        body: body.map(str::to_owned),
        timeout_ms: 5000,
        max_bytes: 1024,
    };
    let event = |kind, text: Option<&'static str>| {
        Box::new(Event {
            kind,
            time: 1,
            issuer: "https://auth.example.com".into(),
            client_id: text.map(str::to_owned),
            grant_type: text.map(str::to_owned),
            scope: text.map(str::to_owned),
            audience: vec!["a".into()],
            jti: text.map(str::to_owned),
            error: text,
            rule: text,
            cause: text.map(str::to_owned),
            policy_version: text.map(str::to_owned),
            for_client_id: text.map(str::to_owned),
            count: text.map(|_| 1),
            digest: text.map(str::to_owned),
            subject: text.map(str::to_owned),
            grant: text.map(str::to_owned),
            purpose: text.map(str::to_owned),
            legal_basis: text,
        })
    };
    let hint = |kind, user_code: Option<&str>| Hint {
        issuer: "https://auth.example.com".into(),
        client_id: "a".into(),
        kind,
        hint: "ann".into(),
        user_code: user_code.map(str::to_owned),
    };
    let asked = |text: Option<&str>| {
        Box::new(AuthenticationRequest {
            ticket: "t".into(),
            issuer: "https://auth.example.com".into(),
            client_id: "a".into(),
            client_name: text.map(str::to_owned),
            sub: "ann".into(),
            scope: "openid".into(),
            audience: vec!["a".into()],
            binding_message: text.map(str::to_owned),
            acr_values: text.iter().map(|&text| text.into()).collect(),
            authorization_details: text.map(|text| json!([{ "type": text }])),
            purpose: text.map(str::to_owned),
            expires_at: 1_700_000_000,
        })
    };
    vec![
        Effect::Get { role: Role::State, keys: vec!["jti/a".into()] },
        Effect::Commit(Commit {
            role: Role::Registry,
            check: vec![
                Check { key: "a/b".into(), version: None },
                Check { key: "a/b/c".into(), version: Some("1".into()) },
            ],
            set: vec![
                Put { key: "a/b".into(), value: "{}".into(), expires_at: None },
                Put { key: "a/b/c".into(), value: "{}".into(), expires_at: Some(1_700_000_000) },
            ],
            delete: vec!["a/b/d".into()],
        }),
        Effect::List { role: Role::Registry, prefix: "client/".into(), after: None, limit: 10 },
        Effect::List {
            role: Role::Registry,
            prefix: "client/".into(),
            after: Some("client/a".into()),
            limit: 1,
        },
        Effect::Sign { key: "KEY".into(), alg: "ES256", inputs: vec![1, 2], ends: vec![1, 2] },
        Effect::Subject { issuer: "https://auth.example.com".into(), sub: "a".into() },
        Effect::Identify(hint("login_hint", None)),
        Effect::Identify(hint("login_hint_token", Some("1234"))),
        Effect::NotifyUser(asked(None)),
        Effect::NotifyUser(asked(Some("text"))),
        Effect::Wait { milliseconds: 1000 },
        Effect::Fetch(outbound(None)),
        Effect::Notify(outbound(Some("{}"))),
        Effect::Record { event: event("token.issued", None) },
        Effect::Record { event: event("token.refused", Some("text")) },
        Effect::Record { event: event("tokens.generated", None) },
        Effect::Record { event: event("generation.refused", None) },
        Effect::Record { event: event("token.revoked", None) },
        Effect::Record { event: event("authentication.requested", None) },
        Effect::Record { event: event("authentication.refused", None) },
        Effect::Record { event: event("authentication.completed", None) },
        Effect::Record { event: event("consent.recorded", None) },
        Effect::Record { event: event("consent.refused", Some("text")) },
        Effect::Record { event: event("operator", None) },
    ]
}

fn effect_kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::Get { .. } => "get",
        Effect::Commit(_) => "commit",
        Effect::List { .. } => "list",
        Effect::Sign { .. } => "sign",
        Effect::Subject { .. } => "subject",
        Effect::Identify(_) => "identify",
        Effect::NotifyUser(_) => "notify_user",
        Effect::Wait { .. } => "wait",
        Effect::Fetch(_) => "fetch",
        Effect::Notify(_) => "notify",
        Effect::Record { .. } => "record",
    }
}

fn replies() -> Vec<Reply> {
    let identified = |user_code| Reply::Identified(Some(Identified { sub: "ann".into(), user_code }));
    let record = Versioned { value: "{}".into(), version: "1".into() };
    vec![
        Reply::Records(vec![None, Some(record)]),
        Reply::Committed(false),
        Reply::Page(Page {
            entries: vec![Entry { key: "a/b".into(), value: "{}".into(), version: "1".into() }],
            more: true,
        }),
        Reply::Signatures(vec![1, 2, 3].into()),
        Reply::Subject(None),
        Reply::Subject(Some(SubjectState { active: true })),
        Reply::Identified(None),
        identified(None),
        identified(Some(UserCodeFault::Missing)),
        identified(Some(UserCodeFault::Wrong)),
        Reply::Response(Inbound { status: 200, body: vec![1] }),
        Reply::Done,
        Reply::Failed(Failure { effect: "get".into(), message: "no answer".into() }),
    ]
}

fn reply_kind(reply: &Reply) -> &'static str {
    match reply {
        Reply::Records(_) => "records",
        Reply::Committed(_) => "committed",
        Reply::Page(_) => "page",
        Reply::Signatures(_) => "signatures",
        Reply::Subject(_) => "subject",
        Reply::Identified(_) => "identified",
        Reply::Response(_) => "response",
        Reply::Done => "done",
        Reply::Failed(_) => "failed",
    }
}

fn steps() -> Vec<Step> {
    let headers = vec![("cache-control", "no-store".to_owned())];
    vec![
        Step::Effect { effect: Effect::Get { role: Role::State, keys: vec![] } },
        Step::Head { status: 200, headers: headers.clone() },
        Step::Chunk { chunk: "text".into() },
        Step::Done { response: None },
        Step::Done { response: Some(HttpResponse { status: 200, headers, body: "{}".into() }) },
    ]
}

fn step_kind(step: &Step) -> &'static str {
    match step {
        Step::Effect { .. } => "effect",
        Step::Head { .. } => "head",
        Step::Chunk { .. } => "chunk",
        Step::Done { .. } => "done",
    }
}

fn requests() -> Vec<HttpRequest> {
    let request = |headers, body| HttpRequest {
        method: "POST".into(),
        path: "/token".into(),
        query: String::new(),
        headers,
        body,
        operator: false,
    };
    let full = Headers {
        authorization: Some("Basic x".into()),
        content_type: Some("text/plain".into()),
        x_api_key: Some("key".into()),
    };
    vec![request(Headers::default(), Body::OverLimit), request(full, Body::Bytes(vec![1].into()))]
}

#[test]
fn every_shape_is_written_for_the_type_check() {
    let mut file = "import type * as t from \"../../js/types.ts\";\n\n".to_owned();
    let mut write = |name: &str, kind: &str, samples: Vec<String>| {
        writeln!(file, "export const {name}: {kind}[] = [\n  {},\n];\n", samples.join(",\n  ")).unwrap();
    };
    write("effects", "t.Effect", effects().iter().map(typescript).collect());
    write("replies", "t.Reply", replies().iter().map(typescript).collect());
    write("steps", "t.Step", steps().iter().map(typescript).collect());
    write("requests", "t.HttpRequest", requests().iter().map(typescript).collect());
    write("mistakes", "t.Mistake", vec![typescript(&Mistake::new("/a", "b"))]);
    let plan = edgegrant::config::plan(&std::fs::read_to_string("demo/edgegrant.json").unwrap()).unwrap();
    write("plans", "t.Plan", vec![typescript(&plan)]);

    // What Rust knows and TypeScript does not, and the other way about.
    let mut all = |name: &str, kind: &str, mut kinds: Vec<&str>| {
        kinds.dedup();
        let members: Vec<String> = kinds.iter().map(|kind| format!("{kind}: true")).collect();
        writeln!(file, "export const {name}: Record<{kind}, true> = {{ {} }};\n", members.join(", "))
            .unwrap();
    };
    let tags = "t.Reply extends infer R ? (R extends string ? R : keyof R) : never";
    all("effectKinds", "t.Effect[\"kind\"]", effects().iter().map(effect_kind).collect());
    all("stepKinds", "t.Step[\"kind\"]", steps().iter().map(step_kind).collect());
    all("replyKinds", tags, replies().iter().map(reply_kind).collect());

    std::fs::create_dir_all("target/boundary").unwrap();
    std::fs::write("target/boundary/samples.ts", file).unwrap();
}

#[test]
fn what_the_host_sends_reads_back() {
    for reply in replies() {
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!(serde_json::from_str::<Reply>(&text).unwrap(), reply);
    }
    for request in requests() {
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<HttpRequest>(&text).unwrap(), request);
    }
}

fn typescript<T: Serialize>(sample: &T) -> String {
    literal(&serde_json::to_value(sample).unwrap())
}

/// A TypeScript literal. Bytes cross as `Uint8Array`; of all else, only `ends` is an array of numbers.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_number) => {
            format!("new Uint8Array({value})")
        }
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}: {}", member(name, value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

fn member(name: &str, value: &Value) -> String {
    if name == "ends" { value.to_string() } else { literal(value) }
}
