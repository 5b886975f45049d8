//! Requests that were answered 1901, logged together once a minute: a line for each would add load during a flood.

use std::sync::atomic::{AtomicU64, Ordering};

use log::Level;

/// The cause of an answer 1901 (unavailable).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The answer would have waited too long for its signature.
    Signing,
    /// The queue of the writer was full, or the change waited in it too long.
    Writing,
    /// Too many lists were being read.
    Lists,
    /// Too many large bodies were being received.
    Bodies,
    /// Too many large answers were not taken yet.
    Answers,
    /// Something failed; each failure has a log line of its own.
    Failure,
}

impl Cause {
    const ALL: [Self; 6] =
        [Self::Signing, Self::Writing, Self::Lists, Self::Bodies, Self::Answers, Self::Failure];

    fn name(self) -> &'static str {
        match self {
            Self::Signing => "too much to sign",
            Self::Writing => "too many changes",
            Self::Lists => "too many lists at once",
            Self::Bodies => "too many large bodies at once",
            Self::Answers => "too many large answers at once",
            Self::Failure => "failures",
        }
    }
}

/// Counts 1901 answers since they were last logged.
#[derive(Default)]
pub struct Unavailable {
    causes: [AtomicU64; Cause::ALL.len()],
    lines: AtomicU64,
}

impl Unavailable {
    /// Counts an answer 1901 by its cause.
    pub fn count(&self, cause: Cause) {
        for (counted, count) in Cause::ALL.iter().zip(&self.causes) {
            count.fetch_add(u64::from(*counted == cause), Ordering::Relaxed);
        }
    }

    /// The level of the next request's own log line: only the first since the last summary is shown by default.
    pub fn level(&self) -> Level {
        if self.lines.fetch_add(1, Ordering::Relaxed) == 0 { Level::Info } else { Level::Debug }
    }

    /// Logs a summary and starts counting anew. To be called once a minute.
    pub fn log_summary(&self) {
        if let Some(summary) = self.take_summary() {
            log::warn!("{summary}; only the first has a log line of its own, the others are at level debug");
        }
    }

    fn take_summary(&self) -> Option<String> {
        let counts = Cause::ALL.iter().zip(&self.causes);
        let counts = counts.map(|(cause, count)| (cause.name(), count.swap(0, Ordering::Relaxed)));
        let causes: Vec<String> = counts
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
    fn the_first_of_many_has_its_own_line_and_the_summary_counts_all_by_cause() {
        let unavailable = Unavailable::default();
        assert_eq!(unavailable.take_summary(), None);
        for cause in [Cause::Signing, Cause::Lists, Cause::Signing] {
            unavailable.count(cause);
        }
        let levels = [(); 3].map(|()| unavailable.level());
        assert_eq!(levels, [Level::Info, Level::Debug, Level::Debug]);
        let summary = "3 requests got 1901: 2 for too much to sign, 1 for too many lists at once";
        assert_eq!(unavailable.take_summary().unwrap(), summary);
        // A single one needs no summary.
        unavailable.count(Cause::Bodies);
        assert_eq!(unavailable.level(), Level::Info);
        assert_eq!(unavailable.take_summary(), None);
    }
}
