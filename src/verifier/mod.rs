//! Is this token good for this call, and if not, why.
//!
//! For one who takes tokens and issues none. The core does all but asymmetric signatures, which
//! every host verifies sooner than WebAssembly does: it says which keys may have made the
//! signature, and what the verdict is if one of them has. What scope a call needs is not its
//! matter: `js/verify/scope.ts`.

#![allow(clippy::unnecessary_box_returns, reason = "a refusal is large, and results carry it")]

mod claims;
mod refusal;
mod rules;

pub use refusal::{Code, Refusal};
pub use rules::Rules;

use crate::jose::jws::{Header, JwsError, Unverified};
use crate::jose::{Algorithm, HmacKey, Ignored, JwkSetError, VerifierKey, base64url};

/// Most keys that are tried for a token that names none.
const MAX_CANDIDATES: usize = 4;

/// Rules, and the keys to hold tokens against.
pub struct Verifier {
    rules: Rules,
    keys: Vec<Key>,
    last: Option<Last>,
}

/// The header of the last token that was well-formed.
struct Last {
    encoded: String,
    header: Header,
    text: Vec<u8>,
}

struct Key {
    jwk: VerifierKey,
    /// What the rules and the key itself allow, each with what verifies it in the core.
    algorithms: Vec<(Algorithm, Option<HmacKey>)>,
}

/// A key that is ready, in the order of [`Verifier::keys`].
pub struct ReadyKey<'a> {
    /// The key.
    pub jwk: &'a VerifierKey,
    /// What it may verify.
    pub algorithms: Vec<Algorithm>,
}

/// What is known of a token.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// It is not good.
    Refused(Box<Refusal>),
    /// Signed by the key of this index, and within the rules.
    Verified {
        /// Index into [`Verifier::keys`].
        key: usize,
    },
    /// Good, or refused for `refusal`, if the signature is by one of these keys; refused otherwise.
    Unproven {
        /// `alg`.
        algorithm: Algorithm,
        /// Indices into [`Verifier::keys`].
        keys: Vec<usize>,
        /// The signature.
        signature: Vec<u8>,
        /// What is wrong besides.
        refusal: Option<Box<Refusal>>,
    },
}

/// A verdict, and the JSON texts that it is about. They are well-formed unless the verdict is
/// [`Verdict::Refused`], and not to be believed unless it is good.
#[derive(Debug, PartialEq)]
pub struct Examined {
    /// The verdict.
    pub verdict: Verdict,
    /// The header's text.
    pub header: Vec<u8>,
    /// The claims' text.
    pub claims: Vec<u8>,
}

impl Verifier {
    /// A verifier without keys.
    pub fn new(rules: Rules) -> Self {
        Self { rules, keys: Vec::new(), last: None }
    }

    /// Takes a JWK Set in place of the keys before. Keys that are not supported are passed over, and
    /// named. Where the set is malformed, the keys before stay.
    pub fn set_keys(&mut self, jwks: &str) -> Result<Vec<Ignored>, JwkSetError> {
        let (keys, ignored) = VerifierKey::parse_set(jwks)?;
        self.keys = keys.into_iter().map(|jwk| Key::new(jwk, &self.rules.algorithms)).collect();
        Ok(ignored)
    }

