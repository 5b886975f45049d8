//! Statements for the export and import of licenses: pages by id, and a temporary table of the keys in a file.

use super::licenses;
use crate::domain::{License, LicenseKey, LicenseStatus};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// The next `limit` licenses after the one with this id, by id; only of one product, of one status, or of both.
    pub fn licenses_after(
        &self,
        id: i64,
        product_id: Option<i64>,
        status: Option<LicenseStatus>,
        limit: i64,
    ) -> Result<Vec<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
                   assigned_at, status, contract_id, created_at, updated_at, checksum
                   FROM licenses
                   WHERE id > ?1 AND (product_id = ?2 OR ?2 IS NULL) AND (status = ?3 OR ?3 IS NULL)
                   ORDER BY id LIMIT ?4";
        let status = status.map(LicenseStatus::as_str);
        self.sql(sql).all(&[&id, &product_id, &status, &limit], licenses::read)
    }

    /// The identifiers that a license is active on, oldest first.
    pub fn active_identifiers(&self, license_id: i64) -> Result<Vec<String>, Error> {
        let sql = "SELECT identifier FROM activations WHERE license_id = ?1 ORDER BY id";
        self.sql(sql).all(&[&license_id], |row| row.get(0))
    }

    /// Creates the temporary table of [`Self::note_key`]. It is on disk, private to this connection, and gone with
    /// the transaction.
    pub fn begin_noting_keys(&self) -> Result<(), Error> {
        self.engine.execute_once(self.engine.dialect().create_noted_keys)
    }

    /// Records the line of a license key. Returns the earlier line that has the same key.
    pub fn note_key(&self, license_key: &LicenseKey, line: i64) -> Result<Option<i64>, Error> {
        let key = license_key.as_str();
        let sql =
            "INSERT INTO noted_keys (license_key, line) VALUES (?1, ?2) ON CONFLICT (license_key) DO NOTHING";
        if self.sql(sql).execute(&[&key, &line])? == 1 {
            return Ok(None);
        }
        self.sql("SELECT line FROM noted_keys WHERE license_key = ?1").one(&[&key], |row| row.get(0))
    }

    /// Enlarges the page cache of this connection, for a change that touches the whole database.
    pub fn expect_a_large_change(&self) -> Result<(), Error> {
        self.engine.execute_once(self.engine.dialect().expect_large_change)
    }
}
