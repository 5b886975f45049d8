//! `Tx`, an open transaction. The nouns' SQL is methods on it, in `nouns/`.

use std::cell::{Cell, RefCell};

use rusqlite::Connection;

use super::Error;
use super::nouns::blocks::BlocklistCache;
use super::sqlite::connection::execute;
use super::sqlite::row_cache::RowCache;
use crate::domain::Actor;

/// An open transaction. Its methods never commit it or roll it back; whoever opened it does.
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) blocklist: &'c BlocklistCache,
    /// The rows that the connection has cached; `None` on the connection that writes.
    pub(super) row_cache: Option<&'c RefCell<RowCache>>,
    /// Whether the commit wakes the worker.
    wakes_worker: Cell<bool>,
    /// On whose behalf the job changes things; `None`: the job is not audited.
    pub(super) actor: RefCell<Option<Actor>>,
    /// Whether the changes are audited as a single entry.
    pub(super) audits_as_one: Cell<bool>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, blocklist: &'c BlocklistCache) -> Self {
        Self {
            connection,
            blocklist,
            row_cache: None,
            wakes_worker: Cell::new(false),
            actor: RefCell::default(),
            audits_as_one: Cell::new(false),
        }
    }

    pub(super) fn reading(
        connection: &'c Connection,
        blocklist: &'c BlocklistCache,
        row_cache: &'c RefCell<RowCache>,
    ) -> Self {
        Self { row_cache: Some(row_cache), ..Self::new(connection, blocklist) }
    }

    /// Wakes the worker once this transaction is committed.
    pub fn wake_worker_on_commit(&self) {
        self.wakes_worker.set(true);
    }

    /// Whether the worker is to be woken after the commit.
    pub(super) fn wakes_worker(&self) -> bool {
        self.wakes_worker.get()
    }

    /// Opens a savepoint: the changes after it can be rolled back alone. End it with
    /// [`Self::rollback_to_savepoint`] or [`Self::release_savepoint`].
    pub fn savepoint(&self) -> Result<(), Error> {
        self.run("SAVEPOINT part")
    }

    /// Rolls back the changes since the savepoint, and ends it.
    pub fn rollback_to_savepoint(&self) -> Result<(), Error> {
        self.run("ROLLBACK TO part")?;
        self.run("RELEASE part")
    }

    /// Ends the savepoint and keeps its changes in the transaction.
    pub fn release_savepoint(&self) -> Result<(), Error> {
        self.run("RELEASE part")
    }

    fn run(&self, statement: &str) -> Result<(), Error> {
        Ok(execute(self.connection, statement)?)
    }
}

/// How a write job ends its transaction, with the value that its caller gets.
#[derive(Debug)]
pub enum Decision<T> {
    Commit(T),
    Rollback(T),
}
