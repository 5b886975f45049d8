//! A database with rows in its tables, licenses of every kind whose verdicts are known, and copies of it to be damaged.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{DATABASE, LOG};
use crate::support::{ServerProcess, World};

const LICENSES: usize = 300;
/// How many are asked about after each damage.
const ASKED: usize = 40;
const IDENTIFIER: &str = "shop.example";

/// Changes at the end of the log, after those that verdicts follow from.
const LAST_CHANGES: usize = 4;

pub struct Sample {
    world: World,
    copies: TempDir,
    /// How long the end of the log is that no damage is done to, because a change there can't be told from
    /// one that was cut off.
    pub last_changes_in_log: u64,
}

/// License number N is of kind N modulo these: which columns it has, and what is answered to who asks whether
/// it is valid.
const KINDS: [(&str, i64); 5] = [
    ("5,0,2026-01-01 00:00:00,assigned,\"[\"\"shop.example\"\"]\"", 200),
    ("5,30,2020-01-01 00:00:00,assigned,\"[\"\"shop.example\"\"]\"", 205),
    ("5,0,,blocked,\"[\"\"shop.example\"\"]\"", 204),
    ("1,0,2026-01-01 00:00:00,assigned,\"[\"\"other.example\"\"]\"", 202),
    ("1,0,,available,", 201),
];

fn key(number: usize) -> String {
    format!("KEY-{:08X}", number.wrapping_mul(0x9E37_79B1) & 0xFFFF_FFFF)
}

impl Sample {
    pub fn make() -> Self {
        let world = World::new();
        let copies = tempfile::tempdir().unwrap();
        import(&world);
        fill(&world);
        fs::create_dir(copies.path().join("closed")).unwrap();
        fs::create_dir(copies.path().join("killed")).unwrap();
        copy(world.data(), &copies.path().join("closed"));
        let last_changes_in_log = leave_a_log(&world);
        copy(world.data(), &copies.path().join("killed"));
        Self { world, copies, last_changes_in_log }
    }

    /// As it was left by a server that was told to stop.
    pub fn closed(&self) -> PathBuf {
        self.copies.path().join("closed")
    }

    pub fn copy_closed(&self) -> TempDir {
        copied(&self.closed())
    }

    /// As it was left by a server that was killed: its last changes are in the log alone.
    pub fn copy_killed(&self) -> TempDir {
        copied(&self.copies.path().join("killed"))
    }

    /// Asks about licenses of every kind. Gives how many verdicts and how many errors there were; panics at a
    /// wrong verdict.
    pub fn ask(&self, server: &ServerProcess, what: &str) -> (usize, usize) {
        let mut client = server.client(&self.world.api_key);
        let (mut right, mut errors) = (0, 0);
        let known = (0..ASKED).map(|number| (key(number), KINDS[number % KINDS.len()].1));
        let unknown = (0..4).map(|number| (format!("KEY-UNKNOWN-{number}"), 210));
        for (key, expected) in known.chain(unknown) {
            let body = format!("api_key={}&license_key={key}&identifier={IDENTIFIER}", self.world.api_key);
            let answer = client.exchange(&post("verify", &body));
            let answer = answer.unwrap_or_else(|cut| panic!("{what}: {key}: no answer ({cut:?})"));
            let envelope: Value = serde_json::from_str(&answer).unwrap();
            match envelope["response"]["code"].as_i64().unwrap() {
                1900 | 1901 => errors += 1,
                code if code == expected => right += 1,
                code => panic!("{what}: {key}: {code} and not {expected}: {answer}"),
            }
        }
        (right, errors)
    }
}

fn post(endpoint: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// All kinds but the blocked ones as they are; those are valid until the log says otherwise.
fn import(world: &World) {
    let mut csv =
        "license_key,product_id,owner_name,owner_email,activation_limit,validity,assigned_at,status,\
        identifiers\n"
            .to_owned();
    for number in 0..LICENSES {
        let (columns, _) = KINDS[number % KINDS.len()];
        writeln!(csv, "{},1,Owner {number},owner{number}@shop.example,{columns}", key(number)).unwrap();
    }
    world.import(&csv);
}

/// Rows for the other tables.
fn fill(world: &World) {
    world.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    world.command(&["block", "add", "--identifier", "blocked.example"]);
    let mut server = world.serve();
    let mut client = server.client();
    for number in (0..ASKED).step_by(KINDS.len()) {
        let name = format!("meta-{number}");
        let fields =
            [("license_key", &*key(number)), ("identifier", IDENTIFIER), ("key", &name), ("value", "x")];
        assert_eq!(client.post("create-license-key-meta", &fields).unwrap().code, 453);
        let fields = [("product_id", "1"), ("key", &*name), ("value", "x")];
        assert_eq!(client.post("create-product-meta", &fields).unwrap().code, 273);
        report(&mut client);
    }
    server.terminate();
    assert_eq!(server.exit_code(std::time::Duration::from_secs(30)), Some(0));
}

fn report(client: &mut crate::support::Client) {
    let fields = [("data_type", "text"), ("data_group", "use"), ("product_id", "1"), ("data", "some")];
    assert!([830, 831].contains(&client.post("send-telemetry-data", &fields).unwrap().code));
}

/// Changes that only the log holds: what was valid is blocked and what was blocked is valid, and back, so
/// that old verdicts are wrong ones wherever the log is cut. Gives the length of what was written after them.
fn leave_a_log(world: &World) -> u64 {
    let mut server = world.serve();
    let mut client = server.client();
    let log = world.data().join(LOG);
    for (number, status) in [(0, "blocked"), (2, "assigned"), (2, "blocked"), (0, "assigned")] {
        for number in (number..ASKED).step_by(KINDS.len()) {
            let fields = [("license_key", &*key(number)), ("status", status)];
            assert_eq!(client.post("update-license-key", &fields).unwrap().code, 950);
        }
    }
    let before = fs::metadata(&log).unwrap().len();
    for _ in 0..LAST_CHANGES {
        report(&mut client);
    }
    let after = fs::metadata(&log).unwrap().len();
    server.kill();
    after - before
}

fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

/// What a data directory is made of, and not the index of its log, which SQLite makes anew.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to.join("keys")).unwrap();
    for file in [DATABASE, LOG] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.join(file)).unwrap();
        }
    }
    for key in fs::read_dir(from.join("keys")).unwrap() {
        let key = key.unwrap();
        fs::copy(key.path(), to.join("keys").join(key.file_name())).unwrap();
    }
}
