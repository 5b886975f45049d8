//! `kill -9` under load: what was acknowledged is there after the restart, and nothing is there that nobody asked for.
//!
//! It proves that no half of a change survives the process. Of power cuts it proves nothing, that is another
//! proof: what a killed process wrote, the system still holds.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use crate::ledger::{self, Ledger, Thing};
use crate::load::{self, Step};
use crate::support::{Form, Server, World};

const CLIENTS: usize = 16;
const KILLS_PER_WORLD: usize = 25;
const READY_WITHIN: Duration = Duration::from_secs(1);

pub fn prove(form: &Form) -> String {
    let kills = form.pick(KILLS_PER_WORLD, 500);
    let (mut acknowledged, mut slowest) = (0, Duration::ZERO);
    for first in (0..kills).step_by(KILLS_PER_WORLD) {
        let mut trial = Trial::new();
        for kill in first..first + KILLS_PER_WORLD {
            acknowledged += trial.kill_once(kill, &mut form.chance(kill));
            let ready_after = trial.server.ready_after;
            assert!(ready_after < READY_WITHIN, "kill {kill}: ready after {ready_after:?}");
            slowest = slowest.max(ready_after);
        }
    }
    format!(
        "{kills} kills, {acknowledged} changes acknowledged, 0 lost, 0 phantom; slowest restart {slowest:.0?}"
    )
}

/// Nothing can fail here: the disk is sound.
fn goes_on(step: &Step<'_>) -> bool {
    if let Step::Failed { code, .. } = step {
        panic!("answered {code}");
    }
    true
}

struct Trial {
    world: World,
    server: Server,
    /// All that is known to be there.
    truth: BTreeMap<Thing, String>,
}

impl Trial {
    fn new() -> Self {
        let world = World::new();
        let server = world.serve();
        let truth = load::share_licenses(&mut server.client()).into_iter().collect();
        Self { world, server, truth }
    }

    /// Load, kill, restart, compare. Gives how many changes were acknowledged.
    fn kill_once(&mut self, kill: usize, chance: &mut Rng) -> usize {
        let ledgers = self.load_and_kill(kill, chance);
        self.server = self.world.serve();
        let database = self.world.database();
        database.check();
        let found = ledger::found(&database);
        for ledger in &ledgers {
            ledger.settle(&mut self.truth, &found);
        }
        ledger::compare(&self.truth, &found, kill);
        let too_full = ledger::overfull(&database);
        assert!(too_full.is_empty(), "kill {kill}: phantom seats on {too_full:?}");
        self.check_commands(kill);
        self.check_answers(&ledgers, kill);
        ledgers.iter().map(|ledger| ledger.changes.len()).sum()
    }

    fn load_and_kill(&mut self, kill: usize, chance: &mut Rng) -> Vec<Ledger> {
        let jobs: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let seats = self.seats_of(number);
                (self.server.client(), load::Worker::new(number, kill, chance.fork(), seats))
            })
            .collect();
        thread::scope(|scope| {
            let clients: Vec<_> = jobs
                .into_iter()
                .map(|(client, worker)| scope.spawn(move || worker.run(client, |step| goes_on(&step))))
                .collect();
            thread::sleep(Duration::from_millis(chance.u64(20..=400)));
            self.server.kill();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }

    /// The seats that a client took before earlier kills, and whether it wrote metadata from there.
    fn seats_of(&self, number: usize) -> Vec<load::Seat> {
        let mine = format!("{number}:");
        let seats = self.truth.keys().filter_map(|thing| match thing {
            Thing::Seat(key, identifier) if identifier.starts_with(&mine) => {
                let has_meta = self.truth.contains_key(&Thing::Meta(key.clone(), load::meta_key(identifier)));
                Some(load::Seat { key: key.clone(), identifier: identifier.clone(), has_meta })
            }
            _ => None,
        });
        seats.collect()
    }

    /// The command line lists every license with the limit it was made with, and no other.
    fn check_commands(&self, kill: usize) {
        let listed = self.world.command(&["license", "list"]);
        let listed: BTreeMap<String, String> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|license| {
                (license["license_key"].as_str().unwrap().to_owned(), license["activation_limit"].to_string())
            })
            .collect();
        let known = self.truth.iter().filter_map(|(thing, limit)| match thing {
            Thing::License(key) => Some((key.clone(), limit.clone())),
            _ => None,
        });
        assert_eq!(listed, known.collect(), "kill {kill}");
    }

    /// The API says of everything that was changed before the kill what is true of it.
    fn check_answers(&self, ledgers: &[Ledger], kill: usize) {
        let mut client = self.server.client();
        for (thing, _) in ledgers.iter().flat_map(|ledger| &ledger.changes) {
            match thing {
                Thing::License(_) => {}
                Thing::Seat(key, identifier) => {
                    let fields = [("license_key", key.as_str()), ("identifier", identifier)];
                    let code = client.post("verify", &fields).unwrap().code;
                    let expected = if self.truth.contains_key(thing) { 200 } else { 202 };
                    assert_eq!(code, expected, "kill {kill}: {thing:?}");
                }
                Thing::Meta(key, meta_key) => {
                    let identifier = load::identifier_of(meta_key);
                    if !self.truth.contains_key(&Thing::Seat(key.clone(), identifier.to_owned())) {
                        continue;
                    }
                    let fields = [("license_key", key.as_str()), ("identifier", identifier)];
                    let details = client.post("get-license-key-details", &fields).unwrap().response;
                    let entries = details["licenseKey"]["meta_data"].as_array().unwrap();
                    let entry = entries.iter().find(|entry| entry["key"] == meta_key.as_str()).unwrap();
                    assert_eq!(entry["value"], self.truth[thing].as_str(), "kill {kill}: {thing:?}");
                }
            }
        }
    }
}
