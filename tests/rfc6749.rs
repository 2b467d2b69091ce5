//! RFC 6749: the token endpoint and its client_credentials grant.
mod support;

use edgegrant::http::{Body, Headers};
use edgegrant::jose::Algorithm;
use support::*;

const GRANT: &str = "grant_type=client_credentials";

#[test]
fn s4_4_client_credentials_gives_a_token_and_no_refresh_token() {
    let mut world = world(1);
    let response = world.ask(basic("/token", "basic", GRANT));
    assert_eq!(response.status, 200, "{}", response.body);
    // §5.1
    assert!(response.headers.contains(&("cache-control", "no-store".into())));
    assert!(response.headers.contains(&("content-type", "application/json".into())));
    let body = body(&response);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], "orders:read orders:write");
    assert_eq!(body.as_object().unwrap().len(), 4, "{body}");
    let claims = payload(body["access_token"].as_str().unwrap(), &key(Algorithm::Es256, 1));
    assert_eq!(claims["sub"], "basic");
    // One token, one signature, one event.
    assert_eq!((world.signatures, world.events.len()), (1, 1));
    assert_eq!((world.events[0].kind, world.events[0].client_id.as_deref()), ("token.issued", Some("basic")));
    assert_eq!(world.events[0].jti.as_deref(), claims["jti"].as_str());
}

#[test]
fn s2_3_one_method_and_only_the_registered_one() {
    let mut world = world(2);
    let secret = format!("client_secret={SECRET}");
    let form = |client: &str, more: &str| post("/token", &format!("{GRANT}&client_id={client}&{more}"));
    let with_query = |query: &str| post(&format!("/token?{query}"), GRANT);
    let header = |value: &str| {
        let mut request = post("/token", GRANT);
        request.headers.authorization = Some(value.to_owned());
        request
    };
    let assertion =
        "client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (request, status, code) in [
        (form("post", &secret), 200, "none"),
        (basic("/token", "basic", &format!("{GRANT}&client_id=basic")), 200, "none"),
        (basic("/token", "basic", &format!("{GRANT}&{secret}")), 400, "invalid_request"),
        (basic("/token", "basic", &format!("{GRANT}&{assertion}")), 400, "invalid_request"),
        (form("post", &format!("{secret}&{assertion}")), 400, "invalid_request"),
        (basic("/token", "basic", &format!("{GRANT}&client_id=other")), 400, "invalid_request"),
        (with_query(&format!("client_id=post&{secret}")), 400, "invalid_request"),
        (with_query("client_assertion=x"), 400, "invalid_request"),
        (with_query("a=%ff&client_id=post&a=1&client%5Fsecret=&client_secret"), 400, "invalid_request"),
        (post("/token", &format!("{GRANT}&{secret}")), 400, "invalid_request"),
        (form("basic", &secret), 401, "invalid_client"),
        (basic("/token", "post", GRANT), 401, "invalid_client"),
        (basic("/token", "jwt", GRANT), 401, "invalid_client"),
        (form("jwt", ""), 401, "invalid_client"),
        (form("basic", ""), 401, "invalid_client"),
        (post("/token", GRANT), 401, "invalid_client"),
        (basic("/token", "pending", GRANT), 401, "invalid_client"),
        (header("Bearer abc"), 401, "invalid_client"),
        (header("Basic %%%"), 401, "invalid_client"),
        (header("Basic"), 401, "invalid_client"),
        (header(""), 401, "invalid_client"),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(error(&world.ask(request)), (status, code.to_owned()), "{shown}");
    }
}

#[test]
fn s2_3_1_unknown_client_and_wrong_secret_are_answered_alike() {
    let mut world = world(3);
    let mut wrong = basic("/token", "basic", GRANT);
    wrong.headers.authorization = Some("Basic YmFzaWM6d3Jvbmc=".into());
    let mut answers: Vec<_> = [
        wrong,
        basic("/token", "nobody", GRANT),
        basic("/token", "post", GRANT),
        basic("/token", "pending", GRANT),
        post("/token", &format!("{GRANT}&client_id=post&client_secret=wrong")),
        post("/token", &format!("{GRANT}&client_id=nobody&client_secret=wrong")),
        post("/token", &format!("{GRANT}&client_id=nobody")),
    ]
    .into_iter()
    .map(|request| world.ask(request))
    .collect();
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    // §5.2: 401 with the scheme that clients may use.
    assert_eq!(answers[0].status, 401);
    assert!(answers[0].headers.contains(&("www-authenticate", format!("Basic realm=\"{ORIGIN}\""))));
    // What really happened reaches the operator alone.
    let causes: Vec<_> = world.events.iter().filter_map(|event| event.cause.as_deref()).collect();
    assert!(causes.contains(&"unknown client") && causes.contains(&"wrong secret"), "{causes:?}");
}

