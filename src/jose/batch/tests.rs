use rand_chacha::ChaCha20Rng;
use serde_json::json;
use serde_json::value::RawValue;

use super::*;
use crate::jose::jws::{MAX_TOKEN_OCTETS, Unverified};
use crate::jose::{Algorithm, Jwk, SigningKey, jws, samples};

const CLAIMS: &str =
    r#"{"iss":"https://issuer.example","sub":null,"é":["ü",{"a":1.5}],"jti":0,"exp":7,"z":1}"#;

fn header() -> String {
    encode_header(r#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#).unwrap().0
}

fn rng() -> ChaCha20Rng {
    samples::rng(3)
}

fn secret(algorithm: Algorithm) -> SigningKey {
    SigningKey::new(&Jwk::symmetric(&[9; 80]), algorithm).unwrap()
}

fn raw(texts: &[String]) -> Vec<&RawValue> {
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// Inputs that have `shared` octets in common, and then others, as many as each `length` says.
fn inputs(shared: usize, lengths: &[usize]) -> Inputs {
    let mut inputs = Inputs { shared, ..Inputs::default() };
    for (index, length) in lengths.iter().enumerate() {
        let own = b'a' + u8::try_from(index).unwrap();
        inputs.text.extend(std::iter::repeat_n(b'-', shared));
        inputs.text.extend(std::iter::repeat_n(own, *length));
        inputs.ends.push(u32::try_from(inputs.text.len()).unwrap());
    }
    inputs
}

/// One after the other, by the other implementation.
fn one_by_one(key: &SigningKey, inputs: &Inputs) -> Vec<u8> {
    inputs.iter().flat_map(|input| key.sign(input, &mut rng()).unwrap()).collect()
}

#[test]
fn four_at_a_time_is_as_one_by_one_whatever_the_lengths() {
    let key = secret(Algorithm::Hs256);
    // Around where the padding takes another block, and where a whole block is shared.
    let edges = [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 191, 300];
    for shared in [0, 1, 55, 63, 64, 65, 128, 200] {
        for count in 1..=9 {
            for from in 0..edges.len() {
                let lengths: Vec<_> = edges.iter().cycle().skip(from).copied().take(count).collect();
                let inputs = inputs(shared, &lengths);
                assert_eq!(
                    sign(&key, &inputs, &mut rng()).unwrap(),
                    one_by_one(&key, &inputs),
                    "{shared} {lengths:?}"
                );
            }
        }
    }
}

#[test]
fn secrets_of_any_length_are_as_one_by_one() {
    for length in [32, 63, 64, 65, 100, 200] {
        let secret: Vec<u8> = (0..length).collect();
        let key = SigningKey::new(&Jwk::symmetric(&secret), Algorithm::Hs256).unwrap();
        let inputs = inputs(70, &[10, 20, 30, 40, 50]);
        assert_eq!(sign(&key, &inputs, &mut rng()).unwrap(), one_by_one(&key, &inputs), "{length}");
    }
}

/// By our own verifier, which shares no more than the parser with this file.
#[test]
fn tokens_of_every_kind_of_key_verify_and_keep_the_order() {
    let subjects: Vec<String> =
        ["a", "\u{e9}\u{1f600}", "q\"\\\n", "", "\u{1}"].map(|s| json!(s).to_string()).to_vec();
    let template = Template::new(&header(), CLAIMS, &["jti", "sub"]).unwrap();
    let columns = [Column::Uuid { node: None }, Column::Values(raw(&subjects))];
    let inputs = template.inputs(&columns, 5, &mut rng()).unwrap();
    let mut keys: Vec<_> = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512].map(secret).to_vec();
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        keys.push(SigningKey::generate(algorithm, &mut rng()).unwrap());
    }
    for key in keys {
        let alg = key.algorithm().name();
        let (header, named) = encode_header(&json!({"alg": alg, "x": [1]}).to_string()).unwrap();
        assert_eq!(named, alg);
        let template = Template::new(&header, CLAIMS, &["jti", "sub"]).unwrap();
        let inputs = template.inputs(&columns, 5, &mut rng()).unwrap();
        let signatures = sign(&key, &inputs, &mut rng()).unwrap();
        let tokens = String::from_utf8(inputs.assemble(&signatures).unwrap()).unwrap();
        assert_eq!(tokens.lines().count(), 5);
        for (token, subject) in tokens.lines().zip(&subjects) {
            let verified = Unverified::parse(token).unwrap().verify(&key.verifying_key()).unwrap();
            let payload = std::str::from_utf8(verified.payload()).unwrap();
            let (before, rest) = payload.split_once(r#","jti":""#).unwrap();
            let begin = r#"{"iss":"https://issuer.example","sub":"#;
            assert_eq!(before, format!(r#"{begin}{subject},"é":["ü",{{"a":1.5}}]"#));
            let (jti, end) = rest.split_at(36);
            assert_eq!(uuid::Uuid::parse_str(jti).unwrap().get_version_num(), 4);
            assert_eq!(end, r#"","exp":7,"z":1}"#);
        }
    }
    let jtis: std::collections::BTreeSet<_> = inputs.iter().collect();
    assert_eq!(jtis.len(), 5);
}

/// Wherever the first value stands, and however long it is, the text is what its parts say.
#[test]
fn splicing_is_exact_at_every_alignment() {
    for name in ["a", "ab", "abc", "é", "aé", "€", "a€", "ab€", "😀", "\"", "\\"] {
        for length in 0..8 {
            let claims = json!({"v": name, name: 1, "y": "ü"}).to_string();
            let values = [json!("x".repeat(length)).to_string(), "2".into(), r#"{"b":[],"a":1}"#.into()];
            let template = Template::new("aGVhZGVy", &claims, &[name]).unwrap();
            let inputs = template.inputs(&[Column::Values(raw(&values))], 3, &mut rng()).unwrap();
            for (input, value) in inputs.iter().zip(&values) {
                let payload = format!(r#"{{"v":{0},{0}:{value},"y":"ü"}}"#, json!(name));
                assert_eq!(input, jws::signing_input("aGVhZGVy", payload.as_bytes()).as_bytes(), "{payload}");
                assert!(input.starts_with(inputs.shared()));
            }
            let shared = inputs.shared().len();
            let next: Vec<_> = inputs.iter().map(|input| input.get(shared)).collect();
            assert!(next.iter().any(|octet| octet != &next[0]), "all that is shared: {next:?}");
        }
    }
}

#[test]
fn without_columns_there_is_one_text() {
    for claims in ["{}", r#"{"a":1}"#, r#"{"a":10}"#, r#"{"a":100}"#, r#"{"exp":1.5,"nbf":-1,"iat":0}"#] {
        let template = Template::new("aGVhZGVy", claims, &[]).unwrap();
        let inputs = template.inputs(&[], 2, &mut rng()).unwrap();
        let expected = jws::signing_input("aGVhZGVy", claims.as_bytes());
        assert!(inputs.iter().all(|input| input == expected.as_bytes()), "{claims}");
        let one = Inputs::one("aGVhZGVy", claims).unwrap();
        assert!(one.iter().eq([expected.as_bytes()]), "{claims}");
    }
}

#[test]
fn the_seed_decides_the_identifiers() {
    let template = Template::new("", r#"{"jti":0}"#, &["jti"]).unwrap();
    let made = |seed| template.inputs(&[Column::Uuid { node: None }], 4, &mut samples::rng(seed)).unwrap();
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}

#[test]
fn templates_are_refused_with_what_is_wrong() {
    let column = |column: &str| column.to_owned();
    let cases: [(&str, &[&str], BatchError); 6] = [
        ("[]", &[], BatchError::NotAnObject),
        (r#"{"a":1}"#, &["b"], BatchError::UnknownColumn { column: column("b") }),
        (r#"{"a":{"b":1}}"#, &["a", "b"], BatchError::UnknownColumn { column: column("b") }),
        (r#"{"a":1}"#, &["a", "a"], BatchError::DuplicateColumn { column: column("a") }),
        (r#"{"exp":"7"}"#, &[], BatchError::NotADate { claim: "exp", index: None }),
        (r#"{"nbf":null,"iat":1}"#, &[], BatchError::NotADate { claim: "nbf", index: None }),
    ];
    for (claims, columns, error) in cases {
        assert_eq!(Template::new("", claims, columns).unwrap_err(), error, "{claims}");
        if columns.is_empty() {
            assert_eq!(Inputs::one("", claims).unwrap_err(), error, "{claims}");
        }
    }
    for claims in ["", "{", r#"{"a":1,"a":1}"#, r#"{"a":"\ud800"}"#] {
        assert!(matches!(Template::new("", claims, &[]), Err(BatchError::Claims(_))), "{claims}");
        assert!(matches!(Inputs::one("", claims), Err(BatchError::Claims(_))), "{claims}");
    }
    let octets = MAX_TOKEN_OCTETS + 1;
    let error = Template::new("", &" ".repeat(octets), &[]).unwrap_err();
    assert_eq!(error, BatchError::TooLong { index: 0, octets });
}

#[test]
fn columns_are_refused_with_what_is_wrong() {
    let template = Template::new("", r#"{"a":1,"iat":2}"#, &["a", "iat"]).unwrap();
    let make = |a: &[&str], iat: &[&str], count| {
        let owned = [a, iat].map(|texts| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let columns = owned.each_ref().map(|texts| Column::Values(raw(texts)));
        template.inputs(&columns, count, &mut rng()).err()
    };
    assert_eq!(make(&["1", "\"x\""], &["1", "-1.5"], 2), None);
    let length = |values| BatchError::ColumnLength { column: "a".into(), values, count: 2 };
    for a in [&[][..], &["1"], &["1", "2", "3"]] {
        assert_eq!(make(a, &["1", "1"], 2), Some(length(a.len())));
    }
    assert_eq!(template.inputs(&[], 2, &mut rng()).unwrap_err(), length(0));
    for text in ["null", "\"1\"", "true", "[1]", "{}"] {
        let error = BatchError::NotADate { claim: "iat", index: Some(1) };
        assert_eq!(make(&["1", "1"], &["1", text], 2), Some(error), "{text}");
    }
    let deep = "[".repeat(65) + &"]".repeat(65);
    for text in [r#"{"b":1,"b":1}"#, r#""\ud800""#, "1e400", &deep] {
        let error = make(&["1", text], &["1", "1"], 2);
        assert!(matches!(error, Some(BatchError::Value { index: 1, .. })), "{text}: {error:?}");
    }
    for count in [0, MAX_COUNT + 1] {
        assert_eq!(make(&["1"], &["1"], count), Some(BatchError::Count { count }));
    }
    let values = vec!["1".to_owned(); MAX_COUNT];
    let most = [Column::Values(raw(&values)), Column::Values(raw(&values))];
    assert_eq!(template.inputs(&most, MAX_COUNT, &mut rng()).unwrap().count(), MAX_COUNT);
}

#[test]
fn tokens_are_no_longer_than_they_may_be() {
    let key = secret(Algorithm::Hs256);
    let template = Template::new("", r#"{"a":1}"#, &["a"]).unwrap();
    let longest = (0..MAX_TOKEN_OCTETS).rev().map(|length| {
        let values = ["1".into(), json!("x".repeat(length)).to_string()];
        let inputs = template.inputs(&[Column::Values(raw(&values))], 2, &mut rng());
        inputs.and_then(|inputs| inputs.assemble(&sign(&key, &inputs, &mut rng())?))
    });
    let mut refused = 0;
    let mut made = None;
    for result in longest {
        match result {
            Err(BatchError::TooLong { index: 1, octets }) => {
                refused += 1;
                assert!(octets > MAX_TOKEN_OCTETS);
            }
            other => {
                made = Some(other);
                break;
            }
        }
    }
    let tokens = made.unwrap().unwrap();
    assert!(
        (MAX_TOKEN_OCTETS - 1..=MAX_TOKEN_OCTETS)
            .contains(&tokens.split(|octet| *octet == b'\n').next_back().unwrap().len())
    );
    assert!(refused > 4000);
}

#[test]
fn signatures_must_be_as_many_as_inputs() {
    let inputs = inputs(0, &[1, 2, 3]);
    for octets in [0, 1, 2, 4, 95, 97] {
        let error = BatchError::Signatures { octets, count: 3 };
        assert_eq!(inputs.assemble(&vec![0; octets]).unwrap_err(), error);
    }
    assert_eq!(inputs.assemble(&[0; 3]).unwrap(), b"a.AA\nbb.AA\nccc.AA");
    let none = BatchError::Signatures { octets: 0, count: 0 };
    assert_eq!(Inputs::default().assemble(&[]).unwrap_err(), none);
}

#[test]
fn inputs_come_back_as_they_went() {
    let made = inputs(2, &[1, 0, 3]);
    let back = Inputs::from_parts(made.text().into(), made.ends().to_vec()).unwrap();
    assert!(back.iter().eq(made.iter()));
    for (text, ends) in [("abc", vec![2]), ("abc", vec![4]), ("abc", vec![2, 1, 3]), ("é", vec![1, 2])] {
        assert_eq!(Inputs::from_parts(text.into(), ends), None, "{text}");
    }
}

#[test]
fn headers_keep_their_order_and_promise_nothing() {
    let text = r#"{"typ":"JWT","alg":"ES384","kid":"é","z":1,"a":[]}"#;
    assert_eq!(encode_header(text).unwrap(), (base64url::encode(text.as_bytes()), "ES384".into()));
    for text in ["", "[]", "{}", r#"{"alg":1}"#, r#"{"alg":"HS256","alg":"HS256"}"#] {
        assert_eq!(encode_header(text).unwrap_err(), BatchError::Header, "{text}");
    }
    for member in ["crit", "b64"] {
        let text = json!({"alg": "HS256", member: []}).to_string();
        assert_eq!(encode_header(&text).unwrap_err(), BatchError::HeaderMember { member });
    }
}

#[test]
fn without_entropy_nothing_is_made() {
    let template = Template::new("", r#"{"jti":0}"#, &["jti"]).unwrap();
    let error =
        template.inputs(&[Column::Uuid { node: None }], 1, &mut samples::Exhausted::after(0)).unwrap_err();
    assert_eq!(error, BatchError::Sign(crate::jose::SignError::Entropy));
}
