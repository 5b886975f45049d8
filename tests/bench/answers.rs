//! `cargo bench`: how fast the release server answers, beside what this machine can do at all, in one run.
//!
//! Starts the real binary on loopback on a fresh database and loads it from this process, on the same
//! machine. What counts are the ratios: seconds differ from machine to machine and from minute to minute,
//! ratios within one run much less. So each row is measured in turn with its ceilings, and each fixed rate of
//! arrivals in turn with the best that it is a share of. Nothing here judges a speed; only a wrong answer
//! ends the run.
//!
//! `KEYSEAL_BENCH=long` measures each row longer, and at 5,000,000 licenses too. `cargo bench -- activate`
//! measures only the calls with that in their names, and no growth; `cargo bench -- growth` that alone.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench's result is what it prints")]

mod ceilings;
mod client;
mod growth;
mod latencies;
mod load;
mod requests;
mod row;
mod running;
mod table;
mod world;

use std::time::Duration;

use keyseal_test_support as support;

use client::MayBe;
use load::{Load, Plan};
use requests::{CASES, Case};
use row::{Round, Row};
use support::ServerProcess;
use world::World;

/// In the database that all rows but those of growth are measured on.
const LICENSES: u64 = 100_000;

/// Each has a key of its own.
const PRODUCTS: u64 = 50;

const CONNECTIONS: [usize; 3] = [1, 32, 256];

/// Connections among which an open loop spreads its requests, at the most: enough that a request seldom waits
/// for one, also where many are refused. And no more than there are requests in a second: one that says
/// nothing for five after it was opened is ended.
const OPEN_CONNECTIONS: f64 = 4096.0;

/// How long things are measured.
#[derive(Clone, Copy)]
struct Length {
    /// Of each row, in turn with its ceilings.
    rounds: u32,
    row: Duration,
    ceiling: Duration,
    /// Of each fixed rate of arrivals, in turn with the best at that moment.
    open_rounds: u32,
    open_row: Duration,
    growth_rounds: u32,
    growth_row: Duration,
    growth: &'static [u64],
}

const SHORT: Length = Length {
    rounds: 3,
    row: Duration::from_millis(500),
    ceiling: Duration::from_millis(200),
    open_rounds: 3,
    open_row: Duration::from_secs(1),
    growth_rounds: 3,
    growth_row: Duration::from_millis(600),
    growth: &[1_000, 100_000, 1_000_000],
};

const LONG: Length = Length {
    rounds: 12,
    row: Duration::from_secs(1),
    ceiling: Duration::from_millis(400),
    open_rounds: 6,
    open_row: Duration::from_secs(5),
    growth_rounds: 6,
    growth_row: Duration::from_secs(5),
    growth: &[1_000, 100_000, 1_000_000, 5_000_000],
};

fn main() {
    let length = if is_long() { LONG } else { SHORT };
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let cases: Vec<&Case> =
        CASES.iter().filter(|case| wanted.as_deref().is_none_or(|part| case.name.contains(part))).collect();
    let folder = tempfile::tempdir().unwrap();
    if wanted.as_deref() == Some("growth") {
        return growth::measure(folder.path(), length.growth, length.growth_rounds, length.growth_row);
    }
    eprintln!("making {LICENSES} licenses of {PRODUCTS} products ...");
    let world = World::make(&folder.path().join("main"), LICENSES, PRODUCTS);
    let server = running::start(world.data());
    table::print_ceilings(
        &ceilings::disk(folder.path(), length.ceiling * 3),
        world.signatures(length.ceiling * 3),
    );

    table::print_header();
    let best_connections: Vec<usize> =
        cases.iter().map(|case| measure(case, &world, &server, length)).collect();

    table::print_open_header();
    for (case, connections) in cases.into_iter().zip(best_connections) {
        for percent in case.open_loop {
            measure_open(case, *percent, connections, &world, &server, length);
        }
    }
    drop(server);

    if wanted.is_none() {
        growth::measure(folder.path(), length.growth, length.growth_rounds, length.growth_row);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand, rounded")]
fn open_connections(rate: f64) -> usize {
    rate.clamp(1.0, OPEN_CONNECTIONS) as usize
}

#[expect(clippy::disallowed_methods, reason = "a bench has no configuration file")]
fn is_long() -> bool {
    std::env::var("KEYSEAL_BENCH").is_ok_and(|length| length == "long")
}

/// Measures one call at each number of connections, in turn with its ceilings: what else the machine does
/// falls on all of them. Gives the number at which most was answered.
fn measure(case: &Case, world: &World, server: &ServerProcess, length: Length) -> usize {
    let mut best = (0.0, 1);
    for connections in CONNECTIONS {
        server.reset_peak_memory();
        let mut row = Row::new(connections);
        for _ in 0..length.rounds {
            let commits = ceilings::commits(world.data(), length.ceiling);
            let signatures = world.signatures(length.ceiling);
            let http = bare_http(server, connections, length.ceiling);
            let (before, all_before) = (server.processor_time(), running::processor_time_of_all());
            let plan = Plan { connections, rate: None, measured: length.row, may_be: MayBe::Answered };
            let load = load::run(server.address(), plan, case.expected, &mut world.requests(case));
            row.add(Round {
                cpu: server.processor_time().saturating_sub(before),
                cpu_of_all: running::processor_time_of_all().saturating_sub(all_before),
                load,
                ceilings: [http, signatures, commits],
            });
        }
        row.peak = running::peak_megabytes(server);
        if row.rate() > best.0 {
            best = (row.rate(), connections);
        }
        table::print(case, &row);
    }
    best.1
}

/// Measures one call at a fixed rate of arrivals: so many percent of the best at that moment, which `connections` get.
fn measure_open(
    case: &Case,
    percent: u32,
    connections: usize,
    world: &World,
    server: &ServerProcess,
    length: Length,
) {
    let closed = Plan { connections, rate: None, measured: length.open_row, may_be: MayBe::Answered };
    let may_be = if percent > 100 { MayBe::Refused } else { MayBe::Answered };
    let (mut best, mut open) = (Load::default(), Load::default());
    for _ in 0..length.open_rounds {
        let now = load::run(server.address(), closed, case.expected, &mut world.requests(case));
        let rate = now.rate() * f64::from(percent) / 100.0;
        best.add(now);
        let plan =
            Plan { connections: open_connections(rate), rate: Some(rate), measured: length.open_row, may_be };
        open.add(load::run(server.address(), plan, case.expected, &mut world.requests(case)));
    }
    table::print_open(case, percent, best.rate(), &open);
}

/// What the server and this client can exchange at all: a request that does nothing.
fn bare_http(server: &ServerProcess, connections: usize, measured: Duration) -> f64 {
    let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let plan = Plan { connections, rate: None, measured, may_be: MayBe::Answered };
    let load: Load =
        load::run(server.address(), plan, &["ok\n"], &mut |_, _, out| out.extend_from_slice(request));
    load.rate()
}
