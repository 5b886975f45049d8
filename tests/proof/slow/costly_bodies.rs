//! Bodies that cost more than their bytes: many small values, and many bodies that wait for the writer. Other clients
//! are answered as before, and the server's memory stays small.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::other_clients::{Latencies, beside};
use super::{MOST, start};
use crate::support::{Form, ServerProcess, World};

/// What the server's memory may reach, in KiB.
const MEMORY: u64 = 100 * 1024;
/// What the p99 of other clients may reach in any case.
const P99: Duration = Duration::from_millis(50);

/// A flood: who sends it, and the request that each of its connections repeats.
struct Flood {
    name: &'static str,
    connections: usize,
    request: Vec<u8>,
}

pub fn prove(form: &Form) -> String {
    let world = World::new();
    super::other_clients::prepare(&world);
    let server = start(&world, &[]);
    let time = Duration::from_secs(form.pick(2, 20) as u64);
    let mut alone = Latencies::default();
    beside(&server, &world.api_key, &mut alone, || thread::sleep(time));
    let floods = floods(&world);
    let told: Vec<_> =
        floods.iter().map(|flood| beside_flood(form, &server, &world, flood, time, &alone)).collect();
    let memory = server.memory("VmHWM");
    if form.long {
        assert!(memory < MEMORY, "{memory} KiB of memory at the peak");
    }
    format!("p99 {:.1?} alone; {}; {} MB of memory at the peak", alone.p99(), told.join("; "), memory / 1024)
}

fn floods(world: &World) -> Vec<Flood> {
    let wrong = "X-API-Key: unknown\r\n";
    let right = format!("X-API-Key: {}\r\n", world.api_key);
    let pairs = (0..140_000).map(|number| format!("{number}&")).collect::<Vec<_>>().concat();
    let objects = format!("{{\"a\":[{}0]}}", "{\"\":0},".repeat(140_000));
    let keys = format!("{{\"license_keys\":[{}0]}}", "\"A\",".repeat(9_999));
    let waiting = format!("{{\"license_key\":\"X\",\"a\":[{}0]}}", "{\"\":0},".repeat(490));
    vec![
        request("pairs under a wrong key", 8, "verify", wrong, "x-www-form-urlencoded", &pairs),
        request("pairs under no key", 8, "verify", "", "x-www-form-urlencoded", &pairs),
        request("objects under no key", 8, "verify", "", "json", &objects),
        request("long lists of keys", 8, "create-license-keys", &right, "json", &keys),
        request("changes of small objects", 64, "activate", &right, "json", &waiting),
    ]
}

fn request(
    name: &'static str,
    connections: usize,
    endpoint: &str,
    key: &str,
    kind: &str,
    body: &str,
) -> Flood {
    let head = format!(
        "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: localhost\r\n{key}Content-Type: application/{kind}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    Flood { name, connections, request: (head + body).into_bytes() }
}

fn beside_flood(
    form: &Form,
    server: &ServerProcess,
    world: &World,
    flood: &Flood,
    time: Duration,
    alone: &Latencies,
) -> String {
    let (is_over, mut latencies) = (&AtomicBool::new(false), Latencies::default());
    let answered = thread::scope(|scope| {
        let senders: Vec<_> =
            (0..flood.connections).map(|_| scope.spawn(|| repeat(server, &flood.request, is_over))).collect();
        beside(server, &world.api_key, &mut latencies, || thread::sleep(time));
        is_over.store(true, Ordering::Relaxed);
        senders.into_iter().map(|sender| sender.join().unwrap()).sum::<usize>()
    });
    let p99 = latencies.p99();
    assert!(answered > 0, "{}: not one was answered", flood.name);
    if form.long {
        let most = alone.p99().mul_f64(MOST).max(P99 / 5);
        assert!(p99 < most.min(P99), "{}: p99 {p99:?} of other clients, {:?} alone", flood.name, alone.p99());
    }
    format!("beside {} {p99:.1?} ({answered} answered)", flood.name)
}

/// Sends the request over and over, on a new connection whenever the server has closed one.
fn repeat(server: &ServerProcess, request: &[u8], is_over: &AtomicBool) -> usize {
    let mut answered = 0;
    while !is_over.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(server.address()) else { continue };
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        while !is_over.load(Ordering::Relaxed) && stream.write_all(request).is_ok() {
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk) {
                Ok(1..) => answered += 1,
                Ok(0) | Err(_) => break,
            }
        }
    }
    answered
}
