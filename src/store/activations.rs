//! Activations: the identifiers that a license is assigned to.

use rusqlite::OptionalExtension as _;

use super::{Error, Tx};
use crate::domain::{Identifier, Timestamp};

impl Tx<'_> {
    pub fn is_activated(&self, license_id: i64, identifier: &Identifier) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM activations WHERE license_id = ?1 AND identifier = ?2";
        let found =
            self.connection.prepare_cached(sql)?.query_row((license_id, identifier.as_str()), |_| Ok(()));
        Ok(found.optional()?.is_some())
    }

    pub fn count_activations(&self, license_id: i64) -> Result<i64, Error> {
        let sql = "SELECT count(*) FROM activations WHERE license_id = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([license_id], |row| row.get(0))?)
    }

    /// Takes a seat. The caller has checked, in this transaction, that the identifier has none and that one is free.
    pub fn add_activation(
        &self,
        license_id: i64,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO activations (license_id, identifier, activated_at) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute((license_id, identifier.as_str(), now.0))?;
        Ok(())
    }
}
