//! Moves licenses to other products, and reassigns them to other owners.

use super::{Changed, Operation, OperationError};
use crate::domain::{License, LicenseChange, LicenseStatus};
use crate::store::Error;

/// Why a license can't be reassigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReassignError {
    #[error("it is {}, and has no owner yet: assign it", .0.as_str())]
    NoOwner(LicenseStatus),
    #[error("it is blocked: unblock it first")]
    Blocked,
    #[error("it is this owner's already")]
    SameOwner,
}

impl Operation<'_> {
    /// Moves a license to another product. Its activations stay. Returns the license as it is now.
    pub fn move_to(&self, license: &License, product_id: i64) -> Result<License, Error> {
        let change = LicenseChange { product_id: Some(product_id), ..LicenseChange::default() };
        Ok(self.change_as("moved", license, change)?.license)
    }

    /// Takes an assigned license from its owner, with all that he had on it, and assigns it to another one from now on.
    pub fn reassign(
        &self,
        license: &License,
        owner_name: Option<&str>,
        owner_email: &str,
    ) -> Result<Changed, OperationError<ReassignError>> {
        let refusal = match license.status {
            LicenseStatus::Blocked => Some(ReassignError::Blocked),
            status if status.is_assignable() => Some(ReassignError::NoOwner(status)),
            _ if license.is_owned_by(owner_email) => Some(ReassignError::SameOwner),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(OperationError::Refused(refusal));
        }
        Ok(self.assign_anew(license, owner_name, Some(owner_email))?)
    }
}
