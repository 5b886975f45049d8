//! Other clients beside the slow ones: each of their requests must be answered correctly, and latencies are measured.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::ServerProcess;

const CLIENTS: usize = 4;
const KEY: &str = "HONEST";

/// The latencies of requests, the shortest first.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn p99(&self) -> Duration {
        self.0.get((self.0.len() * 99) / 100).copied().unwrap_or_default()
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn merge(&mut self, other: &[Duration]) {
        self.0.extend_from_slice(other);
        self.0.sort_unstable();
    }
}

/// Makes the license that they verify.
pub fn prepare(world: &crate::support::World) {
    world.command(&["license", "create", "--product", "1", "--key", KEY, "--status", "assigned"]);
    world.command(&["license", "activate", KEY, "--identifier", "honest.example"]);
}

/// Runs `work` while clients verify a license every few milliseconds, and adds their latencies.
pub fn beside<T>(
    server: &ServerProcess,
    api_key: &str,
    latencies: &mut Latencies,
    work: impl FnOnce() -> T,
) -> T {
    let is_over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let mut client = server.client(api_key);
                scope.spawn(move || {
                    let mut latencies = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let fields = [("license_key", KEY), ("identifier", "honest.example")];
                        let asked = Instant::now();
                        assert_eq!(client.post("verify", &fields).unwrap().code, 200);
                        latencies.push(asked.elapsed());
                        thread::sleep(Duration::from_millis(3));
                    }
                    latencies
                })
            })
            .collect();
        // Also if the work panics, or the clients would never stop.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            latencies.merge(&client.join().unwrap());
        }
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
