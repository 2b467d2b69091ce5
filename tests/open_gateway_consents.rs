//! Consents that a request waits for, and what becomes of requests and tokens when one is withdrawn.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use edgegrant::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use support::gateway::*;
use support::*;

const LOCATION: &str = "dpv:FraudPreventionAndDetection#location";

/// The id that `consent_url` carries.
fn id_of(begun: &Value) -> String {
    let url = begun["consent_url"].as_str().unwrap_or_else(|| panic!("{begun}"));
    url.split_once("?request=").unwrap().1.to_owned()
}

fn look(world: &mut World, query: &str) -> HttpResponse {
    desk(world, "GET", &format!("/ogw/consents?{query}"), b"")
}

fn answer(world: &mut World, said: &Value) -> HttpResponse {
    desk(world, "POST", "/ogw/consents", said.to_string().as_bytes())
}

fn refresh_at(client: &str, tokens: &Value) -> HttpRequest {
    let token = tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    basic("/ogw/token", client, &form(&[("grant_type", "refresh_token"), ("refresh_token", token)]))
}

#[test]
fn the_page_is_shown_a_request_by_its_id_and_what_it_records_answers_it() {
    for (state, expected) in
        [("given", (200, "none")), ("refused", (400, "access_denied")), ("withdrawn", (400, "access_denied"))]
    {
        let mut world = ogw_world(1);
        say(&mut world, ALICE, "location", "withdrawn");
        say(&mut world, ALICE, "location", "given");
        // Of no interest to the page: another client, another purpose.
        for (client_id, purpose) in [("shop", FRAUD), ("app", "dpv:Marketing")] {
            let said = json!({
                "sub": ALICE, "client_id": client_id, "purpose": purpose, "scope": "location", "state": "given",
            });
            assert_eq!(answer(&mut world, &said).status, 200);
        }
        let asked = "openid dpv:FraudPreventionAndDetection sim-swap kyc-match location";
        let begun = begin_at(&mut world, "app", PHONE, asked);
        let id = id_of(&begun);
        let said = |state: &str, at: u64| {
            json!({
                "client_id": "app", "purpose": FRAUD, "scope": "location", "state": state, "at": at,
                "by": "consent-desk",
            })
        };
        let shown = json!({
            "client_id": "app", "client_name": "The app", "purpose": FRAUD, "scope": "kyc-match location",
            "sub": ALICE, "expires_at": NOW + begun["expires_in"].as_u64().unwrap(),
            "consents": [said("withdrawn", NOW), said("given", NOW)],
        });
        let response = look(&mut world, &format!("request={id}"));
        assert_eq!((response.status, body(&response)), (200, shown));
        world.advance(1);
        world.events.clear();
        let response = answer(&mut world, &json!({ "request": id, "state": state }));
        assert_eq!((response.status, &*response.body), (200, "{}"));
        let recorded: Vec<_> = world.events.iter().filter(|event| event.kind == "consent.recorded").collect();
        let [event] = recorded[..] else { panic!("{:?}", world.events) };
        assert_eq!(
            [
                &event.client_id,
                &event.for_client_id,
                &event.subject,
                &event.purpose,
                &event.scope,
                &event.cause
            ]
            .map(Option::as_deref),
            [
                Some("consent-desk"),
                Some("app"),
                Some(ALICE),
                Some(FRAUD),
                Some("kyc-match location"),
                Some(state)
            ]
        );
        // Nothing was said of the sim card, which needs nobody's consent, nor to anybody else.
        let all = body(&look(&mut world, "sub=alice"));
        let new: Vec<_> = all["consents"].as_array().unwrap()[4..].iter().map(|one| &one["scope"]).collect();
        assert_eq!(new, ["kyc-match", "location"]);
        // The person may look again, until the client has had its answer.
        assert_eq!(look(&mut world, &format!("request={id}")).status, 200);
        let response = redeem_at(&mut world, "app", &begun);
        assert_eq!(error(&response), (expected.0, expected.1.to_owned()), "{state}");
        if state == "given" {
            assert_eq!(claims(&access_of(&response))["scope"], "kyc-match location openid sim-swap");
            for response in [
                look(&mut world, &format!("request={id}")),
                answer(&mut world, &json!({ "request": id, "state": "refused" })),
            ] {
                assert_eq!(error(&response), (400, "invalid_request".into()));
                assert!(response.body.contains("completed already"), "{}", response.body);
            }
        }
    }
}

