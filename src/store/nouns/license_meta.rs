//! Reads and writes metadata on licenses.

use crate::domain::{MetaEntry, MetaKey, MetaSize, Subject, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Adds an entry and returns its id; `None`: the license has an entry under this key already.
    pub fn add_license_meta(
        &self,
        license_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO license_meta (license_id, key, value, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                   ON CONFLICT (license_id, key) DO NOTHING RETURNING id";
        let id = self.sql(sql).one(&[&license_id, &key.as_str(), &value, &now], |row| row.get(0))?;
        if id.is_some() {
            self.audit(Subject::License(license_id), "meta created", Some(&key.as_str()))?;
        }
        Ok(id)
    }

    /// All entries of a license, by id.
    pub fn license_meta(&self, license_id: i64) -> Result<Vec<MetaEntry>, Error> {
        let sql = "SELECT key, value FROM license_meta WHERE license_id = ?1 ORDER BY id";
        self.sql(sql).all(&[&license_id], |row| Ok(MetaEntry { key: row.get(0)?, value: row.get(1)? }))
    }

    /// The number and size of a license's entries. Reads the lengths of the values, not the values.
    pub fn license_meta_size(&self, license_id: i64) -> Result<MetaSize, Error> {
        let sql = "SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0)
                   FROM license_meta WHERE license_id = ?1";
        self.sql(sql).only(&[&license_id], |row| Ok(MetaSize { entries: row.get(0)?, bytes: row.get(1)? }))
    }

    /// Replaces the value of an entry and returns its id; `None`: the license has none under this key.
    pub fn set_license_meta(
        &self,
        license_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = "UPDATE license_meta SET value = ?3, updated_at = ?4 WHERE license_id = ?1 AND key = ?2 RETURNING id";
        let id = self.sql(sql).one(&[&license_id, &key.as_str(), &value, &now], |row| row.get(0))?;
        if id.is_some() {
            self.audit(Subject::License(license_id), "meta changed", Some(&key.as_str()))?;
        }
        Ok(id)
    }

    /// Deletes an entry. `false`: the license has no entry under this key.
    pub fn delete_license_meta(&self, license_id: i64, key: &MetaKey) -> Result<bool, Error> {
        let sql = "DELETE FROM license_meta WHERE license_id = ?1 AND key = ?2";
        let deleted = self.sql(sql).execute(&[&license_id, &key.as_str()])? == 1;
        self.audit_if(deleted, Subject::License(license_id), "meta deleted", Some(&key.as_str()))
    }
}
