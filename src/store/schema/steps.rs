//! The steps from each version of the schema to the next, and how one is run.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::schema::{VERSION, functions, shape};

/// The change of the schema from one version to the next.
#[derive(Debug)]
pub(super) struct Step {
    /// The version that the step leads to.
    pub version: i64,
    /// The name of the step's file without ".sql".
    pub name: &'static str,
    pub sql: &'static str,
    /// Whether it replaces a table that others refer to. Foreign keys are then off while it runs, since dropping
    /// a table deletes what refers to its rows, and are checked before it is committed.
    pub rebuilds: bool,
}

/// All steps, in the order of their versions. The first leads from version 1 to 2.
pub(super) const STEPS: &[Step] = &[
    Step {
        version: 2,
        name: "0002_name_the_checksum",
        sql: include_str!("steps/0002_name_the_checksum.sql"),
        rebuilds: false,
    },
    Step {
        version: 3,
        name: "0003_fold_owners",
        sql: include_str!("steps/0003_fold_owners.sql"),
        rebuilds: false,
    },
    Step {
        version: 4,
        name: "0004_serve_customers",
        sql: include_str!("steps/0004_serve_customers.sql"),
        rebuilds: false,
    },
];

/// An error for which a step was rolled back.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("a row of {0} would refer to a deleted row")]
    BrokenReference(String),
    #[error("ids of {0} would be used again: copy its row of sqlite_sequence")]
    ReusedIds(String),
    /// The result differs from schema.sql.
    #[error("{0}")]
    Different(String),
    #[error("another process has changed its schema meanwhile (to version {0})")]
    Moved(i64),
}

impl Step {
    /// Runs the step in one transaction with the new version number: after a failure or a crash, the database
    /// has the version that it had before.
    pub fn run(&self, connection: &mut Connection) -> Result<(), StepError> {
        functions::register(connection)?;
        // Inside a transaction this PRAGMA does nothing.
        connection.pragma_update(None, "foreign_keys", !self.rebuilds)?;
        let done = self.run_in_transaction(connection);
        connection.pragma_update(None, "foreign_keys", true)?;
        done
    }

    fn run_in_transaction(&self, connection: &mut Connection) -> Result<(), StepError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found != self.version - 1 {
            return Err(StepError::Moved(found));
        }
        let sequences = sequences(&transaction)?;
        transaction.execute_batch(self.sql)?;
        self.check(&transaction, &sequences)?;
        transaction.pragma_update(None, "user_version", self.version)?;
        Ok(transaction.commit()?)
    }

    /// Fails if the step broke a reference or lost the highest id of a table, or if it is the last step and the
    /// result differs from schema.sql.
    fn check(&self, connection: &Connection, sequences: &BTreeMap<String, i64>) -> Result<(), StepError> {
        if self.rebuilds {
            let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
            if let Some(row) = statement.query([])?.next()? {
                return Err(StepError::BrokenReference(row.get(0)?));
            }
        }
        let now = self::sequences(connection)?;
        for (table, highest) in sequences {
            if now.get(table) < Some(highest) && connection.table_exists(None, table.as_str())? {
                return Err(StepError::ReusedIds(table.clone()));
            }
        }
        if self.version == VERSION
            && let Some(difference) = shape::difference_from_current(connection)?
        {
            return Err(StepError::Different(difference));
        }
        Ok(())
    }
}

/// The highest id that each table with AUTOINCREMENT has ever given out.
fn sequences(connection: &Connection) -> Result<BTreeMap<String, i64>, rusqlite::Error> {
    // SQLite makes its table with the first one that has AUTOINCREMENT.
    if !connection.table_exists(None, "sqlite_sequence")? {
        return Ok(BTreeMap::new());
    }
    let mut statement = connection.prepare("SELECT name, seq FROM sqlite_sequence")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
