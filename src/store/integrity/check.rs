//! The integrity check of the whole database: its structure, indexes against rows, rows against their constraints
//! and checksums. It runs on a thread of its own while the database is served.
//!
//! SQLite has no checksums of its own. A damaged index finds nothing without an error, so a sold license key would be
//! called invalid.

use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::files::DataDir;
use crate::store::nouns::license_checksum;
use crate::store::sqlite::connection;
use crate::store::sqlite::errors::unreadable;
use crate::store::{Error, OpenError};

/// The damage found in the database, if any. It stays known until a restart.
#[derive(Default)]
pub(in crate::store) struct Damage(OnceLock<String>);

impl Damage {
    pub(in crate::store) fn refuse_if_known(&self) -> Result<(), Error> {
        self.0.get().map_or(Ok(()), |what| Err(Error::Damaged(what.clone())))
    }

    /// Records damage. Logs the first.
    pub(in crate::store) fn note(&self, what: &str) {
        if self.0.set(what.to_owned()).is_ok() {
            log::error!(
                "the database is damaged: {what}; the server answers nothing from it any more: stop the server and \
                 restore a backup with \"keyseal restore\""
            );
        }
    }
}

/// The number of steps of SQLite's virtual machine between two checks of the stop flag: at most a millisecond.
const VM_STEPS: c_int = 1_000;

/// A running check. Dropping it stops the check.
pub(in crate::store) struct Check {
    path: PathBuf,
    ended: Receiver<Option<String>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Check {
    /// Starts a check. Damage that it finds after [`Self::wait`] returned is recorded in `damage`.
    pub(in crate::store) fn start(data: &DataDir, damage: &Arc<Damage>) -> Result<Self, OpenError> {
        let path = data.database();
        let mut connection = connection::open_reading(&path).map_err(unreadable(&path))?;
        let (report, ended) = sync_channel(1);
        let (damage, stop) = (Arc::clone(damage), Arc::new(AtomicBool::new(false)));
        stop_with(&mut connection, Arc::clone(&stop)).map_err(unreadable(&path))?;
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("check".to_owned()).spawn(move || {
            let found = run(&connection, &stopped);
            if report.try_send(found.clone()).is_ok()
                && let Some(what) = found
            {
                damage.note(&what);
            }
        });
        Ok(Self { path, ended, stop, thread: Some(thread.map_err(OpenError::Thread)?) })
    }

    /// Waits up to `timeout` for the result. Fails if damage was found.
    pub(in crate::store) fn wait(&self, timeout: Duration) -> Result<(), OpenError> {
        match self.ended.recv_timeout(timeout) {
            Ok(Some(what)) => Err(OpenError::Damaged { path: self.path.clone(), what }),
            // No damage, or not known yet.
            Ok(None) | Err(_) => Ok(()),
        }
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the integrity check panicked");
        }
    }
}

/// Interrupts each statement of the connection while `stop` is true, also one that begins later. SQLite's
/// `interrupt()` would have no effect on that.
fn stop_with(connection: &mut Connection, stop: Arc<AtomicBool>) -> Result<(), rusqlite::Error> {
    connection.progress_handler(VM_STEPS, Some(move || stop.load(Ordering::Relaxed)))
}

/// Runs the check and logs its end. Returns the damage that it found.
fn run(connection: &Connection, stopped: &AtomicBool) -> Option<String> {
    let started = Instant::now();
    match first_damage(connection, stopped) {
        Ok(Some(what)) => Some(what),
        _ if stopped.load(Ordering::Relaxed) => None,
        Ok(None) => {
            log::info!("the database is whole: the integrity check took {:.0?}", started.elapsed());
            None
        }
        Err(error) => {
            let damage = error.damage().map(str::to_owned);
            if damage.is_none() {
                log::warn!("the integrity check could not finish: {error}");
            }
            damage
        }
    }
}

/// The first damage that is found.
///
/// Checks one table after the other. While a table is checked, its read snapshot keeps the writer from restarting the
/// write-ahead log, so the log grows by what is written meanwhile: for the largest table of a million rows, for some
/// seconds. SQLite can check no less than a table at a time.
fn first_damage(connection: &Connection, stopped: &AtomicBool) -> Result<Option<String>, Error> {
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        if stopped.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let found: String = connection.query_row(
            "SELECT integrity_check FROM pragma_integrity_check(?1)",
            [&table],
            |row| row.get(0),
        )?;
        if found != "ok" {
            return Ok(Some(format!("table {table}: {}", found.replace('\n', " "))));
        }
    }
    Ok(license_checksum::first_wrong(connection)?.map(license_checksum::wrong))
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;

    use super::*;

    #[test]
    fn a_statement_that_begins_after_the_stop_is_interrupted_too() {
        let mut connection = connection::open_in_memory().unwrap();
        let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    INSERT INTO t (v) SELECT i FROM n";
        connection.execute_batch("CREATE TABLE t (v INTEGER UNIQUE)").unwrap();
        connection.execute_batch(rows).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        stop_with(&mut connection, Arc::clone(&stop)).unwrap();
        let check = || {
            let found =
                connection.query_row("SELECT integrity_check FROM pragma_integrity_check('t')", [], |row| {
                    row.get::<_, String>(0)
                });
            found.map_err(|error| error.sqlite_error_code())
        };
        assert_eq!(check(), Ok("ok".to_owned()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(check(), Err(Some(ErrorCode::OperationInterrupted)));
    }
}
