//! Test vectors of others: the RFCs' examples, the JWS and JWK of the RFC 7520 cookbook, Wycheproof.
//!
//! They stand outside of the project: in the folder that EDGEGRANT_VECTORS names, or in
//! `../shared/vectors`. Without them nothing is tested here, and the test says so; the examples of
//! the RFCs' appendices are in the other tests too.
#![cfg(feature = "all-algorithms")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::{env, fs};

use edgegrant::claims::token_hash;
use edgegrant::jose::jws::{self, Content, Unverified};
use edgegrant::jose::{Algorithm, Jwk, JwkSet, SigningKey, VerifyingKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use serde_json::{Value, json};

/// What came of one vector.
struct Case {
    file: String,
    tags: Vec<String>,
    valid: bool,
    accepted: bool,
}

#[test]
fn external_vectors() {
    // Not captured by the test harness: this is to be seen.
    let place = if cfg!(target_arch = "wasm32") { "in WebAssembly" } else { "natively" };
    let say = |text: String| writeln!(std::io::stderr(), "vectors, {place}: {text}").unwrap();
    let folder = env::var_os("EDGEGRANT_VECTORS").unwrap_or_else(|| "../shared/vectors".into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if !folder.is_dir() {
        return say("0 external vectors ran: folder not found; name it in EDGEGRANT_VECTORS".into());
    }
    let mut cases = Vec::new();
    for file in ["rfc", "cookbook/jwk", "cookbook/jws", "wycheproof"].iter().flat_map(|f| list(&folder, f)) {
        let value: Value = serde_json::from_slice(&fs::read(folder.join(&file)).unwrap()).unwrap();
        let before = cases.len();
        let mut add = |tags: Vec<String>, valid, accepted| {
            cases.push(Case { file: file.clone(), tags, valid, accepted });
        };
        match file.split('/').next().unwrap() {
            "wycheproof" => wycheproof(&value, &mut add),
            "cookbook" => cookbook(&value, &mut add),
            _ => rfc(&file, &value, &mut add),
        }
        assert!(cases.len() > before, "{file}: no vector was found in it");
    }
    let excepted = judge(&cases);
    let accepted = cases.iter().filter(|case| case.accepted).count();
    say(format!(
        "{} external vectors ran: {accepted} accepted, {} refused, {excepted} of these by exception",
        cases.len(),
        cases.len() - accepted,
    ));
}

/// Compares with what was expected; how many valid ones the exceptions say are refused.
fn judge(cases: &[Case]) -> usize {
    let exceptions: Vec<(&str, &str)> = include_str!("vectors_exceptions.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(file, rest)| {
            let (tag, reason) = rest.trim_start().split_once(char::is_whitespace).expect("a reason");
            assert!(!reason.trim().is_empty());
            (file, tag)
        })
        .collect();
    let (mut used, mut faults, mut excepted) = (BTreeSet::new(), Vec::new(), 0);
    for Case { file, tags, valid, accepted } in cases {
        let here =
            |(known, tag): &(&str, &str)| known == file && (*tag == "*" || tags.iter().any(|t| t == tag));
        let matching: Vec<_> = exceptions.iter().copied().filter(here).collect();
        match (matching.is_empty(), valid, accepted) {
            (true, valid, accepted) if valid == accepted => {}
            (false, true, false) => {
                used.extend(matching);
                excepted += 1;
            }
            (false, false, false) => {}
            (false, _, true) => faults.push(format!("{file} {tags:?}: passes unexpectedly")),
            (true, ..) => faults.push(format!("{file} {tags:?}: valid: {valid}, accepted: {accepted}")),
        }
    }
    let unused = exceptions.iter().filter(|exception| !used.contains(*exception));
    faults.extend(unused.map(|(file, tag)| format!("{file} {tag}: the exception is of no use")));
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    excepted
}

fn list(folder: &Path, inner: &str) -> Vec<String> {
    let entries = fs::read_dir(folder.join(inner)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = names
        .filter(|name| name.rsplit('.').next() == Some("json"))
        .map(|name| format!("{inner}/{name}"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{inner}: no vectors");
    files
}

/// Signatures and MACs. A group's key comes as JWK, as PEM, or as plain octets.
fn wycheproof(file: &Value, add: &mut impl FnMut(Vec<String>, bool, bool)) {
    for group in items(file, "testGroups") {
        let bits = |size: &str| group[size].as_u64().unwrap_or_default();
        for test in items(group, "tests") {
            let mut tags = vec![format!("tcId={}", test["tcId"])];
            tags.extend(["keySize", "tagSize"].iter().map(|size| format!("{size}={}", bits(size))));
            tags.extend(items(test, "flags").iter().map(|flag| format!("flag={}", flag.as_str().unwrap())));
            let hex = |member| hex(test[member].as_str().unwrap());
            let forms = if test.get("key").is_some() {
                vec![Jwk::symmetric(&hex("key"))]
            } else {
                let jwk = group.get("publicKeyJwk").or(group.get("keyJwk"));
                let jwk = jwk.map(|jwk| Jwk::from_value(jwk).unwrap());
                jwk.into_iter().chain(Jwk::from_pem(group["publicKeyPem"].as_str().unwrap())).collect()
            };
            let name = file["algorithm"].as_str().unwrap();
            let alg = wycheproof_algorithm(name, group["sha"].as_str().unwrap_or_default());
            let (message, signature) =
                (hex("msg"), hex(if test.get("tag").is_some() { "tag" } else { "sig" }));
            let good = |key: &Jwk| {
                VerifyingKey::new(key, alg).is_ok_and(|key| key.verify(&message, &signature).is_ok())
            };
            assert!(!forms.is_empty() && forms.iter().all(|key| good(key) == good(&forms[0])), "{tags:?}");
            add(tags, test["result"] != "invalid", good(&forms[0]));
        }
    }
}

fn wycheproof_algorithm(name: &str, sha: &str) -> Algorithm {
    match (name, sha) {
        ("HMACSHA256", _) => Algorithm::Hs256,
        ("HMACSHA384", _) => Algorithm::Hs384,
        ("HMACSHA512", _) => Algorithm::Hs512,
        ("ECDSA", "SHA-256") => Algorithm::Es256,
        ("ECDSA", "SHA-384") => Algorithm::Es384,
        ("EDDSA", _) => Algorithm::Ed25519,
        ("RSASSA-PSS", "SHA-256") => Algorithm::Ps256,
        ("RSASSA-PSS", "SHA-512") => Algorithm::Ps512,
        ("RSASSA-PKCS1-v1_5", "SHA-256") => Algorithm::Rs256,
        ("RSASSA-PKCS1-v1_5", "SHA-384") => Algorithm::Rs384,
        ("RSASSA-PKCS1-v1_5", "SHA-512") => Algorithm::Rs512,
        other => panic!("{other:?}"),
    }
}

/// RFC 7520 §3 and §4: every form of a JWS, and where it is deterministic, the signature made again.
fn cookbook(file: &Value, add: &mut impl FnMut(Vec<String>, bool, bool)) {
    let mut add = |what: &str, accepted| add(vec![format!("form={what}")], true, accepted);
    let Some(input) = file.get("input") else {
        let jwk = Jwk::from_value(file).unwrap();
        assert_eq!(jwk.algorithms().is_empty(), file["use"] == "enc");
        return add("jwk", jwk.to_value() == *file);
    };
    let payload = input["payload"].as_str().unwrap().as_bytes();
    let keys: Vec<_> = one_or_many(&input["key"]).iter().map(|key| Jwk::from_value(key).unwrap()).collect();
    let detached = file["title"].as_str().unwrap().contains("Detached").then_some(payload);
    let good = |unverified: Unverified, key: &Jwk| {
        let key = VerifyingKey::new(key, unverified.header().alg).unwrap();
        unverified.verify(&key).is_ok_and(|verified| verified.payload() == payload)
    };
    for form in ["json", "json_flat"].iter().filter(|form| file["output"].get(**form).is_some()) {
        let read = jws::parse_json(&file["output"][form].to_string(), detached).unwrap();
        add(form, read.into_iter().zip(&keys).all(|(read, key)| good(read.unwrap(), key)));
    }
    if let Some(compact) = file["output"]["compact"].as_str() {
        let read = match detached {
            Some(content) => Unverified::parse_detached(compact, content),
            None => Unverified::parse_as(compact, Content::Octets),
        };
        add("compact", good(read.unwrap(), &keys[0]));
    }
    if file["reproducible"] == true {
        let alg = input["alg"].as_str().unwrap().parse().unwrap();
        let octets = file["signing"]["sig-input"].as_str().unwrap().as_bytes();
        let signature =
            SigningKey::new(&keys[0], alg).unwrap().sign(octets, &mut ChaCha20Rng::seed_from_u64(1));
        let again = edgegrant::jose::base64url::encode(&signature.unwrap());
        add("signed again", again == file["signing"]["sig"].as_str().unwrap());
    }
}

/// Tokens with the key that stands beside them or in them; thumbprints; key sets.
fn rfc(file: &str, value: &Value, add: &mut impl FnMut(Vec<String>, bool, bool)) {
    if file.ends_with("rfc7636.json") {
        return add(Vec::new(), true, false);
    }
    if file.ends_with("rfc7517_appendix.json") {
        for (name, set) in value.as_object().unwrap().iter().filter(|(_, set)| set.get("keys").is_some()) {
            let read = JwkSet::from_value(set).unwrap();
            let same = read.keys().iter().zip(items(set, "keys")).all(|(key, own)| key.to_value() == *own);
            let thumbprints: Vec<_> = read.keys().iter().map(Jwk::thumbprint).collect();
            let same_thumbprints = set.get("thumbprints").is_none_or(|own| *own == json!(thumbprints));
            add(vec![format!("id={name}")], true, same && same_thumbprints);
        }
        return;
    }
    // CIBA Core §10.3.1: an id token by RS256.
    if let Some(push) = value.get("push") {
        for (token, hash) in
            [("access_token", "at_hash"), ("refresh_token", "urn:openid:params:jwt:claim:rt_hash")]
        {
            let same = token_hash(Algorithm::Rs256, push[token].as_str().unwrap()) == push[hash];
            add(vec![format!("hash={hash}")], true, same);
        }
    }
    let vectors = value.get("vectors").or(value.get("jwts")).unwrap().as_array().unwrap();
    for (index, vector) in vectors.iter().enumerate() {
        let tags = vec![format!("index={index}")];
        let valid = vector["result"].as_str().is_none_or(|result| !result.starts_with("invalid"));
        if let Some(expected) = vector.get("sha256") {
            add(tags, valid, *expected == Jwk::from_value(&vector["jwk"]).unwrap().thumbprint());
            continue;
        }
        let read = match &vector["token"] {
            Value::String(token) => Unverified::parse_as(token, Content::Octets).map(|read| vec![Ok(read)]),
            json => jws::parse_json(&json.to_string(), None),
        };
        let own = ["keys", "key"].iter().find_map(|member| vector.get(member)).or(value.get("key"));
        let keys = one_or_many(own.unwrap_or(&vector["header"]["jwk"]));
        let good = |read: Unverified, key: &Value| {
            let key = Jwk::from_value(key).unwrap();
            assert!(vector.get("jkt").is_none_or(|jkt| *jkt == key.thumbprint()));
            let alg = read.header().alg;
            VerifyingKey::new(&key, alg).is_ok_and(|key| read.verify(&key).is_ok())
        };
        let accepted = match read {
            Err(_) => false,
            // CIBA's examples come without keys: they can be read, no more.
            Ok(_) if keys == [Value::Null] => valid,
            Ok(read) => read.into_iter().zip(keys).all(|(read, key)| read.is_ok_and(|read| good(read, &key))),
        };
        add(tags, valid, accepted);
    }
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn one_or_many(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

fn hex(text: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(octet).collect()
}
