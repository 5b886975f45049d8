//! Access to the database for one command, and the audit entries of its changes.

use std::cell::RefCell;
use std::time::Duration;

use clap::ArgMatches;

use super::Result;
use crate::clock::now;
use crate::domain::{Actor, CallerId, Kept, Timestamp};
use crate::files::DataDir;
use crate::operations::Operation;
use crate::store::{Store, Tx};

/// How many rows are deleted in one transaction.
const SLICE: i64 = 1000;

thread_local! {
    /// The name of the command that this thread runs, such as "license create", for the audit trail.
    static COMMAND: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Records the names of the command and its subcommands for the audit entries of [`change`].
pub fn record_command(matches: &ArgMatches) {
    let mut names = Vec::new();
    let mut below = matches.subcommand();
    while let Some((name, matches)) = below {
        names.push(name);
        below = matches.subcommand();
    }
    COMMAND.set(names.join(" "));
}

/// The operations on licenses, in a transaction of [`change`].
pub fn operation<'a>(tx: &'a Tx<'a>) -> Operation<'a> {
    Operation { tx, now: now(), delivery_delay: Duration::ZERO }
}

/// Opens the database. A server may run on it at the same time.
pub fn open(data: &DataDir) -> Result<Store> {
    Ok(Store::open(data, 1, || Duration::ZERO)?)
}

/// This command as the actor of its changes, now.
pub fn actor() -> Actor {
    let action = COMMAND.with_borrow(String::clone);
    Actor { at: now(), caller: CallerId::CommandLine, address: None, action }
}

/// Deletes what is from before a time, oldest first, in transactions so small that a running server waits for none.
/// Returns how many there were.
pub fn delete_in_slices(store: &Store, kept: Kept, before: Timestamp) -> Result<usize> {
    let mut deleted = 0;
    loop {
        let slice = change(store, move |tx| Ok(tx.delete_oldest(kept, before, SLICE)?))?;
        deleted += slice;
        if slice == 0 {
            return Ok(deleted);
        }
    }
}

/// Runs `job` in a transaction: commits if it succeeds, rolls back if it fails. It may run more than once.
pub fn change<T: Send + 'static>(
    store: &Store,
    job: impl Fn(&Tx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let actor = actor();
    store.change_blocking(move |tx| {
        tx.act_as(Actor { at: now(), ..actor.clone() });
        job(tx)
    })
}
