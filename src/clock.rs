//! The server's clock: the time of day, which never goes back by less than a day while the server runs.
//!
//! A license that has expired must not come back to life because somebody, or a time server, sets the
//! machine's clock back a little. So a step back of less than a day is not followed: the time goes on from
//! where it was, at half its speed, until the machine's clock has come up to it. A step back of a day or more
//! is followed: so large a step mends a clock that was wrong, and a server that stayed a year ahead would
//! refuse what is valid. Steps forward are always followed. After a restart the machine's clock counts again,
//! wherever it stands.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// A step back of so many milliseconds is followed.
const FOLLOWED: i64 = 24 * 60 * 60 * 1000;

/// The same moment, read off two clocks in whole milliseconds, may seem to differ by so many.
const JITTER: i64 = 2;

/// A step back of so many milliseconds, that is not followed, is worth a line in the log. Less is a time
/// server's daily work.
const TOLD: i64 = 2_000;

/// All times in it are milliseconds. Read by many threads at once, without a lock unless the machine's clock
/// was set back.
pub struct Clock {
    started: Instant,
    /// The time of day when `started` was taken, as far as it is believed now: the latest that any reading has shown.
    believed: AtomicI64,
    /// What is added to the machine's clock.
    ahead: Arc<AtomicI64>,
    /// There is one while the machine's clock is behind.
    slowed: Mutex<Option<Slowed>>,
}

/// The time while it is slowed down.
struct Slowed {
    /// What was believed when it began.
    since: i64,
    /// What was shown last, and how long after the start that was.
    shown: i64,
    at: i64,
    /// The most that the log has told of.
    told: i64,
}

impl Clock {
    /// `ahead`: milliseconds that are added to the machine's clock; whoever holds it may change it, which is
    /// as if the machine's clock had been set.
    pub fn start(ahead: Arc<AtomicI64>) -> Self {
        let wall = machine_time().saturating_add(ahead.load(Ordering::Relaxed));
        Self { started: Instant::now(), believed: AtomicI64::new(wall), ahead, slowed: Mutex::default() }
    }

    /// The time of day, in whole seconds.
    pub fn now(&self) -> Timestamp {
        let wall = machine_time().saturating_add(self.ahead.load(Ordering::Relaxed));
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.at(wall, elapsed).div_euclid(1000))
    }

    /// Makes it `now`, whatever it was. For the demo, where people play with time.
    pub fn set(&self, now: Timestamp) {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let wall = now.0.saturating_mul(1000);
        self.ahead.store(wall.saturating_sub(machine_time()), Ordering::Relaxed);
        *self.slowed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.believed.store(wall.saturating_sub(elapsed), Ordering::Relaxed);
    }

    /// Makes it what it was when the server started: `at_start`, or the machine's time.
    pub fn begin_again(&self, at_start: Option<Timestamp>) {
        self.set(at_start.unwrap_or_else(now));
    }

    /// The time to go by when the machine's clock shows `wall`, `elapsed` after the start.
    fn at(&self, wall: i64, elapsed: i64) -> i64 {
        let shown = wall.saturating_sub(elapsed);
        let believed = self.believed.load(Ordering::Relaxed);
        let behind = believed.saturating_sub(shown);
        if behind <= 0 {
            if behind < 0 {
                self.believed.fetch_max(shown, Ordering::Relaxed);
            }
            return wall;
        }
        if behind <= JITTER {
            return believed.saturating_add(elapsed);
        }
        self.at_while_behind(wall, elapsed)
    }

    fn at_while_behind(&self, wall: i64, elapsed: i64) -> i64 {
        let mut slowed = self.slowed.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have changed it before this one got here.
        let believed = self.believed.load(Ordering::Relaxed);
        if slowed.as_ref().is_some_and(|slowed| slowed.since != believed) {
            // The clock went forward meanwhile, past all that was shown while it was slow.
            *slowed = None;
        }
        let time = believed.saturating_add(elapsed);
        let state = slowed.get_or_insert(Slowed { since: believed, shown: time, at: elapsed, told: 0 });
        // By whole steps of two, so that no reading, however soon after another, loses the half.
        let passed = elapsed.saturating_sub(state.at).max(0) / 2;
        state.shown = state.shown.saturating_add(passed);
        state.at = state.at.saturating_add(passed.saturating_mul(2));
        let behind = state.shown.saturating_sub(wall);
        if behind > 0 && behind < FOLLOWED {
            if behind > state.told.saturating_add(TOLD) {
                state.told = behind.saturating_mul(2);
                log::warn!(
                    "the clock was set back by {} s: not followed, so that nothing that expired is valid again; the server's time \
                     runs at half speed until then",
                    behind / 1000
                );
            }
            return state.shown;
        }
        if behind >= FOLLOWED {
            log::warn!("the clock was set back by {} s: followed", behind / 1000);
        }
        *slowed = None;
        self.believed.store(wall.saturating_sub(elapsed), Ordering::Relaxed);
        wall
    }
}

