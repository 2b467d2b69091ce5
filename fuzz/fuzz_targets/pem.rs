//! A key that is read from PEM is as sound as one from a JWK.
#![no_main]

use edgegrant::jose::Jwk;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(key) = Jwk::from_pem(text) else { return };
    let again = Jwk::parse(&key.to_json()).expect("a sound key");
    assert_eq!(again.to_value(), key.to_value());
});
