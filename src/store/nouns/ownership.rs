//! The end of an ownership: deletes the activations and metadata of a license's owner, and audits it.

use crate::domain::{Belongings, License, Subject};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Deletes the activations and the metadata of a license. Returns how many there were.
    pub fn delete_belongings(&self, license_id: i64) -> Result<Belongings, Error> {
        let delete = |sql: &str| self.sql(sql).execute(&[&license_id]);
        Ok(Belongings {
            activations: delete("DELETE FROM activations WHERE license_id = ?1")?,
            meta: delete("DELETE FROM license_meta WHERE license_id = ?1")?,
        })
    }

    /// Adds the audit entry about the end of an ownership: the owner, and the numbers of deleted records.
    pub fn audit_end_of_ownership(&self, license: &License, ended: Belongings) -> Result<(), Error> {
        let owner = license.owner_email.as_deref().or(license.owner_name.as_deref()).unwrap_or("-");
        let detail = format!("owner {owner}; {ended}");
        self.audit(Subject::License(license.id), "ownership ended", Some(&detail))
    }
}
