//! Requests that were answered 1901, told of together: in a flood, a line for each would be one more thing to do.

use std::sync::atomic::{AtomicU64, Ordering};

use log::Level;

/// Why something can't be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its answer would have waited too long for its signature.
    Signing,
    /// The writer's queue was full, or its turn did not come in time.
    Writing,
    /// Too many lists were being read.
    Lists,
    /// Too many large bodies were coming.
    Bodies,
    /// Something failed, of which the log tells each time.
    Failure,
}

impl Cause {
    const ALL: [Self; 5] = [Self::Signing, Self::Writing, Self::Lists, Self::Bodies, Self::Failure];

    fn name(self) -> &'static str {
        match self {
            Self::Signing => "too much to sign",
            Self::Writing => "too many changes",
            Self::Lists => "too many lists at once",
            Self::Bodies => "too many large bodies at once",
            Self::Failure => "failures",
        }
    }
}

/// How many there were since the operator was last told.
#[derive(Default)]
pub struct Unavailable {
    causes: [AtomicU64; Cause::ALL.len()],
    lines: AtomicU64,
}

impl Unavailable {
    /// Counts one by its cause.
    pub fn note(&self, cause: Cause) {
        for (known, count) in Cause::ALL.iter().zip(&self.causes) {
            count.fetch_add(u64::from(*known == cause), Ordering::Relaxed);
        }
    }

    /// The level of one's own line in the log: the first is shown at once.
    pub fn level(&self) -> Level {
        if self.lines.fetch_add(1, Ordering::Relaxed) == 0 { Level::Info } else { Level::Debug }
    }

    /// To be done now and then.
    pub fn tell(&self) {
        if let Some(told) = self.take() {
            log::warn!("{told}; their own lines, but for the first, are at the level debug");
        }
    }

    fn take(&self) -> Option<String> {
        let causes = Cause::ALL.iter().zip(&self.causes).map(|(cause, count)| (cause.name(), count));
        let causes = causes.map(|(name, count)| (name, count.swap(0, Ordering::Relaxed)));
        let causes: Vec<String> = causes
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{count} for {name}"))
            .collect();
        let lines = self.lines.swap(0, Ordering::Relaxed);
        (lines > 1).then(|| format!("{lines} requests got 1901: {}", causes.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_the_first_has_a_line_of_its_own_and_all_are_told_of_by_cause() {
        let unavailable = Unavailable::default();
        assert_eq!(unavailable.take(), None);
        for cause in [Cause::Signing, Cause::Lists, Cause::Signing] {
            unavailable.note(cause);
        }
        let levels = [(); 3].map(|()| unavailable.level());
        assert_eq!(levels, [Level::Info, Level::Debug, Level::Debug]);
        let told = "3 requests got 1901: 2 for too much to sign, 1 for too many lists at once";
        assert_eq!(unavailable.take().unwrap(), told);
        // One that is alone has said it all.
        unavailable.note(Cause::Bodies);
        assert_eq!(unavailable.level(), Level::Info);
        assert_eq!(unavailable.take(), None);
    }
}
