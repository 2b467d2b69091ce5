//! Welch's t-test on cropped samples, as in dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code
//! constant time?", DATE 2017, §3). Not the crate `dudect-bencher`, whose results are printed and
//! cannot be read by a program.

/// How many times the samples are cropped. The slow ones are mostly those that were interrupted; what
/// is looked for may be in any part of the distribution.
const CROPS: usize = 100;

/// One measurement.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Which of the two classes the input was of.
    pub class: bool,
    /// What it took, in nanoseconds.
    pub time: u64,
}

/// The greatest difference that was found.
pub struct Outcome {
    /// |t|: a difference in units of its standard error.
    pub t: f64,
    /// The difference of the means that belongs to `t`, in nanoseconds.
    pub difference: f64,
    /// The smallest standard error of such a difference where at least half of the samples were in,
    /// in nanoseconds.
    pub error: f64,
    /// The median of all samples, in nanoseconds.
    pub median: u64,
}

/// Compares the two classes: all samples, and those below each of [`CROPS`] percentiles of all.
pub fn compare(mut samples: Vec<Sample>) -> Outcome {
    samples.sort_by_key(|sample| sample.time);
    let median = samples[samples.len() / 2].time;
    let mut outcome = Outcome { t: 0.0, difference: 0.0, error: f64::INFINITY, median };
    let mut classes = [Moments::default(); 2];
    let mut taken = 0;
    for crop in 1..=CROPS + 1 {
        // 7 % to 99.9 % of the samples, and all.
        let share = if crop > CROPS { 1.0 } else { 1.0 - 0.5_f64.powf(crop as f64 / 10.0) };
        let rank = (share * samples.len() as f64) as usize;
        // Samples of one time are taken together: among them the classes stand in no order.
        let end = match samples.get(rank) {
            Some(threshold) => samples.partition_point(|sample| sample.time < threshold.time),
            None => samples.len(),
        };
        for sample in &samples[taken..end.max(taken)] {
            classes[usize::from(sample.class)].add(sample.time as f64);
        }
        taken = taken.max(end);
        let difference = classes[1].mean - classes[0].mean;
        let error = (classes[0].squared_error() + classes[1].squared_error()).sqrt();
        if difference.abs() / error > outcome.t {
            outcome = Outcome { t: difference.abs() / error, difference, ..outcome };
        }
        if taken >= samples.len() / 2 {
            outcome.error = outcome.error.min(error);
        }
    }
    outcome
}

/// Mean and variance, one value at a time (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    /// The square of the mean's standard error; not a number where there are too few values for one.
    fn squared_error(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}
