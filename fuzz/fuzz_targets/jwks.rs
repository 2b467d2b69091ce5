//! A JWK Set that is read has no kid twice, all its keys can be found, and a verifier has them too.
#![no_main]

use std::collections::BTreeSet;

use edgegrant::jose::{Jwk, JwkSet, VerifierKey};
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
    let (keys, _) = VerifierKey::parse_set(text).expect("what is a set for one is a set for the other");
    let thumbprints: BTreeSet<_> = keys.iter().map(VerifierKey::thumbprint).collect();
    // A private key is no verifier's.
    let mut usable = set.keys().iter().filter(|key| !key.is_private() || key.kty() == "oct");
    assert!(usable.all(|key| thumbprints.contains(&key.thumbprint())));
});
