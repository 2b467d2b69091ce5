//! RFC 7468: keys in PEM. Those of RFC 7515 appendix A, RFC 6979 §A.2.6 and RFC 8037 §A.1, in every form.
#![cfg(feature = "all-algorithms")]

use edgegrant::jose::{Algorithm, Jwk, JwkError, PemError, SigningKey, VerifyingKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("pem/", $name, ".pem"))
    };
}

/// Private keys, their public halves, and what both do.
const PAIRS: [(&str, &str, Algorithm); 10] = [
    (pem!("rsa_pkcs8"), pem!("rsa_spki"), Algorithm::Rs256),
    (pem!("rsa_pkcs1"), pem!("rsa_pkcs1_public"), Algorithm::Ps384),
    (pem!("rsa_pkcs1"), pem!("rsa_spki"), Algorithm::Rs512),
    (pem!("p256_pkcs8"), pem!("p256_spki"), Algorithm::Es256),
    (pem!("p256_sec1"), pem!("p256_spki_compressed"), Algorithm::Es256),
    (pem!("p256_sec1"), pem!("p256_certificate"), Algorithm::Es256),
    (pem!("p384_pkcs8"), pem!("p384_spki"), Algorithm::Es384),
    (pem!("p521_pkcs8"), pem!("p521_spki"), Algorithm::Es512),
    (pem!("ed25519_pkcs8"), pem!("ed25519_spki"), Algorithm::EdDsa),
    (pem!("ed25519_pkcs8"), pem!("ed25519_certificate"), Algorithm::Ed25519),
];

fn read(pem: &str) -> Jwk {
    Jwk::from_pem(pem).unwrap()
}

#[test]
fn what_one_form_signs_another_verifies() {
    for (private, public, algorithm) in PAIRS {
        let (private, public) = (read(private), read(public));
        assert_eq!((private.is_private(), public.is_private()), (true, false));
        assert_eq!(private.public().unwrap().to_value(), public.to_value(), "{algorithm}");
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let signature = SigningKey::new(&private, algorithm).unwrap().sign(b"input", &mut rng).unwrap();
        assert_eq!(VerifyingKey::new(&public, algorithm).unwrap().verify(b"input", &signature), Ok(()));
    }
}

#[test]
fn all_forms_of_one_private_key_are_one_key() {
    let same = [(pem!("rsa_pkcs8"), pem!("rsa_pkcs1")), (pem!("p256_pkcs8"), pem!("p256_sec1"))];
    for (one, other) in same {
        assert_eq!(read(one).to_value(), read(other).to_value());
        assert_eq!(Jwk::parse(&read(one).to_json()).unwrap().to_value(), read(one).to_value());
    }
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    assert_eq!(read(pem!("ed25519_pkcs8")).to_value()["x"], x, "RFC 8037 §A.1");
}

/// RFC 8410 §10.1 and §10.3: without and with the public key.
#[test]
fn the_examples_of_rfc8410() {
    let short = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    let long = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";
    assert_eq!(read(short).to_value(), read(long).to_value());
    assert_eq!(read(short).public().unwrap().to_value(), read(public).to_value());
}

/// RFC 7517 §B: the key of the certificate is the JWK's.
#[test]
fn the_certificate_of_rfc7517() {
    let key = read(pem!("rfc7517_b"));
    assert!(key.to_value()["n"].as_str().unwrap().starts_with("vrjOfz9Ccdgx5nQudyhdoR17V-IubWMeOZCwX_jj0"));
}

#[test]
fn refuses_what_is_no_key_of_ours() {
    let label = |label: &str| PemError::Label { label: label.into() };
    let unknown = |oid: &str| PemError::UnknownAlgorithm { oid: oid.into() };
    let renamed = |from: &str, to: &str| pem!("rsa_spki").replace(from, to);
    let cases = [
        (pem!("refused_encrypted").to_owned(), PemError::Encrypted),
        (pem!("refused_x25519").to_owned(), unknown("1.3.101.110")),
        (pem!("refused_secp256k1").to_owned(), unknown("1.3.132.0.10")),
        (pem!("refused_rsa1024").to_owned(), PemError::Key(JwkError::ModulusSize { bits: 1024 })),
        (renamed("PUBLIC KEY", "X509 CRL"), label("X509 CRL")),
        (renamed("PUBLIC", "PUBLIK"), label("PUBLIK KEY")),
        (renamed("-----BEGIN PUBLIC KEY-----", ""), PemError::NotPem),
        (pem!("rsa_spki").repeat(2), PemError::NotPem),
        (String::new(), PemError::NotPem),
        ("{}".into(), PemError::NotPem),
    ];
    for (text, error) in cases {
        assert_eq!(Jwk::from_pem(&text).unwrap_err(), error, "{text}");
    }
    // One structure under the label of another.
    for (from, to) in [("PUBLIC KEY", "PRIVATE KEY"), ("PUBLIC KEY", "CERTIFICATE"), ("PUBLIC", "RSA PUBLIC")]
    {
        assert!(matches!(Jwk::from_pem(&renamed(from, to)), Err(PemError::Der(_))), "{to}");
    }
    let octets = Jwk::MAX_OCTETS + 1;
    let long = Jwk::from_pem(&"-".repeat(octets)).unwrap_err();
    assert_eq!(long, PemError::Key(JwkError::TooLong { octets }));
}

/// Any octet of the DER changed: another key, or a refusal; never a panic and never half a key.
#[test]
fn changed_keys_are_refused_or_are_other_keys() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let all = [pem!("p256_pkcs8"), pem!("p256_sec1"), pem!("p256_spki"), pem!("ed25519_pkcs8")];
    for pem in all {
        let lines: Vec<_> = pem.lines().collect();
        let (first, last) = (lines[0], lines[lines.len() - 1]);
        let der = STANDARD.decode(lines[1..lines.len() - 1].concat()).unwrap();
        for at in 0..der.len() {
            for change in [1, 0x80, 0xff] {
                let mut changed = der.clone();
                changed[at] ^= change;
                let text = format!("{first}\n{}\n{last}\n", STANDARD.encode(&changed));
                let text = wrap(&text);
                if let Ok(key) = Jwk::from_pem(&text) {
                    assert_ne!(key.to_value(), read(pem).to_value(), "octet {at} of {first}");
                }
            }
        }
    }
}

/// Lines of 64 characters.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut rest = line;
        while rest.len() > 64 && !line.starts_with('-') {
            let (head, tail) = rest.split_at(64);
            wrapped.push_str(head);
            wrapped.push('\n');
            rest = tail;
        }
        wrapped.push_str(rest);
        wrapped.push('\n');
    }
    wrapped
}
