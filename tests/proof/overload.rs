//! Far more at once than the server can do: what it takes on it does and answers, what it doesn't it refuses,
//! signed, and has not done; and afterwards it answers as before.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::connections::{Connection, Connections};
use crate::records::{self, Record};
use crate::support::{Form, ServerProcess, World, serving};

/// Who asks at once: more than may wait for a signature.
const ASKERS: usize = 5_000;

/// Past this an answer has failed to come.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What every license is active on from the start.
const DEVICE: &str = "device";

/// Answers that carry data of their own, and of which so many are verified; all that say the same in one
/// second are the same, and all are.
const VERIFIED: usize = 5;

/// What became of the requests.
#[derive(Default)]
struct Tally {
    done: usize,
    refused: usize,
    slowest: Duration,
    /// Answers as they came, each once.
    distinct: BTreeSet<String>,
}

pub fn prove(form: &Form) -> String {
    // A connection has two ends, and one of them is here.
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let rounds = form.pick(2, 30);
    let world = World::new();
    // A long key and one thread that signs: more than any machine can do, also where the server is not optimized.
    world.lengthen_global_key();
    import(&world);
    let server = ServerProcess::run(serving(world.data()).args(["--workers", "1"]).env("RUST_LOG", "warn"));
    let mut expected = records::read(&world.database());
    let mut tally = Tally::default();
    for round in 0..rounds {
        ask_at_once(&server, &world, round, &mut expected, &mut tally);
        records::compare(&expected, &records::read(&world.database()), round);
        let mut client = server.client(&world.api_key);
        let fields = [("license_key", "KEY-0"), ("identifier", DEVICE)];
        assert_eq!(client.post("verify", &fields).unwrap().code, 200, "after round {round}");
    }
    assert!(tally.done > 0 && tally.refused > 0, "{} were done and {} refused", tally.done, tally.refused);
    tally.distinct.iter().for_each(|answer| world.check_signature(answer));
    format!(
        "{rounds} times {ASKERS} changes at once for one signing thread: {} committed, {} refused and not committed, \
         each with a signed 1901 and Retry-After; slowest answer {:.1?}",
        tally.done, tally.refused, tally.slowest
    )
}

/// As many licenses as there are askers, so that each has its own.
fn import(world: &World) {
    let mut csv = "license_key,product_id,status,assigned_at,identifiers\n".to_owned();
    for number in 0..ASKERS {
        writeln!(csv, "KEY-{number},1,assigned,2026-01-01 00:00:00,\"[\"\"{DEVICE}\"\"]\"").unwrap();
    }
    world.import(&csv);
}

fn ask_at_once(
    server: &ServerProcess,
    world: &World,
    round: usize,
    expected: &mut BTreeMap<Record, String>,
    tally: &mut Tally,
) {
    let mut connections = Connections::connect(server.address(), ASKERS);
    let asked = Instant::now();
    connections.send_each(|number| request(world, number, round));
    connections.read_for(TIMEOUT);
    for (number, connection) in connections.all.iter().enumerate() {
        let (body, license, name) = (connection.body(), format!("KEY-{number}"), format!("round-{round}"));
        let is_activation = wants_seat(number);
        let done =
            if is_activation { "{\"response\":{\"code\":300," } else { "{\"response\":{\"code\":453," };
        if body.starts_with(done) {
            // Seats are taken with the same words in the same second; metadata has an id of its own.
            if is_activation || number < VERIFIED * 2 {
                tally.distinct.insert(body.to_owned());
            }
            let (thing, value) = if is_activation {
                (Record::Activation(license, name), "")
            } else {
                (Record::Meta(license, name), "on")
            };
            expected.insert(thing, value.to_owned());
            tally.done += 1;
        } else {
            check_refusal(connection);
            tally.distinct.insert(body.to_owned());
            tally.refused += 1;
        }
        tally.slowest = tally.slowest.max(connection.answered_after(asked).unwrap_or(TIMEOUT));
    }
}

/// One in five wants a activation; the others want metadata, whose answers must each be signed.
fn wants_seat(number: usize) -> bool {
    number.is_multiple_of(5)
}

fn request(world: &World, number: usize, round: usize) -> Vec<u8> {
    let (license, name) = (format!("KEY-{number}"), format!("round-{round}"));
    let (endpoint, fields) = if wants_seat(number) {
        ("activate", format!("identifier={name}"))
    } else {
        ("create-license-key-meta", format!("identifier={DEVICE}&key={name}&value=on"))
    };
    let body = format!("api_key={}&license_key={license}&{fields}", world.api_key);
    format!(
        "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The only other answer there may be.
fn check_refusal(connection: &Connection) {
    let text = String::from_utf8_lossy(&connection.received);
    assert!(connection.body().starts_with("{\"response\":{\"code\":1901,"), "{text}");
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
    assert!(text.to_ascii_lowercase().contains("\r\nretry-after: "), "{text}");
}
