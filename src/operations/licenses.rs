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
        self.end_ownership(license)?;
        let assigned = license.assigned(owner_name, owner_email, self.now);
        self.tx.assign_license(&assigned)?;
        Ok(assigned)
    }

    /// Changes a license. `before`: the license as this transaction read it. If it loses its owner, deletes the
    /// owner's activations and metadata. If it becomes blocked, keeps the activations, and queues their webhooks.
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
        let license = before.changed(change, self.now);
        let status = license.status;
        let gets_owner = before.is_assignable() && status == LicenseStatus::Assigned;
        let ended = if before.loses_owner(status) || gets_owner {
            self.end_ownership(before)?
        } else {
            if status == LicenseStatus::Blocked {
                self.tell_of_deactivations(before)?;
            }
            Belongings::default()
        };
        self.tx.change_license(before, &license, word, self.now)?;
        Ok(Changed { license, ended })
    }

    /// Deletes a license with its activations and its metadata. Telemetry about it stays.
    pub fn delete(&self, license: &License) -> Result<(), Error> {
        self.tell_of_deactivations(license)?;
        self.tx.delete_license(license.id)
    }

    /// Deletes the activations and the metadata of a license's owner, and queues the webhooks of the activations. A
    /// license without an owner may have some too, which an earlier one left: databases of earlier versions hold such
    /// licenses.
    fn end_ownership(&self, license: &License) -> Result<Belongings, Error> {
        self.tell_of_deactivations(license)?;
        let ended = self.tx.delete_belongings(license.id)?;
        if !license.is_assignable() || !ended.is_empty() {
            self.tx.audit_end_of_ownership(license, ended)?;
        }
        Ok(ended)
    }
}
