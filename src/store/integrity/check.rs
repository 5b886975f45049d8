//! Looks through the whole database: structure, indexes against rows, rows against their rules and seals.
//!
//! SQLite has no checksums of its own. A damaged index finds nothing and says nothing, so a sold license key
//! would be called invalid.

use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::files::DataDir;
use crate::store::nouns::licenses;
use crate::store::sqlite::connection;
use crate::store::sqlite::errors::unreadable;
use crate::store::{Error, OpenError};

/// What is known to be wrong with the database. Once something is, it stays so until a restart.
#[derive(Default)]
pub(in crate::store) struct Damage(OnceLock<String>);

impl Damage {
    pub(in crate::store) fn refuse_if_known(&self) -> Result<(), Error> {
        self.0.get().map_or(Ok(()), |what| Err(Error::Damaged(what.clone())))
    }

    /// Logged the first time.
    pub(in crate::store) fn note(&self, what: &str) {
        if self.0.set(what.to_owned()).is_ok() {
            log::error!(
                "the database is damaged: {what}; nothing is answered from it any more: stop the server and restore a backup with \"keyseal restore\""
            );
        }
    }
}

/// How many steps of SQLite there are from one look at whether to stop to the next: a millisecond's at the most.
const STEPS: c_int = 1_000;

/// A check on a thread of its own. Dropping it breaks it off.
pub(in crate::store) struct Check {
    path: PathBuf,
    ended: Receiver<Option<String>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Check {
    pub(in crate::store) fn start(data: &DataDir, damage: &Arc<Damage>) -> Result<Self, OpenError> {
        let path = data.database();
        let mut connection = connection::open_reading(&path).map_err(unreadable(&path))?;
        let (tell, ended) = sync_channel(1);
        let (damage, stop) = (Arc::clone(damage), Arc::new(AtomicBool::new(false)));
        let (stopped, asked) = (Arc::clone(&stop), Arc::clone(&stop));
        end_when(&mut connection, asked).map_err(unreadable(&path))?;
        let thread = thread::Builder::new().name("check".to_owned()).spawn(move || {
            let found = run(&connection, &stopped);
            if tell.try_send(found.clone()).is_ok()
                && let Some(what) = found
            {
                damage.note(&what);
            }
        });
        Ok(Self { path, ended, stop, thread: Some(thread.map_err(OpenError::Thread)?) })
    }

    /// Refuses a database that is found to be damaged `within` this time.
    pub(in crate::store) fn wait(&self, within: Duration) -> Result<(), OpenError> {
        match self.ended.recv_timeout(within) {
            Ok(Some(what)) => Err(OpenError::Damaged { path: self.path.clone(), what }),
            // Whole, or not known yet.
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
            log::error!("the check of the database panicked");
        }
    }
}

/// Has each statement of the connection end once this is true, also one that begins after. SQLite's
/// `interrupt()` would be lost if it came just before one begins.
fn end_when(connection: &mut Connection, asked: Arc<AtomicBool>) -> Result<(), rusqlite::Error> {
    connection.progress_handler(STEPS, Some(move || asked.load(Ordering::Relaxed)))
}

/// Gives what is wrong, and says in the log how it went.
fn run(connection: &Connection, stopped: &AtomicBool) -> Option<String> {
    let started = Instant::now();
    match look_through(connection, stopped) {
        Ok(Some(what)) => Some(what),
        Ok(None) if stopped.load(Ordering::Relaxed) => None,
        Ok(None) => {
            log::info!("the database is whole: looked through in {:.0?}", started.elapsed());
            None
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => None,
        Err(error) => {
            let error = Error::from(error);
            let damage = error.damage().map(str::to_owned);
            if damage.is_none() {
                log::warn!("the database could not be looked through: {error}");
            }
            damage
        }
    }
}

/// The first thing that is wrong.
///
/// One table after the other: while one is looked at, the writer goes on and copies its log into the database
/// up to where this look began, but begins no new one. So the log grows by what is written during the look at
/// the largest table, seconds for a million rows, and is cut short after it. SQLite offers no look at less
/// than a table.
fn look_through(connection: &Connection, stopped: &AtomicBool) -> Result<Option<String>, rusqlite::Error> {
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
    let broken = licenses::first_with_a_broken_seal(connection)?;
    Ok(broken.map(licenses::broken_seal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_begins_after_it_was_told_to_stop_ends_too() {
        let mut connection = connection::open_in_memory().unwrap();
        let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    INSERT INTO t (v) SELECT i FROM n";
        connection.execute_batch("CREATE TABLE t (v INTEGER UNIQUE)").unwrap();
        connection.execute_batch(rows).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        end_when(&mut connection, Arc::clone(&stop)).unwrap();
        let look = || {
            let found =
                connection.query_row("SELECT integrity_check FROM pragma_integrity_check('t')", [], |row| {
                    row.get::<_, String>(0)
                });
            found.map_err(|error| error.sqlite_error_code())
        };
        assert_eq!(look(), Ok("ok".to_owned()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(look(), Err(Some(ErrorCode::OperationInterrupted)));
    }
}
