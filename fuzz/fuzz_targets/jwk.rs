//! A JWK that is read is written again as the same key, and its public half holds nothing private.
#![no_main]

use edgegrant::jose::Jwk;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(key) = Jwk::parse(text) else { return };
    let again = Jwk::parse(&key.to_json()).expect("what was written is read");
    assert_eq!(again.to_value(), key.to_value());
    assert!(
        key.public().is_none_or(|public| !public.is_private() && public.thumbprint() == key.thumbprint())
    );
    let _ = key.algorithms();
});
