//! How cost grows with the number of licenses: the same call on databases of different sizes.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::MayBe;
use crate::load::{self, Plan};
use crate::requests::VERIFY;
use crate::running;
use crate::support::ServerProcess;
use crate::table::{self, Grown};
use crate::world::World;

const CONNECTIONS: usize = 32;

/// How often a server is started, to see how soon it is ready.
const STARTS: usize = 5;

/// How long a server that nobody asks anything is watched, and how long at the most it may take to have
/// looked through its database.
const IDLE: Duration = Duration::from_secs(3);
const LOOKED_THROUGH: Duration = Duration::from_mins(2);

/// Measures all sizes in turn, some rounds, so that what else the machine does in between falls on each.
pub fn measure(folder: &Path, sizes: &[u64], rounds: u32, measured: Duration) {
    let mut grown: Vec<(World, ServerProcess, Grown)> = sizes
        .iter()
        .map(|licenses| {
            eprintln!("making {licenses} licenses ...");
            let started = Instant::now();
            let world = World::make(&folder.join(licenses.to_string()), *licenses, 1);
            let (import, bytes) = (started.elapsed(), world.bytes());
            let (server, ready) = start(&world);
            let grown = Grown { licenses: *licenses, import, bytes, ready, ..Grown::default() };
            (world, server, grown)
        })
        .collect();
    idle(&mut grown);
    for _ in 0..rounds {
        for (world, server, grown) in &mut grown {
            let plan = Plan {
                connections: CONNECTIONS,
                rate: None,
                measured: measured / 2,
                may_be: MayBe::Answered,
            };
            let load = load::run(server.address(), plan, VERIFY.expected, &mut world.requests(&VERIFY));
            grown.rates.push(load.rate());
            grown.peak = running::peak_megabytes(server);
        }
    }
    let grown: Vec<Grown> = grown.into_iter().map(|(_, _, grown)| grown).collect();
    table::print_growth(&grown);
}

/// The last of some starts, and how soon it was ready in the middle one of them.
fn start(world: &World) -> (ServerProcess, Duration) {
    let mut ready = Vec::new();
    loop {
        let server = running::start(world.data());
        ready.push(server.listening_after);
        if ready.len() == STARTS {
            ready.sort();
            return (server, ready[STARTS / 2]);
        }
    }
}

/// What each uses while nobody asks anything, once it has looked through its database.
fn idle(grown: &mut [(World, ServerProcess, Grown)]) {
    let started = Instant::now();
    let all = |grown: &[(World, ServerProcess, Grown)]| -> Duration {
        grown.iter().map(|(_, server, _)| server.processor_time()).sum()
    };
    let mut before = all(grown);
    while started.elapsed() < LOOKED_THROUGH {
        thread::sleep(IDLE);
        let now = all(grown);
        if now == before {
            break;
        }
        before = now;
    }
    let before: Vec<Duration> = grown.iter().map(|(_, server, _)| server.processor_time()).collect();
    thread::sleep(IDLE);
    for ((_, server, grown), before) in grown.iter_mut().zip(before) {
        grown.idle = server.processor_time().saturating_sub(before).as_secs_f64() / IDLE.as_secs_f64();
    }
}
