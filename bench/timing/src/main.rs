//! Does the time that an operation takes tell what it works on? Prints a table, and fails where one
//! does or where the control, a comparison that tells, was not found out. See bench/README.md.

mod welch;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use edgegrant::jose::{Algorithm, Jwk, SigningKey};
use edgegrant::secret::{Secret, SecretHash};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use welch::{Sample, compare};

/// From here on a difference is one: chance has no part in it.
const LIMIT: f64 = 10.0;
/// Inputs are made so many at a time, so that what is measured does not follow on their making.
const PREPARED: usize = 100;

const SECRET: &str = "wJ2pK9vQx5tR8mZ3bN6cL1hF4gD7sA0yUeIoPqWrTzX";

fn main() -> ExitCode {
    println!(
        "| operation | classes | samples | median ns | difference ns | found from ns | max \\|t\\| |  |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let results = [
        control(),
        secret("a client's secret", "wrong in its first, in its last character", |last| {
            altered(if last { SECRET.len() - 1 } else { 0 })
        }),
        secret("a client's secret", "wrong, right", |right| if right { SECRET.into() } else { altered(0) }),
        mac("HS256, verifying", "MAC wrong in its first, in its last octet", |last| {
            Some(if last { 31 } else { 0 })
        }),
        mac("HS256, verifying", "MAC wrong, right", |right| (!right).then_some(0)),
        rsa_messages(),
        rsa_exponents(),
    ];
    if results.into_iter().all(|good| good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One line of the table.
struct Check {
    operation: &'static str,
    classes: &'static str,
    samples: usize,
    /// How many times the operation runs on an input for one sample: more where the clock is too coarse.
    repeats: u32,
    tells: bool,
}

impl Check {
    /// Makes inputs of either class in random order, measures `run` on each, and prints what came of it:
    /// whether it is as expected.
    #[allow(clippy::disallowed_methods, reason = "the clock is what is measured with")]
    fn measure<I, O>(&self, mut make: impl FnMut(bool) -> I, mut run: impl FnMut(&I) -> O) -> bool {
        let mut order = ChaCha20Rng::seed_from_u64(1);
        let mut samples = Vec::with_capacity(self.samples);
        while samples.len() < self.samples {
            let classes: Vec<bool> = (0..PREPARED).map(|_| order.next_u32() & 1 == 1).collect();
            let inputs: Vec<(bool, I)> = classes.into_iter().map(|class| (class, make(class))).collect();
            for (class, input) in &inputs {
                let start = Instant::now();
                for _ in 0..self.repeats {
                    black_box(run(black_box(input)));
                }
                let time = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
                samples.push(Sample { class: *class, time });
            }
        }
        let found = compare(samples);
        let Self { operation, classes, samples, repeats, tells } = self;
        let each = f64::from(*repeats);
        let (median, difference) = (found.median as f64 / each, found.difference / each);
        let least = LIMIT * found.error / each;
        let good = (found.t > LIMIT) == *tells;
        let verdict = match (tells, good) {
            (true, true) => "found out, as it must be",
            (true, false) => "**not found out**",
            (false, true) => "",
            (false, false) => "**tells**",
        };
        println!(
            "| {operation} | {classes} | {samples} | {median:.0} | {difference:.2} | {least:.2} | {:.1} | {verdict} |",
            found.t
        );
        good
    }
}

/// The comparison that everyone writes first. If this is not found out, nothing else is.
fn control() -> bool {
    let check = Check {
        operation: "control: octets compared until two differ",
        classes: "the first differs, the last differs",
        samples: 200_000,
        repeats: 8,
        tells: true,
    };
    let known = SECRET.as_bytes().to_vec();
    check.measure(
        |last| altered(if last { SECRET.len() - 1 } else { 0 }).into_bytes(),
        |candidate| known.iter().zip(candidate).all(|(a, b)| black_box(a) == black_box(b)),
    )
}

/// The secret with one wrong character.
fn altered(at: usize) -> String {
    let mut octets = SECRET.as_bytes().to_vec();
    octets[at] = b'#';
    String::from_utf8_lossy(&octets).into_owned()
}

/// `client_secret_basic` and `client_secret_post`: [`SecretHash::matches`].
fn secret(operation: &'static str, classes: &'static str, candidate: impl Fn(bool) -> String) -> bool {
    let hash = SecretHash::of(&Secret::new(SECRET));
    let check = Check { operation, classes, samples: 1_000_000, repeats: 8, tells: false };
    check.measure(|class| Secret::new(candidate(class)), |candidate| hash.matches(candidate))
}

/// `wrong` says which octet of the MAC is.
fn mac(operation: &'static str, classes: &'static str, wrong: impl Fn(bool) -> Option<usize>) -> bool {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let key = SigningKey::new(&Jwk::symmetric(SECRET.as_bytes()), Algorithm::Hs256).expect("a long secret");
    let (input, verifying) = ([b'a'; 200], key.verifying_key());
    let right = key.sign(&input, &mut rng).expect("a MAC");
    let make = |class| {
        let mut mac = right.clone();
        if let Some(at) = wrong(class) {
            mac[at] ^= 1;
        }
        mac
    };
    let check = Check { operation, classes, samples: 1_000_000, repeats: 8, tells: false };
    check.measure(make, |mac| verifying.verify(&input, mac))
}

/// A private key does not show through what it signs.
fn rsa_messages() -> bool {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let [key, _] = rsa_keys();
    let (fixed, mut messages) = ([7; 200], ChaCha20Rng::seed_from_u64(4));
    let make = |random| {
        let mut message = fixed.to_vec();
        let mut other = [0; 200];
        messages.fill_bytes(&mut other);
        if random {
            message.copy_from_slice(&other);
        }
        message
    };
    let check = Check {
        operation: "RS256, signing",
        classes: "one message, others",
        samples: 100_000,
        repeats: 1,
        tells: false,
    };
    check.measure(make, |message| key.sign(message, &mut rng).expect("a signature"))
}

/// Nor do the bits of its exponents. Each sample has a copy of the key of its own: where it lies in
/// memory is chance.
fn rsa_exponents() -> bool {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let keys = rsa_keys();
    let check = Check {
        operation: "RS256, signing",
        classes: "few, many ones in the private exponents",
        samples: 50_000,
        repeats: 1,
        tells: false,
    };
    check.measure(
        |many| keys[usize::from(many)].clone(),
        |key| key.sign(&[7; 200], &mut rng).expect("a signature"),
    )
}

/// Two keys of the same primes. Of the public exponents of 33 bits with 17 ones, the first has the one
/// whose `dp` and `dq`, of 1024 bits each, have the fewest ones among millions; the second, the most.
fn rsa_keys() -> [SigningKey; 2] {
    let keys: [serde_json::Value; 2] = serde_json::from_str(include_str!("../keys.json")).expect("two JWKs");
    keys.map(|key| {
        let jwk = Jwk::from_value(&key).expect("a sound key");
        SigningKey::new(&jwk, Algorithm::Rs256).expect("a private RSA key")
    })
}
