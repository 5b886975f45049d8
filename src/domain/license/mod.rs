//! Licenses: what they hold, how they change, and the rules by which they are refused.

mod belongings;
mod change;
mod difference;
mod expiry;
mod fields;
mod new;
mod notes;
mod query;
mod renewal;
mod search;
mod status;
mod term;

use super::{Outcome, Product, Timestamp, fold_owner};

pub use belongings::Belongings;
pub use change::LicenseChange;
pub use fields::{MAX_LICENSE_NUMBER, MAX_OWNER, parse_activation_limit, parse_owner, parse_validity};
pub use new::NewLicense;
pub use notes::{LicenseNotes, NotesChange, parse_note, parse_order_reference};
pub use query::{LicenseQuery, LicenseState, Period};
pub use renewal::{Renewal, RenewalError};
pub use search::{SearchField, SearchMatch};
pub use status::LicenseStatus;
pub use term::{Term, TermError};

/// A license: one license key of one product, its owner, and how long it is valid (API §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "license_key is the term everywhere")]
pub struct License {
    pub id: i64,
    pub product_id: i64,
    pub license_key: String,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
    /// The maximum number of active identifiers; 0: no limit.
    pub activation_limit: i64,
    /// Days from `assigned_at`; 0: no expiry.
    pub validity: i64,
    pub assigned_at: Option<Timestamp>,
    pub status: LicenseStatus,
    /// The contract it was created under. Such a license is not assigned to anyone at random.
    pub contract_id: Option<i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Selects licenses by exact values; `None` matches any value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    pub product_id: Option<i64>,
    pub status: Option<LicenseStatus>,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
}

impl LicenseFilter {
    /// Whether it selects licenses of one owner, who has few.
    pub fn is_of_owner(&self) -> bool {
        self.owner_name.is_some() || self.owner_email.is_some()
    }
}

impl License {
    /// The first second at which the license is expired; `None`: never (API §3.3).
    pub fn expires_at(&self) -> Option<Timestamp> {
        match (self.validity, self.assigned_at) {
            (1.., Some(assigned_at)) => Some(assigned_at.plus_days(self.validity)),
            _ => None,
        }
    }

    /// Refuses a blocked license: step L4 of the license gate (API §3.9).
    pub fn check_not_blocked(&self) -> Result<(), Outcome> {
        match self.status {
            LicenseStatus::Blocked => Err(Outcome::LicenseBlocked),
            LicenseStatus::Available | LicenseStatus::Reserved | LicenseStatus::Assigned => Ok(()),
        }
    }

    /// Refuses a license that has no owner yet: step L5.
    pub fn check_assigned(&self) -> Result<(), Outcome> {
        if self.is_assignable() { Err(Outcome::LicenseNotAssigned) } else { Ok(()) }
    }

    /// Refuses an expired license: step L6.
    pub fn check_not_expired(&self, now: Timestamp) -> Result<(), Outcome> {
        match self.expires_at() {
            Some(end) if end <= now => Err(Outcome::LicenseExpired),
            _ => Ok(()),
        }
    }

    /// Step L6 for downloads: an expired license is refused only if the product requires it (API §3.3).
    pub fn check_not_expired_for_downloads(&self, product: &Product, now: Timestamp) -> Result<(), Outcome> {
        if product.require_non_expired { self.check_not_expired(now) } else { Ok(()) }
    }

    /// Whether this is the owner's e-mail address, however it is written. Always false without an owner.
    pub fn is_owned_by(&self, email: &str) -> bool {
        self.owner_email.as_deref().is_some_and(|owner| fold_owner(owner) == fold_owner(email))
    }

    /// Whether it can be assigned to an owner: only available and reserved licenses can (API §4.6).
    pub fn is_assignable(&self) -> bool {
        self.status.is_assignable()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A license without an owner.
    pub fn license(status: LicenseStatus, validity: i64, assigned_at: Option<i64>) -> License {
        License {
            id: 1,
            product_id: 1,
            license_key: "K".to_owned(),
            owner_name: None,
            owner_email: None,
            activation_limit: 0,
            validity,
            assigned_at: assigned_at.map(Timestamp),
            status,
            contract_id: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn a_license_expires_at_the_very_second() {
        let license = license(LicenseStatus::Assigned, 1, Some(1_000));
        assert_eq!(license.check_not_expired(Timestamp(87_399)), Ok(()));
        assert_eq!(license.check_not_expired(Timestamp(87_400)), Err(Outcome::LicenseExpired));
        assert_eq!(license.check_not_expired(Timestamp(87_401)), Err(Outcome::LicenseExpired));
    }

    #[test]
    fn validity_zero_or_no_assignment_never_expires() {
        let far = Timestamp(i64::MAX);
        assert_eq!(license(LicenseStatus::Assigned, 0, Some(0)).check_not_expired(far), Ok(()));
        assert_eq!(license(LicenseStatus::Assigned, 1, None).check_not_expired(far), Ok(()));
    }

    #[test]
    fn a_status_is_refused_by_one_step() {
        for (status, blocked, unassigned) in [
            (LicenseStatus::Blocked, Err(Outcome::LicenseBlocked), Ok(())),
            (LicenseStatus::Available, Ok(()), Err(Outcome::LicenseNotAssigned)),
            (LicenseStatus::Reserved, Ok(()), Err(Outcome::LicenseNotAssigned)),
            (LicenseStatus::Assigned, Ok(()), Ok(())),
        ] {
            let license = license(status, 0, None);
            assert_eq!((license.check_not_blocked(), license.check_assigned()), (blocked, unassigned));
        }
    }

    #[test]
    fn nobody_owns_a_license_without_an_owner() {
        let mut license = license(LicenseStatus::Assigned, 0, None);
        assert!(!license.is_owned_by(""));
        license.owner_email = Some("Jane@Example.com".to_owned());
        assert!(license.is_owned_by(" jane@example.COM") && !license.is_owned_by("john@example.com"));
    }
}
