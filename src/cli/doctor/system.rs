//! What the system gives a server: the time, an address, open files, and an SQLite that keeps data whole.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use rustix::process::{Resource, getrlimit};

use super::listener::is_listening;
use super::{Finding, Patient};
use crate::domain::{PublishedKey, Timestamp};
use crate::store::sqlite_version;

/// 2026-01-01: no clock shows a time before this was written.
const WRITTEN: Timestamp = Timestamp(1_767_225_600);

/// How far, in seconds, an entry may lie in the future before the clock is to blame.
const TOLERANCE: i64 = 180;

/// A connection is an open file, and so is each file of the database for each thread.
const TOO_FEW_FILES: u64 = 256;
const FEW_FILES: u64 = 1024;

pub fn clock(patient: &Patient<'_>) -> Finding {
    let newest = patient.database.as_ref().ok().map(|database| database.read(|tx| tx.newest_entry()));
    match newest {
        Some(Ok(newest)) => judge_clock(patient.now, newest),
        // What is wrong with the database is said where it belongs.
        Some(Err(_)) | None => judge_clock(patient.now, None),
    }
}

fn judge_clock(now: Timestamp, newest: Option<(String, Timestamp)>) -> Finding {
    let next = "timedatectl status; set the clock, and have it kept right (timedatectl set-ntp true)";
    if now < WRITTEN {
        return Finding::wrong(format!("it is {now} here, which is before this program was made"), next);
    }
    match newest {
        Some((table, newest)) if newest.0 > now.0.saturating_add(TOLERANCE) => Finding::wrong(
            format!(
                "it is {now} here, but the newest entry of {table} is of {newest}: the clock is or was wrong"
            ),
            next,
        ),
        Some((_, newest)) => Finding::right(format!("{now}; the newest entry is of {newest}")),
        None => Finding::right(now.to_string()),
    }
}

pub fn server(patient: &Patient<'_>) -> Finding {
    match &patient.server {
        Ok(Some(pid)) => {
            match crate::cli::signing_key::forgotten_switch(patient.data, &named_global(patient)) {
                Some(before) => Finding::warning(
                    format!(
                        "pid {pid} was not told of the activated global key, and still signs with {}",
                        before.0
                    ),
                    format!("kill -HUP {pid}"),
                ),
                None => Finding::right(format!("runs on this directory (pid {pid})")),
            }
        }
        Ok(None) => Finding::right("none runs on this directory"),
        Err(error) => Finding::wrong(error.to_string(), "run this as the user that the server runs as"),
    }
}

/// The global keys that the database has, if it can be read.
fn named_global(patient: &Patient<'_>) -> Vec<PublishedKey> {
    let database = patient.database.as_ref().ok();
    database.and_then(|database| database.read(|tx| tx.published_keys_of(None)).ok()).unwrap_or_default()
}

pub fn listen_address(patient: &Patient<'_>) -> Finding {
    judge_address(patient, &patient.serve.listen, "--listen")
}

pub fn metrics_address(patient: &Patient<'_>) -> Finding {
    match &patient.serve.metrics_listen {
        None => Finding::right("none: no metrics are served"),
        Some(listen) => judge_address(patient, listen, "--metrics-listen"),
    }
}

fn judge_address(patient: &Patient<'_>, listen: &str, flag: &str) -> Finding {
    let elsewhere = &format!("give another address with {flag}");
    let addresses: Vec<SocketAddr> = match listen.to_socket_addrs() {
        Err(error) => return Finding::wrong(format!("{listen} is no address and port: {error}"), elsewhere),
        Ok(addresses) => addresses.collect(),
    };
    let pid = patient.server.as_ref().ok().and_then(Option::as_deref);
    let mut last = Finding::wrong(format!("{listen} is no address"), elsewhere);
    for address in addresses {
        last = match TcpListener::bind(address) {
            Ok(_) if pid.is_some() => {
                return Finding::right(format!("{address} is free; the server that runs listens elsewhere"));
            }
            Ok(_) => return Finding::right(format!("{address} is free")),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => judge_taken(address, pid, flag),
            Err(error) => Finding::wrong(format!("can't listen on {address}: {error}"), elsewhere),
        };
    }
    last
}

fn judge_taken(address: SocketAddr, pid: Option<&str>, flag: &str) -> Finding {
    let next = format!(
        "see who listens with \"ss -ltnp 'sport = :{}'\", or give another address with {flag}",
        address.port()
    );
    match pid.map(|pid| (pid, is_listening(pid, address.port()))) {
        Some((pid, Some(true))) => {
            Finding::right(format!("{address} is used by the server that runs here (pid {pid})"))
        }
        Some((pid, None)) => Finding::warning(
            format!(
                "{address} is in use; whether by the server that runs here (pid {pid}), the system doesn't tell you"
            ),
            next,
        ),
        Some((_, Some(false))) | None => {
            Finding::wrong(format!("{address} is used by another program"), next)
        }
    }
}

pub fn open_files(_: &Patient<'_>) -> Finding {
    match getrlimit(Resource::Nofile).current {
        None => Finding::right("as many as the system has"),
        Some(limit) => judge_open_files(limit),
    }
}

fn judge_open_files(limit: u64) -> Finding {
    let message = format!("{limit} at once in this shell; each connection is one");
    let next = "LimitNOFILE=65536 in the service's unit, or \"ulimit -n 65536\" before \"keyseal serve\"";
    match limit {
        ..TOO_FEW_FILES => Finding::wrong(message, next),
        TOO_FEW_FILES..FEW_FILES => Finding::warning(message, next),
        _ => Finding::right(message),
    }
}

pub fn sqlite(_: &Patient<'_>) -> Finding {
    match sqlite_version() {
        Ok(version) => Finding::right(version),
        Err(error) => Finding::wrong(error.to_string(), "build Keyseal with the SQLite that it brings"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_is_wrong_before_the_program_was_made_and_before_its_own_entries() {
        let now = Timestamp(WRITTEN.0 + 1_000_000);
        let entry = |seconds| Some(("licenses".to_owned(), Timestamp(now.0 + seconds)));
        for (now, newest, state) in [
            (now, None, State::Right),
            (now, entry(-1), State::Right),
            (now, entry(TOLERANCE), State::Right),
            (now, entry(TOLERANCE + 1), State::Wrong),
            (WRITTEN, None, State::Right),
            (Timestamp(WRITTEN.0 - 1), None, State::Wrong),
        ] {
            assert_eq!(judge_clock(now, newest).state, state);
        }
    }

    #[test]
    fn few_open_files_are_a_warning_and_too_few_are_wrong() {
        for (limit, state) in
            [(255, State::Wrong), (256, State::Warning), (1023, State::Warning), (1024, State::Right)]
        {
            assert_eq!(judge_open_files(limit).state, state);
        }
    }
}
