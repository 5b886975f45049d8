//! Renews licenses.

use super::{Operation, OperationError};
use crate::domain::{License, LicenseChange, Renewal, RenewalError};

impl Operation<'_> {
    /// Makes a license last longer. Returns the license as it is now.
    pub fn renew(
        &self,
        license: &License,
        renewal: Renewal,
    ) -> Result<License, OperationError<RenewalError>> {
        let validity = license.renewed_validity(renewal, self.now).map_err(OperationError::Refused)?;
        let change = LicenseChange { validity: Some(validity), ..LicenseChange::default() };
        Ok(self.change_as("renewed", license, change)?.license)
    }
}
