//! Blocks and unblocks licenses.

use super::Operation;
use crate::domain::{License, LicenseChange, LicenseStatus};
use crate::store::Error;

impl Operation<'_> {
    /// Blocks a license, which remembers its status, and says why. A blocked license gets the new reason. Returns the
    /// license as it is now.
    pub fn block(&self, license: &License, reason: &str) -> Result<License, Error> {
        let blocked = if license.status == LicenseStatus::Blocked {
            license.clone()
        } else {
            self.set_status("blocked", license, LicenseStatus::Blocked)?
        };
        if self.tx.license_notes(license.id)?.block_reason.as_deref() != Some(reason) {
            self.tx.set_block_reason(license.id, reason)?;
        }
        Ok(blocked)
    }

    /// Gives a blocked license the status that it had. One whose status is not known is assigned if it has an owner, a
    /// date of assignment or an activation; else it is reserved, because then nobody gets it at random. Returns the
    /// license as it is now.
    pub fn unblock(&self, license: &License) -> Result<License, Error> {
        let status = match self.tx.license_notes(license.id)?.status_before_block {
            Some(status) => status,
            None if self.seems_owned(license)? => LicenseStatus::Assigned,
            None => LicenseStatus::Reserved,
        };
        self.set_status("unblocked", license, status)
    }

    fn seems_owned(&self, license: &License) -> Result<bool, Error> {
        let has_owner = license.owner_name.is_some() || license.owner_email.is_some();
        Ok(has_owner || license.assigned_at.is_some() || self.tx.count_activations(license.id)? > 0)
    }

    fn set_status(&self, word: &str, license: &License, status: LicenseStatus) -> Result<License, Error> {
        let change = LicenseChange { status: Some(status), ..LicenseChange::default() };
        Ok(self.change_as(word, license, change)?.license)
    }
}
