//! The clock: expiry to the second, and what jumps of the machine's clock do to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{Answer, License, TestServer};

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A server whose machine's clock can be set.
struct Clocked {
    server: TestServer,
    /// Milliseconds that its machine's clock is ahead of this one's.
    ahead: Arc<AtomicI64>,
}

impl Clocked {
    /// With a license that was assigned now and expires in a day.
    fn start() -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let server = TestServer::start_with(|config| config.clock_ahead = Arc::clone(&ahead));
        let license = License {
            key: "A-DAY",
            status: "available",
            validity: 1,
            identifiers: &[],
            ..License::default()
        };
        server.add_license(&license);
        let clocked = Self { server, ahead };
        clocked.expect("assign-license-key", 800);
        clocked.expect("activate", 300);
        clocked.expect("verify", 200);
        clocked
    }

    fn step(&self, milliseconds: i64) {
        self.ahead.fetch_add(milliseconds, Ordering::Relaxed);
    }

    fn ask(&self, endpoint: &str) -> Answer {
        let fields = [("license_key", "A-DAY"), ("identifier", "domain.ltd"), ("email", "jane@domain.ltd")];
        self.server.post(endpoint, &fields)
    }

    /// Gives the time of the answer, in seconds.
    fn expect(&self, endpoint: &str, code: i64) -> i64 {
        let answer = self.ask(endpoint);
        assert_eq!(answer.code, code, "{answer:?}");
        answer.timestamp
    }
}

#[test]
fn a_license_is_valid_until_the_second_in_which_it_expires() {
    let clocked = Clocked::start();
    let details = clocked.ask("get-license-key-details");
    let expires_at = details.fields["licenseKey"]["expires_at"].as_str().unwrap();
    let expires_at: jiff::civil::DateTime = expires_at.parse().unwrap();
    let expires_at = expires_at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    clocked.step((expires_at - details.timestamp - 1) * SECOND);
    let mut seen = [false, false];
    // The seconds pass by themselves; each answer says in which it was given.
    while !seen[1] {
        let answer = clocked.ask("verify");
        let expired = answer.timestamp >= expires_at;
        assert_eq!(answer.code, if expired { 205 } else { 200 }, "at {} of {expires_at}", answer.timestamp);
        seen[usize::from(expired)] = true;
    }
    assert!(seen[0], "no answer came before the license expired");
}

#[test]
fn the_old_text_of_an_api_key_is_accepted_until_the_second_of_its_end() {
    let clocked = Clocked::start();
    let old = clocked.server.add_api_key(&["--capability", "verify"]);
    let rotated = clocked.server.command(&["api-key", "rotate", "2", "--keep-days", "3"]);
    let end: jiff::civil::DateTime = rotated["old_text_until"].as_str().unwrap().parse().unwrap();
    let end = end.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    let ask = |key: &str| {
        let fields = [("api_key", key), ("license_key", "NONE"), ("identifier", "domain.ltd")];
        clocked.server.post_form("/api/v1/verify", &fields)
    };
    let now = ask(&old).timestamp;
    assert!((3 * DAY / SECOND - 60..=3 * DAY / SECOND).contains(&(end - now)), "{end} at {now}");
    clocked.step((end - now - 1) * SECOND);
    let mut seen = [false, false];
    while !seen[1] {
        let answer = ask(&old);
        let has_ended = answer.timestamp >= end;
        assert_eq!(answer.code, if has_ended { 100 } else { 210 }, "at {} of {end}", answer.timestamp);
        seen[usize::from(has_ended)] = true;
    }
    assert!(seen[0], "no answer came before the end");
    assert_eq!(ask(rotated["api_key"].as_str().unwrap()).code, 210);
}

#[test]
fn what_has_expired_stays_refused_when_the_clock_is_set_back_by_less_than_a_day() {
    let clocked = Clocked::start();
    clocked.step(DAY);
    let expired_at = clocked.expect("verify", 205);
    for back in [SECOND, HOUR, 22 * HOUR] {
        clocked.step(-back);
        assert!(clocked.expect("verify", 205) >= expired_at, "after {back} ms back");
        assert_eq!(clocked.ask("activate").code, 205);
    }
}

#[test]
fn a_clock_that_was_wrong_by_a_day_or_more_may_be_mended() {
    let clocked = Clocked::start();
    let began = clocked.expect("verify", 200);
    clocked.step(YEAR);
    let ahead = clocked.expect("verify", 205);
    assert!((ahead - began) * SECOND >= YEAR);
    clocked.step(-YEAR);
    let mended = clocked.expect("verify", 200);
    assert!((began..began + 600).contains(&mended));
    clocked.step(-YEAR);
    clocked.expect("verify", 200);
    clocked.step(YEAR + DAY);
    clocked.expect("verify", 205);
}

#[test]
fn the_time_of_answers_does_not_go_back_with_the_clock() {
    let clocked = Clocked::start();
    let mut latest = 0;
    for step in [0, -HOUR, 2 * HOUR, -3 * HOUR, HOUR, -SECOND] {
        clocked.step(step);
        let time = clocked.ask("verify").timestamp;
        assert!(time >= latest, "after a step of {step} ms");
        latest = time;
    }
}
