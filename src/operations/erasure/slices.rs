//! Reads a table in slices, each in a transaction of its own.

use std::iter;

use super::SLICE;
use crate::store::{Error, PersonalTable, Store, TextRow};

/// Up to [`SLICE`] rows that follow each other.
pub struct Slice {
    /// The id behind which the slice begins, and that of its last row.
    pub after: i64,
    pub last: i64,
    pub rows: Vec<TextRow>,
}

/// All rows of a table, by id. Nothing follows an error.
pub fn slices(store: &Store, table: PersonalTable) -> impl Iterator<Item = Result<Slice, Error>> {
    let mut after = 0;
    iter::from_fn(move || {
        let rows = match store.try_read(|tx| tx.texts_after(table, after, SLICE)) {
            Ok(rows) => rows,
            Err(error) => {
                after = i64::MAX;
                return Some(Err(error));
            }
        };
        let last = rows.last()?.id;
        let slice = Slice { after, last, rows };
        after = last;
        Some(Ok(slice))
    })
}
