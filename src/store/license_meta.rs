//! Metadata on licenses.

use rusqlite::OptionalExtension as _;

use super::{Error, Tx};
use crate::domain::{MetaKey, Timestamp};

impl Tx<'_> {
    /// Gives the new entry's id; `None`: the license has an entry under this key already.
    pub fn add_license_meta(
        &self,
        license_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO license_meta (license_id, key, value, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                   ON CONFLICT (license_id, key) DO NOTHING RETURNING id";
        let values = (license_id, key.as_str(), value, now.0);
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
    }
}
