//! Backups under load: each holds all that was acknowledged before it began, and nothing by halves.
//!
//! Every client does one thing after the other, so what a backup holds of it must be all up to some moment
//! and nothing past it. Each backup is restored elsewhere, where SQLite, the command line and a server of its
//! own are asked what they see.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, Database, Form, Server, World};

const CLIENTS: usize = 12;
/// Licenses that are there from the beginning, so that a backup takes its time.
const PRELOADED: usize = 50_000;
/// How long the rate is measured before each backup.
const BEFORE: Duration = Duration::from_millis(800);

/// What a client does with its number `step`; it does them in order, each once.
enum Step {
    Create(Vec<String>),
    Activate(String, String),
    WriteMeta(String, String),
}

impl Step {
    /// Three steps belong together: license keys, a seat on the first of them, metadata from that seat.
    fn of(client: usize, step: usize) -> Self {
        let name = format!("{client}-{}", step / 3);
        let key = format!("{name}-0");
        match step % 3 {
            0 => Self::Create((0..3 + step % 7).map(|number| format!("{name}-{number}")).collect()),
            1 => Self::Activate(key, format!("seat {name}")),
            _ => Self::WriteMeta(key, format!("seat {name}")),
        }
    }

    fn take(&self, connection: &mut Client) {
        let (endpoint, fields, done) = match self {
            Self::Create(keys) => {
                let keys = serde_json::to_string(keys).unwrap();
                let fields = vec![
                    ("license_keys", keys),
                    ("product_id", "1".to_owned()),
                    ("activation_limit", "1".to_owned()),
                    ("validity", "0".to_owned()),
                    ("status", "assigned".to_owned()),
                ];
                ("create-license-keys", fields, 900)
            }
            Self::Activate(key, identifier) => {
                ("activate", vec![("license_key", key.clone()), ("identifier", identifier.clone())], 300)
            }
            Self::WriteMeta(key, identifier) => {
                let fields = vec![
                    ("license_key", key.clone()),
                    ("identifier", identifier.clone()),
                    ("key", "from".to_owned()),
                    ("value", identifier.clone()),
                ];
                ("create-license-key-meta", fields, 453)
            }
        };
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(connection.post(endpoint, &fields).unwrap().code, done, "{fields:?}");
    }

    /// How many of its parts are there, of how many.
    fn found(&self, all: &Found) -> (usize, usize) {
        match self {
            Self::Create(keys) => (keys.iter().filter(|key| all.keys.contains(*key)).count(), keys.len()),
            Self::Activate(key, identifier) => {
                (usize::from(all.seats.contains(&(key.clone(), identifier.clone()))), 1)
            }
            Self::WriteMeta(key, value) => (usize::from(all.meta.contains(&(key.clone(), value.clone()))), 1),
        }
    }
}

/// What a database holds of the clients' work.
struct Found {
    keys: HashSet<String>,
    seats: HashSet<(String, String)>,
    meta: HashSet<(String, String)>,
}

impl Found {
    fn read(database: &Database) -> Self {
        let keys = database.rows("SELECT license_key FROM licenses WHERE license_key NOT LIKE 'OLD-%'");
        let seats = database.rows(
            "SELECT license_key, identifier FROM activations JOIN licenses ON licenses.id = license_id",
        );
        let meta = database
            .rows("SELECT license_key, value FROM license_meta JOIN licenses ON licenses.id = license_id");
        Self {
            keys: keys.into_iter().map(|[key]| key).collect(),
            seats: seats.into_iter().map(|[key, identifier]| (key, identifier)).collect(),
            meta: meta.into_iter().map(|[key, value]| (key, value)).collect(),
        }
    }

    fn parts(&self) -> usize {
        self.keys.len() + self.seats.len() + self.meta.len()
    }
}

/// Tells the clients to end, when dropped.
struct EndOfLoad<'a>(&'a AtomicBool);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What one backup showed.
#[derive(Default)]
struct Figures {
    /// Answers to the clients in the time before it, and while it was made.
    before: usize,
    during: usize,
    took: Duration,
    /// Steps that were acknowledged before it began, and those that it holds.
    acknowledged: usize,
    held: usize,
}

pub fn prove(form: &Form) -> String {
    let backups = form.pick(3, 50);
    let world = new_world();
    let server = world.serve();
    let public_key = world.command(&["signing-key", "public"])["public_key"].clone();
    let backup_place = tempfile::tempdir().unwrap();
    let mut next = [0; CLIENTS];
    let mut all = Figures::default();
    for number in 0..backups {
        let dest = backup_place.path().join(number.to_string());
        let (figures, acknowledged) = back_up_under_load(&world, &server, dest.to_str().unwrap(), &mut next);
        let restored = world.restored_from(&dest);
        let held = check_contents(&restored, &acknowledged, &next, number);
        check_server(&restored, &public_key, number);
        fs::remove_dir_all(&dest).unwrap();
        all.before += figures.before;
        all.during += figures.during;
        all.took += figures.took;
        all.acknowledged += figures.acknowledged;
        all.held += held;
    }
    let a_second = |answers: usize, time: Duration| answers as u128 * 1000 / time.as_millis();
    format!(
        "{backups} backups under {CLIENTS} clients, {} changes acknowledged before they began, 0 lost, {} in the \
         backups, 0 in part; {:.0?} each; {} changes/s before, {} during",
        all.acknowledged,
        all.held,
        all.took / u32::try_from(backups).unwrap(),
        a_second(all.before, BEFORE * u32::try_from(backups).unwrap()),
        a_second(all.during, all.took)
    )
}

