//! Licenses, and the order in which one is refused.

use super::{LicenseKey, Product, Timestamp};
use crate::outcome::Outcome;

/// A license: one key of one product, and who may use it for how long. (Contract §3.1.)
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the text of a license is a license key, here as everywhere")]
pub struct License {
    pub id: i64,
    pub product_id: i64,
    pub license_key: String,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
    /// How many identifiers may be active at once; 0: any number.
    pub activation_limit: i64,
    /// Days from `assigned_at`; 0: for ever.
    pub validity: i64,
    pub assigned_at: Option<Timestamp>,
    pub status: LicenseStatus,
    /// The contract it was made under; such a key is in no pool.
    pub contract_id: Option<i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is needed to create a license.
#[derive(Clone, Debug)]
pub struct NewLicense {
    pub product_id: i64,
    pub license_key: LicenseKey,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
    pub activation_limit: i64,
    pub validity: i64,
    pub assigned_at: Option<Timestamp>,
    pub status: LicenseStatus,
    pub contract_id: Option<i64>,
}

/// The four statuses of the v1 API (contract §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenseStatus {
    Available,
    Assigned,
    Reserved,
    Blocked,
}

impl LicenseStatus {
    pub const ALL: [Self; 4] = [Self::Available, Self::Assigned, Self::Reserved, Self::Blocked];

    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Assigned => "assigned",
            Self::Reserved => "reserved",
            Self::Blocked => "blocked",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl License {
    /// The moment from which the license is expired; `None`: never (contract §3.3).
    pub fn expires_at(&self) -> Option<Timestamp> {
        match (self.validity, self.assigned_at) {
            (1.., Some(assigned_at)) => Some(assigned_at.plus_days(self.validity)),
            _ => None,
        }
    }

    /// Refuses a license that its holder can't use now: steps L4 to L6 of the license gate, in their order (contract §3.9).
    pub fn check_usable(&self, now: Timestamp) -> Result<(), Outcome> {
        match self.status {
            LicenseStatus::Blocked => return Err(Outcome::LicenseBlocked),
            LicenseStatus::Available | LicenseStatus::Reserved => return Err(Outcome::LicenseNotAssigned),
            LicenseStatus::Assigned => {}
        }
        match self.expires_at() {
            Some(end) if end <= now => Err(Outcome::LicenseExpired),
            _ => Ok(()),
        }
    }

    /// As [`Self::check_usable`], for downloads: there expiry counts only where the product says so (contract §3.3).
    pub fn check_usable_for_downloads(&self, product: &Product, now: Timestamp) -> Result<(), Outcome> {
        match self.check_usable(now) {
            Err(Outcome::LicenseExpired) if !product.require_non_expired => Ok(()),
            checked => checked,
        }
    }

    /// Whether it can still be given to an owner: only what is in the pool or held back can (contract §4.6).
    pub fn is_assignable(&self) -> bool {
        matches!(self.status, LicenseStatus::Available | LicenseStatus::Reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn license(status: LicenseStatus, validity: i64, assigned_at: Option<i64>) -> License {
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
        assert_eq!(license.check_usable(Timestamp(87_399)), Ok(()));
        assert_eq!(license.check_usable(Timestamp(87_400)), Err(Outcome::LicenseExpired));
        assert_eq!(license.check_usable(Timestamp(87_401)), Err(Outcome::LicenseExpired));
    }

    #[test]
    fn validity_zero_or_no_assignment_never_expires() {
        let far = Timestamp(i64::MAX);
        assert_eq!(license(LicenseStatus::Assigned, 0, Some(0)).check_usable(far), Ok(()));
        assert_eq!(license(LicenseStatus::Assigned, 1, None).check_usable(far), Ok(()));
    }

    #[test]
    fn blocked_comes_before_not_assigned_comes_before_expired() {
        let now = Timestamp(1_000_000);
        for (status, outcome) in [
            (LicenseStatus::Blocked, Outcome::LicenseBlocked),
            (LicenseStatus::Available, Outcome::LicenseNotAssigned),
            (LicenseStatus::Reserved, Outcome::LicenseNotAssigned),
            (LicenseStatus::Assigned, Outcome::LicenseExpired),
        ] {
            assert_eq!(license(status, 1, Some(0)).check_usable(now), Err(outcome));
        }
    }

    #[test]
    fn a_status_reads_back_from_its_word() {
        for status in LicenseStatus::ALL {
            assert_eq!(LicenseStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(LicenseStatus::parse("active"), None);
    }
}
