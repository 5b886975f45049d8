//! The end of an ownership: deletes the activations and metadata of a license's owner, and audits it.

use std::ops::ControlFlow;

use super::licenses::folded;
use crate::domain::{Belongings, License, Subject};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// The number of licenses that are not found by their owner, because another program changed the owner and not the
    /// column that is searched; and the id of the first one. Reads all owners.
    pub fn stale_owners(&self) -> Result<(usize, Option<i64>), Error> {
        let sql = "SELECT id, owner_name, owner_email, owner_name_folded, owner_email_folded FROM licenses
                   WHERE owner_name IS NOT NULL OR owner_email IS NOT NULL
                      OR owner_name_folded IS NOT NULL OR owner_email_folded IS NOT NULL ORDER BY id";
        let (mut stale, mut first) = (0, None);
        self.sql(sql).each(&[], |row| {
            let [name, email] = [row.get::<Option<&str>>(1)?, row.get(2)?].map(folded);
            let found: [Option<&str>; 2] = [row.get(3)?, row.get(4)?];
            if found != [name.as_deref(), email.as_deref()] {
                stale += 1;
                first = first.or(Some(row.get(0)?));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((stale, first))
    }

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
