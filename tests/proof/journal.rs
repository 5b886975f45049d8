//! A flood of different wrong license keys: the journal of refusals stays within its rows and its memory, every answer
//! is counted, and all that is gathered is written at a stop.

use std::thread;

use crate::support::{Form, Server, World};

/// Connections of the flood.
const CONNECTIONS: usize = 8;

/// The entries that the journal may hold.
const ROWS: usize = 2000;

/// By how much the server may grow, in KiB.
const MOST: u64 = 10 * 1024;

pub fn prove(form: &Form) -> String {
    let wrong_keys = form.pick(20_000, 1_000_000) / CONNECTIONS;
    let world = World::new();
    let log = tempfile::tempfile().unwrap();
    let rows = ROWS.to_string();
    let mut server =
        Server::start_logged(world.path(), &world.api_key, &["--keep-refusals", &rows], &[], log);
    // What every connection and thread needs at its first requests.
    flood(&server, "WARM", 50);
    let before = server.memory("VmRSS");
    server.reset_peak_memory();
    flood(&server, "FLOOD", wrong_keys);
    let grown = server.memory("VmHWM").saturating_sub(before);
    assert!(grown < MOST, "{grown} KiB more for the flood");
    server.terminate();
    assert!(server.stop().is_some());
    let count = |what: &str| {
        let sql = format!("SELECT CAST(({what}) AS TEXT)");
        world.database().rows::<1>(&sql)[0][0].parse::<usize>().unwrap()
    };
    let kept = count("SELECT count(*) FROM refusals");
    assert!(kept <= ROWS, "{kept} entries");
    let counted = count("SELECT sum(count) FROM usage_hours WHERE code = 210");
    let sent = (50 + wrong_keys) * CONNECTIONS;
    assert_eq!(counted, sent, "answers are missing");
    let whole = count("SELECT count(*) FROM refusals WHERE length(key_start) > 8");
    assert_eq!(whole, 0, "an unknown key is kept whole");
    format!("{sent} wrong keys, each another one: {kept} entries, {grown} KiB more memory, all counted")
}

/// Asks for licenses that nobody has, each with another key and identifier.
fn flood(server: &Server, prefix: &str, number: usize) {
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            scope.spawn(move || {
                let mut client = server.client();
                for count in 0..number {
                    let key = format!("{prefix}-{connection}-{count}-{}", "0".repeat(40));
                    let identifier = format!("device-{count}-{}", "x".repeat(200));
                    let fields = [("license_key", key.as_str()), ("identifier", &identifier)];
                    assert_eq!(client.post("verify", &fields).unwrap().code, 210);
                }
            });
        }
    });
}
