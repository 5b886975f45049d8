//! `POST /random-assign-license-keys-queued`, the messages that follow it, and `keyseal webhook`.

mod messages;
mod receivers;
mod repeats;
mod restarts;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Answer, License, Received, TestServer};

const QUEUE: &str = "random-assign-license-keys-queued";

/// A server that sends to this machine, and tries again at once.
fn server() -> TestServer {
    TestServer::start_with(sends_here)
}

fn sends_here(config: &mut keyseal::Config) {
    config.webhooks.allow_private_targets = true;
    config.webhooks.delays = vec![Duration::ZERO; 5];
}

fn add_to_pool(server: &TestServer, count: usize) {
    for number in 0..count {
        let key = format!("POOL-{number}");
        server.add_license(&License {
            key: &key,
            status: "available",
            identifiers: &[],
            ..License::default()
        });
    }
}

/// Queues the assignment of one key for an order.
fn queue(server: &TestServer, webhook_url: &str, order: &str) -> Answer {
    let fields =
        [("product_id", "1"), ("quantity", "1"), ("webhook_url", webhook_url), ("identifier", order)];
    server.post(QUEUE, &fields)
}

fn expect_queued(answer: &Answer) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, 807, "Request Queued", "global"));
    assert!(answer.fields.is_empty());
}

/// The signed answer in the wrapper, checked; and that nothing else is in it.
fn unwrapped(server: &TestServer, received: &Received) -> Answer {
    let rest = received.body.strip_prefix(r#"{"headers":{},"original":"#);
    let original = rest.and_then(|rest| rest.strip_suffix(r#","exception":null}"#));
    server.answer(200, original.unwrap_or_else(|| panic!("{}", received.body)))
}

fn callbacks(server: &TestServer, state: &str) -> Vec<Value> {
    server.command(&["webhook", "list", "--state", state]).as_array().unwrap().clone()
}

/// Waits until so many messages are in a state, and gives them.
fn wait_for(server: &TestServer, state: &str, count: usize) -> Vec<Value> {
    wait(|| Some(callbacks(server, state)).filter(|found| found.len() == count))
}

/// Asks until there is an answer.
fn wait<T>(ask: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain");
        thread::sleep(Duration::from_millis(20));
    }
}

fn assigned(server: &TestServer) -> usize {
    server.command(&["license", "list", "--status", "assigned"]).as_array().unwrap().len()
}
