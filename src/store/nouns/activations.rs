//! Activations: the identifiers that a license is assigned to.

use rusqlite::OptionalExtension as _;

use crate::domain::{Identifier, NewActivation, Subject, Timestamp};
use crate::store::{Error, Tx};

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

    /// Gives a seat back. `false`: the identifier had none.
    pub fn remove_activation(&self, license_id: i64, identifier: &Identifier) -> Result<bool, Error> {
        let sql = "DELETE FROM activations WHERE license_id = ?1 AND identifier = ?2";
        let ended = self.connection.prepare_cached(sql)?.execute((license_id, identifier.as_str()))? == 1;
        self.audit_if(ended, Subject::License(license_id), "deactivated", Some(&identifier.as_str()))
    }

    /// Says anew who is told when an activation ends.
    pub fn set_post_url(
        &self,
        license_id: i64,
        identifier: &Identifier,
        post_url: &str,
    ) -> Result<(), Error> {
        let sql = "UPDATE activations SET post_url = ?3 WHERE license_id = ?1 AND identifier = ?2";
        self.connection.prepare_cached(sql)?.execute((license_id, identifier.as_str(), post_url))?;
        self.audit(Subject::License(license_id), "post_url set", Some(&identifier.as_str()))
    }

    /// Takes a seat. The caller has checked, in this transaction, that the identifier has none and that one is free.
    pub fn add_activation(&self, activation: &NewActivation<'_>, now: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO activations (license_id, identifier, address, post_url, activated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let NewActivation { license_id, identifier, address, post_url } = activation;
        let values =
            (license_id, identifier.as_str(), address.map(|address| address.to_string()), post_url, now.0);
        self.connection.prepare_cached(sql)?.execute(values)?;
        self.audit(Subject::License(*license_id), "activated", Some(&identifier.as_str()))
    }

    /// The identifiers of a license with who is told when each ends, if anyone is.
    pub fn post_urls(&self, license_id: i64) -> Result<Vec<(String, Option<String>)>, Error> {
        let sql = "SELECT identifier, post_url FROM activations WHERE license_id = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([license_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