    /// The keys, in the order of the set.
    pub fn keys(&self) -> impl Iterator<Item = ReadyKey<'_>> {
        self.keys.iter().map(|key| ReadyKey {
            jwk: &key.jwk,
            algorithms: key.algorithms.iter().map(|(algorithm, _)| *algorithm).collect(),
        })
    }

    /// Looks at a token. `now` is in seconds since 1970.
    pub fn examine(&mut self, token: &str, now: u64) -> Examined {
        self.look_at(token, now).unwrap_or_else(|refusal| Examined {
            verdict: Verdict::Refused(refusal),
            header: Vec::new(),
            claims: Vec::new(),
        })
    }

    fn look_at(&mut self, token: &str, now: u64) -> Result<Examined, Box<Refusal>> {
        let known = self.last.as_ref().map(|last| (&last.encoded[..], &last.header));
        let jws =
            Unverified::parse_known(token, known).map_err(|error| of_jws(error, &self.rules.algorithms))?;
        let header = self.header_text(token, jws.header());
        self.check_header(jws.header())?;
        let algorithm = jws.header().alg;
        let keys = self.candidates(jws.header())?;
        let claims = claims::parse(jws.payload())?;
        let refusal = claims::check(&claims, &self.rules, now).err();
        if !keys.iter().all(|index| self.secret(*index, algorithm).is_some()) {
            let (claims, signature) = jws.into_parts();
            let verdict = Verdict::Unproven { algorithm, keys, signature, refusal };
            return Ok(Examined { verdict, header, claims });
        }
        let signed = |index: &usize| {
            let key = self.secret(*index, algorithm);
            key.is_some_and(|key| key.verify(jws.signing_input(), jws.signature()).is_ok())
        };
        let key = keys.into_iter().find(signed).ok_or_else(|| {
            Refusal::new(Code::SignatureInvalid, "the signature is not by the key of this issuer")
        })?;
        match refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Examined { verdict: Verdict::Verified { key }, header, claims: jws.into_parts().0 }),
        }
    }

    /// The JSON text of a header that is well-formed; it is kept, since the next token's may be the same.
    fn header_text(&mut self, token: &str, header: &Header) -> Vec<u8> {
        let encoded = token.split('.').next().unwrap_or_default();
        if let Some(last) = self.last.as_ref().filter(|last| last.encoded == encoded) {
            return last.text.clone();
        }
        let text = base64url::decode(encoded).unwrap_or_default();
        self.last = Some(Last { encoded: encoded.into(), header: header.clone(), text: text.clone() });
        text
    }

    fn check_header(&self, header: &Header) -> Result<(), Box<Refusal>> {
        let Rules { algorithms, typ, .. } = &self.rules;
        if !algorithms.contains(&header.alg) {
            return Err(not_allowed(header.alg.name(), algorithms));
        }
        let Some(types) = typ else { return Ok(()) };
        if types.iter().any(|typ| header.has_type(typ)) {
            return Ok(());
        }
        let expected = types.join(" or ");
        let message = format!("expected a token whose \"typ\" is {expected}");
        let actual = header.typ.as_deref().map(Into::into);
        Err(Refusal::new(Code::TypMismatch, message).of("typ", Some(expected.into()), actual))
    }

    /// The keys that may have signed: those of this `kid`, or all where it names none.
    fn candidates(&self, header: &Header) -> Result<Vec<usize>, Box<Refusal>> {
        let (kid, algorithm) = (header.kid.as_deref(), header.alg);
        let fits = |key: &Key| {
            (kid.is_none() || key.jwk.kid() == kid) && key.algorithms.iter().any(|(a, _)| *a == algorithm)
        };
        let found: Vec<_> =
            self.keys.iter().enumerate().filter(|(_, key)| fits(key)).map(|(index, _)| index).collect();
        let message = match (found.len(), kid) {
            (1..=MAX_CANDIDATES, _) => return Ok(found),
            (0, Some(_)) => format!("the issuer has no key of this \"kid\" for {algorithm}"),
            (0, None) => format!("the issuer has no key for {algorithm}"),
            (many, _) => format!("the token names no \"kid\", and there are {many} keys for {algorithm}"),
        };
        Err(Refusal::new(Code::KeyNotFound, message).of("kid", None, kid.map(Into::into)))
    }

    fn secret(&self, index: usize, algorithm: Algorithm) -> Option<&HmacKey> {
        let (_, key) = self.keys.get(index)?.algorithms.iter().find(|(a, _)| *a == algorithm)?;
        key.as_ref()
    }
}

impl Key {
    fn new(jwk: VerifierKey, allowed: &[Algorithm]) -> Self {
        let may = |algorithm: &&Algorithm| jwk.permits(**algorithm).is_ok();
        let algorithms = allowed.iter().filter(may).map(|a| (*a, jwk.secret(*a))).collect();
        Self { jwk, algorithms }
    }
}

fn not_allowed(alg: &str, algorithms: &[Algorithm]) -> Box<Refusal> {
    let names: Vec<_> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
    let message = format!("expected a token whose \"alg\" is {}", names.join(" or "));
    Refusal::new(Code::AlgorithmNotAllowed, message).of("alg", Some(names.into()), Some(alg.into()))
}

