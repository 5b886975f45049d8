//! Messages to other servers while the disk is full: none is sent that could not be counted, nothing spins,
//! and none is lost.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use keyseal_test_disk::Disk;

use crate::support::{Local, World};

/// Between one attempt and the next.
const DELAY: Duration = Duration::from_secs(1);

/// How long it is watched whether the server spins, and how many writes it may try in that time.
const WATCHED: Duration = Duration::from_secs(1);
const TRIES_AT_MOST: usize = 20;

/// Past this a message that doesn't come is lost.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn prove() -> String {
    let world = World::new();
    world.command(&["license", "create", "--product", "1", "--key", "POOL", "--status", "available"]);
    let disk = Disk::under(world.path());
    let (url, received) = receive();
    let server = Local::start_with(world.path(), &world.api_key, |config| {
        config.webhooks.allow_private_targets = true;
        config.webhooks.delays = vec![Duration::ZERO, DELAY, DELAY, DELAY];
    });
    let fields = [("product_id", "1"), ("quantity", "1"), ("identifier", "1"), ("webhook_url", &url)];
    let mut client = server.client();
    assert_eq!(client.post("random-assign-license-keys-queued", &fields).unwrap().code, 807);
    let first = received.recv_timeout(PATIENCE).expect("a first attempt");
    disk.set_space(Some(0));
    // The next attempt is due, and can't be counted.
    wait_for(|| disk.refused() >= 2);
    let before = disk.refused();
    thread::sleep(WATCHED);
    let tries = disk.refused() - before;
    assert!(tries <= TRIES_AT_MOST, "{tries} writes to a full disk in {WATCHED:?}");
    assert!(received.try_recv().is_err(), "a message was sent that was not counted");
    disk.set_space(None);
    let second = received.recv_timeout(PATIENCE).expect("a second attempt");
    assert_eq!(first, second, "the message has changed");
    server.stop();
    let delivered = world.command(&["callback", "list", "--state", "delivered"]);
    assert_eq!(delivered.as_array().unwrap().len(), 1, "{delivered}");
    format!("a message waits for it with {tries} tries in {WATCHED:?}, and comes")
}

fn wait_for(is_so: impl Fn() -> bool) {
    let tries = PATIENCE.as_millis() / 10;
    assert!(
        (0..tries).any(|_| is_so() || (thread::sleep(Duration::from_millis(10)), false).1),
        "it never came"
    );
}

/// A server that wants no first message, and takes every other.
fn receive() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, received) = channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let status = if number == 0 { "500 No" } else { "200 OK" };
            if !take(&stream.unwrap(), status, &sender) {
                return;
            }
        }
    });
    (url, received)
}

/// Reads a message and answers it. `false`: nobody listens any more.
fn take(stream: &TcpStream, status: &str, sender: &Sender<String>) -> bool {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let sent = sender.send(String::from_utf8(body).unwrap()).is_ok();
    write!(&mut &*stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    sent
}
