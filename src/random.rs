//! Where random bytes come from: the system; or, in a demo that must repeat itself, a seed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Builder;

use crate::domain::GeneratorError;

/// A source of random bytes, which many threads may draw from.
#[derive(Clone, Debug, Default)]
pub struct Randomness(Option<Arc<Seeded>>);

#[derive(Debug)]
struct Seeded {
    generator: Mutex<fastrand::Rng>,
    /// What the generator was at the mark; at first, at its beginning.
    marked: Mutex<fastrand::Rng>,
}

impl Randomness {
    /// Bytes that anyone can foretell who knows the seed: for a demo, whose keys are worth nothing.
    pub fn seeded(seed: u64) -> Self {
        let generator = fastrand::Rng::with_seed(seed);
        Self(Some(Arc::new(Seeded {
            generator: Mutex::new(generator.clone()),
            marked: Mutex::new(generator),
        })))
    }

    pub fn fill(&self, bytes: &mut [u8]) -> Result<(), GeneratorError> {
        match &self.0 {
            None => getrandom::fill(bytes).map_err(|_| GeneratorError::NoRandomness)?,
            Some(seeded) => {
                lock(&seeded.generator).fill(bytes);
            }
        }
        Ok(())
    }

    /// A version 4 UUID as text.
    pub fn uuid(&self) -> Result<String, GeneratorError> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes)?;
        Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    /// Remembers how far a seed's bytes have been drawn.
    pub fn set_mark(&self) {
        if let Some(seeded) = &self.0 {
            *lock(&seeded.marked) = lock(&seeded.generator).clone();
        }
    }

    /// Has the bytes that were drawn since the mark drawn again.
    pub fn go_back_to_mark(&self) {
        if let Some(seeded) = &self.0 {
            *lock(&seeded.generator) = lock(&seeded.marked).clone();
        }
    }
}

fn lock(generator: &Mutex<fastrand::Rng>) -> MutexGuard<'_, fastrand::Rng> {
    // It is whole between any two steps, also those of a thread that panicked.
    generator.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(randomness: &Randomness) -> [u8; 32] {
        let mut bytes = [0; 32];
        randomness.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_the_system_never_does() {
        let seeded = Randomness::seeded(7);
        let (first, second) = (drawn(&seeded), drawn(&seeded));
        assert_ne!(first, second);
        seeded.go_back_to_mark();
        assert_eq!([drawn(&seeded), drawn(&Randomness::seeded(7))], [first, first]);
        seeded.set_mark();
        assert_eq!(drawn(&seeded), second);
        seeded.go_back_to_mark();
        assert_eq!(drawn(&seeded), second);
        assert_ne!(drawn(&Randomness::seeded(8)), first);
        assert_ne!(drawn(&Randomness::default()), drawn(&Randomness::default()));
    }

    #[test]
    fn a_uuid_is_one_of_version_4() {
        let uuid: uuid::Uuid = Randomness::seeded(1).uuid().unwrap().parse().unwrap();
        assert_eq!(uuid.get_version_num(), 4);
    }
}
