//! An activation limit is exact, however many ask for a seat at once.

use std::sync::Barrier;
use std::thread;

use crate::support::{Client, Form, World};

const LIMITS: [usize; 3] = [1, 3, 50];

pub fn prove(form: &Form) -> String {
    let (rounds, racers) = (form.pick(10, 200), form.pick(64, 512));
    let world = World::new();
    let server = world.serve();
    let mut clients: Vec<Client> = (0..racers).map(|_| server.client()).collect();
    let (mut taken, mut refused) = (0, 0);
    for round in 0..rounds {
        for limit in LIMITS {
            let key = format!("LIMIT-{limit}-ROUND-{round}");
            create(&mut clients[0], &key, limit);
            let codes = race(&mut clients, &key);
            let count = |code| codes.iter().filter(|found| **found == code).count();
            assert_eq!((count(300), count(302)), (limit, racers - limit), "{key}: {codes:?}");
            taken += limit;
            refused += racers - limit;
        }
    }
    check_rows(&world, rounds);
    format!(
        "{racers} at once, limits {LIMITS:?}, {rounds} rounds: {taken} activations made, {refused} refused, \
         0 too many, 0 too few"
    )
}

fn create(client: &mut Client, key: &str, limit: usize) {
    let (keys, limit) = (format!("[\"{key}\"]"), limit.to_string());
    let fields = [
        ("license_keys", keys.as_str()),
        ("product_id", "1"),
        ("activation_limit", &limit),
        ("validity", "0"),
        ("status", "assigned"),
    ];
    assert_eq!(client.post("create-license-keys", &fields).unwrap().code, 900);
}

/// All activate the license at once, each for an identifier of its own.
fn race(clients: &mut [Client], key: &str) -> Vec<i64> {
    let barrier = &Barrier::new(clients.len());
    thread::scope(|scope| {
        let racers: Vec<_> = clients
            .iter_mut()
            .enumerate()
            .map(|(number, client)| {
                scope.spawn(move || {
                    let identifier = format!("device-{number}");
                    barrier.wait();
                    let fields = [("license_key", key), ("identifier", &identifier)];
                    client.post("activate", &fields).unwrap().code
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

/// What was answered is also what is on disk: every license is exactly full.
fn check_rows(world: &World, rounds: usize) {
    let full = "SELECT license_key FROM licenses WHERE activation_limit =
                (SELECT count(*) FROM activations WHERE license_id = licenses.id)";
    assert_eq!(world.database().rows::<1>(full).len(), rounds * LIMITS.len());
}