#[test]
fn a_request_that_cannot_be_answered_says_why() {
    let mut world = ogw_world(2);
    let open = begin_at(&mut world, "app", PHONE, LOCATION);
    let id = id_of(&open);
    let granted = begin_at(&mut world, "app", PHONE, "dpv:FraudPreventionAndDetection#sim-swap");
    let granted = granted["auth_req_id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let whole = open["auth_req_id"].as_str().unwrap();
    for (said, status, error, says) in [
        (json!({ "request": "nothing" }), 404, "not_found", "unknown"),
        (json!({ "request": "" }), 404, "not_found", "unknown"),
        (json!({ "request": whole }), 404, "not_found", "unknown"),
        (json!({ "request": 7 }), 400, "invalid_request", "request must be a text"),
        (json!({ "request": granted }), 400, "invalid_request", "completed already"),
        (json!({ "request": id, "sub": ALICE }), 400, "invalid_request", "either request or sub"),
        (
            json!({ "request": id, "login_hint": PHONE }),
            400,
            "invalid_request",
            "either request or login_hint",
        ),
        (
            json!({ "request": id, "client_id": "shop" }),
            400,
            "invalid_request",
            "either request or client_id",
        ),
        (json!({ "request": id, "purpose": FRAUD }), 400, "invalid_request", "either request or purpose"),
        (json!({ "request": id, "scope": "sim-swap" }), 400, "invalid_request", "either request or scope"),
        (json!({ "request": id, "state": "maybe" }), 400, "invalid_request", "state must be one of"),
        (json!({ "request": id, "state": null }), 400, "invalid_request", "state must be a text"),
    ] {
        world.events.clear();
        let response = answer(&mut world, &merged(json!({ "state": "given" }), said.clone()));
        assert_refused(&response, (status, error, ""), &said.to_string());
        assert!(response.body.contains(says), "{says}: {}", response.body);
        assert_eq!(world.events.last().unwrap().kind, "consent.refused");
    }
    for (query, status, says) in [
        ("request=nothing".to_owned(), 404, "unknown"),
        (format!("request={granted}"), 400, "completed already"),
        (format!("request={id}&sub=alice"), 400, "either request or sub"),
        (format!("request={id}&login_hint=tel:%2B34666666666"), 400, "either request or login_hint"),
    ] {
        let response = look(&mut world, &query);
        assert_eq!(response.status, status, "{query} {}", response.body);
        assert!(response.body.contains(says), "{says}: {}", response.body);
    }
    // It has ended, and is forgotten five minutes later.
    world.advance(i64::try_from(open["expires_in"].as_u64().unwrap()).unwrap());
    let response = look(&mut world, &format!("request={id}"));
    assert_eq!(response.status, 400);
    assert!(response.body.contains("has expired"), "{}", response.body);
    world.advance(300);
    assert_eq!(look(&mut world, &format!("request={id}")).status, 404);
    assert_eq!(body(&look(&mut world, "sub=alice")), json!({ "consents": [] }));
}

#[test]
fn a_request_is_its_issuers_and_only_what_rests_on_a_consent_is_asked_for() {
    let mut document = ogw_document();
    let mut other = document["issuers"][0].clone();
    other["path"] = json!("/other");
    document["issuers"].as_array_mut().unwrap().push(other);
    let mut elsewhere = document["clients"][0].clone();
    elsewhere["issuers"] = json!(["/other"]);
    document["clients"].as_array_mut().unwrap().push(elsewhere);
    let policy = document["issuers"][0]["policy"].clone();
    document["issuers"][0]["policy"] = json!("registry");
    let mut world = world_of(&document, 3);
    let publish = |world: &mut World, policy: &Value| {
        let command = json!({ "command": "publish_policy", "issuer": ISSUER, "policy": policy.to_string() });
        assert_eq!(world.ask(operator(&command)).status, 200);
    };
    publish(&mut world, &policy);
    let ask = form(&[("login_hint", PHONE), ("scope", LOCATION)]);
    let begun = body(&world.ask(basic("/other/bc-authorize", "app", &ask)));
    assert_eq!(look(&mut world, &format!("request={}", id_of(&begun))).status, 404);

    let begun = begin_at(&mut world, "app", PHONE, LOCATION);
    let mut looser = policy;
    looser["purposes"][FRAUD]["location"] = json!("contract");
    publish(&mut world, &looser);
    let response = answer(&mut world, &json!({ "request": id_of(&begun), "state": "given" }));
    assert_refused(&response, (400, "invalid_request", ""), "contract");
    assert!(response.body.contains("waits for no consent"), "{}", response.body);
    assert_eq!(redeem_at(&mut world, "app", &begun).status, 200);
}

#[test]
fn consents_of_the_configuration_are_listed_before_those_that_were_recorded() {
    let mut world = ogw_world(4);
    let entry = |state: &str, at: u64, by: &str| {
        json!({
            "client_id": "app", "purpose": FRAUD, "scope": "location", "state": state, "at": at, "by": by,
        })
    };
    let configured = entry("given", 0, "configuration");
    assert_eq!(body(&look(&mut world, "sub=bob")), json!({ "consents": [configured] }));
    say(&mut world, "bob", "location", "withdrawn");
    let both = json!({ "consents": [configured, entry("withdrawn", NOW, "consent-desk")] });
    assert_eq!(body(&look(&mut world, "sub=bob")), both);
    let command = json!({ "command": "read_consents", "issuer": ISSUER, "sub": "bob" });
    assert_eq!(body(&world.ask(operator(&command))), both);
    assert_eq!(body(&look(&mut world, "sub=alice")), json!({ "consents": [] }));
}

#[test]
fn a_consent_that_is_withdrawn_ends_what_rests_on_it_and_a_new_one_is_for_new_requests() {
    for seen in [true, false] {
        let mut world = ogw_world(5);
        say(&mut world, ALICE, "location", "given");
        let asked = "openid dpv:FraudPreventionAndDetection location offline_access";
        let first = begin_at(&mut world, "app", PHONE, asked);
        let tokens = body(&redeem_at(&mut world, "app", &first));
        let open = begin_at(&mut world, "app", PHONE, asked);
        world.advance(1);
        say(&mut world, ALICE, "location", "withdrawn");
        let ended = |world: &mut World| {
            assert_eq!(error(&redeem_at(world, "app", &open)), (400, "invalid_grant".into()));
            assert_eq!(error(&world.ask(refresh_at("app", &tokens))), (400, "invalid_grant".into()));
            let token = form(&[("token", tokens["refresh_token"].as_str().unwrap())]);
            let active = &body(&world.ask(basic("/ogw/introspect", "app", &token)))["active"];
            assert_eq!(active, &json!(false));
        };
        // Whether anybody came while it was withdrawn makes no difference.
        if seen {
            ended(&mut world);
        }
        world.advance(1);
        say(&mut world, ALICE, "location", "given");
        ended(&mut world);
        let new = begin_at(&mut world, "app", PHONE, asked);
        let tokens = body(&redeem_at(&mut world, "app", &new));
        assert_eq!(world.ask(refresh_at("app", &tokens)).status, 200, "{tokens}");
    }
}

#[test]
fn a_consent_to_one_client_opens_nothing_to_another() {
    let mut world = ogw_world(6);
    let other = begin_at(&mut world, "shop", PHONE, LOCATION);
    let own = begin_at(&mut world, "app", PHONE, LOCATION);
    say(&mut world, ALICE, "location", "given");
    assert_eq!(redeem_at(&mut world, "app", &own).status, 200);
    assert_eq!(error(&redeem_at(&mut world, "shop", &other)), (400, "authorization_pending".into()));
    // Nor does what was said by somebody else, for another purpose, or of other data.
    for (sub, purpose, scope) in
        [("bob", FRAUD, "location"), (ALICE, "dpv:Marketing", "location"), (ALICE, FRAUD, "kyc-match")]
    {
        let said =
            json!({ "sub": sub, "client_id": "shop", "purpose": purpose, "scope": scope, "state": "given" });
        assert_eq!(answer(&mut world, &said).status, 200);
        world.advance(2);
        assert_eq!(error(&redeem_at(&mut world, "shop", &other)), (400, "authorization_pending".into()));
    }
}

#[test]
fn what_is_exchanged_keeps_its_purpose_and_ends_with_the_first_clients_consent() {
    let mut document = ogw_document();
    document["issuers"][0]["policy"]["exchange"] = json!([{
        "from": "app", "to": "shop", "scope": "location", "subject_token_types": ["refresh_token"],
        "requested_token_types": ["access_token", "refresh_token"],
        "justification": "One service in two parts", "approved_by": "board", "expires_at": "2100-01-01T00:00:00Z",
    }]);
    let shop = document["clients"].as_array_mut().unwrap().iter_mut().find(|one| one["client_id"] == "shop");
    shop.unwrap()["grant_types"] = json!([CIBA, EXCHANGE, "refresh_token"]);
    let mut world = world_of(&document, 7);
    say(&mut world, ALICE, "location", "given");
    let asked = "dpv:FraudPreventionAndDetection location offline_access";
    let begun = begin_at(&mut world, "app", PHONE, asked);
    let tokens = body(&redeem_at(&mut world, "app", &begun));
    let exchange = |world: &mut World, requested: &str| {
        let subject_token = tokens["refresh_token"].as_str().unwrap();
        let response = world.ask(basic(
            "/ogw/token",
            "shop",
            &form(&[
                ("grant_type", EXCHANGE),
                ("subject_token", subject_token),
                ("subject_token_type", REFRESH_TOKEN),
                ("requested_token_type", requested),
                ("scope", "location"),
            ]),
        ));
        (response.status, body(&response))
    };
    let (status, exchanged) = exchange(&mut world, ACCESS_TOKEN);
    assert_eq!(status, 200, "{exchanged}");
    let (before, after) = (
        claims(tokens["access_token"].as_str().unwrap()),
        claims(exchanged["access_token"].as_str().unwrap()),
    );
    assert_eq!(after["purpose"], FRAUD);
    // Each client knows her by another name.
    assert_ne!(after["sub"], before["sub"]);
    let (status, exchanged) = exchange(&mut world, REFRESH_TOKEN);
    assert_eq!(status, 200, "{exchanged}");
    let refreshed = world.ask(refresh_at("shop", &json!({ "refresh_token": exchanged["access_token"] })));
    let refreshed = body(&refreshed);
    assert_eq!(claims(refreshed["access_token"].as_str().unwrap())["purpose"], FRAUD, "{refreshed}");
    world.advance(1);
    say(&mut world, ALICE, "location", "withdrawn");
    assert_eq!(error(&world.ask(refresh_at("shop", &refreshed))), (400, "invalid_grant".into()));
    assert_eq!(exchange(&mut world, ACCESS_TOKEN).0, 400);
}
