//! How long the proofs run, and from which seed.

use fastrand::Rng;

/// The default seed: the same every time, so that only a change of the code changes the outcome.
const SEED: u64 = 20_240_227;

pub struct Form {
    pub long: bool,
    pub seed: u64,
}

impl Form {
    #[expect(
        clippy::disallowed_methods,
        reason = "a proof is no server: its two variables are read here alone"
    )]
    pub fn from_environment() -> Self {
        let long = match std::env::var("KEYSEAL_PROOF").as_deref() {
            Ok("long") => true,
            Ok("short") | Err(_) => false,
            Ok(other) => panic!("KEYSEAL_PROOF is short or long, not {other}"),
        };
        let seed = std::env::var("KEYSEAL_SEED")
            .map_or(SEED, |text| text.parse().expect("a number as KEYSEAL_SEED"));
        Self { long, seed }
    }

    /// The number for this form.
    pub fn pick(&self, short: usize, long: usize) -> usize {
        if self.long { long } else { short }
    }

    /// A random number generator for one part of a proof, the same in every run with the same seed.
    pub fn rng(&self, part: usize) -> Rng {
        Rng::with_seed(self.seed.wrapping_add((part as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}
