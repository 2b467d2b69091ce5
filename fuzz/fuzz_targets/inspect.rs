//! Any text can be explained, with any keys, which may follow behind a line break. A token without an
//! error is one that a strict reader reads.
#![no_main]

use edgegrant::inspect::{Form, Severity, inspect};
use edgegrant::jose::jws::Unverified;
use edgegrant::jose::jwt::Claims;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (token, keys) = text.split_once('\n').map_or((text, None), |(token, keys)| (token, Some(keys)));
    // Before the RFCs' examples expire.
    let found = inspect(token, keys, 1_300_000_000);
    let faultless = found.problems.iter().all(|problem| problem.severity != Severity::Error);
    if faultless && found.form == Form::CompactJws {
        let bare = token.split_whitespace().last().expect("a token");
        let read = Unverified::parse(bare).expect("a JWS");
        assert!(Claims::parse(read.payload()).is_ok());
    }
});
