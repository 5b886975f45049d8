//! What taking licenses out to a file and in from one needs: pages in the order of ids, and a memory for
//! license keys that is not RAM.

use rusqlite::OptionalExtension as _;

use super::licenses;
use crate::domain::{License, LicenseKey, LicenseStatus};
use crate::store::sqlite::connection::LARGE_CACHE_KIB;
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// The next `limit` licenses after the one with this id, by id; only of one product, or of one status, or both.
    pub fn licenses_after(
        &self,
        id: i64,
        product_id: Option<i64>,
        status: Option<LicenseStatus>,
        limit: i64,
    ) -> Result<Vec<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity, assigned_at, status,
                          contract_id, created_at, updated_at, seal
                   FROM licenses
                   WHERE id > ?1 AND (?2 IS NULL OR product_id = ?2) AND (?3 IS NULL OR status = ?3) ORDER BY id LIMIT ?4";
        let mut statement = self.connection.prepare_cached(sql)?;
        let values = (id, product_id, status.map(LicenseStatus::as_str), limit);
        statement.query_map(values, licenses::read)?.map(|row| row?).collect()
    }

    /// The identifiers that a license is active on, the oldest first.
    pub fn active_identifiers(&self, license_id: i64) -> Result<Vec<String>, Error> {
        let sql = "SELECT identifier FROM activations WHERE license_id = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([license_id], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Makes room to note license keys in, until this transaction ends. It is in a temporary file, and of no one else.
    pub fn begin_noting_keys(&self) -> Result<(), Error> {
        let sql = "CREATE TEMPORARY TABLE noted_keys (
                       license_key TEXT PRIMARY KEY COLLATE NOCASE, line INTEGER NOT NULL
                   ) STRICT, WITHOUT ROWID";
        Ok(self.connection.execute_batch(sql)?)
    }

    /// Notes on which line a license key is; gives the earlier line that it is on already.
    pub fn note_key(&self, license_key: &LicenseKey, line: i64) -> Result<Option<i64>, Error> {
        let key = license_key.as_str();
        let sql =
            "INSERT INTO noted_keys (license_key, line) VALUES (?1, ?2) ON CONFLICT (license_key) DO NOTHING";
        if self.connection.prepare_cached(sql)?.execute((key, line))? == 1 {
            return Ok(None);
        }
        let sql = "SELECT line FROM noted_keys WHERE license_key = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Lets this connection keep more of the database in memory, for a change that touches all of it.
    pub fn expect_a_large_change(&self) -> Result<(), Error> {
        Ok(self.connection.pragma_update(None, "cache_size", LARGE_CACHE_KIB)?)
    }
}
