//! Requests that change thousands of licenses at once, each in one transaction: other changes beside them are neither
//! refused nor late.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, Form, Server, World};

/// The most license keys in one request.
const KEYS: usize = 10_000;

/// The longest that a small change may wait for its answer. Without optimization the server is several times slower.
const LONGEST: Duration =
    if cfg!(debug_assertions) { Duration::from_secs(1) } else { Duration::from_millis(150) };

/// A request for many licenses, by its number.
type Request = fn(&mut Client, usize);

const REQUESTS: [(&str, Request); 4] = [
    ("keys created", create),
    ("keys ordered", order),
    ("keys generated", generate),
    ("keys assigned", assign),
];

pub fn prove(form: &Form) -> String {
    let rounds = form.pick(3, 20);
    let world = World::new();
    world.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    world.command(&[
        "license",
        "create",
        "--product",
        "1",
        "--key",
        "KEY",
        "--status",
        "assigned",
        "--activation-limit",
        "0",
    ]);
    let server = world.serve();
    let (_, alone) = beside(&server, "alone", |_| thread::sleep(Duration::from_secs(1)));
    let delays = REQUESTS.map(|(name, request)| {
        let (changes, longest) = beside(&server, name, |client| {
            for round in 0..rounds {
                request(client, round);
            }
        });
        assert!(longest < LONGEST, "{name}: a change beside them waited {longest:.0?}");
        format!("{name}: {longest:.0?} of {changes}")
    });
    format!("slowest small change alone: {alone:.0?}; beside requests for many, {}", delays.join(", "))
}

/// Makes small changes, one after the other, while `work` makes its requests. Gives how many there were, and the
/// longest that one took.
fn beside(server: &Server, name: &str, work: impl FnOnce(&mut Client)) -> (usize, Duration) {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let small = scope.spawn(|| {
            let (mut client, mut changes, mut longest) = (server.client(), 0, Duration::ZERO);
            while !is_done.load(Ordering::Relaxed) {
                let (started, identifier) = (Instant::now(), format!("{name}-{changes}"));
                let answer =
                    client.post("activate", &[("license_key", "KEY"), ("identifier", &identifier)]).unwrap();
                assert_eq!(answer.code, 300, "{name}, change {changes}");
                longest = longest.max(started.elapsed());
                changes += 1;
            }
            (changes, longest)
        });
        work(&mut server.client());
        is_done.store(true, Ordering::Relaxed);
        small.join().unwrap()
    })
}

fn create(client: &mut Client, round: usize) {
    // As random as the keys that vendors make, so that they are spread over the index.
    let mut random = fastrand::Rng::with_seed(round as u64);
    let keys: Vec<String> = (0..KEYS).map(|_| format!("\"{:032x}\"", random.u128(..))).collect();
    let keys = format!("[{}]", keys.join(","));
    let fields = [
        ("license_keys", keys.as_str()),
        ("product_id", "1"),
        ("activation_limit", "1"),
        ("validity", "365"),
        ("status", "available"),
    ];
    assert_eq!(client.post("create-license-keys", &fields).unwrap().code, 900);
}

fn order(client: &mut Client, _: usize) {
    let orders = format!("[{}]", vec!["{\"owner_email\":\"jane@example.com\"}"; KEYS].join(","));
    assert_eq!(
        client.post("create-license-keys", &[("licenses", &orders), ("product_id", "1")]).unwrap().code,
        900
    );
}

fn generate(client: &mut Client, _: usize) {
    assert_eq!(client.post("generate", &[("generator_id", "1"), ("quantity", "1000")]).unwrap().code, 815);
}

fn assign(client: &mut Client, _: usize) {
    let fields = [("product_id", "1"), ("quantity", "1000"), ("owner_email", "jane@example.com")];
    assert_eq!(client.post("random-assign-license-keys", &fields).unwrap().code, 803);
}
