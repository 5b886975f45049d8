//! Reads and writes activations: the identifiers that a license is active on.

use std::net::IpAddr;

use crate::domain::{
    Activation, Identifier, LastSeen, NewActivation, Page, SEEN_ANEW_AFTER, Subject, Timestamp,
};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn is_activated(&self, license_id: i64, identifier: &Identifier) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM activations WHERE license_id = ?1 AND identifier = ?2";
        self.sql(sql).exists(&[&license_id, &identifier.as_str()])
    }

    /// The activation of a license on an identifier, and when it was last seen. `None`: the license is not active on
    /// it.
    pub fn last_seen(&self, license_id: i64, identifier: &Identifier) -> Result<Option<LastSeen>, Error> {
        let sql = "SELECT id, last_seen_at FROM activations WHERE license_id = ?1 AND identifier = ?2";
        self.sql(sql).one(&[&license_id, &identifier.as_str()], |row| {
            Ok(LastSeen { activation_id: row.get(0)?, at: row.get(1)? })
        })
    }

    /// Sets when and from where an activation was last seen, if it still exists and that changes its last-seen time:
    /// the rule of [`LastSeen::changes_at`].
    pub fn set_last_seen(&self, activation_id: i64, at: Timestamp, address: IpAddr) -> Result<(), Error> {
        let sql = "UPDATE activations SET last_seen_at = ?2, last_address = ?3
                   WHERE id = ?1 AND (last_seen_at IS NULL OR abs(last_seen_at - ?2) >= ?4)";
        self.sql(sql).execute(&[&activation_id, &at, &address.to_string(), &SEEN_ANEW_AFTER])?;
        Ok(())
    }

    pub fn count_activations(&self, license_id: i64) -> Result<i64, Error> {
        self.sql("SELECT count(*) FROM activations WHERE license_id = ?1").value(&[&license_id])
    }

    /// Ends an activation, which frees its seat. `false`: the license is not active on this identifier.
    pub fn remove_activation(&self, license_id: i64, identifier: &str) -> Result<bool, Error> {
        let sql = "DELETE FROM activations WHERE license_id = ?1 AND identifier = ?2";
        let removed = self.sql(sql).execute(&[&license_id, &identifier])? == 1;
        self.audit_if(removed, Subject::License(license_id), "deactivated", Some(&identifier))
    }

    /// Replaces the URL that gets a webhook when the activation ends.
    pub fn set_post_url(
        &self,
        license_id: i64,
        identifier: &Identifier,
        post_url: &str,
    ) -> Result<(), Error> {
        let sql = "UPDATE activations SET post_url = ?3
                   WHERE license_id = ?1 AND identifier = ?2 AND coalesce(post_url, '') <> ?3";
        let set = self.sql(sql).execute(&[&license_id, &identifier.as_str(), &post_url])? == 1;
        self.audit_if(set, Subject::License(license_id), "post_url set", Some(&identifier.as_str()))?;
        Ok(())
    }

    /// Adds an activation, which takes a seat. The caller has checked in this transaction that the license isn't
    /// active on the identifier and that a seat is free.
    pub fn add_activation(&self, activation: &NewActivation<'_>, now: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO activations (license_id, identifier, address, post_url, activated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let NewActivation { license_id, identifier, address, post_url } = activation;
        let address = address.map(|address| address.to_string());
        self.sql(sql).execute(&[license_id, &identifier.as_str(), &address, post_url, &now])?;
        self.audit(Subject::License(*license_id), "activated", Some(&identifier.as_str()))
    }

    /// The stored identifier of an activation, and the URL that gets a webhook when the activation ends, if there is
    /// one. `None`: the license is not active on this identifier.
    pub fn post_url(
        &self,
        license_id: i64,
        identifier: &Identifier,
    ) -> Result<Option<(String, Option<String>)>, Error> {
        let sql = "SELECT identifier, post_url FROM activations WHERE license_id = ?1 AND identifier = ?2";
        self.sql(sql).one(&[&license_id, &identifier.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// A page of the activations of a license, oldest first.
    pub fn activations(&self, license_id: i64, page: Page) -> Result<Vec<Activation>, Error> {
        let sql = "SELECT identifier, activated_at, address, last_seen_at, last_address, post_url
                   FROM activations WHERE license_id = ?1 ORDER BY id LIMIT ?2 OFFSET ?3";
        self.sql(sql).all(&[&license_id, &page.limit, &page.offset], read)
    }

    /// The activation that has been active for longest.
    pub fn oldest_activation(&self, license_id: i64) -> Result<Option<Activation>, Error> {
        let first = self.activations(license_id, Page { offset: 0, limit: 1 })?;
        Ok(first.into_iter().next())
    }

    /// The identifiers that a license is active on, oldest first, each with the URL that gets a webhook when the
    /// activation ends, if it has one.
    pub fn post_urls(&self, license_id: i64) -> Result<Vec<(String, Option<String>)>, Error> {
        let sql = "SELECT identifier, post_url FROM activations WHERE license_id = ?1 ORDER BY id";
        self.sql(sql).all(&[&license_id], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The identifier that a license was activated on last, of those that it is active on.
    pub fn newest_identifier(&self, license_id: i64) -> Result<Option<Identifier>, Error> {
        let sql = "SELECT identifier FROM activations WHERE license_id = ?1 ORDER BY id DESC LIMIT 1";
        let newest: Option<String> = self.sql(sql).one(&[&license_id], |row| row.get(0))?;
        Ok(newest.and_then(|identifier| Identifier::parse(&identifier).ok()))
    }
}

fn read(row: &Row<'_>) -> Result<Activation, Error> {
    Ok(Activation {
        identifier: row.get(0)?,
        activated_at: row.get(1)?,
        address: row.get(2)?,
        last_seen_at: row.get(3)?,
        last_address: row.get(4)?,
        post_url: row.get(5)?,
    })
}