#[test]
fn s3_2_parameters() {
    let mut world = world(4);
    let typed = |content_type: Option<&str>| {
        let mut request = basic("/token", "basic", GRANT);
        request.headers.content_type = content_type.map(str::to_owned);
        request
    };
    for (request, status, code) in [
        (basic("/token", "basic", &format!("{GRANT}&{GRANT}")), 400, "invalid_request"),
        (
            basic("/token", "basic", &format!("{GRANT}&scope=orders:read&scope=orders:read")),
            400,
            "invalid_request",
        ),
        (basic("/token", "basic", ""), 400, "invalid_request"),
        (basic("/token", "basic", "grant_type="), 400, "invalid_request"),
        (basic("/token", "basic", &format!("{GRANT}&scope=&unknown=1")), 200, "none"),
        (basic("/token", "basic", "grant_type=password"), 400, "unsupported_grant_type"),
        (basic("/token", "basic", "grant_type=Client_Credentials"), 400, "unsupported_grant_type"),
        (basic("/token", "no-grant", GRANT), 400, "unauthorized_client"),
        (post("/token", &format!("{GRANT}&client_id=public")), 400, "unauthorized_client"),
        (typed(None), 415, "invalid_request"),
        (typed(Some("application/json")), 415, "invalid_request"),
        (typed(Some("multipart/form-data; boundary=x")), 415, "invalid_request"),
        (typed(Some("application/x-www-form-urlencoded; charset=iso-8859-1")), 415, "invalid_request"),
        (typed(Some("Application/X-WWW-Form-Urlencoded;charset=UTF-8")), 200, "none"),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(error(&world.ask(request)), (status, code.to_owned()), "{shown}");
    }
    let mut invalid = basic("/token", "basic", "");
    invalid.body = Body::Bytes(b"grant_type=\xff".to_vec().into());
    assert_eq!(error(&world.ask(invalid)), (400, "invalid_request".into()));
}

#[test]
fn s3_2_only_post_and_only_so_long() {
    let mut world = world(5);
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post", ""] {
        let response = world.ask(request(method, "/token", Headers::default(), b""));
        assert_eq!(response.status, 405, "{method}");
        assert!(response.headers.contains(&("allow", "POST".into())));
    }
    let mut long = basic("/token", "basic", GRANT);
    long.body = Body::OverLimit;
    assert_eq!(error(&world.ask(long)), (413, "invalid_request".into()));
}

#[test]
fn s3_3_scope() {
    let mut world = world(6);
    let mut ask = |client: &str, scope: &str| {
        let response = world.ask(basic("/token", client, &format!("{GRANT}&scope={scope}")));
        match response.status {
            200 => body(&response)["scope"].as_str().unwrap_or("").to_owned(),
            _ => error(&response).1,
        }
    };
    for (client, scope, expected) in [
        ("basic", "orders:write+orders:read", "orders:read orders:write"),
        ("basic", "orders%3Aread", "orders:read"),
        ("basic", "", "orders:read orders:write"),
        ("narrow", "", "orders:read"),
        ("narrow", "orders:write", "orders:write"),
        ("basic", "admin", "invalid_scope"),
        ("basic", "nonsense", "invalid_scope"),
        ("basic", "orders:read++orders:write", "invalid_scope"),
        ("basic", "%22", "invalid_scope"),
    ] {
        assert_eq!(ask(client, scope), expected, "{client} {scope}");
    }
    // The rule is named to the client and to the operator.
    let response = world.ask(basic("/token", "basic", &format!("{GRANT}&scope=admin")));
    assert_eq!(
        body(&response)["error_description"],
        "scope admin is not allowed to this client (scope.not-allowed)"
    );
    assert_eq!(world.events.last().unwrap().rule, Some("scope.not-allowed"));
}

#[test]
fn a_failing_host_is_unavailable_and_nothing_less() {
    for fault in [Fault::Fail, Fault::Drop] {
        let mut world = world(7);
        let id = world.send(basic("/token", "basic", GRANT));
        world.fault(id, 1, fault);
        world.run();
        let response = world.response(id).unwrap();
        assert_eq!(error(response), (503, "temporarily_unavailable".into()));
        assert!(response.headers.contains(&("retry-after", "5".into())));
        assert_eq!(world.events[0].error, Some("temporarily_unavailable"));
    }
    // An audit hook that fails changes nothing.
    let mut world = world(8);
    let id = world.send(basic("/token", "basic", GRANT));
    world.fault(id, 2, Fault::Fail);
    world.run();
    assert_eq!(world.response(id).unwrap().status, 200);
}

#[test]
fn where_nobody_listens_no_event_is_put_out() {
    let server = edgegrant::endpoint::Server::configure(&document().to_string(), &bindings()).unwrap();
    let mut world = World::new(server.with_hooks(edgegrant::host::Hooks::default()), host_keys(), 1);
    let id = world.send(basic("/token", "basic", GRANT));
    world.run();
    assert_eq!((world.response(id).unwrap().status, world.effects(id), world.events.len()), (200, 1, 0));
}
