//! Erases what is stored of a person, for the GDPR.
//!
//! An erasure reads all tables in slices, and changes what it finds in small transactions. It can be interrupted at any
//! time and run again: the licenses, by which the rest is found, lose their owner last. It reports success only after
//! a whole pass found nothing, and the remains of deleted rows are removed from the files.

mod file;
mod kinds;
mod names;
mod person;
mod rules;
mod slices;
mod sweep;
mod traces;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;

use super::turns::give_way;
use crate::domain::{Actor, Timestamp, fold_owner};
use crate::files::{self, DataDir};
use crate::store::{Error, RemainsError, Store, Tx};
pub use file::FileLimits;
pub use kinds::RecordKind;
use person::Person;

/// How many rows are read, and at most changed, at a time.
const SLICE: i64 = 200;

/// The most passes over all tables, while a server adds rows.
const MAX_PASSES: usize = 5;

/// What to do with webhooks and queued orders about the person that still wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Wait until the server has sent them.
    Send,
    Drop,
}

/// An erasure.
pub struct Erasure<'a> {
    pub store: &'a Store,
    pub data: &'a DataDir,
    pub actor: Actor,
    pub waiting: Option<Waiting>,
    pub limits: FileLimits,
    /// Gets each phase as it begins.
    pub on_phase: &'a dyn Fn(&'static str),
}

/// What was erased, in numbers of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Licenses that lost their owner.
    pub licenses: usize,
    /// Activations that ended because their identifier named the person.
    pub seats: usize,
    /// Other records that were deleted, or in which texts were replaced.
    pub rows: Vec<(RecordKind, usize)>,
    /// Copies from before upgrades that were deleted.
    pub copies: Vec<PathBuf>,
    /// Whether the whole database file was rewritten.
    pub is_rewritten: bool,
    /// Texts that name the person and can't be changed without harm: their record with its id, and the text.
    pub unchangeable: Vec<(RecordKind, i64, String)>,
}

/// Why webhooks and orders about the person still wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsentReason {
    /// It was not said whether to send or to drop them.
    NotChosen,
    /// They are to be sent, but no server runs.
    NoServer,
    /// The server has not sent them in time.
    Timeout,
}

/// The erasure did not end. What it did already stays done.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Remains(#[from] RemainsError),
    /// Nothing in the database names the person.
    #[error("nothing is stored of the customer")]
    Nothing,
    /// Webhooks or orders about the person wait. Nothing was changed.
    #[error("{webhooks} webhooks and {orders} orders wait")]
    Unsent { webhooks: usize, orders: usize, reason: UnsentReason },
    /// Other requests add rows that name the person as fast as they are erased.
    #[error("requests keep adding what names the customer")]
    KeepsComing,
    /// The tables name the person no more, but the file must be rewritten, for which it is too large beside a server.
    #[error("the file must be rewritten, and is {bytes} bytes large")]
    RewriteWaits { bytes: u64 },
}

impl Erasure<'_> {
    /// Erases all that is stored of the owner with an e-mail address.
    pub fn run(&self, email: &str) -> Result<Erased, EraseError> {
        if fold_owner(email).is_empty() {
            return Err(EraseError::Nothing);
        }
        (self.on_phase)("finding the customer");
        let mut person = Arc::new(Person::find(self.store, email)?);
        self.settle_waiting(&person)?;
        let state = self.begin_in_file(&person)?;
        let mut erased = Erased::default();
        let mut passes = 0;
        loop {
            let changed = self.pass(&mut person, &mut erased)?;
            passes += 1;
            if changed == 0 {
                break;
            }
            if passes == MAX_PASSES {
                return Err(EraseError::KeepsComing);
            }
        }
        let is_found = passes > 1 || !erased.unchangeable.is_empty();
        let is_in_files = self.clean_files(&person, state, is_found, &mut erased)?;
        if !is_found && !is_in_files {
            return Err(EraseError::Nothing);
        }
        self.record(&erased)?;
        Ok(erased)
    }

    fn now(&self) -> Timestamp {
        self.actor.at
    }

    /// Changes the database as the actor.
    fn change<T: Send + 'static>(
        &self,
        job: impl Fn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, EraseError> {
        let actor = self.actor.clone();
        let done = self.store.change_blocking(move |tx| {
            tx.act_as(actor.clone());
            job(tx)
        })?;
        give_way(self.data)?;
        Ok(done)
    }

    /// Adds the audit entry about the erasure as a whole, which doesn't say whose.
    fn record(&self, erased: &Erased) -> Result<(), EraseError> {
        let rows: usize = erased.rows.iter().map(|(_, rows)| rows).sum();
        let detail = format!("licenses: {}; other records: {rows}", erased.licenses);
        self.change(move |tx| tx.end_audit_as_one("customer erased", &detail))
    }
}
