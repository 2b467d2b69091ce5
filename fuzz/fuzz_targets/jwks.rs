//! A JWK Set that is read has no kid twice, all its keys can be found, and a verifier has them too.
#![no_main]

use std::collections::BTreeSet;

use edgegrant::jose::{Jwk, JwkSet, JwkSetError, VerifierKey};
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
    match VerifierKey::parse_set(text) {
        Ok((keys, _)) => {
            let thumbprints: BTreeSet<_> = keys.iter().map(VerifierKey::thumbprint).collect();
            assert!(set.keys().iter().all(|key| thumbprints.contains(&key.thumbprint())));
        }
        // It takes keys that are passed over here: those with an incomplete private half.
        Err(error) => assert!(matches!(error, JwkSetError::DuplicateKid { .. }), "{error}"),
    }
});
