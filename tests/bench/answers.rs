//! `cargo bench`: how fast the release server answers, beside what this machine can sign at all, in one run.
//!
//! Starts the real binary on loopback on a fresh database and loads it from this process, on the same machine. What counts are the
//! ratios: seconds differ from machine to machine and from hour to hour, ratios within one run much less.

#![expect(clippy::print_stdout, reason = "a bench's result is what it prints")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::Value;

const LICENSES: usize = 200;
const MEASURED: Duration = Duration::from_secs(5);

fn main() {
    let data = tempfile::tempdir().unwrap();
    let api_key = make_world(data.path());
    let mut server = Running::start(data.path());
    let address = server.address();
    let request = |fields: &str| {
        let body = format!("api_key={api_key}&identifier=domain.ltd&{fields}");
        format!(
            "POST /api/v1/create-license-key-meta HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let create = |connection: usize, number: usize| {
        request(&format!("license_key=BENCH-{}&key=k-{connection}-{number}&value=v", number % LICENSES))
    };
    let refused = |_: usize, _: usize| request("license_key=BENCH-FREE&key=k&value=v");

    let signatures = signatures_per_second(&data.path().join("keys/product-1.pem"));
    let created = load(&address, 32, 453, &create);
    let refusals = load(&address, 64, 201, &refused);
    server.end();

    let row = |what: &str, load: &Load| {
        println!(
            "{what:<46} {:>8.0}/s  {:>5.2}  {:>7.2} ms  {:>7.2} ms",
            load.rate,
            load.rate / signatures,
            load.p50.as_secs_f64() * 1e3,
            load.p99.as_secs_f64() * 1e3,
        );
    };
    println!("{:<46} {:>10}  {:>5}  {:>10}  {:>10}", "", "rate", "ratio", "p50", "p99");
    println!("{:<46} {signatures:>8.0}/s  {:>5.2}", "RSA-2048 signatures, ring, all processors", 1.0);
    row("create-license-key-meta, 32 connections (453)", &created);
    row("license-gate refusal, 64 connections (201)", &refusals);
}

fn keyseal(data: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_keyseal"))
        .args(["--json", "--data"])
        .arg(data)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Gives the API key's text.
fn make_world(data: &Path) -> String {
    let api_key = keyseal(data, &["init"])["api_key"].as_str().unwrap().to_owned();
    keyseal(data, &["product", "create", "--name", "Bench", "--own-key"]);
    for number in 0..LICENSES {
        let key = format!("BENCH-{number}");
        keyseal(data, &["license", "create", "--product", "1", "--key", &key, "--status", "assigned"]);
        keyseal(data, &["license", "activate", &key, "--identifier", "domain.ltd"]);
    }
    keyseal(data, &["license", "create", "--product", "1", "--key", "BENCH-FREE"]);
    api_key
}

struct Running {
    process: Child,
    line: String,
}

impl Running {
    fn start(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_keyseal"))
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, line }
    }

    fn address(&self) -> String {
        self.line.trim().trim_start_matches("listening on http://").to_owned()
    }

    fn end(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A bench that failed must not leave its server behind.
        drop((self.process.kill(), self.process.wait()));
    }
}

/// The ceiling: what all processors together sign with the same library and key size.
fn signatures_per_second(key: &Path) -> f64 {
    let pem = pem::parse(std::fs::read(key).unwrap()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(pem.contents()).unwrap();
    let stop = AtomicBool::new(false);
    let started = Instant::now();
    let count: usize = thread::scope(|scope| {
        let signers: Vec<_> = (0..thread::available_parallelism().unwrap().get())
            .map(|_| {
                scope.spawn(|| {
                    let (random, mut signature) = (SystemRandom::new(), vec![0; pair.public().modulus_len()]);
                    let mut count = 0;
                    while !stop.load(Ordering::Relaxed) {
                        pair.sign(&RSA_PKCS1_SHA256, &random, b"a message", &mut signature).unwrap();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        thread::sleep(MEASURED);
        stop.store(true, Ordering::Relaxed);
        signers.into_iter().map(|signer| signer.join().unwrap()).sum()
    });
    f64::from(u32::try_from(count).unwrap()) / started.elapsed().as_secs_f64()
}

struct Load {
    rate: f64,
    p50: Duration,
    p99: Duration,
}

/// Sends requests over kept-alive connections, one at a time on each. Any other code than the expected one ends the run.
fn load(
    address: &str,
    connections: usize,
    code: u16,
    request: &(dyn Fn(usize, usize) -> String + Sync),
) -> Load {
    let stop = AtomicBool::new(false);
    let started = Instant::now();
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let clients: Vec<_> = (0..connections)
            .map(|connection| {
                let stop = &stop;
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    let mut times = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let request = request(connection, times.len());
                        let sent = Instant::now();
                        client.exchange(request.as_bytes(), code);
                        times.push(sent.elapsed());
                    }
                    times
                })
            })
            .collect();
        thread::sleep(MEASURED);
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let elapsed = started.elapsed();
    times.sort_unstable();
    Load {
        rate: f64::from(u32::try_from(times.len()).unwrap()) / elapsed.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
    }
}

/// The least client that can be: what it costs is taken from the server it measures.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 8192] }
    }

    fn exchange(&mut self, request: &[u8], code: u16) {
        self.stream.write_all(request).unwrap();
        let mut length = 0;
        // Every envelope ends so, and nothing in one does before its end.
        while !self.buffer[..length].ends_with(b"\"}") {
            let read = self.stream.read(&mut self.buffer[length..]).unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
        }
        let expected = format!("{{\"response\":{{\"code\":{code},");
        let found = self.buffer[..length].windows(expected.len()).any(|window| window == expected.as_bytes());
        assert!(found, "not {code}: {}", String::from_utf8_lossy(&self.buffer[..length]));
    }
}
