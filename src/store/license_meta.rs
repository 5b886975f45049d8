//! Metadata on licenses.

use rusqlite::OptionalExtension as _;

use super::{Error, Tx};
use crate::domain::{MetaEntry, MetaKey, Timestamp};

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

    /// All entries of a license, by id.
    pub fn license_meta(&self, license_id: i64) -> Result<Vec<MetaEntry>, Error> {
        let sql = "SELECT key, value FROM license_meta WHERE license_id = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement
            .query_map([license_id], |row| Ok(MetaEntry { key: row.get(0)?, value: row.get(1)? }))?;
        Ok(entries.collect::<rusqlite::Result<_>>()?)
    }

    /// Gives the changed entry's id; `None`: the license has none under this key.
    pub fn set_license_meta(
        &self,
        license_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = "UPDATE license_meta SET value = ?3, updated_at = ?4 WHERE license_id = ?1 AND key = ?2 RETURNING id";
        let values = (license_id, key.as_str(), value, now.0);
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
    }

    /// `false`: the license has no entry under this key.
    pub fn delete_license_meta(&self, license_id: i64, key: &MetaKey) -> Result<bool, Error> {
        let sql = "DELETE FROM license_meta WHERE license_id = ?1 AND key = ?2";
        Ok(self.connection.prepare_cached(sql)?.execute((license_id, key.as_str()))? == 1)
    }
}
