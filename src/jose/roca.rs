//! RSA moduli from the generator of CVE-2017-15361 ("ROCA"), whose factors can be found.
//!
//! Its primes are `k · M + (65537^a mod M)`, where `M` is a product of many small primes. So the
//! modulus, too, is a power of 65537 modulo each of those. For the primes below the powers of 65537
//! are few among the residues: one sound modulus in 2^27 looks alike (Nemec et al., "The Return of
//! Coppersmith's Attack", CCS 2017, §3.1).

const GENERATOR: u32 = 65537;
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether a modulus, in big-endian octets, has the mark.
pub(super) fn is_weak(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let residue = modulus.iter().fold(0, |rest, octet| (rest << 8 | u32::from(*octet)) % prime);
        let mut power = 1;
        // The powers come round to 1 again after fewer steps than there are residues.
        (0..*prime).any(|_| {
            power = power * GENERATOR % prime;
            power == residue
        })
    })
}
