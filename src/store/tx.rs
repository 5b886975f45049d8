//! `Tx`, an open transaction. The nouns' SQL is methods on it, in `nouns/`.

use std::cell::{Cell, RefCell};
use std::hash::Hash;

use super::Error;
use super::row_cache::{BlocklistCache, RowCache, Rows};
use super::sql::{Engine, Statement};
use crate::domain::Actor;

/// An open transaction. Its methods never commit it or roll it back; the code that opened it does.
pub struct Tx<'c> {
    pub(super) engine: &'c dyn Engine,
    /// Whether the transaction may change the database. If so, the rows that it looks up by key are locked.
    is_writing: bool,
    pub(super) blocklist: &'c BlocklistCache,
    /// The rows that the connection has cached; `None` on a connection that writes.
    pub(super) row_cache: Option<&'c RefCell<RowCache>>,
    /// Whether the commit of the current job wakes the worker.
    wakes_worker: Cell<bool>,
    /// The caller on whose behalf the job makes changes; `None`: the job is not audited.
    pub(super) actor: RefCell<Option<Actor>>,
    /// Whether the changes are audited as a single entry.
    pub(super) audits_as_one: Cell<bool>,
}

impl<'c> Tx<'c> {
    /// A transaction that reads, without a cache.
    pub(super) fn new(engine: &'c dyn Engine, blocklist: &'c BlocklistCache) -> Self {
        Self {
            engine,
            is_writing: false,
            blocklist,
            row_cache: None,
            wakes_worker: Cell::new(false),
            actor: RefCell::default(),
            audits_as_one: Cell::new(false),
        }
    }

    /// A transaction that reads, on a connection with a cache.
    pub(super) fn reading(
        engine: &'c dyn Engine,
        blocklist: &'c BlocklistCache,
        row_cache: &'c RefCell<RowCache>,
    ) -> Self {
        Self { row_cache: Some(row_cache), ..Self::new(engine, blocklist) }
    }

    /// A transaction that can change the database.
    pub(super) fn writing(engine: &'c dyn Engine, blocklist: &'c BlocklistCache) -> Self {
        Self { is_writing: true, ..Self::new(engine, blocklist) }
    }

    /// A statement. `?1`, `?2` … stand for its values.
    pub(super) fn sql<'t>(&'t self, text: &'t str) -> Statement<'t> {
        Statement::new(self.engine, text)
    }

    /// A statement that, in a transaction which can change the database, locks the rows that it reads until the
    /// transaction ends: no concurrent transaction changes rows that a change of this one depends on. SQLite needs no
    /// locks, because only one transaction writes at a time.
    pub(super) fn locking_sql<'t>(&'t self, text: &'t str) -> Statement<'t> {
        self.sql(text).locking(self.is_writing)
    }

    /// Starts a job in this transaction: not audited until it names its actor, and without a wake-up.
    pub(super) fn begin_job(&self) {
        *self.actor.borrow_mut() = None;
        self.audits_as_one.set(false);
        self.wakes_worker.set(false);
    }

    /// Wakes the worker once the current job is committed.
    pub fn wake_worker_on_commit(&self) {
        self.wakes_worker.set(true);
    }

    pub(super) fn wakes_worker(&self) -> bool {
        self.wakes_worker.get()
    }

    /// The row under `key` from the cache, or else from `read`. The connection that writes has no cache:
    /// `data_version` doesn't change with a connection's own changes.
    pub(super) fn cached_or<K: Eq + Hash, V: Clone>(
        &self,
        rows: fn(&mut RowCache) -> &mut Rows<K, V>,
        key: K,
        is_worth_caching: fn(&V) -> bool,
        read: impl FnOnce(&K) -> Result<Option<V>, Error>,
    ) -> Result<Option<V>, Error> {
        let Some(cache) = self.row_cache else { return read(&key) };
        if let Some(row) = rows(&mut cache.borrow_mut()).get(&key) {
            return Ok(Some(row));
        }
        let found = read(&key)?;
        if let Some(row) = found.as_ref().filter(|row| is_worth_caching(row)) {
            rows(&mut cache.borrow_mut()).insert(key, row.clone());
        }
        Ok(found)
    }

    /// A number that grows with every row that is changed.
    pub fn changed_rows(&self) -> u64 {
        self.engine.changed_rows()
    }

    /// Opens a savepoint: the changes after it can be rolled back alone. End it with
    /// [`Self::rollback_to_savepoint`] or [`Self::release_savepoint`].
    pub fn savepoint(&self) -> Result<(), Error> {
        self.run("SAVEPOINT part")
    }

    /// Rolls back the changes since the savepoint, and ends it.
    pub fn rollback_to_savepoint(&self) -> Result<(), Error> {
        self.run("ROLLBACK TO SAVEPOINT part")?;
        self.run("RELEASE SAVEPOINT part")
    }

    /// Ends the savepoint and keeps its changes in the transaction.
    pub fn release_savepoint(&self) -> Result<(), Error> {
        self.run("RELEASE SAVEPOINT part")
    }

    fn run(&self, statement: &str) -> Result<(), Error> {
        self.sql(statement).execute(&[])?;
        Ok(())
    }
}

/// The decision of a write job, commit or rollback, with the value that its caller gets.
#[derive(Debug)]
pub enum Decision<T> {
    Commit(T),
    Rollback(T),
}
