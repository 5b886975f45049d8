//! Messages to other servers while the disk is full: none is sent that could not be counted, nothing spins,
//! and none is lost.

use std::thread;
use std::time::{Duration, Instant};

use keyseal_test_disk::Disk;
use keyseal_test_support::Receiver;

use crate::support::{Local, World};

/// Between one attempt and the next.
const DELAY: Duration = Duration::from_secs(1);

/// How long it is watched whether the server spins, and how many writes it may try in that time.
const WATCHED: Duration = Duration::from_secs(1);
const TRIES_AT_MOST: usize = 20;

/// How long to wait for the server to try.
const TIMEOUT: Duration = Duration::from_secs(30);

pub fn prove() -> String {
    let world = World::new();
    world.command(&["license", "create", "--product", "1", "--key", "POOL", "--status", "available"]);
    let disk = Disk::under(world.path());
    let receiver = Receiver::answering(&[500, 200]);
    let url = receiver.url("/");
    let server = Local::start_with(world.path(), &world.api_key, |config| {
        config.webhooks.allow_private_targets = true;
        config.webhooks.delays = vec![Duration::ZERO, DELAY, DELAY, DELAY];
    });
    let fields = [("product_id", "1"), ("quantity", "1"), ("identifier", "1"), ("webhook_url", &url)];
    let mut client = server.client();
    assert_eq!(client.post("random-assign-license-keys-queued", &fields).unwrap().code, 807);
    let first = receiver.next().body;
    disk.set_space(Some(0));
    // The next attempt is due, and can't be counted.
    wait_for(|| disk.refused() >= 2);
    let before = disk.refused();
    thread::sleep(WATCHED);
    let tries = disk.refused() - before;
    assert!(tries <= TRIES_AT_MOST, "{tries} writes to a full disk in {WATCHED:?}");
    assert!(receiver.try_next().is_none(), "a message was sent that was not counted");
    disk.set_space(None);
    let second = receiver.next().body;
    assert_eq!(first, second, "the message has changed");
    server.stop();
    let delivered = world.command(&["webhook", "list", "--state", "delivered"]);
    assert_eq!(delivered.as_array().unwrap().len(), 1, "{delivered}");
    format!(
        "a webhook is tried with {tries} writes in {WATCHED:?} while the disk is full, and delivered afterwards"
    )
}

fn wait_for(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < TIMEOUT, "no attempt within {TIMEOUT:?}");
        thread::sleep(Duration::from_millis(10));
    }
}
