//! A server that may open few files: an address has half of the room for connections, and the rest is there for
//! others.

use std::process::Command;
use std::time::{Duration, Instant};

use super::other_clients;
use crate::connections::Connections;
use crate::support::{ServerProcess, World};

const FILES: usize = 200;
const CONNECTIONS: usize = 400;
/// The address of the idle, who may take half of the room.
const NEIGHBOUR: [u8; 4] = [127, 0, 0, 2];

pub fn prove() -> String {
    let world = World::new();
    other_clients::prepare(&world);
    let mut command = crate::support::clear_environment(Command::new("sh"));
    let serve = format!("ulimit -n {FILES} && exec \"$0\" \"$@\"");
    command.args(["-c", &serve, env!("CARGO_BIN_EXE_keyseal"), "--data"]).arg(world.data());
    let mut server =
        ServerProcess::run(command.args(["serve", "--listen", "127.0.0.1:0", "--no-rate-limit"]));
    let warning = server.log_until("limit on open files");
    assert!(warning.contains("raise it"), "{warning}");
    let mut connections = Connections::connect_from(&[NEIGHBOUR], server.address(), CONNECTIONS);
    let before = server.processor_time();
    connections.read_for(Duration::from_secs(2));
    // A server that tried to accept over and over would use all of a processor.
    let used = server.processor_time().saturating_sub(before);
    assert!(used < Duration::from_secs(1), "{used:?} of processor time in 2 s");
    assert!(connections.open() < CONNECTIONS / 2, "{} idle connections are open", connections.open());
    // There is room left for others, who don't wait for the idle to be ended after five seconds.
    let asked = Instant::now();
    let mut client = server.client(&world.api_key);
    let fields = [("license_key", "HONEST"), ("identifier", "honest.example")];
    assert_eq!(client.post("verify", &fields).unwrap().code, 200);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let log = server.log();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
    drop(connections);
    format!(
        "with {FILES} open files allowed, {CONNECTIONS} idle connections of one address take half of the room at \
         most, 0 errors, and another client is answered at once"
    )
}
