//! Requests that were answered 1901, told of together: in a flood, a line for each would be one more thing to do.

use std::sync::atomic::{AtomicU64, Ordering};

use log::Level;

/// How many there were since the operator was last told.
#[derive(Default)]
pub struct Unavailable(AtomicU64);

impl Unavailable {
    /// Counts one, and gives the level of its own line in the log: the first is shown at once.
    pub fn note(&self) -> Level {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 { Level::Info } else { Level::Debug }
    }

    /// To be done now and then.
    pub fn tell(&self) {
        let count = self.0.swap(0, Ordering::Relaxed);
        if count > 1 {
            log::warn!(
                "{count} requests got 1901: there was too much to do, or something that this log tells of failed; their own lines are at \
                 the level debug, all but the first"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_the_first_has_a_line_of_its_own_and_so_has_the_first_after_it_was_told() {
        let unavailable = Unavailable::default();
        let levels = [(); 3].map(|()| unavailable.note());
        assert_eq!(levels, [Level::Info, Level::Debug, Level::Debug]);
        unavailable.tell();
        assert_eq!(unavailable.note(), Level::Info);
    }
}
