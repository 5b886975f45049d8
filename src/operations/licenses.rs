//! Assigns, changes and deletes licenses, and deletes the former owner's activations and metadata.

use super::Operation;
use crate::domain::{Belongings, License, LicenseChange, LicenseStatus};
use crate::store::Error;

/// A license after a change, and the numbers of activations and metadata entries that its former owner lost.
pub struct Changed {
    pub license: License,
    pub ended: Belongings,
}

impl Operation<'_> {
    /// Assigns an available or reserved license to an owner from now on. Deletes activations and metadata that an
    /// earlier owner left. Returns the license as it is now.
    pub fn assign(
        &self,
        license: &License,
        owner_name: Option<&str>,
        owner_email: Option<&str>,
    ) -> Result<License, Error> {
        Ok(self.assign_anew(license, owner_name, owner_email)?.license)
    }

    pub(super) fn assign_anew(
        &self,
        license: &License,
        owner_name: Option<&str>,
        owner_email: Option<&str>,
    ) -> Result<Changed, Error> {
        let ended = self.end_ownership(license, license.status, LicenseStatus::Assigned)?;
        let assigned = license.assigned(owner_name, owner_email, self.now);
        self.tx.assign_license(&assigned)?;
        Ok(Changed { license: assigned, ended })
    }

    /// Changes a license. `before`: the license as this transaction read it. If it loses its owner, deletes the
    /// owner's activations, metadata and notes. If it becomes blocked, keeps the activations, queues their webhooks,
    /// and remembers the status that it had.
    pub fn change(&self, before: &License, change: LicenseChange) -> Result<Changed, Error> {
        self.change_as("changed", before, change)
    }

    /// Like [`Self::change`], with another word for it in the audit trail.
    pub(super) fn change_as(
        &self,
        word: &str,
        before: &License,
        change: LicenseChange,
    ) -> Result<Changed, Error> {
        let former = self.former_status(before)?;
        let license = before.changed(former, change, self.now);
        let status = license.status;
        let ends = former.loses_owner(status) || former.ends_reservation(status);
        let ended = if ends || former.gets_owner(status) {
            self.end_ownership(before, former, status)?
        } else {
            if status == LicenseStatus::Blocked {
                self.tell_of_deactivations(before)?;
            }
            Belongings::default()
        };
        self.tx.change_license(before, &license, word, self.now)?;
        match (before.status, status) {
            (LicenseStatus::Blocked, LicenseStatus::Blocked) => {}
            (former, LicenseStatus::Blocked) => self.tx.remember_block(license.id, Some(former))?,
            (LicenseStatus::Blocked, _) => self.tx.remember_block(license.id, None)?,
            _ => {}
        }
        Ok(Changed { license, ended })
    }

    /// Deletes a license with its activations and its metadata. Telemetry about it stays.
    pub fn delete(&self, license: &License) -> Result<(), Error> {
        self.tell_of_deactivations(license)?;
        self.tx.delete_license(license.id)
    }

    /// The status that says whether a license has an owner: its own or, while it is blocked, the one that it had
    /// before, as far as that is known.
    pub fn former_status(&self, license: &License) -> Result<LicenseStatus, Error> {
        if license.status != LicenseStatus::Blocked {
            return Ok(license.status);
        }
        Ok(self.tx.license_notes(license.id)?.status_before_block.unwrap_or(LicenseStatus::Blocked))
    }

    /// Deletes the activations and the metadata of a license's owner, and queues the webhooks of the activations. A
    /// license without an owner, by its `former` status, may have some too, which an earlier one left: databases of
    /// earlier versions hold such licenses. Its notes stay, unless it was held back for somebody and goes to the pool.
    fn end_ownership(
        &self,
        license: &License,
        former: LicenseStatus,
        to: LicenseStatus,
    ) -> Result<Belongings, Error> {
        self.tell_of_deactivations(license)?;
        let ended = self.tx.delete_belongings(license.id)?;
        let had_owner = !former.is_assignable();
        if had_owner || former.ends_reservation(to) {
            self.tx.clear_notes(license.id)?;
        }
        if had_owner || !ended.is_empty() {
            self.tx.audit_end_of_ownership(license, ended)?;
        }
        Ok(ended)
    }
}
