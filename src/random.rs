//! Random bytes: from the operating system, or from a seed in a demo that must be reproducible.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Builder;

use crate::domain::GeneratorError;

/// A source of random bytes, shared by many threads. By default the operating system.
#[derive(Clone, Debug, Default)]
pub struct Randomness(Option<Arc<Seeded>>);

#[derive(Debug)]
struct Seeded {
    generator: Mutex<fastrand::Rng>,
    /// The state at the last [`Randomness::save_position`], or else at the start.
    saved: Mutex<fastrand::Rng>,
}

impl Randomness {
    /// Predictable bytes from a seed: only for a demo, whose keys protect nothing.
    pub fn seeded(seed: u64) -> Self {
        let generator = fastrand::Rng::with_seed(seed);
        Self(Some(Arc::new(Seeded {
            generator: Mutex::new(generator.clone()),
            saved: Mutex::new(generator),
        })))
    }

    /// Fills the buffer.
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

    /// Saves the position in the sequence of a seed. Does nothing for the operating system's bytes.
    pub fn save_position(&self) {
        if let Some(seeded) = &self.0 {
            *lock(&seeded.saved) = lock(&seeded.generator).clone();
        }
    }

    /// Goes back to the saved position, so that the same bytes follow again.
    pub fn restore_position(&self) {
        if let Some(seeded) = &self.0 {
            *lock(&seeded.generator) = lock(&seeded.saved).clone();
        }
    }
}

fn lock(generator: &Mutex<fastrand::Rng>) -> MutexGuard<'_, fastrand::Rng> {
    // A panic can't leave the generator in an invalid state.
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
        seeded.restore_position();
        assert_eq!([drawn(&seeded), drawn(&Randomness::seeded(7))], [first, first]);
        seeded.save_position();
        assert_eq!(drawn(&seeded), second);
        seeded.restore_position();
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
