//! Clients that read large answers slowly, or small ones never, from one address and from many: they take little of the
//! server's memory, are disconnected in time, and delay nobody.

use std::thread;
use std::time::{Duration, Instant};

use super::memory::{OWN_FILES, open_files};
use super::other_clients::{Latencies, beside};
use super::{LEEWAY, MOST, start};
use crate::connections::Connections;
use crate::support::{Form, ServerProcess, World};

/// What the server's memory may reach, in KiB.
const MEMORY: u64 = 100 * 1024;
/// What the p99 of other clients may reach in any case.
const P99: Duration = Duration::from_millis(50);
/// How fast they read: as a throttled mobile client could, if it read on.
const BYTES_A_SECOND: usize = 8 * 1024;
/// How many of the server's timeouts an answer may take.
const TIMEOUTS: u32 = 4;
const SHORTEST: Duration = Duration::from_secs(2);

/// Clients that all send the same and read slowly.
struct Crowd {
    name: &'static str,
    connections: usize,
    requests: Vec<u8>,
    reads: usize,
}

pub fn prove(form: &Form) -> String {
    // This process holds the other end of each connection.
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let world = World::new();
    super::other_clients::prepare(&world);
    let timeout = if form.long { Duration::from_secs(30) } else { SHORTEST };
    let server = start(&world, &["--send-timeout", &timeout.as_secs().to_string()]);
    fill(&world, &server);
    let mut alone = Latencies::default();
    beside(&server, &world.api_key, &mut alone, || thread::sleep(timeout));
    let many: Vec<[u8; 4]> = (2..34).map(|host| [127, 0, 0, host]).collect();
    let crowds = crowds(form, &world);
    let told: Vec<String> = crowds
        .iter()
        .flat_map(|crowd| [(crowd, &many[..1]), (crowd, &many[..])])
        .map(|(crowd, addresses)| beside_crowd(form, &server, &world, crowd, addresses, timeout, &alone))
        .collect();
    format!("p99 {:.1?} alone; {}", alone.p99(), told.join("; "))
}

/// Gives the license all the metadata that it can have, of the characters that take most in an answer.
fn fill(world: &World, server: &ServerProcess) {
    let mut client = server.client(&world.api_key);
    let value = "\u{1}".repeat(64 * 1024);
    let mut create = |number: usize| {
        let key = format!("k{number}");
        let fields =
            [("license_key", "HONEST"), ("identifier", "honest.example"), ("key", &key), ("value", &value)];
        client.ask("create-license-key-meta", &fields).unwrap().code
    };
    let codes: Vec<i64> = (0..17).map(&mut create).take_while(|code| *code == 453).collect();
    assert!((1..17).contains(&codes.len()), "{codes:?}");
}

fn crowds(form: &Form, world: &World) -> Vec<Crowd> {
    let document = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let known = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n";
    let details = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /api/v1/get-license-key-details HTTP/1.1\r\n\
         Host: localhost\r\nX-API-Key: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 44\r\n\r\nlicense_key=HONEST&identifier=honest.example",
        world.api_key
    );
    let crowd = |name, connections, request: &str, number, reads| Crowd {
        name,
        connections,
        requests: request.repeat(number).into_bytes(),
        reads,
    };
    vec![
        crowd("documents", form.pick(250, 1_000), document, 16, BYTES_A_SECOND),
        crowd("large metadata", 60, &details, 2, BYTES_A_SECOND),
        crowd("answers without a body", form.pick(100, 250), known, 20_000, 0),
    ]
}

fn beside_crowd(
    form: &Form,
    server: &ServerProcess,
    world: &World,
    crowd: &Crowd,
    addresses: &[[u8; 4]],
    timeout: Duration,
    alone: &Latencies,
) -> String {
    server.reset_peak_memory();
    let before = server.memory("VmRSS") / 1024;
    let mut latencies = Latencies::default();
    let mut connections = Connections::connect_from(addresses, server.address(), crowd.connections);
    let sent = Instant::now();
    let patience = timeout * (TIMEOUTS + 1) + LEEWAY;
    beside(server, &world.api_key, &mut latencies, || {
        // Those who read nothing can't send all of it: the server reads no more of their requests.
        connections.send(&crowd.requests);
        connections.sip(crowd.reads, || {
            let is_empty = sent.elapsed() > timeout && open_files(server) < OWN_FILES;
            is_empty || sent.elapsed() > patience
        });
    });
    let (ended, open) = (sent.elapsed(), open_files(server));
    let (memory, p99, from) = (server.memory("VmHWM"), latencies.p99(), addresses.len());
    let figures = format!(
        "beside {} clients from {from} addresses that read {} slowly {p99:.1?}, {} MB of memory at the peak \
         ({before} before), ended after {ended:.1?}",
        crowd.connections,
        crowd.name,
        memory / 1024
    );
    // The short form runs beside others, and its program is not optimized.
    assert!(memory < if form.long { MEMORY } else { MEMORY * 3 / 2 }, "{figures}");
    assert!(open < OWN_FILES, "{figures}; {open} files are open");
    if form.long {
        let most = alone.p99().mul_f64(MOST).max(P99 / 5);
        assert!(p99 < most.min(P99), "{figures}, {:?} alone", alone.p99());
    }
    figures
}
