//! Claims of any octets; a time that is accepted is a finite number.
#![no_main]

use edgegrant::jose::jwt::Claims;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(claims) = Claims::parse(octets) else { return };
    let _ = claims.audience();
    for name in ["iss", "sub", "jti"] {
        let _ = claims.required_string(name);
    }
    for name in ["exp", "nbf", "iat"] {
        match claims.numeric_date(name) {
            Ok(time) => assert!(time.is_none_or(f64::is_finite)),
            Err(_) => assert!(claims.value(name).is_some()),
        }
    }
    let _ = claims.check_times(1_700_000_000, 60);
});
