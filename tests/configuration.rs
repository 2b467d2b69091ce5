//! The configuration document: every mistake named by its place, all at once.
mod support;

use std::collections::BTreeMap;

use edgegrant::config::{self, BindingKind};
use edgegrant::endpoint::Server;
use edgegrant::jose::Algorithm;
use serde_json::{Value, json};
use support::*;

/// The mistakes of the test document after `change`.
fn mistakes(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let mut document = document();
    change(&mut document);
    mistakes_of(&document, &bindings())
}

/// Mounts the second issuer at `path`, without the clients that look for it elsewhere.
fn moved(document: &mut Value, path: &str) {
    document["issuers"][1]["path"] = json!(path);
    document["clients"].as_array_mut().unwrap().truncate(8);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn each_mistake_names_its_place_and_what_was_expected() {
    let table: &[Mistaken] = &[
        (|d| d["origin"] = json!(7), "/origin", "expected a string, an object, found a whole number"),
        (|d| d["origin"] = json!("auth.example.com"), "/origin", "expected scheme, host and port"),
        (|d| d["origin"] = json!("https://auth.example.com/"), "/origin", "without a slash at the end"),
        (
            |d| d["origin"] = json!("https://u:p@auth.example.com"),
            "/origin",
            "expected only scheme, host and port",
        ),
        (|d| d["origin"] = json!("http://auth.example.com"), "/origin", "expected https"),
        (
            |d| d["origin"] = json!({ "env": "NOWHERE" }),
            "/origin/env",
            "the environment has no binding NOWHERE",
        ),
        (|d| d["dev"] = json!(true), "/dev", "development needs an origin on localhost"),
        (|d| d["dev_env"] = json!({ "A": "b" }), "/dev_env", "only together with"),
        (|d| d["extra"] = json!(1), "/extra", "unknown member; expected one of $schema, origin, dev"),
        (|d| d["issuers"] = json!([]), "/issuers", "expected at least one issuer"),
        (
            |d| d["issuers"][0]["profile"] = json!("nobody"),
            "/issuers/0/profile",
            "expected one of standard, decathlon, hii_retail, fapi_ciba, authlete, open_gateway, camara, found nobody",
        ),
        (|d| moved(d, "/"), "/issuers/1/path", "/ is taken by another issuer"),
        (|d| moved(d, "hii"), "/issuers/1/path", "expected / or a path such as /shop"),
        (|d| moved(d, "/a/../b"), "/issuers/1/path", "expected / or a path"),
        (|d| moved(d, "/%68ii"), "/issuers/1/path", "expected / or a path"),
        (
            |d| d["issuers"][0]["keys"] = json!([]),
            "/issuers/0/keys",
            "exactly one key whose state is current, found 0",
        ),
        (
            |d| d["issuers"][0]["keys"][0]["alg"] = json!("none"),
            "/issuers/0/keys/0/alg",
            "expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256",
        ),
        (
            |d| d["issuers"][0]["keys"][0]["alg"] = json!("HS256"),
            "/issuers/0/keys/0/alg",
            "EdDSA, Ed25519, found HS256",
        ),
        (
            |d| d["issuers"][0]["keys"][0]["alg"] = json!("RS256"),
            "/issuers/0/keys/0/private_key",
            "expected a key for RS256",
        ),
        (
            |d| d["issuers"][0]["keys"][0]["private_key"] = json!({ "env": "SECRET" }),
            "/issuers/0/keys/0/private_key",
            "expected a JWK in binding SECRET",
        ),
        (
            |d| d["issuers"][0]["keys"][0]["signing"] = json!("core"),
            "/issuers/0/keys/0/private_key",
            "expected a private key for ES256",
        ),
        (
            |d| d["issuers"][0]["keys"][0]["state"] = json!("old"),
            "/issuers/0/keys/0/state",
            "expected one of next, current, retired",
        ),
        (
            |d| d["issuers"][0]["lifetimes"] = json!({ "access_token": 0 }),
            "/issuers/0/lifetimes/access_token",
            "expected 1 to 86400 seconds",
        ),
        (
            |d| d["issuers"][0]["lifetimes"] = json!({ "access_token": "1h" }),
            "/issuers/0/lifetimes/access_token",
            "expected a whole number, found a string",
        ),
        (
            |d| d["issuers"][0]["resources"][0]["identifier"] = json!("api"),
            "/issuers/0/resources/0/identifier",
            "expected an absolute URI without a fragment",
        ),
        (
            |d| d["issuers"][0]["resources"][0]["scope"] = json!("other"),
            "/issuers/0/resources/0/scope",
            "other is not among the issuer's scope",
        ),
        (
            |d| d["issuers"][0]["resources"][1]["identifier"] = json!(API),
            "/issuers/0/resources/1/identifier",
            "each resource server once",
        ),
        (
            |d| d["issuers"][0]["default_resource"] = json!("urn:x"),
            "/issuers/0/default_resource",
            "one of the resources",
        ),
        (|d| d["issuers"][1]["resources"] = json!([]), "/issuers/1/resources", "expected at least one"),
        (|d| d["clients"][0]["client_id"] = json!("é"), "/clients/0/client_id", "printable ASCII"),
        (
            |d| d["clients"][1]["client_id"] = json!("basic"),
            "/clients/1/client_id",
            "basic is taken by another client",
        ),
        (
            |d| d["clients"][0]["issuers"] = json!(["/nowhere"]),
            "/clients/0/issuers/0",
            "the path of one of the issuers",
        ),
        (
            |d| d["clients"][0]["token_endpoint_auth_method"] = json!("magic"),
            "/clients/0/token_endpoint_auth_method",
            "expected one of client_secret_basic",
        ),
        (
            |d| d["clients"][8]["token_endpoint_auth_method"] = json!("client_secret_post"),
            "/clients/8/token_endpoint_auth_method",
            "expected one of client_secret_basic at issuer /hii",
        ),
        (
            |d| d["clients"][0]["client_secret"] = json!("inline"),
            "/clients/0/client_secret",
            "expected an object, found a string",
        ),
        (
            |d| d["clients"][0]["client_secret"] = json!({ "env": "NOWHERE" }),
            "/clients/0/client_secret/env",
            "no binding NOWHERE",
        ),
        (
            |d| drop(d["clients"][0].as_object_mut().unwrap().remove("client_secret")),
            "/clients/0",
            "member client_secret is missing",
        ),
        (
            |d| d["clients"][3]["client_secret"] = json!({ "env": "SECRET" }),
            "/clients/3/client_secret",
            "private_key_jwt has no secret",
        ),
        (
            |d| d["clients"][0]["jwks"] = json!({ "keys": [] }),
            "/clients/0/jwks",
            "expected at least one public key",
        ),
        (|d| d["clients"][3]["jwks"] = json!({ "keys": [] }), "/clients/3/jwks", "at least one public key"),
        (
            |d| d["clients"][3]["jwks"] = json!({ "keys": [client_key().to_jwk().to_value()] }),
            "/clients/3/jwks",
            "a private key must stay with its client",
        ),
        (
            |d| d["clients"][3]["jwks"] = json!({ "keys": [client_key().to_jwk().public().unwrap().to_value(), { "kty": "RSA", "n": "AQAB", "e": "AQAB" }] }),
            "/clients/3/jwks/keys/1",
            "expected a key that can be used: an RSA modulus has 2048",
        ),
        (|d| d["clients"][3]["jwks"] = json!("x"), "/clients/3/jwks", "expected a JWK Set"),
        (
            |d| d["clients"][4]["grant_types"] = json!(["client_credentials"]),
            "/clients/4/grant_types",
            "a public client cannot have client_credentials",
        ),
        (
            |d| d["clients"][0]["grant_types"] = json!(["password"]),
            "/clients/0/grant_types/0",
            "expected one of client_credentials",
        ),
        (
            |d| d["clients"][0]["scope"] = json!("orders:read nonsense"),
            "/clients/0/scope",
            "nonsense is not among the issuer's scope",
        ),
        (|d| d["clients"][0]["scope"] = json!("two  spaces"), "/clients/0/scope", "expected scope tokens"),
        (
            |d| d["clients"][6]["default_scope"] = json!("admin"),
            "/clients/6/default_scope",
            "a part of the client's scope",
        ),
        (
            |d| d["clients"][6]["resources"] = json!(["urn:x"]),
            "/clients/6/resources/0",
            "one of the issuer's resources",
        ),
        (
            |d| d["clients"][8]["tenant"] = json!("nobody"),
            "/clients/8/tenant",
            "nobody is not among the tenants",
        ),
        (
            |d| d["clients"][0]["status"] = json!("Authorized"),
            "/clients/0/status",
            "expected one of authorized",
        ),
    ];
    assert_each(table, mistakes);
}

/// WebCrypto takes more keys than are sound. What it signs with is judged by its public half.
#[test]
fn a_key_of_the_hosts_is_judged_as_strictly_as_any() {
    let sound = bindings()["RSA_KEY"].parse::<Value>().unwrap();
    let n = sound["n"].as_str().unwrap();
    // Of the generator of CVE-2017-15361, made for this test.
    let roca = concat!(
        "uESu8GxYXJFDX8W1ViFJyeW_Lep0PNgf2w_pyyL8J6fyUqu5MtJOsTm5kz10O47fx6bLP9xnCivBpcphqa065nU5RWzp",
        "mqFYR_L8bCdZzLBWVSoYiEw_MrzUDkUi2AbOLIxhBoWFIJ70CHxhnI44XsuSJhYif0GYtCwxxpqGZyRw2rkMFvYNBLtG",
        "Wlb4jttqH6WHe-llx2_F9yEXI7Z8y0nVQ4WUNuTZ705k1QLCtJ6ZEUfxQYaHAKiMQYYEJbx-oNVjH1dDJzsjAj5cPy1I",
        "EHH9RdXlye37iCIE1TE54e6eyb-iGeaeTGfAHWl052bf0QNEZj_Uix-8s3nsgKZJnw",
    );
    for (member, value, message) in [
        ("e", "AQ", "an RSA public exponent is odd, at least 3"),
        ("e", "BA", "an RSA public exponent is odd"),
        ("n", &n[..n.len() / 8 * 4], "an RSA modulus has 2048 to 8192 bits"),
        ("n", roca, "CVE-2017-15361"),
        ("alg", "PS256", "expected a key for RS256: "),
        ("use", "enc", "expected a key for RS256: "),
    ] {
        let mut key = sound.clone();
        key[member] = json!(value);
        let mut bindings = bindings();
        bindings.insert("RSA_KEY".into(), key.to_string());
        let found = config::read(&document().to_string(), &bindings).unwrap_err();
        assert!(
            found.len() == 1
                && found[0].pointer == "/issuers/1/keys/0/private_key"
                && found[0].message.contains(message),
            "{member}: expected {message}\nfound {found:#?}"
        );
    }
}

#[test]
fn all_mistakes_come_at_once_in_the_documents_order() {
    let found = mistakes(|d| {
        d["origin"] = json!(1);
        d["issuers"][0]["keys"][0]["alg"] = json!("ES999");
        d["issuers"][1]["paht"] = json!("/x");
        d["clients"][0]["scope"] = json!("");
        d["clients"][2]["status"] = json!(true);
    });
    let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        ["/clients/0/scope", "/clients/2/status", "/issuers/0/keys/0/alg", "/issuers/1/paht", "/origin"]
    );
    let found = mistakes(|d| {
        d["issuers"][0]["default_resource"] = json!("urn:x");
        d["clients"][0]["scope"] = json!("nonsense");
        d["clients"][0]["tenant"] = json!("nobody");
    });
    assert_eq!(found.len(), 3, "{found:#?}");
    // Clients are judged though their issuer cannot be built.
    let found = mistakes(|d| {
        d["issuers"][0]["keys"][0]["private_key"]["env"] = json!("NOWHERE");
        d["clients"][0]["scope"] = json!("nonsense");
        d["clients"][1]["client_secret"]["env"] = json!("NOWHERE");
    });
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn text_that_is_no_document() {
    for (text, says) in
        [("", "EOF"), ("{", "EOF"), ("[]", "expected an object"), ("{\"dev\":true,\"dev\":false}", "dev")]
    {
        let found = config::parse(text).unwrap_err();
        assert!(found[0].message.contains(says), "{text}: {found:?}");
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(config::parse(&deep).is_err());
}

#[test]
fn the_plan_names_every_binding() {
    let plan = config::plan(&document().to_string()).unwrap();
    let hosts: Vec<_> = plan.bindings.iter().filter(|b| b.kind == BindingKind::PrivateKey).collect();
    assert_eq!(hosts.len(), 2);
    assert_eq!((hosts[0].name.as_str(), hosts[0].alg), ("KEY", Some("ES256")));
    assert_eq!(hosts[1].pointer, "/issuers/1/keys/0/private_key/env");
    assert!(plan.bindings.iter().any(|b| b.name == "JWKS" && b.pointer == "/clients/3/jwks/env"));
    assert_eq!(
        plan.state_kinds,
        ["api_key", "ciba", "consent", "properties", "jti", "quota", "refresh", "hint", "subject"]
    );
}

#[test]
fn development_is_for_loopback_alone() {
    for (origin, fine) in [
        ("http://127.0.0.1:8787", true),
        ("http://localhost", true),
        ("http://[::1]:1", true),
        ("https://auth.example.com", false),
        ("http://127.0.0.1.example.com", false),
        ("http://localhost.example.com", false),
    ] {
        let found = mistakes(|d| {
            d["origin"] = json!(origin);
            d["dev"] = json!(true);
            d["dev_env"] = json!({ "ISSUER": origin, "SECRET": { "env": "SECRET" } });
        });
        assert_eq!(found.is_empty(), fine, "{origin}: {found:?}");
    }
    let mut document = document();
    document["origin"] = json!("http://127.0.0.1:1");
    assert_eq!(world_of(&document, 1).ask(get("/_dev/env")).status, 404);
    document["dev"] = json!(true);
    document["dev_env"] = json!({ "A": "b", "SECRET": { "env": "SECRET" } });
    assert_eq!(body(&world_of(&document, 1).ask(get("/_dev/env"))), json!({ "A": "b", "SECRET": SECRET }));
}

/// What the README shows is what the demo runs, and its document reads.
#[test]
fn the_readmes_examples_are_good() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let block = |language: &str, nth: usize| {
        let mut blocks = readme
            .split("```")
            .skip(1)
            .step_by(2)
            .filter_map(|b| b.strip_prefix(language)?.strip_prefix('\n'));
        blocks.nth(nth).unwrap().to_owned()
    };
    assert_eq!(block("ts", 0), std::fs::read_to_string("demo/worker.ts").unwrap());
    let demo = std::fs::read_to_string("demo/deno.ts").unwrap();
    for line in block("ts", 1).lines().filter(|line| !line.contains("openKv") && !line.contains("Deno.serve"))
    {
        assert!(demo.contains(line.trim_start_matches("Deno.serve(")), "{line}");
    }
    let mut bindings = bindings();
    bindings.insert("SHOP_SECRET".into(), SECRET.into());
    assert!(Server::configure(&block("json", 0), &bindings).is_ok());
}

/// The demo's own document is one that starts, and it holds no secret.
#[test]
fn the_demos_document_reads() {
    let text = std::fs::read_to_string("demo/edgegrant.json").unwrap();
    let plan = config::plan(&text).unwrap();
    let mut bindings: BTreeMap<String, String> = bindings();
    for binding in &plan.bindings {
        let text = match (binding.name.as_str(), binding.kind) {
            ("ORIGIN", _) => "http://127.0.0.1:8787".to_owned(),
            ("JWT_CLIENT_JWKS", _) => bindings["JWKS"].clone(),
            ("DKT_API_KEY", _) => "3e91a0af-0029-4a9b-b2f8-05713e997fdb".to_owned(),
            ("DKT_GENERATOR_KEY", _) => key(Algorithm::Rs256, 4).to_jwk().public().unwrap().to_json(),
            ("PING_LISTEN" | "PUSH_LISTEN" | "CONSENT_PAGE", _) => "http://127.0.0.1:8788/there".to_owned(),
            (_, BindingKind::PrivateKey) if binding.alg == Some("PS256") => {
                key(Algorithm::Ps256, 5).to_jwk().public().unwrap().to_json()
            }
            (_, BindingKind::PrivateKey) if binding.alg == Some("RS256") => bindings["RSA_KEY"].clone(),
            (_, BindingKind::PrivateKey) => bindings["KEY"].clone(),
            _ => SECRET.to_owned(),
        };
        bindings.insert(binding.name.clone(), text);
    }
    assert_eq!(Server::configure(&text, &bindings).err(), None);
}

/// `UPDATE=1 cargo test --all-features --test configuration` writes the schema anew.
#[cfg(feature = "schema")]
#[test]
fn the_committed_schema_is_the_types() {
    let mut made = serde_json::to_string_pretty(&config::schema()).unwrap();
    made.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write("edgegrant.schema.json", &made).unwrap();
    }
    let committed = std::fs::read_to_string("edgegrant.schema.json").unwrap_or_default();
    assert!(committed == made, "edgegrant.schema.json is not what the types say: run with UPDATE=1");
}
