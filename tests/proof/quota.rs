//! A key that ships in customers' software, used to fill the disk: telemetry at full speed, and repeats under new
//! `Idempotency-Key`s, grow the database and its log by no more than the quota, and honest requests go on.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Form, Server, World};

/// How long the flood takes.
const FLOOD: Duration = Duration::from_secs(6);

/// Connections of the flood.
const CONNECTIONS: usize = 8;

/// By how much database and log may grow, in bytes.
const MOST: u64 = 100_000_000;

pub fn prove(_: &Form) -> String {
    let world = World::new();
    world.import(
        "license_key,product_id,status,assigned_at,identifiers\n\
         KEY,1,assigned,2026-01-01 00:00:00,\"[\"\"d\"\"]\"\n",
    );
    let server = world.serve();
    let before = size(&world);
    let (calm, _) = honest(&server, Duration::from_secs(1));
    let (stored, refused, beside) = thread::scope(|scope| {
        let flood: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| flood(&server))).collect();
        let beside = scope.spawn(|| honest(&server, FLOOD));
        let counts = flood.into_iter().map(|one| one.join().unwrap());
        let (stored, refused) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (stored, refused, beside.join().unwrap())
    });
    let grown = size(&world) - before;
    assert!(refused > 0 && stored > 0, "{stored} stored, {refused} refused");
    assert!(grown < MOST, "database and log have grown by {grown} bytes");
    let (delay, verified) = beside;
    format!(
        "{} s of telemetry from one key: {stored} reports stored, {refused} refused; database and log {} MB larger; \
         {verified} verified beside it, median {delay:.1?}, and {calm:.1?} without",
        FLOOD.as_secs(),
        grown / 1_000_000
    )
}

/// Sends reports of 60 KB until the time is over. Gives how many were stored and how many refused.
fn flood(server: &Server) -> (usize, usize) {
    let (mut client, text) = (server.client(), "x".repeat(60_000));
    let (mut stored, mut refused, started) = (0, 0, Instant::now());
    while started.elapsed() < FLOOD {
        match client.ask("send-telemetry-data", &[("data_type", "text"), ("text_data", &text)]).unwrap().code
        {
            831 => stored += 1,
            1929 => refused += 1,
            1901 => {}
            code => panic!("{code}"),
        }
    }
    (stored, refused)
}

/// Verifies until the time is over. Gives the median time and how many there were.
fn honest(server: &Server, time: Duration) -> (Duration, usize) {
    let (mut client, mut delays, begun) = (server.client(), Vec::new(), Instant::now());
    while begun.elapsed() < time {
        let started = Instant::now();
        assert_eq!(client.post("verify", &[("license_key", "KEY"), ("identifier", "d")]).unwrap().code, 200);
        delays.push(started.elapsed());
    }
    delays.sort_unstable();
    (delays[delays.len() / 2], delays.len())
}

/// The database and its log, in bytes.
fn size(world: &World) -> u64 {
    ["keyseal.db", "keyseal.db-wal"]
        .iter()
        .filter_map(|name| std::fs::metadata(world.path().join(name)).ok())
        .map(|file| file.len())
        .sum()
}
