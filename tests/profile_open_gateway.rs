//! The profile `open_gateway`: a back end names a subscriber and a purpose, and gets a token once nobody's consent is
//! missing.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use serde_json::json;
use support::gateway::*;
use support::*;

#[test]
fn where_no_consent_is_needed_the_first_poll_gets_the_token() {
    for (parameter, asked, expected) in [
        ("purpose", "dpv:FraudPreventionAndDetection#sim-swap", "openid sim-swap"),
        ("scope", "dpv:FraudPreventionAndDetection#sim-swap", "openid sim-swap"),
        ("scope", "openid dpv:FraudPreventionAndDetection sim-swap", "openid sim-swap"),
        ("scope", "dpv:FraudPreventionAndDetection sim-swap", "sim-swap"),
        ("scope", "dpv:RequestedServiceProvision location", "location"),
    ] {
        let mut world = ogw_world(1);
        let response = world.ask(ask("app", &[("login_hint", PHONE), (parameter, asked)]));
        let begun = body(&response);
        assert_eq!((response.status, &begun["interval"]), (200, &json!(1)), "{begun}");
        assert!(begun.get("consent_url").is_none(), "{begun}");
        let tokens = body(&redeem_at(&mut world, "app", &begun));
        assert_eq!(tokens["token_type"], "Bearer", "{tokens}");
        let claims = claims(tokens["access_token"].as_str().unwrap());
        let purpose = asked.split(['#', ' ']).find(|part| part.starts_with("dpv:"));
        assert_eq!((claims["purpose"].as_str(), &claims["scope"]), (purpose, &json!(expected)), "{claims}");
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(tokens.get("id_token").is_some(), expected.contains("openid"), "{asked}");
    }
}

