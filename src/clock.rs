//! The server's clock: the time of day, without small steps back.
//!
//! An expired license must not become valid again because someone, or a time server, sets the machine's clock
//! back a little. The server's clock therefore ignores a step back of less than a day: it goes on from where it
//! was, at half speed, until the machine's clock has caught up with it. It follows a step back of a day or more,
//! because such a step corrects a wrong clock, and a server that stayed a year ahead would refuse valid licenses.
//! It always follows steps forward. A restarted server begins with the time of the machine's clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// A step back of at least this many milliseconds is followed.
const FOLLOWED_STEP: i64 = 24 * 60 * 60 * 1000;

/// The difference in milliseconds, due to rounding, that two clocks may have when they are read at the same moment.
const JITTER: i64 = 2;

/// An ignored step back of more than this many milliseconds is logged. Time servers make smaller ones daily.
const LOGGED_STEP: i64 = 2_000;

/// The clock, shared by all threads. Reading it takes a lock only while it is ahead of the machine's clock.
/// All times in it are in milliseconds.
pub struct Clock {
    started: Instant,
    /// The time of day at `started`, according to the machine's clock: the latest value that any reading gave.
    start_time: AtomicI64,
    /// An offset that is added to the machine's clock.
    ahead: Arc<AtomicI64>,
    /// Set while this clock is ahead of the machine's and runs at half speed.
    slowed: Mutex<Option<Slowed>>,
}

/// The state of a clock that runs at half speed.
struct Slowed {
    /// `start_time` when the clock was slowed down.
    start_time: i64,
    /// The last time that was returned, and the elapsed time when it was returned.
    time: i64,
    elapsed: i64,
    /// A step back is logged only if the machine's clock then lags by more than [`LOGGED_STEP`] over this.
    logged: i64,
}

impl Clock {
    /// Starts with the time of the machine's clock plus `ahead` milliseconds. Changing `ahead` later has the same
    /// effect as setting the machine's clock.
    pub fn start(ahead: Arc<AtomicI64>) -> Self {
        let wall = machine_time().saturating_add(ahead.load(Ordering::Relaxed));
        Self { started: Instant::now(), start_time: AtomicI64::new(wall), ahead, slowed: Mutex::default() }
    }

    /// The time of day, in whole seconds.
    pub fn now(&self) -> Timestamp {
        let wall = machine_time().saturating_add(self.ahead.load(Ordering::Relaxed));
        Timestamp(self.time_at(wall, self.elapsed()).div_euclid(1000))
    }

    /// Sets the clock to any time, also an earlier one. For the demo, where users change the time.
    pub fn set(&self, now: Timestamp) {
        let wall = now.0.saturating_mul(1000);
        self.ahead.store(wall.saturating_sub(machine_time()), Ordering::Relaxed);
        *self.slowed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.start_time.store(wall.saturating_sub(self.elapsed()), Ordering::Relaxed);
    }

    /// Sets the clock to the time it started with: `initial`, or else the machine's time.
    pub fn reset(&self, initial: Option<Timestamp>) {
        self.set(initial.unwrap_or_else(now));
    }

