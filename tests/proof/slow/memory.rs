//! Clients that try to fill the server's memory: with bodies that are far too large, and with answers that they do not
//! read.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{LEEWAY, start};
use crate::connections::Connections;
use crate::support::{Form, ServerProcess, World};

const BODY: usize = 100 * 1024 * 1024;
/// How many clients send at once.
const SENDERS: usize = 16;
const CHUNK: usize = 256 * 1024;
/// By how much such bodies may raise the server's peak memory, in KiB.
const RISE: u64 = 20 * 1024;

const LICENSES: usize = 1_000;

/// More files than a server without connections has open.
pub const OWN_FILES: usize = 60;

/// What became of a body.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Answered,
    Closed,
}

pub fn bodies(form: &Form) -> String {
    let world = World::new();
    // A busy machine may need more than the default of eight seconds to receive so much.
    let server = start(&world, &["--body-timeout", "120"]);
    let each = form.pick(50, 500);
    // One of either kind first, so that memory that any request needs is allocated.
    send_all(&server, &world, 2);
    let before = server.memory("VmHWM");
    let ends = send_all(&server, &world, each * 2);
    let rise = server.memory("VmHWM") - before;
    assert!(rise < RISE, "{rise} KiB more");
    let answered = ends.iter().filter(|end| **end == End::Answered).count();
    format!(
        "{} bodies of 100 MB, half of them chunked: {answered} answered with a signed 1913, {} closed, {} KB more \
         memory at the peak",
        each * 2,
        ends.len() - answered,
        rise
    )
}

fn send_all(server: &ServerProcess, world: &World, count: usize) -> Vec<End> {
    let address = server.address();
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS.min(count))
            .map(|first| {
                scope.spawn(move || {
                    let numbers = (first..count).step_by(SENDERS);
                    numbers.map(|number| send_one(address, world, number)).collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    })
}

/// Sends the body until the server stops reading, then reads the answer.
fn send_one(address: &str, world: &World, number: usize) -> End {
    let is_chunked = number % 2 == 1;
    let length =
        if is_chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {BODY}") };
    let head = format!(
        "POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         {length}\r\n\r\n"
    );
    let mut chunk = Vec::new();
    if is_chunked {
        chunk.extend_from_slice(format!("{CHUNK:x}\r\n").as_bytes());
    }
    chunk.resize(chunk.len() + CHUNK, b'a');
    if is_chunked {
        chunk.extend_from_slice(b"\r\n");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut sent = stream.write_all(head.as_bytes());
    for _ in 0..BODY / CHUNK {
        if sent.is_err() {
            break;
        }
        sent = stream.write_all(&chunk);
    }
    let mut answer = Vec::new();
    // The connection is reset if the server left something unread.
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8(answer).unwrap();
    let Some((_, body)) = answer.split_once("\r\n\r\n") else { return End::Closed };
    assert!(body.starts_with("{\"response\":{\"code\":1913,"), "{answer}");
    if number < 2 {
        world.check_signature(body);
    }
    End::Answered
}

pub fn unread_answers(form: &Form) -> String {
    let world = World::new();
    import(&world);
    let (clients, limit) = (form.pick(100, 1_000), Duration::from_secs(form.pick(2, 30) as u64));
    let server = start(&world, &["--send-timeout", &limit.as_secs().to_string()]);
    let request = format!(
        "GET /api/v1/get-license-keys?api_key={}&items_per_page={LICENSES} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        world.api_key
    );
    let mut whole = server.client(&world.api_key);
    let size = whole.exchange(request.as_bytes()).unwrap().len();
    let before = server.memory("VmRSS");
    let mut connections = Connections::connect(server.address(), clients);
    let sent = Instant::now();
    // More answers than fit the buffers of the sockets.
    assert_eq!(connections.send(request.repeat(8).as_bytes()), clients);
    let (held, ended) = watch(&server, clients, limit + LEEWAY * 4, sent);
    drop(connections);
    drop(whole);
    format!(
        "{clients} clients that do not read answers of {} KB held {} MB of memory, {} KB each, and were closed after \
         {ended:.0?} (limit {limit:?})",
        size / 1024,
        (held - before) / 1024,
        (held - before) / clients as u64
    )
}

/// Waits until the server has closed all of the connections. Gives its peak memory, and how long they stayed open.
fn watch(server: &ServerProcess, clients: usize, patience: Duration, sent: Instant) -> (u64, Duration) {
    let (mut most, mut all_came) = (0, false);
    loop {
        most = most.max(server.memory("VmRSS"));
        let open = open_files(server);
        all_came |= open > clients;
        // The rest are the server's own.
        if all_came && open < OWN_FILES {
            return (most, sent.elapsed());
        }
        assert!(sent.elapsed() < patience, "{open} files are open after {patience:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// How many files and connections the server has open.
pub fn open_files(server: &ServerProcess) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

fn import(world: &World) {
    let mut csv = "license_key,product_id,owner_name,owner_email\n".to_owned();
    for number in 0..LICENSES {
        writeln!(csv, "KEY-{number},1,Owner {number},owner{number}@shop.example").unwrap();
    }
    world.import(&csv);
}
