//! What deleted rows leave in the database file and in its write-ahead log, and how it is removed.
//!
//! `secure_delete` overwrites what is deleted, but not all copies of it: when SQLite distributes rows anew among pages,
//! the gap between a page's pointers and its rows may keep a copy of a row that moved to another page. Rewriting the
//! whole file removes those, and what was deleted before `secure_delete` was on.

use std::fs;
use std::io;
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
}

impl Remains {
    pub fn open(data: &DataDir) -> Result<Self, RemainsError> {
        Ok(Self { connection: open_writer(data)?, data: data.clone() })
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

    /// Whether the database file contains one of the texts, in whatever place, ignoring the case of ASCII letters.
    pub fn contain(&self, texts: &[String]) -> Result<bool, RemainsError> {
        file_contains(&self.data.database(), texts)
    }

    /// The size of the database file in bytes.
    pub fn file_size(&self) -> u64 {
        fs::metadata(self.data.database()).map_or(0, |file| file.len())
    }

    /// Rewrites the whole file, after a check that there is room for the copies that SQLite makes: one in a temporary
    /// file, which is placed in the data directory too, and one in the log.
    pub fn rewrite_file(&self) -> Result<(), RemainsError> {
        let unreadable = unreadable(&self.data.database());
        let needed = self.file_size().saturating_mul(2).saturating_add(16 * 1024 * 1024);
        let free = self.data.free_space().map_err(OpenError::from)?;
        if free < needed {
            return Err(RemainsError::NoSpace { needed, free });
        }
        let place = self.data.path().to_string_lossy();
        self.connection.busy_timeout(BUSY_TIMEOUT).map_err(&unreadable)?;
        self.connection.pragma_update(None, "temp_store_directory", &*place).map_err(&unreadable)?;
        let rewritten = self.connection.execute_batch("VACUUM");
        self.connection.pragma_update(None, "temp_store_directory", "").map_err(&unreadable)?;
        Ok(rewritten.map_err(&unreadable)?)
    }
}

/// Whether a file contains one of the texts, ignoring the case of ASCII letters.
pub fn file_contains(path: &Path, texts: &[String]) -> Result<bool, RemainsError> {
    let failed = |source: Cause| RemainsError::Read { path: path.display().to_string(), source };
    let texts = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(texts.iter().filter(|text| !text.is_empty()))
        .map_err(|error| failed(error.into()))?;
    let file = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file.map_err(|error| failed(error.into()))?,
    };
    let found = texts.try_stream_find_iter(file).map_err(|error| failed(error.into()))?.next();
    found.transpose().map(|found| found.is_some()).map_err(|error| failed(error.into()))
}