/// With a product that has a key of its own, a file to download, and licenses enough.
fn new_world() -> World {
    let world = World::new();
    world.command(&["product", "create", "--name", "Own", "--own-key"]);
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("app.zip");
    fs::write(&file, vec![7; 300_000]).unwrap();
    let version = ["download", "add", "--product", "1", "--version", "1", "--numeric-version", "1"];
    world.command(&[&version[..], &[file.to_str().unwrap()]].concat());
    let mut lines = "license_key,product_id\n".to_owned();
    for number in 0..PRELOADED {
        writeln!(lines, "OLD-{number},2").unwrap();
    }
    world.import(&lines);
    world
}

/// Gives the figures, and what each client had been told was done when the backup began.
fn back_up_under_load(
    world: &World,
    server: &Server,
    dest: &str,
    next: &mut [usize; CLIENTS],
) -> (Figures, Vec<usize>) {
    let done: Vec<AtomicUsize> = next.iter().map(|step| AtomicUsize::new(*step)).collect();
    let is_over = &AtomicBool::new(false);
    let sum = || done.iter().map(|steps| steps.load(Ordering::SeqCst)).sum::<usize>();
    let result = thread::scope(|scope| {
        // Also if the backup fails: the clients would go on for ever.
        let end = EndOfLoad(is_over);
        for (client, done) in done.iter().enumerate() {
            let mut connection = server.client();
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    Step::of(client, done.load(Ordering::SeqCst)).take(&mut connection);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let before = sum();
        thread::sleep(BEFORE);
        let acknowledged: Vec<usize> = done.iter().map(|steps| steps.load(Ordering::SeqCst)).collect();
        let (began, at_begin) = (Instant::now(), acknowledged.iter().sum::<usize>());
        world.command(&["backup", dest]);
        let (took, at_end) = (began.elapsed(), sum());
        drop(end);
        let figures = Figures {
            before: at_begin - before,
            during: at_end - at_begin,
            took,
            acknowledged: at_begin,
            held: 0,
        };
        (figures, acknowledged)
    });
    for (next, done) in next.iter_mut().zip(&done) {
        *next = done.load(Ordering::SeqCst);
    }
    result
}

/// Gives how many steps the restored database holds.
fn check_contents(restored: &World, acknowledged: &[usize], sent: &[usize; CLIENTS], backup: usize) -> usize {
    let database = restored.database();
    database.check();
    let found = Found::read(&database);
    let (mut held, mut parts) = (0, 0);
    for client in 0..CLIENTS {
        let mut is_past = false;
        for step in 0..sent[client] {
            let (there, all) = Step::of(client, step).found(&found);
            assert!(
                there == 0 || there == all,
                "backup {backup}: step {step} of client {client} is torn: {there} of {all}"
            );
            assert!(
                there == 0 || !is_past,
                "backup {backup}: client {client} did step {step} after one that is missing"
            );
            assert!(
                there > 0 || step >= acknowledged[client],
                "backup {backup}: step {step} of client {client} was acknowledged before it and is lost"
            );
            is_past = there == 0;
            held += usize::from(there > 0);
            parts += there;
        }
    }
    assert_eq!(parts, found.parts(), "backup {backup} holds what nobody asked for");
    let [[old]] =
        &database.rows("SELECT CAST(count(*) AS TEXT) FROM licenses WHERE license_key LIKE 'OLD-%'")[..]
    else {
        panic!("one count");
    };
    assert_eq!(*old, PRELOADED.to_string(), "backup {backup}");
    held
}

/// A server on the restored directory answers, and signs with the key that clients know.
fn check_server(restored: &World, public_key: &serde_json::Value, backup: usize) {
    let server = restored.serve();
    let fields = [("license_key", "0-0-0"), ("identifier", "seat 0-0")];
    let mut client = server.client();
    assert_eq!(client.post("verify", &fields).unwrap().code, 200, "backup {backup}");
    let outside = tempfile::tempdir().unwrap();
    let (key, reply) = (outside.path().join("public.pem"), outside.path().join("reply.json"));
    fs::write(&key, public_key.as_str().unwrap()).unwrap();
    let request = format!(
        "GET /api/v1/get-all-products?api_key={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        restored.api_key
    );
    fs::write(&reply, client.exchange(request.as_bytes()).unwrap()).unwrap();
    let checked =
        restored.command(&["check-reply", reply.to_str().unwrap(), "--public-key", key.to_str().unwrap()]);
    assert_eq!(checked["response"]["products"].as_array().unwrap().len(), 2, "backup {backup}: {checked}");
    let findings = restored.command(&["doctor", "--listen", "127.0.0.1:0"]);
    let wrong: Vec<_> = findings.as_array().unwrap().iter().filter(|one| one["state"] == "wrong").collect();
    assert!(wrong.is_empty(), "backup {backup}: {wrong:?}");
}
