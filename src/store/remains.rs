//! What deleted rows leave in the database file and in its write-ahead log, and how it is removed.
//!
//! `secure_delete` overwrites what is deleted, but not all copies of it: when SQLite distributes rows anew among pages,
//! the gap between a page's pointers and its rows may keep a copy of a row that moved to another page. Rewriting the
//! whole file removes those, and what was deleted before `secure_delete` was on.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use rusqlite::Connection;

use crate::files::{DataDir, open_regular};
use crate::store::OpenError;
use crate::store::error::Cause;
use crate::store::schema::open_writer;
use crate::store::sqlite::connection::BUSY_TIMEOUT;
use crate::store::sqlite::errors::unreadable;
use crate::store::unused_space::UnusedSpace;

/// How long one attempt to truncate the log may hold up writers, how long to wait before the next, and for how long to
/// try.
const ATTEMPT: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(150);

/// The remains of deleted rows in a file could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemainsError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the write-ahead log {0} is in use")]
    LogInUse(String),
    #[error("{needed} bytes are needed on the disk, and {free} are free")]
    NoSpace { needed: u64, free: u64 },
    #[error("can't read {path}: {source}")]
    Read { path: String, source: Cause },
}

/// A connection that removes remains. It writes beside the writer of a server, which waits for it meanwhile.
pub struct Remains {
    connection: Connection,
    data: DataDir,
    /// The database file. It stays open until the process ends: closing it would release the locks that SQLite holds
    /// on the file for all connections of this process.
    file: &'static File,
}

impl Remains {
    pub fn open(data: &DataDir) -> Result<Self, RemainsError> {
        let connection = open_writer(data)?;
        let file = open_regular(&data.database()).map_err(|error| unread(&data.database(), error.into()))?;
        Ok(Self { connection, data: data.clone(), file: Box::leak(Box::new(file)) })
    }

    /// Copies the write-ahead log into the database and truncates it. Waits up to `timeout` for other processes that
    /// read from the log, and lets writers continue meanwhile.
    pub fn truncate_log(&self, timeout: Duration) -> Result<(), RemainsError> {
        let started = Instant::now();
        let unreadable = unreadable(&self.data.database());
        self.connection.busy_timeout(ATTEMPT).map_err(&unreadable)?;
        loop {
            let busy: i64 = self
                .connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .map_err(&unreadable)?;
            if busy == 0 {
                return Ok(());
            }
            if started.elapsed() > timeout {
                return Err(RemainsError::LogInUse(self.data.log().display().to_string()));
            }
            thread::sleep(PAUSE);
        }
    }

    /// Empties the log, and returns whether one of the texts is in the database file where no row is, ignoring the case
    /// of ASCII letters. What is in rows is not looked at, whoever's they are.
    pub fn contain(&self, texts: &[String], timeout: Duration) -> Result<bool, RemainsError> {
        let database = self.data.database();
        let unreadable = unreadable(&database);
        let started = Instant::now();
        loop {
            self.truncate_log(timeout.saturating_sub(started.elapsed()))?;
            let snapshot = self.connection.unchecked_transaction().map_err(&unreadable)?;
            let begin =
                snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
            begin.map_err(&unreadable)?;
            // While it reads a snapshot from before the first entry in the log, nobody copies the log into the file.
            if fs::metadata(self.data.log()).map_or(0, |log| log.len()) == 0 {
                return contains(UnusedSpace::new(&snapshot, self.file).map_err(&unreadable)?, texts)
                    .map_err(|error| unread(&database, error));
            }
            if started.elapsed() > timeout {
                return Err(RemainsError::LogInUse(self.data.log().display().to_string()));
            }
        }
    }

    /// The size of the database file in bytes.
    pub fn file_size(&self) -> u64 {
        fs::metadata(self.data.database()).map_or(0, |file| file.len())
    }

    /// Rewrites the whole file, after a check that there is room for the copies that SQLite makes: one in a temporary
    /// file, which is placed in the data directory too, and one in the log. `spare` bytes stay free on the disk.
    pub fn rewrite_file(&self, spare: u64) -> Result<(), RemainsError> {
        let unreadable = unreadable(&self.data.database());
        let needed = self.file_size().saturating_mul(2).saturating_add(spare);
        let free = self.data.free_space().map_err(OpenError::from)?;
        if free < needed {
            return Err(RemainsError::NoSpace { needed, free });
        }
        let place = self.data.path().to_string_lossy();
        self.connection.busy_timeout(BUSY_TIMEOUT).map_err(&unreadable)?;
        self.connection.pragma_update(None, "temp_store_directory", &*place).map_err(&unreadable)?;
        let rewritten = self.connection.execute_batch("DROP TABLE IF EXISTS sqlite_stat4; VACUUM");
        self.connection.pragma_update(None, "temp_store_directory", "").map_err(&unreadable)?;
        Ok(rewritten.map_err(&unreadable)?)
    }
}

/// Whether a file contains one of the texts, ignoring the case of ASCII letters.
pub fn file_contains(path: &Path, texts: &[String]) -> Result<bool, RemainsError> {
    let found = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => Err(error.into()),
        Ok(file) => contains(file, texts),
    };
    found.map_err(|error| unread(path, error))
}

fn contains(file: impl Read, texts: &[String]) -> Result<bool, Cause> {
    let texts = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(texts.iter().filter(|text| !text.is_empty()))?;
    let found = texts.try_stream_find_iter(file)?.next();
    Ok(found.transpose()?.is_some())
}

fn unread(path: &Path, source: Cause) -> RemainsError {
    RemainsError::Read { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_search_releases_none_of_the_locks_that_sqlite_holds() {
        use std::os::unix::fs::MetadataExt as _;

        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let store = Store::create(&data).unwrap();
        let inode = format!(":{} ", fs::metadata(data.database()).unwrap().ino());
        let own = format!(" {} ", std::process::id());
        let is_locked = || {
            let locks = fs::read_to_string("/proc/locks").unwrap();
            locks.lines().any(|line| line.contains("POSIX") && line.contains(&inode) && line.contains(&own))
        };
        assert!(is_locked());
        let remains = Remains::open(&data).unwrap();
        assert!(!remains.contain(&["nobody".to_owned()], Duration::ZERO).unwrap());
        drop(remains);
        assert!(is_locked());
        drop(store);
        assert!(!is_locked());
    }
}
