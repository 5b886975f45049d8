//! Checks of the system: clock, addresses, limit of open files, SQLite.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use rustix::process::{Resource, getrlimit};

use super::{Context, Finding};
use crate::domain::{PublishedKey, Timestamp};
use crate::maintenance::signing_keys::key_to_reload;
use crate::store::sqlite_version;

/// 2026-01-01. No correct clock shows a time before this program was written.
const WRITTEN: Timestamp = Timestamp(1_767_225_600);

/// The seconds by which the newest row of a table may be ahead of the clock.
const TOLERANCE: i64 = 180;

/// Limits of open files below which the check is a fault or a warning. Each connection needs one, and each thread
/// one for each file of the database.
const TOO_FEW_FILES: u64 = 256;
const FEW_FILES: u64 = 1024;

/// Checks that the clock is later than this program and than the newest entry in the database.
pub fn clock(context: &Context<'_>) -> Finding {
    // Other checks report faults of the database.
    let newest =
        context.database.as_ref().ok().and_then(|database| database.read(|tx| tx.newest_entry()).ok());
    assess_clock(context.now, newest.flatten())
}

fn assess_clock(now: Timestamp, newest: Option<(String, Timestamp)>) -> Finding {
    let next = "see timedatectl status; set the clock and synchronize it (timedatectl set-ntp true)";
    if now < WRITTEN {
        return Finding::wrong(
            format!("the clock shows {now}, which is before this program was written"),
            next,
        );
    }
    match newest {
        Some((table, newest)) if newest.0 > now.0.saturating_add(TOLERANCE) => Finding::wrong(
            format!(
                "the clock shows {now}, but the newest entry of {table} is from {newest}: the clock is or was wrong"
            ),
            next,
        ),
        Some((_, newest)) => Finding::ok(format!("{now}; the newest entry is from {newest}")),
        None => Finding::ok(now.to_string()),
    }
}

/// Checks that the running server, if there is one, signs with the key that the database names.
pub fn server(context: &Context<'_>) -> Finding {
    match &context.server {
        Ok(Some(pid)) => match key_to_reload(context.data, &global_keys(context)) {
            Some(former) => Finding::warning(
                format!(
                    "pid {pid} still signs with {}, because it has not reloaded the activated global key",
                    former.0
                ),
                format!("kill -HUP {pid}"),
            ),
            None => Finding::ok(format!("runs on this directory (pid {pid})")),
        },
        Ok(None) => Finding::ok("none runs on this directory"),
        Err(error) => Finding::wrong(error.to_string(), "run this as the user that the server runs as"),
    }
}

/// The global keys in the database, if it can be read.
fn global_keys(context: &Context<'_>) -> Vec<PublishedKey> {
    let database = context.database.as_ref().ok();
    database.and_then(|database| database.read(|tx| tx.published_keys_of(None)).ok()).unwrap_or_default()
}

/// Checks that the server listens on its address, or can.
pub fn listen_address(context: &Context<'_>) -> Finding {
    assess_address(context, context.listen, "--listen")
}

/// Checks the address of the metrics in the same way.
pub fn metrics_address(context: &Context<'_>) -> Finding {
    match context.metrics_listen {
        None => Finding::ok("none: no metrics are served"),
        Some(listen) => assess_address(context, listen, "--metrics-listen"),
    }
}

fn assess_address(context: &Context<'_>, listen: &str, flag: &str) -> Finding {
    let elsewhere = &format!("give another address with {flag}");
    let addresses: Vec<SocketAddr> = match listen.to_socket_addrs() {
        Err(error) => {
            return Finding::wrong(format!("{listen} is not an address and port: {error}"), elsewhere);
        }
        Ok(addresses) => addresses.collect(),
    };
    let pid = context.server.as_ref().ok().and_then(Option::as_deref);
    let mut last = Finding::wrong(format!("{listen} is not an address"), elsewhere);
    for address in addresses {
        last = match TcpListener::bind(address) {
            Ok(_) => {
                let elsewhere = pid.map(|pid| format!("; the running server (pid {pid}) listens elsewhere"));
                return Finding::ok(format!("{address} is free{}", elsewhere.unwrap_or_default()));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => assess_used(address, pid, flag),
            Err(error) => Finding::wrong(format!("can't listen on {address}: {error}"), elsewhere),
        };
    }
    last
}

/// Assesses an address in use: it belongs to the running server of this directory, if one holds its lock file.
fn assess_used(address: SocketAddr, pid: Option<&str>, flag: &str) -> Finding {
    match pid {
        Some(pid) => {
            Finding::ok(format!("{address} is in use, and a server runs on this directory (pid {pid})"))
        }
        None => Finding::wrong(
            format!("{address} is used by another program"),
            format!(
                "find it with \"ss -ltnp 'sport = :{}'\", or give another address with {flag}",
                address.port()
            ),
        ),
    }
}

/// Checks that enough files can be open for many connections.
pub fn open_files(_: &Context<'_>) -> Finding {
    match getrlimit(Resource::Nofile).current {
        None => Finding::ok("no limit"),
        Some(limit) => assess_open_files(limit),
    }
}

fn assess_open_files(limit: u64) -> Finding {
    let message = format!("{limit} at once in this shell; each connection needs one");
    let next = "LimitNOFILE=65536 in the service's unit, or \"ulimit -n 65536\" before \"keyseal serve\"";
    match limit {
        ..TOO_FEW_FILES => Finding::wrong(message, next),
        TOO_FEW_FILES..FEW_FILES => Finding::warning(message, next),
        _ => Finding::ok(message),
    }
}

/// Checks that the SQLite in this program has no known bug that damages databases.
pub fn sqlite(_: &Context<'_>) -> Finding {
    match sqlite_version() {
        Ok(version) => Finding::ok(version),
        Err(error) => Finding::wrong(error.to_string(), "build Keyseal with the SQLite that it bundles"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_is_wrong_before_the_program_was_written_and_before_its_own_entries() {
        let now = Timestamp(WRITTEN.0 + 1_000_000);
        let entry = |seconds| Some(("licenses".to_owned(), Timestamp(now.0 + seconds)));
        for (now, newest, state) in [
            (now, None, State::Ok),
            (now, entry(-1), State::Ok),
            (now, entry(TOLERANCE), State::Ok),
            (now, entry(TOLERANCE + 1), State::Wrong),
            (WRITTEN, None, State::Ok),
            (Timestamp(WRITTEN.0 - 1), None, State::Wrong),
        ] {
            assert_eq!(assess_clock(now, newest).state, state);
        }
    }

    #[test]
    fn few_open_files_are_a_warning_and_too_few_are_wrong() {
        for (limit, state) in
            [(255, State::Wrong), (256, State::Warning), (1023, State::Warning), (1024, State::Ok)]
        {
            assert_eq!(assess_open_files(limit).state, state);
        }
    }
}