    /// Milliseconds since the start.
    fn elapsed(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// The time when the machine's clock shows `wall`, `elapsed` milliseconds after the start.
    fn time_at(&self, wall: i64, elapsed: i64) -> i64 {
        let observed = wall.saturating_sub(elapsed);
        let start_time = self.start_time.load(Ordering::Relaxed);
        let behind = start_time.saturating_sub(observed);
        if behind <= 0 {
            if behind < 0 {
                self.start_time.fetch_max(observed, Ordering::Relaxed);
            }
            return wall;
        }
        if behind <= JITTER {
            return start_time.saturating_add(elapsed);
        }
        self.time_while_behind(wall, elapsed)
    }

    /// Returns the time while the machine's clock, which was set back, is behind.
    fn time_while_behind(&self, wall: i64, elapsed: i64) -> i64 {
        let mut slowed = self.slowed.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, because another thread may have changed it since `time_at`.
        let start_time = self.start_time.load(Ordering::Relaxed);
        if slowed.as_ref().is_some_and(|slowed| slowed.start_time != start_time) {
            // The machine's clock has since stepped forward past the slowed time.
            *slowed = None;
        }
        let time = start_time.saturating_add(elapsed);
        let state = slowed.get_or_insert(Slowed { start_time, time, elapsed, logged: 0 });
        // Advances by whole milliseconds and keeps the remainder, so that frequent readings lose nothing.
        let passed = elapsed.saturating_sub(state.elapsed).max(0) / 2;
        state.time = state.time.saturating_add(passed);
        state.elapsed = state.elapsed.saturating_add(passed.saturating_mul(2));
        let behind = state.time.saturating_sub(wall);
        if behind > 0 && behind < FOLLOWED_STEP {
            state.log_ignored_step(behind);
            return state.time;
        }
        if behind >= FOLLOWED_STEP {
            log::warn!("the machine's clock was set back by {} s: the server follows it", behind / 1000);
        }
        *slowed = None;
        self.start_time.store(wall.saturating_sub(elapsed), Ordering::Relaxed);
        wall
    }
}

impl Slowed {
    /// Logs the first step back, and after that only a step that more than doubles the lag of the machine's clock.
    fn log_ignored_step(&mut self, behind: i64) {
        if behind > self.logged.saturating_add(LOGGED_STEP) {
            self.logged = behind.saturating_mul(2);
            log::warn!(
                "the machine's clock was set back by {} s: the server ignores it, so that no expired license becomes \
                 valid again, and runs its time at half speed until the machine's clock has caught up",
                behind / 1000
            );
        }
    }
}

/// The machine's time of day, for commands, which run too briefly to notice a step.
pub fn now() -> Timestamp {
    Timestamp(machine_time().div_euclid(1000))
}

/// The machine's time in milliseconds since 1970; a time before 1970 reads as 0.
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
        clock.start_time.store(NOON, Ordering::Relaxed);
        clock
    }

    #[test]
    fn it_shows_what_the_machine_shows() {
        let clock = at_noon();
        assert_eq!(clock.time_at(NOON, 0), NOON);
        assert_eq!(clock.time_at(NOON + HOUR, HOUR), NOON + HOUR);
    }

    #[test]
    fn steps_forward_are_followed() {
        for step in [1000, DAY, YEAR] {
            let clock = at_noon();
            assert_eq!(clock.time_at(NOON + step, 0), NOON + step);
            assert_eq!(clock.time_at(NOON + step + HOUR, HOUR), NOON + step + HOUR);
        }
    }

    #[test]
    fn after_a_step_back_of_less_than_a_day_time_goes_on_at_half_speed_until_the_clock_has_caught_up() {
        for step in [20_000, HOUR, DAY - 1] {
            let clock = at_noon();
            assert_eq!(clock.time_at(NOON - step, 0), NOON);
            assert_eq!(clock.time_at(NOON - step + 5000, 5000), NOON + 2500);
            // The same, however often it is read.
            for elapsed in 5000..6000 {
                assert_eq!(clock.time_at(NOON - step + elapsed, elapsed), NOON + elapsed / 2);
            }
            assert_eq!(clock.time_at(NOON + step, 2 * step), NOON + step);
            assert_eq!(clock.time_at(NOON + step + 5000, 2 * step + 5000), NOON + step + 5000);
            // And it is no longer ahead: a second step back begins anew.
            assert_eq!(clock.time_at(NOON + step, 2 * step + 5000), NOON + step + 5000);
        }
    }

    #[test]
    fn small_steps_back_add_up_to_a_large_one() {
        let clock = at_noon();
        assert_eq!(clock.time_at(NOON - 20 * HOUR, 0), NOON);
        assert_eq!(clock.time_at(NOON - DAY, 0), NOON - DAY);
    }

    #[test]
    fn a_step_back_of_a_day_or_more_is_followed() {
        for step in [DAY, YEAR] {
            let clock = at_noon();
            assert_eq!(clock.time_at(NOON - step, 0), NOON - step);
            assert_eq!(clock.time_at(NOON - step + HOUR, HOUR), NOON - step + HOUR);
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
                let time = clock.time_at(NOON + ahead + elapsed, elapsed);
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
            let time = clock.time_at(NOON + elapsed + jitter, elapsed);
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
