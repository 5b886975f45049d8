//! The checksum of the columns that decide whether a license is valid. SQLite computes it at each write, in the column
//! `checksum`; reads and the integrity check compare it.

use std::ops::ControlFlow;

use crate::store::Error;
use crate::store::sql::{Engine, Statement};

/// The checksum of these numbers, as the column `checksum` has it in an undamaged row.
pub(super) fn of(product_id: i64, activation_limit: i64, validity: i64, assigned_at: Option<i64>) -> i64 {
    const PRIME: i64 = 1_000_003;
    let parts = [(product_id, 1), (activation_limit, 3), (validity, 7), (assigned_at.unwrap_or(-1), 31)];
    parts.iter().map(|(number, weight)| number % PRIME * weight).sum()
}

/// The number of licenses that one statement reads. Between two statements, a check outside of a transaction releases
/// its snapshot, so that the write-ahead log can be checkpointed.
const READ_AT_ONCE: i64 = 10_000;

/// The id of the first license with a wrong checksum.
pub(in crate::store) fn first_wrong(engine: &dyn Engine) -> Result<Option<i64>, Error> {
    let sql = "SELECT id, product_id, activation_limit, validity, assigned_at, checksum FROM licenses
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut last: Option<i64> = Some(i64::MIN);
    while let Some(after) = last.take() {
        let mut wrong = None;
        Statement::new(engine, sql).each(&[&after, &READ_AT_ONCE], |row| {
            let id: i64 = row.get(0)?;
            if row.get::<i64>(5)? != of(row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?) {
                wrong = Some(id);
                return Ok(ControlFlow::Break(()));
            }
            last = Some(id);
            Ok(ControlFlow::Continue(()))
        })?;
        if wrong.is_some() {
            return Ok(wrong);
        }
    }
    Ok(None)
}

/// The message about a license with a wrong checksum.
pub(in crate::store) fn wrong(id: i64) -> String {
    format!("table licenses: row {id} has a wrong checksum")
}

/// Makes the error for a license with a wrong checksum. The file was changed outside of this program, so none of its
/// rows can be trusted.
pub(super) fn error(id: i64) -> Error {
    Error::DamageFound(wrong(id))
}
