//! One request's view of the database. All SQL is methods on it, in the files of the nouns.

use std::cell::{Cell, RefCell};

use rusqlite::Connection;

use super::Error;
use super::nouns::blocks::BlocklistCache;
use super::sqlite::connection::execute;
use super::sqlite::row_cache::Known;
use crate::domain::Actor;

/// An open transaction. Who opened it commits it or undoes it; methods on it never do.
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) blocklist: &'c BlocklistCache,
    /// What the connection has read of this same state before; `None`: nothing is kept on it.
    pub(super) known: Option<&'c RefCell<Known>>,
    /// Something was queued that is done after the commit.
    pub(super) has_work: Cell<bool>,
    /// On whose behalf things are changed; nobody's, and it is not audited.
    pub(super) actor: RefCell<Option<Actor>>,
    /// The changes are many, and audited as one.
    pub(super) audits_as_one: Cell<bool>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, blocklist: &'c BlocklistCache) -> Self {
        Self {
            connection,
            blocklist,
            known: None,
            has_work: Cell::new(false),
            actor: RefCell::default(),
            audits_as_one: Cell::new(false),
        }
    }

    pub(super) fn reading(
        connection: &'c Connection,
        blocklist: &'c BlocklistCache,
        known: &'c RefCell<Known>,
    ) -> Self {
        Self { known: Some(known), ..Self::new(connection, blocklist) }
    }

    /// Has the worker woken once this is committed.
    pub(super) fn note_work(&self) {
        self.has_work.set(true);
    }

    /// Sets a mark: what is written from here on can be undone alone. Each mark is ended by one of the next two.
    pub fn set_mark(&self) -> Result<(), Error> {
        self.run("SAVEPOINT mark")
    }

    /// Undoes what was written since the mark.
    pub fn undo_to_mark(&self) -> Result<(), Error> {
        self.run("ROLLBACK TO mark")?;
        self.run("RELEASE mark")
    }

    /// Leaves what was written since the mark to the fate of the whole.
    pub fn keep_since_mark(&self) -> Result<(), Error> {
        self.run("RELEASE mark")
    }

    fn run(&self, statement: &str) -> Result<(), Error> {
        Ok(execute(self.connection, statement)?)
    }
}

/// What a job wants done with what it wrote.
#[derive(Debug)]
pub enum Verdict<T> {
    Keep(T),
    Undo(T),
}
