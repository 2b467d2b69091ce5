//! Every way to read a JWS, and verification by a key that has not signed it.
#![no_main]

use edgegrant::jose::jws::{Content, Unverified, parse_json};
use edgegrant::jose::{Jwk, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let kinds = [Content::Claims, Content::NestedJwt, Content::Octets];
    let compact = kinds.map(|kind| Unverified::parse_as(text, kind));
    let detached = [Unverified::parse_detached(text, octets)];
    let in_json = [None, Some(octets)].map(|content| parse_json(text, content).unwrap_or_default());
    let read = compact.into_iter().chain(detached).chain(in_json.into_iter().flatten());
    for unverified in read.flatten() {
        let secret = Jwk::symmetric(&[7; 64]);
        if let Ok(key) = VerifyingKey::new(&secret, unverified.header().alg) {
            assert!(unverified.verify(&key).is_err());
        }
    }
});
