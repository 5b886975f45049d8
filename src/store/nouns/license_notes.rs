//! Reads and writes what is kept about a license for its vendor alone: its note, its order, why it is blocked.

use crate::domain::{LicenseNotes, LicenseStatus, Subject, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn license_notes(&self, license_id: i64) -> Result<LicenseNotes, Error> {
        let sql =
            "SELECT note, order_reference, block_reason, status_before_block FROM licenses WHERE id = ?1";
        let found = self.sql(sql).one(&[&license_id], |row| {
            Ok(LicenseNotes {
                note: row.get(0)?,
                order_reference: row.get(1)?,
                block_reason: row.get(2)?,
                status_before_block: row.get::<Option<String>>(3)?.as_deref().and_then(LicenseStatus::parse),
            })
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Whether any license has a note or an order reference. Reads the whole table if none has.
    pub fn has_license_notes(&self) -> Result<bool, Error> {
        self.sql("SELECT 1 FROM licenses WHERE note IS NOT NULL OR order_reference IS NOT NULL LIMIT 1")
            .exists(&[])
    }

    /// Writes the note of a license. The audit trail does not have its text, which may be about a person.
    pub fn set_note(&self, license_id: i64, note: Option<&str>, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE licenses SET note = ?2, updated_at = ?3 WHERE id = ?1";
        self.sql(sql).execute(&[&license_id, &note, &now])?;
        let change = if note.is_some() { "note changed" } else { "note removed" };
        self.audit(Subject::License(license_id), change, None)
    }

    /// Writes the order reference of a license. `before`: the one that it has.
    pub fn set_order_reference(
        &self,
        license_id: i64,
        before: Option<&str>,
        reference: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE licenses SET order_reference = ?2, updated_at = ?3 WHERE id = ?1";
        self.sql(sql).execute(&[&license_id, &reference, &now])?;
        let detail = format!("{} -> {}", before.unwrap_or("-"), reference.unwrap_or("-"));
        self.audit(Subject::License(license_id), "order reference changed", Some(&detail))
    }

    /// Removes the note and the order reference of a license whose owner loses it.
    pub fn clear_notes(&self, license_id: i64) -> Result<(), Error> {
        let sql = "UPDATE licenses SET note = NULL, order_reference = NULL
                   WHERE id = ?1 AND (note IS NOT NULL OR order_reference IS NOT NULL)";
        self.sql(sql).execute(&[&license_id])?;
        Ok(())
    }

    /// Remembers the status of a license that becomes blocked. `None`: it is no longer blocked, and the reason is
    /// forgotten too.
    pub fn remember_block(&self, license_id: i64, former: Option<LicenseStatus>) -> Result<(), Error> {
        let sql = "UPDATE licenses SET status_before_block = ?2, block_reason = NULL WHERE id = ?1";
        self.sql(sql).execute(&[&license_id, &former.map(LicenseStatus::as_str)])?;
        Ok(())
    }

    /// Writes why a license is blocked. The audit trail does not have the reason, which may be about a person.
    pub fn set_block_reason(&self, license_id: i64, reason: &str) -> Result<(), Error> {
        self.sql("UPDATE licenses SET block_reason = ?2 WHERE id = ?1").execute(&[&license_id, &reason])?;
        self.audit(Subject::License(license_id), "block reason changed", None)
    }
}
