//! The machine's clock is set, by seconds and by years, forward and back: every license is valid to the last
//! second before it expires and not one longer, and what has expired is not valid again unless the clock goes
//! back by a day or more.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use fastrand::Rng;

use crate::support::{Client, Form, Local, World};

/// In seconds.
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Licenses, each with an end of its own, but for the last, which has none.
const LICENSES: i64 = 12;

/// How many are asked for after each step.
const ASKED: usize = 4;

/// The licenses' first day: 2026-01-01 00:00:00 in UTC.
const FIRST_DAY: i64 = 1_767_225_600;

/// What the server's time may be ahead of what is reckoned here, in seconds: each of several readings is a
/// whole number of them.
const SLACK: i64 = 3;

/// How near to a day no step back is, in seconds: whether one that near is followed depends on the time that
/// passes meanwhile.
const MARGIN: i64 = 60;

/// The machine's clock.
struct Machine {
    /// Milliseconds that are added to it.
    ahead: Arc<AtomicI64>,
    started: Instant,
    at_start: i64,
}

impl Machine {
    /// Learns the time from the server, whose machine it is, by an answer that comes within a second.
    fn of(client: &mut Client, ahead: Arc<AtomicI64>) -> Self {
        loop {
            let started = Instant::now();
            let (at_start, _) = ask(client, 0);
            if started.elapsed().as_secs() == 0 {
                return Self { ahead, started, at_start };
            }
        }
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_secs()).unwrap()
    }

    fn set(&self, time: i64) {
        self.ahead.store((time - self.at_start - self.elapsed()) * 1000, Ordering::Relaxed);
    }

    /// What it shows, to a second.
    fn time(&self) -> i64 {
        self.at_start + self.elapsed() + self.ahead.load(Ordering::Relaxed).div_euclid(1000)
    }
}

#[derive(Default)]
struct Tally {
    valid: usize,
    expired: usize,
    /// Given in the last second of a license, or in the first after it.
    on_the_second: usize,
    /// Refused although by the machine's clock they would be valid again.
    kept_refused: usize,
    /// Steps back that were followed.
    followed: usize,
}

pub fn prove(form: &Form) -> String {
    let steps = form.pick(2_000, 100_000);
    let world = World::new();
    import(&world);
    let ahead = Arc::new(AtomicI64::new(0));
    let server =
        Local::start_with(world.path(), &world.api_key, |config| config.clock_ahead = Arc::clone(&ahead));
    let mut client = server.client();
    let machine = Machine::of(&mut client, ahead);
    let (mut rng, mut tally) = (form.rng(0), Tally::default());
    let (mut latest, mut read_at) = (machine.at_start, machine.elapsed());
    for step in 0..steps {
        machine.set(next_time(&mut rng, latest));
        let mut is_followed = latest - machine.time() >= DAY;
        tally.followed += usize::from(is_followed);
        for _ in 0..ASKED {
            let number = rng.i64(0..LICENSES);
            let before = machine.time();
            let (time, is_valid) = ask(&mut client, number);
            let expected = if is_followed || before >= latest {
                before - 1..=machine.time() + SLACK
            } else {
                latest..=latest + machine.elapsed() - read_at + SLACK
            };
            assert!(expected.contains(&time), "step {step}: {time} after {latest}, by the machine {before}");
            note(&mut tally, number, (time, before), is_valid);
            (latest, read_at, is_followed) = (time, machine.elapsed(), false);
        }
    }
    server.stop();
    let Tally { valid, expired, on_the_second, kept_refused, followed } = tally;
    assert!([valid, expired, on_the_second, kept_refused, followed].iter().all(|count| *count > 0));
    format!(
        "{steps} steps of the clock, {followed} of them back by a day or more: {valid} answers valid, {expired} \
         expired, {on_the_second} of them within a second of the expiry, {kept_refused} refused although valid again \
         by the machine's clock, 0 wrong"
    )
}

/// `None`: never. Near to now, and years ahead.
fn expires_at(number: i64) -> Option<i64> {
    (number < LICENSES - 1).then(|| FIRST_DAY + 37 * number + validity(number) * DAY)
}

/// In days.
fn validity(number: i64) -> i64 {
    if number == LICENSES - 1 { 0 } else { 365 + 97 * number }
}

fn import(world: &World) {
    let mut csv = "license_key,product_id,status,validity,assigned_at,identifiers\n".to_owned();
    for number in 0..LICENSES {
        let assigned_at = jiff::Timestamp::from_second(FIRST_DAY + 37 * number).unwrap();
        let assigned_at = assigned_at.strftime("%Y-%m-%d %H:%M:%S");
        let validity = validity(number);
        writeln!(csv, "CLOCK-{number},1,assigned,{validity},{assigned_at},\"[\"\"device\"\"]\"").unwrap();
    }
    world.import(&csv);
}

/// The time of the answer, and whether the license is valid then.
fn ask(client: &mut Client, number: i64) -> (i64, bool) {
    let key = format!("CLOCK-{number}");
    let answer = client.post("verify", &[("license_key", &key), ("identifier", "device")]).unwrap();
    assert!([200, 205].contains(&answer.code), "{}", answer.response);
    (answer.response["timestamp"].as_i64().unwrap(), answer.code == 200)
}

/// To the end of some license or about it, or on or back from the latest time.
fn next_time(rng: &mut Rng, latest: i64) -> i64 {
    loop {
        let time = match rng.u8(0..8) {
            0 | 1 => expires_at(rng.i64(0..LICENSES - 1)).unwrap() + rng.i64(-2..2),
            2 => latest + rng.i64(0..SLACK),
            3 => latest + rng.i64(0..2 * DAY),
            4 => latest - rng.i64(1..SLACK),
            5 | 6 => latest - rng.i64(1..DAY),
            _ => latest - rng.i64(DAY..YEAR),
        };
        if (time - (latest - DAY)).abs() > MARGIN {
            return time;
        }
    }
}

fn note(tally: &mut Tally, number: i64, (time, machine): (i64, i64), is_valid: bool) {
    let end = expires_at(number).unwrap_or(i64::MAX);
    assert_eq!(is_valid, time < end, "CLOCK-{number}, which ends at {end}, at {time}");
    if is_valid {
        tally.valid += 1;
    } else {
        tally.expired += 1;
        tally.kept_refused += usize::from(machine + SLACK < end);
    }
    tally.on_the_second += usize::from(time == end || time == end - 1);
}
