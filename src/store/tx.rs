//! One request's view of the database. All SQL is methods on it, in the files of the nouns.

use rusqlite::Connection;

use super::blocks::BlocklistCache;

/// An open transaction. Who opened it commits it or undoes it; methods on it never do.
pub struct Tx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) blocklist: &'c BlocklistCache,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, blocklist: &'c BlocklistCache) -> Self {
        Self { connection, blocklist }
    }
}

/// What a job wants done with what it wrote.
#[derive(Debug)]
pub enum Verdict<T> {
    Keep(T),
    Undo(T),
}

/// What an endpoint does with the database: it decides where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// In one deferred transaction on a reader: what it sees is one moment.
    Reads,
    /// On the writer thread, in a savepoint of its own.
    Writes,
}