/// The time of day of the machine. For commands, which end before a clock is set.
pub fn now() -> Timestamp {
    Timestamp(machine_time().div_euclid(1000))
}

/// Milliseconds since 1970. A clock before 1970 is 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn machine_time() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_800_000_000_000;
    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;

    fn at_noon() -> Clock {
        let clock = Clock::start(Arc::default());
        clock.believed.store(NOON, Ordering::Relaxed);
        clock
    }

    #[test]
    fn it_shows_what_the_machine_shows() {
        let clock = at_noon();
        assert_eq!(clock.at(NOON, 0), NOON);
        assert_eq!(clock.at(NOON + HOUR, HOUR), NOON + HOUR);
    }

    #[test]
    fn steps_forward_are_followed() {
        for step in [1000, DAY, YEAR] {
            let clock = at_noon();
            assert_eq!(clock.at(NOON + step, 0), NOON + step);
            assert_eq!(clock.at(NOON + step + HOUR, HOUR), NOON + step + HOUR);
        }
    }

    #[test]
    fn after_a_step_back_of_less_than_a_day_time_goes_on_at_half_speed_until_the_clock_has_caught_up() {
        for step in [20_000, HOUR, DAY - 1] {
            let clock = at_noon();
            assert_eq!(clock.at(NOON - step, 0), NOON);
            assert_eq!(clock.at(NOON - step + 5000, 5000), NOON + 2500);
            // The same, however often it is read.
            for elapsed in 5000..6000 {
                assert_eq!(clock.at(NOON - step + elapsed, elapsed), NOON + elapsed / 2);
            }
            assert_eq!(clock.at(NOON + step, 2 * step), NOON + step);
            assert_eq!(clock.at(NOON + step + 5000, 2 * step + 5000), NOON + step + 5000);
            // And it is no longer ahead: a second step back begins anew.
            assert_eq!(clock.at(NOON + step, 2 * step + 5000), NOON + step + 5000);
        }
    }

    #[test]
    fn small_steps_back_add_up_to_a_large_one() {
        let clock = at_noon();
        assert_eq!(clock.at(NOON - 20 * HOUR, 0), NOON);
        assert_eq!(clock.at(NOON - DAY, 0), NOON - DAY);
    }

    #[test]
    fn a_step_back_of_a_day_or_more_is_followed() {
        for step in [DAY, YEAR] {
            let clock = at_noon();
            assert_eq!(clock.at(NOON - step, 0), NOON - step);
            assert_eq!(clock.at(NOON - step + HOUR, HOUR), NOON - step + HOUR);
        }
    }

    #[test]
    fn steps_to_and_fro_never_take_the_time_back() {
        let clock = at_noon();
        let (mut ahead, mut latest) = (0, 0);
        for (number, step) in
            [-HOUR, 2 * HOUR, -3 * HOUR, HOUR, -1000, 5 * HOUR, -20 * HOUR].into_iter().enumerate()
        {
            ahead += step;
            for reading in 0..3 {
                let elapsed = i64::try_from(number).unwrap() * 10 + reading;
                let time = clock.at(NOON + ahead + elapsed, elapsed);
                assert!(time >= latest, "after {step}");
                latest = time;
            }
        }
    }

    #[test]
    fn readings_that_cross_never_go_back() {
        let clock = at_noon();
        let mut latest = 0;
        for elapsed in 0..100 {
            let jitter = [0, 1, -1][usize::try_from(elapsed).unwrap() % 3];
            let time = clock.at(NOON + elapsed + jitter, elapsed);
            assert!(time >= latest);
            latest = time;
        }
        assert!(latest <= NOON + 101);
    }

    #[test]
    fn it_can_be_set_to_any_time() {
        let clock = Clock::start(Arc::default());
        for time in [4_000_000_000, 4_000_000_000 - 60, 0, 1_800_000_000] {
            clock.set(Timestamp(time));
            let shown = clock.now().0;
            assert!((time..time + 30).contains(&shown), "{shown} for {time}");
        }
    }
}
