//! A JWK Set that is read has no kid twice, and all its keys can be found.
#![no_main]

use std::collections::BTreeSet;

use edgegrant::jose::{Jwk, JwkSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(set) = JwkSet::parse(text) else { return };
    let mut kids = BTreeSet::new();
    assert!(set.keys().iter().filter_map(Jwk::kid).all(|kid| kids.insert(kid)));
    for (key, algorithm) in
        set.keys().iter().flat_map(|key| key.algorithms().into_iter().map(move |a| (key, a)))
    {
        let _ = set.find(key.kid(), algorithm).count();
    }
});