fn of_jws(error: JwsError, algorithms: &[Algorithm]) -> Box<Refusal> {
    let message = error.to_string();
    match error {
        JwsError::TooLong { .. } => Refusal::new(Code::TokenTooLong, message),
        JwsError::UnknownAlgorithm(unknown) => not_allowed(&unknown.0, algorithms),
        JwsError::Critical { names } => {
            Refusal::new(Code::HeaderCritical, message).of("crit", None, Some(names.into()))
        }
        JwsError::Type { member: "crit", expected } => {
            Refusal::new(Code::HeaderCritical, message).of("crit", Some(expected.into()), None)
        }
        _ => Refusal::new(Code::TokenMalformed, message),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::jose::{Jwk, SigningKey, jws};

    const NOW: u64 = 1_000_000;

    /// A key and what it makes of claims.
    fn signer(algorithm: Algorithm, seed: u64) -> impl Fn(&Value) -> String {
        use rand_core::SeedableRng as _;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
        let key = SigningKey::generate(algorithm, &mut rng).unwrap();
        let kid = key.to_jwk().kid().unwrap().to_owned();
        move |claims| {
            let input = jws::signing_input(
                &jws::encode_header(algorithm, "at+jwt", &kid),
                claims.to_string().as_bytes(),
            );
            let signature = key.sign(input.as_bytes(), &mut rng.clone()).unwrap();
            jws::assemble(input, &signature)
        }
    }

    fn jwk(algorithm: Algorithm, seed: u64) -> Jwk {
        use rand_core::SeedableRng as _;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
        SigningKey::generate(algorithm, &mut rng).unwrap().to_jwk()
    }

    fn verifier(keys: &[Jwk]) -> Verifier {
        let rules = r#"{"issuer": "i", "audience": "a", "algorithms": ["ES256", "HS256"]}"#;
        let mut verifier = Verifier::new(Rules::parse(rules).unwrap());
        let keys: Vec<_> = keys.iter().map(|key| key.public().unwrap_or(key.clone()).to_value()).collect();
        verifier.set_keys(&json!({ "keys": keys }).to_string()).unwrap();
        verifier
    }

    fn claims(exp: u64) -> Value {
        json!({"iss": "i", "aud": "a", "exp": exp})
    }

    fn code(verdict: &Verdict) -> Option<Code> {
        match verdict {
            Verdict::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    #[test]
    fn a_mac_is_verified_here() {
        let mut verifier = verifier(&[jwk(Algorithm::Es256, 1), jwk(Algorithm::Hs256, 2)]);
        let examined = verifier.examine(&signer(Algorithm::Hs256, 2)(&claims(NOW + 1)), NOW);
        assert_eq!(examined.verdict, Verdict::Verified { key: 1 });
        assert_eq!(serde_json::from_slice::<Value>(&examined.claims).unwrap(), claims(NOW + 1));
        assert_eq!(serde_json::from_slice::<Value>(&examined.header).unwrap()["alg"], "HS256");
    }

    #[test]
    fn any_other_signature_is_left_to_the_host_with_the_verdict() {
        let mut verifier = verifier(&[jwk(Algorithm::Hs256, 1), jwk(Algorithm::Es256, 2)]);
        for (exp, late) in [(NOW + 1, None), (NOW, Some(Code::Expired))] {
            let token = signer(Algorithm::Es256, 2)(&claims(exp));
            let Verdict::Unproven { algorithm, keys, signature, refusal } =
                verifier.examine(&token, NOW).verdict
            else {
                panic!("unproven")
            };
            assert_eq!((algorithm, &keys[..]), (Algorithm::Es256, &[1][..]));
            assert_eq!(base64url::encode(&signature), token.rsplit('.').next().unwrap());
            assert_eq!(refusal.map(|refusal| refusal.code), late);
        }
    }

    #[test]
    fn nothing_is_shown_of_what_is_refused() {
        let mut verifier = verifier(&[jwk(Algorithm::Hs256, 1)]);
        let good = signer(Algorithm::Hs256, 1)(&claims(NOW + 1));
        let cases = [
            (signer(Algorithm::Hs256, 1)(&claims(NOW)), Code::Expired),
            (signer(Algorithm::Hs256, 9)(&claims(NOW + 1)), Code::KeyNotFound),
            (signer(Algorithm::Hs384, 1)(&claims(NOW + 1)), Code::AlgorithmNotAllowed),
            (signer(Algorithm::Hs256, 1)(&json!([])), Code::TokenMalformed),
            (format!("{}A", &good[..good.len() - 1]), Code::SignatureInvalid),
            (format!("{good}="), Code::TokenMalformed),
            ("a".repeat(jws::MAX_TOKEN_OCTETS + 1), Code::TokenTooLong),
        ];
        for (token, expected) in cases {
            let examined = verifier.examine(&token, NOW);
            assert_eq!(code(&examined.verdict), Some(expected), "{token}");
            assert!(examined.header.is_empty() && examined.claims.is_empty());
        }
    }

    #[test]
    fn a_header_that_is_known_is_another_tokens_no_longer_than_it_is_the_same() {
        let mut verifier = verifier(&[jwk(Algorithm::Hs256, 1), jwk(Algorithm::Hs256, 2)]);
        let (one, two) = (signer(Algorithm::Hs256, 1), signer(Algorithm::Hs256, 2));
        for key in [0, 0, 1, 0, 1, 1] {
            let token = if key == 0 { one(&claims(NOW + 1)) } else { two(&claims(NOW + 1)) };
            let examined = verifier.examine(&token, NOW);
            assert_eq!(examined.verdict, Verdict::Verified { key });
            let kid = serde_json::from_slice::<Value>(&examined.header).unwrap()["kid"].clone();
            assert_eq!(kid, verifier.keys().nth(key).unwrap().jwk.kid().unwrap());
        }
    }

    #[test]
    fn a_malformed_set_leaves_the_keys_before() {
        let mut verifier = verifier(&[jwk(Algorithm::Hs256, 1)]);
        for malformed in ["", "{}", r#"{"keys": [{"kty": "oct", "k": "="}]}"#, r#"{"keys": 1}"#] {
            assert!(verifier.set_keys(malformed).is_err(), "{malformed}");
        }
        let token = signer(Algorithm::Hs256, 1)(&claims(NOW + 1));
        assert_eq!(verifier.examine(&token, NOW).verdict, Verdict::Verified { key: 0 });
        assert_eq!(verifier.set_keys(r#"{"keys": [{"kty": "AKP"}]}"#).unwrap().len(), 1);
        assert_eq!(code(&verifier.examine(&token, NOW).verdict), Some(Code::KeyNotFound));
        assert_eq!(verifier.keys().count(), 0);
    }
}
