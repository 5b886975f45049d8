//! `kill -9` under load: after the restart every acknowledged change is in the database, and no change that was never
//! requested.
//!
//! It shows that no partial change survives the process. It shows nothing about power cuts, since the system still
//! writes what a killed process handed to it; the proof `power` is for those.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use crate::load::{self, Step};
use crate::records::{self, ClientChanges, Record};
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
            acknowledged += trial.kill_once(kill, &mut form.rng(kill));
            let ready_after = trial.server.ready_after;
            assert!(ready_after < READY_WITHIN, "kill {kill}: ready after {ready_after:?}");
            slowest = slowest.max(ready_after);
        }
    }
    format!(
        "{kills} kills, {acknowledged} changes acknowledged, 0 lost, 0 unrequested; slowest restart {slowest:.0?}"
    )
}

/// Panics if the server fails: the disk is sound.
fn goes_on(step: &Step<'_>) -> bool {
    if let Step::Failed { code, .. } = step {
        panic!("answered {code}");
    }
    true
}

struct Trial {
    world: World,
    server: Server,
    /// The records that must exist.
    expected: BTreeMap<Record, String>,
}

impl Trial {
    fn new() -> Self {
        let world = World::new();
        let server = world.serve();
        let expected = load::share_licenses(&mut server.client()).into_iter().collect();
        Self { world, server, expected }
    }

    /// Loads, kills and restarts the server and compares. Gives how many changes were acknowledged.
    fn kill_once(&mut self, kill: usize, rng: &mut Rng) -> usize {
        let clients = self.load_and_kill(kill, rng);
        self.server = self.world.serve();
        let database = self.world.database();
        database.check();
        let found = records::read(&database);
        for changes in &clients {
            changes.apply_to(&mut self.expected, &found);
        }
        records::compare(&self.expected, &found, kill);
        let over_limit = records::over_limit(&database);
        assert!(over_limit.is_empty(), "kill {kill}: licenses over their limit: {over_limit:?}");
        self.check_commands(kill);
        self.check_answers(&clients, kill);
        clients.iter().map(|changes| changes.acknowledged.len()).sum()
    }

    fn load_and_kill(&mut self, kill: usize, rng: &mut Rng) -> Vec<ClientChanges> {
        let jobs: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let activations = self.activations_of(number);
                (self.server.client(), load::Worker::new(number, kill, rng.fork(), activations))
            })
            .collect();
        thread::scope(|scope| {
            let clients: Vec<_> = jobs
                .into_iter()
                .map(|(client, worker)| scope.spawn(move || worker.run(client, |step| goes_on(&step))))
                .collect();
            thread::sleep(Duration::from_millis(rng.u64(20..=400)));
            self.server.kill();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }

    /// The activations that a client made before earlier kills, and whether it wrote metadata for them.
    fn activations_of(&self, number: usize) -> Vec<load::Activation> {
        let mine = format!("{number}:");
        let activations = self.expected.keys().filter_map(|record| match record {
            Record::Activation(key, identifier) if identifier.starts_with(&mine) => {
                let has_meta =
                    self.expected.contains_key(&Record::Meta(key.clone(), load::meta_key(identifier)));
                Some(load::Activation { key: key.clone(), identifier: identifier.clone(), has_meta })
            }
            _ => None,
        });
        activations.collect()
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
        let known = self.expected.iter().filter_map(|(record, limit)| match record {
            Record::License(key) => Some((key.clone(), limit.clone())),
            _ => None,
        });
        assert_eq!(listed, known.collect(), "kill {kill}");
    }

    /// The API gives the expected answer for each record that was changed before the kill.
    fn check_answers(&self, clients: &[ClientChanges], kill: usize) {
        let mut client = self.server.client();
        for (record, _) in clients.iter().flat_map(|changes| &changes.acknowledged) {
            match record {
                Record::License(_) => {}
                Record::Activation(key, identifier) => {
                    let fields = [("license_key", key.as_str()), ("identifier", identifier)];
                    let code = client.post("verify", &fields).unwrap().code;
                    let expected = if self.expected.contains_key(record) { 200 } else { 202 };
                    assert_eq!(code, expected, "kill {kill}: {record:?}");
                }
                Record::Meta(key, meta_key) => {
                    let identifier = load::identifier_of(meta_key);
                    if !self.expected.contains_key(&Record::Activation(key.clone(), identifier.to_owned())) {
                        continue;
                    }
                    let fields = [("license_key", key.as_str()), ("identifier", identifier)];
                    let details = client.post("get-license-key-details", &fields).unwrap().response;
                    let entries = details["licenseKey"]["meta_data"].as_array().unwrap();
                    let entry = entries.iter().find(|entry| entry["key"] == meta_key.as_str()).unwrap();
                    assert_eq!(entry["value"], self.expected[record].as_str(), "kill {kill}: {record:?}");
                }
            }
        }
    }
}