#[test]
fn a_subject_is_pairwise_and_no_number() {
    let mut world = ogw_world(2);
    let mut sub = |client: &str, hint: &str| {
        let begun = begin_at(&mut world, client, hint, "dpv:FraudPreventionAndDetection#sim-swap");
        let tokens = body(&redeem_at(&mut world, client, &begun));
        claims(tokens["access_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned()
    };
    let alice = sub("app", PHONE);
    assert_eq!(alice.len(), 43);
    // However she is named: also where a form's plus sign became a space.
    for hint in [
        "phone_number:+34666666666",
        "tel: 34666666666",
        "ipport:[2001:0db8::0:1]:8080",
        "operatortoken:opaque",
    ] {
        assert_eq!(sub("app", hint), alice, "{hint}");
    }
    assert_ne!(sub("app", "tel:+34677777777"), alice);
    assert_ne!(sub("shop", PHONE), alice);
}

#[test]
fn what_is_wrong_is_named() {
    let mut world = ogw_world(3);
    let swap = ("scope", "dpv:FraudPreventionAndDetection#sim-swap");
    for (parameters, error, says) in [
        (&[("login_hint", PHONE)][..], "invalid_request", "no purpose is named"),
        (&[swap], "invalid_request", "login_hint"),
        (&[("login_hint", "tel:0034666666666"), swap], "invalid_request", "begins with +"),
        (&[("login_hint", "sip:alice"), swap], "invalid_request", "tel:, ipport: or operatortoken:"),
        (&[("login_hint", "ipport:2001:db8::1"), swap], "invalid_request", "brackets"),
        (&[("login_hint", "tel:+34600000000"), swap], "unknown_user_id", ""),
        (&[("login_hint", "tel:+34688888888"), swap], "unknown_user_id", ""),
        (&[("login_hint", PHONE), ("scope", "dpv:Marketing#sim-swap")], "invalid_scope", "dpv:Marketing"),
        (&[("login_hint", PHONE), ("scope", "dpv:Spying#sim-swap")], "invalid_scope", "is no purpose"),
        (
            &[("login_hint", PHONE), ("scope", "dpv:Marketing sim-swap dpv:Advertising")],
            "invalid_scope",
            "one",
        ),
        (&[("login_hint", PHONE), ("purpose", "sim-swap")], "invalid_scope", "dpv:<term>#<scope token>"),
        (&[("login_hint", PHONE), ("purpose", "dpv:Marketing#a"), swap], "invalid_scope", "one purpose"),
    ] {
        let response = world.ask(ask("app", parameters));
        let answer = body(&response);
        assert_eq!((response.status, &answer["error"]), (400, &json!(error)), "{parameters:?} {answer}");
        assert!(answer["error_description"].as_str().unwrap().contains(says), "{says}: {answer}");
    }
}

#[test]
fn a_missing_consent_can_be_given_elsewhere_and_then_the_poll_succeeds() {
    let mut world = ogw_world(4);
    let asked = "openid dpv:FraudPreventionAndDetection location sim-swap kyc-match offline_access";
    let begun = begin_at(&mut world, "app", PHONE, asked);
    let url = begun["consent_url"].as_str().unwrap_or_else(|| panic!("{begun}"));
    assert!(url.starts_with("https://consent.example.com/give?request="), "{url}");
    // Whoever sees the page's address cannot redeem what it is about.
    assert!(!url.contains(begun["auth_req_id"].as_str().unwrap()), "{url}");
    let pending = |world: &mut World| {
        world.advance(2);
        error(&redeem_at(world, "app", &begun))
    };
    assert_eq!(pending(&mut world), (400, "authorization_pending".into()));
    // A part is not all of it.
    say(&mut world, ALICE, "location", "given");
    assert_eq!(pending(&mut world), (400, "authorization_pending".into()));
    say(&mut world, ALICE, "kyc-match", "given");
    world.advance(2);
    let tokens = body(&redeem_at(&mut world, "app", &begun));
    let refresh = tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    let refresh = form(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);

    // The next request needs nobody; nor does bob's, whose consent stands in the configuration.
    for hint in [PHONE, "tel:+34677777777"] {
        let begun = begin_at(&mut world, "app", hint, "dpv:FraudPreventionAndDetection#location");
        assert!(begun.get("consent_url").is_none(), "{hint} {begun}");
        assert_eq!(redeem_at(&mut world, "app", &begun).status, 200, "{hint}");
    }
    // A consent is for one client.
    let other = begin_at(&mut world, "shop", PHONE, "dpv:FraudPreventionAndDetection#location");
    assert!(other.get("consent_url").is_some(), "{other}");

    let open = begin_at(&mut world, "app", PHONE, "dpv:FraudPreventionAndDetection#location");
    say(&mut world, ALICE, "location", "withdrawn");
    assert_eq!(error(&redeem_at(&mut world, "app", &open)), (400, "invalid_grant".into()));
    assert_eq!(error(&world.ask(basic("/ogw/token", "app", &refresh))), (400, "invalid_grant".into()));
    let again = ask("app", &[("login_hint", PHONE), ("scope", "dpv:FraudPreventionAndDetection#location")]);
    assert_eq!(error(&world.ask(again)), (403, "access_denied".into()));
    // What was withdrawn of one thing is withdrawn of no other.
    let swap = begin_at(&mut world, "app", PHONE, "dpv:FraudPreventionAndDetection#sim-swap");
    assert_eq!(redeem_at(&mut world, "app", &swap).status, 200);
}

#[test]
fn a_refusal_ends_a_request_that_waited() {
    let mut world = ogw_world(5);
    let begun = begin_at(&mut world, "app", PHONE, "dpv:FraudPreventionAndDetection#location");
    say(&mut world, ALICE, "location", "refused");
    assert_eq!(error(&redeem_at(&mut world, "app", &begun)).1, "access_denied");
    say(&mut world, "bob", "location", "withdrawn");
    let bob = ask("app", &[("login_hint", "tel:+34677777777"), ("purpose", &format!("{FRAUD}#location"))]);
    assert_eq!(error(&world.ask(bob)), (403, "access_denied".into()));
}

#[test]
fn the_consent_api_knows_people_by_their_hints() {
    let mut world = ogw_world(6);
    let said = |hint: &str| json!({ "login_hint": hint, "client_id": "app", "purpose": FRAUD, "scope": "location", "state": "given" });
    let response = desk(&mut world, "POST", "/ogw/consents", said(PHONE).to_string().as_bytes());
    assert_eq!(response.status, 200, "{}", response.body);
    for query in ["sub=alice", "login_hint=tel:%2B34666666666", "login_hint=phone_number:+34666666666"] {
        let answer = body(&desk(&mut world, "GET", &format!("/ogw/consents?{query}"), b""));
        assert_eq!(answer["consents"][0]["state"], "given", "{query} {answer}");
    }
    for (hint, expected) in [("tel:666", "invalid_request"), ("tel:+34600000000", "unknown_user_id")] {
        let response = desk(&mut world, "POST", "/ogw/consents", said(hint).to_string().as_bytes());
        assert_eq!(error(&response), (400, expected.into()), "{hint}");
    }
}
