//! Many slow clients: their connections are closed in time, they use little memory, and other clients are answered as
//! before.

mod costly_bodies;
mod memory;
mod other_clients;
mod open_files;
pub mod slow_readers;

use std::thread;
use std::time::Duration;

use crate::connections::Connections;
use crate::support::{Form, ServerProcess, World, serving};
use other_clients::{Latencies, beside};

/// By how much a busy machine may exceed a timeout.
const LEEWAY: Duration = Duration::from_secs(5);
/// actix-web's timeout for the head of a request, and between two requests.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The server's default timeout for a body.
const BODY_WITHIN: Duration = Duration::from_secs(8);
/// By when the connection of a slow body must be closed.
const ENDED_WITHIN: Duration = Duration::from_secs(10);
/// By how much the p99 of other clients may grow beside slow ones.
const MOST: f64 = 2.0;
/// The addresses of slow and idle clients: each stays below the share of connections that one address may hold.
const CROWD: [[u8; 4]; 4] = [[127, 0, 0, 2], [127, 0, 0, 3], [127, 0, 0, 4], [127, 0, 0, 5]];

const SLOW_BODY: &[u8] =
    b"POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
      Content-Length: 1000\r\n\r\n";
const SLOW_HEAD: &[u8] = b"POST /api/v1/verify HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub fn prove(form: &Form) -> String {
    // This process holds the other end of each connection.
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let world = World::new();
    other_clients::prepare(&world);
    thread::scope(|scope| {
        let default = scope.spawn(|| default_limit(&world));
        let others = || {
            [
                memory::bodies(form),
                memory::unread_answers(form),
                open_files::prove(),
                costly_bodies::prove(form),
            ]
            .join("; ")
        };
        // The long form runs them one after the other, since it measures latencies.
        if form.long {
            [default.join().unwrap(), crowds(form), others()].join("; ")
        } else {
            let others = scope.spawn(others);
            let crowds = crowds(form);
            [default.join().unwrap(), crowds, others.join().unwrap()].join("; ")
        }
    })
}

/// The default timeout, measured once.
fn default_limit(world: &World) -> String {
    let server = start(world, &[]);
    let mut connections = Connections::connect(server.address(), 3);
    connections.send(SLOW_BODY);
    connections.trickle(b"a", BODY_WITHIN + LEEWAY);
    assert_eq!(connections.answered("1908"), 3);
    let (answered, ended) = (connections.longest_wait(), connections.longest());
    assert!(answered >= BODY_WITHIN && ended <= ENDED_WITHIN, "{answered:?}, {ended:?}");
    format!("by default a slow body is answered after {answered:.1?} and closed after {ended:.1?}")
}

pub fn start(world: &World, arguments: &[&str]) -> ServerProcess {
    let mut command = serving(world.data());
    // Without a line for each of thousands of requests.
    ServerProcess::run(command.args(arguments).env("RUST_LOG", "warn"))
}

fn crowds(form: &Form) -> String {
    let world = World::new();
    other_clients::prepare(&world);
    let (slow, idle, rounds) = (form.pick(400, 5_000), form.pick(1_000, 10_000), form.pick(1, 3));
    let limit = if form.long { BODY_WITHIN } else { Duration::from_secs(2) };
    let server = start(&world, &["--body-timeout", &limit.as_secs().to_string()]);
    let quiet = Duration::from_secs(form.pick(1, 8) as u64);
    let (mut alone, mut body, mut head, mut silent) =
        (Latencies::default(), Latencies::default(), Latencies::default(), Latencies::default());
    let mut longest = [Duration::ZERO; 3];
    for _ in 0..rounds {
        beside(&server, &world.api_key, &mut alone, || thread::sleep(quiet));
        // Connected before the measurement, which is of the cost of open connections.
        let mut connections = Connections::connect_from(&CROWD, server.address(), slow);
        assert_eq!(connections.send(SLOW_BODY), slow);
        longest[0] = longest[0]
            .max(beside(&server, &world.api_key, &mut body, || connections.trickle(b"a", limit + LEEWAY)));
        assert_eq!(connections.answered("1908"), slow);
        world.check_signature(connections.all[slow / 2].body());
        // Closed before the next ones open, for the limit on open files of this process.
        drop(connections);
        let mut connections = Connections::connect_from(&CROWD, server.address(), slow);
        let trickled = beside(&server, &world.api_key, &mut head, || {
            connections.trickle(SLOW_HEAD, HEAD_WITHIN + LEEWAY)
        });
        longest[1] = longest[1].max(trickled);
        drop(connections);
        let mut connections = Connections::connect_from(&CROWD, server.address(), idle);
        beside(&server, &world.api_key, &mut silent, || connections.read_for(HEAD_WITHIN + LEEWAY));
        assert_eq!(
            connections.open(),
            0,
            "idle connections were not ended within {:?}",
            HEAD_WITHIN + LEEWAY
        );
        longest[2] = longest[2].max(connections.longest());
    }
    let base = alone.p99().as_secs_f64();
    let ratios = [&body, &head, &silent].map(|latencies| latencies.p99().as_secs_f64() / base);
    if form.long {
        assert!(
            ratios.iter().all(|ratio| *ratio < MOST),
            "p99 beside crowds, as a multiple of {base:.4}s: {ratios:.2?}"
        );
    }
    let asked = [&alone, &body, &head, &silent].map(Latencies::count).iter().sum::<usize>();
    format!(
        "{slow} slow bodies closed after {:.1?} at most (limit {limit:?}), each with a signed 1908; {slow} slow heads \
         after {:.1?}; {idle} idle connections after {:.1?}; {asked} requests of other clients meanwhile, 0 wrong, p99 \
         {:.1?} alone and {:.2}, {:.2}, {:.2} times that",
        longest[0],
        longest[1],
        longest[2],
        alone.p99(),
        ratios[0],
        ratios[1],
        ratios[2]
    )
}
