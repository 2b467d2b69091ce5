//! Faults on demand, to test how the driver bears them. Only built with the feature `faults`.

use crate::host::{AuthenticationRequest, Check, Commit, Event, Failure, Hint, Host, Outbound, Put, Role};
use crate::http::{HttpRequest, HttpResponse};
use crate::jose::Algorithm;
use crate::jose::batch::Inputs;

pub(super) const PATHS: &[&str] = &[
    "/_fault/panic",
    "/_fault/overflow",
    "/_fault/memory",
    "/_fault/commit",
    "/_fault/stream",
    "/_fault/effects",
];

/// `n` in the query, at most 1,000; `id` in the query names the record.
pub(super) async fn serve(host: &Host, request: &HttpRequest) -> Result<Option<HttpResponse>, Failure> {
    let parameter =
        |name: &str| request.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let n: u32 = parameter("n").and_then(|n| n.parse().ok()).unwrap_or(1).min(1000);
    let key = format!("fault/{}", parameter("id").unwrap_or("0"));
    match request.path.as_str() {
        "/_fault/commit" => count(host, &key, n).await.map(Some),
        "/_fault/stream" => stream(host, &key, n).await.map(|()| None),
        "/_fault/effects" => effects(host, &key).await.map(Some),
        trap => {
            host.get(Role::State, vec![key]).await?;
            match trap {
                "/_fault/overflow" => Ok(Some(text(overflow(&[1; 64]).to_string()))),
                "/_fault/memory" => Ok(Some(text(exhaust().to_string()))),
                #[allow(clippy::panic, reason = "this is what it is for")]
                _ => panic!("on demand"),
            }
        }
    }
}

fn text(body: String) -> HttpResponse {
    HttpResponse::json(200, body)
}

/// Adds one to a counter, `n` times.
async fn count(host: &Host, key: &str, n: u32) -> Result<HttpResponse, Failure> {
    let mut counter = 0;
    for _ in 0..n {
        let found = host.get(Role::State, vec![key.to_owned()]).await?.into_iter().next().flatten();
        counter = found.as_ref().and_then(|found| found.value.parse::<u32>().ok()).unwrap_or(0) + 1;
        let committed = host
            .commit(Commit {
                role: Role::State,
                check: vec![Check { key: key.to_owned(), version: found.map(|found| found.version) }],
                set: vec![Put { key: key.to_owned(), value: counter.to_string(), expires_at: None }],
                delete: Vec::new(),
            })
            .await?;
        if !committed {
            return Err(Failure { effect: "commit".into(), message: "conflict".into() });
        }
    }
    Ok(text(counter.to_string()))
}

async fn stream(host: &Host, key: &str, n: u32) -> Result<(), Failure> {
    host.head(200, vec![("content-type", "text/plain".to_owned())]).await?;
    for i in 0..n {
        host.chunk(format!("chunk {i}\n").into_bytes()).await?;
        host.get(Role::State, vec![key.to_owned()]).await?;
    }
    Ok(())
}

/// One effect of every kind.
async fn effects(host: &Host, key: &str) -> Result<HttpResponse, Failure> {
    let records = host.get(Role::State, vec![key.to_owned(), format!("{key}-2")]).await?;
    let put = Put { key: key.to_owned(), value: "1".into(), expires_at: None };
    let commit = Commit { role: Role::State, check: vec![], set: vec![put], delete: vec![] };
    let committed = host.commit(commit).await?;
    let page = host.list(Role::State, key.to_owned(), None, 10).await?;
    let inputs = Inputs::of(&["one".into(), "another".into()]).unwrap_or_default();
    let signatures = host.sign("KEY", Algorithm::Es256, &inputs).await?;
    let subject = host.subject("fault", key).await?;
    let (issuer, client_id) = ("fault".to_owned(), "client".to_owned());
    let hint = key.to_owned();
    let hint = Hint { issuer: issuer.clone(), client_id, kind: "login_hint", hint, user_code: None };
    let identified = if host.identifies() { host.identify(hint).await? } else { None };
    let details = serde_json::json!([{ "type": "a", "amount": { "value": u64::MAX } }]);
    host.notify_user(AuthenticationRequest {
        issuer,
        authorization_details: Some(details),
        ..AuthenticationRequest::default()
    })
    .await?;
    host.wait(1).await?;
    let outbound = |method, url: &str| Outbound {
        method,
        url: url.into(),
        headers: vec![("x-test".into(), "1".into())],
        body: (method == "POST").then(|| "body".into()),
        timeout_ms: 1000,
        max_bytes: 1024,
    };
    let fetched = host.fetch(outbound("GET", "http://127.0.0.1/fetch")).await?;
    host.notify(outbound("POST", "http://127.0.0.1/notify")).await?;
    host.record(Event::new("token.issued", host.now(), "fault")).await?;
    let body = serde_json::json!({
        "records": records.len(),
        "committed": committed,
        "entries": page.entries.len(),
        "signatures": signatures.len(),
        "subject": subject.map(|subject| subject.active),
        "identified": identified.map(|identified| identified.sub),
        "status": fetched.status,
    });
    Ok(text(body.to_string()))
}

/// Recursion without an end that an optimizer could see.
#[allow(unconditional_recursion, reason = "this is what it is for")]
fn overflow(frame: &[u8; 64]) -> u64 {
    let next = std::hint::black_box([frame.first().map_or(1, |byte| byte.wrapping_add(1)); 64]);
    overflow(&next) + u64::from(*std::hint::black_box(&next).first().unwrap_or(&0))
}

fn exhaust() -> usize {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(std::hint::black_box(vec![1; 1 << 26]));
        if hoard.len() > 1 << 16 {
            return hoard.len();
        }
    }
}
