//! Licenses, and the order in which one is refused.

use super::{LicenseKey, Product, Timestamp};
use crate::domain::Outcome;

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

/// The longest name or e-mail address of an owner, in bytes.
pub const MAX_OWNER: usize = 255;

/// The largest activation limit and validity: what the original's columns hold, and what any client can read
/// as a number.
pub const MAX_LICENSE_NUMBER: i64 = 2_147_483_647;

/// What changes about a license; `None`: it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct LicenseChange {
    pub product_id: Option<i64>,
    /// Empty: it has none from now on.
    pub owner_name: Option<String>,
    /// Empty: it has none from now on.
    pub owner_email: Option<String>,
    pub activation_limit: Option<i64>,
    pub validity: Option<i64>,
    pub status: Option<LicenseStatus>,
    pub assigned_at: Option<Timestamp>,
}

/// Which licenses are asked for; `None`: whatever they have there.
#[derive(Clone, Debug, Default)]
pub struct LicenseFilter {
    pub product_id: Option<i64>,
    pub status: Option<LicenseStatus>,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
}

impl NewLicense {
    /// The license that it has become under this id.
    pub fn with_id(self, id: i64, now: Timestamp) -> License {
        License {
            id,
            product_id: self.product_id,
            license_key: self.license_key.to_string(),
            owner_name: self.owner_name,
            owner_email: self.owner_email,
            activation_limit: self.activation_limit,
            validity: self.validity,
            assigned_at: self.assigned_at,
            status: self.status,
            contract_id: self.contract_id,
            created_at: now,
            updated_at: now,
        }
    }
}

/// The four statuses of the v1 API (API §3.2).
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

    /// Takes also the words of newer clients, each for what it means here (API §3.2).
    pub fn parse_newer(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Assigned),
            "suspended" | "revoked" | "inactive" => Some(Self::Blocked),
            _ => Self::parse(word),
        }
    }
}

impl License {
    /// The moment from which the license is expired; `None`: never (API §3.3).
    pub fn expires_at(&self) -> Option<Timestamp> {
        match (self.validity, self.assigned_at) {
            (1.., Some(assigned_at)) => Some(assigned_at.plus_days(self.validity)),
            _ => None,
        }
    }

    /// Refuses a license that its holder can't use now: steps L4 to L6 of the license gate, in their order
    /// (API §3.9).
    pub fn check_usable(&self, now: Timestamp) -> Result<(), Outcome> {
        self.check_assigned()?;
        self.check_not_expired(now)
    }

    /// L4 and L5: what an expired license must pass too.
    pub fn check_assigned(&self) -> Result<(), Outcome> {
        match self.status {
            LicenseStatus::Blocked => Err(Outcome::LicenseBlocked),
            LicenseStatus::Available | LicenseStatus::Reserved => Err(Outcome::LicenseNotAssigned),
            LicenseStatus::Assigned => Ok(()),
        }
    }

    /// L6.
    pub fn check_not_expired(&self, now: Timestamp) -> Result<(), Outcome> {
        match self.expires_at() {
            Some(end) if end <= now => Err(Outcome::LicenseExpired),
            _ => Ok(()),
        }
    }

    /// The license after a change. It keeps its activations, even if there are more than a lowered limit
    /// allows; and being assigned begins now, unless it is said or known when it began.
    #[must_use]
    pub fn changed(&self, change: LicenseChange, now: Timestamp) -> Self {
        let before = self.clone();
        let some_owner = |owner: String| Some(owner).filter(|owner| !owner.is_empty());
        let now_if_assigned = (change.status == Some(LicenseStatus::Assigned)).then_some(now);
        Self {
            product_id: change.product_id.unwrap_or(before.product_id),
            owner_name: change.owner_name.map_or(before.owner_name, some_owner),
            owner_email: change.owner_email.map_or(before.owner_email, some_owner),
            activation_limit: change.activation_limit.unwrap_or(before.activation_limit),
            validity: change.validity.unwrap_or(before.validity),
            status: change.status.unwrap_or(before.status),
            assigned_at: change.assigned_at.or(before.assigned_at).or(now_if_assigned),
            ..before
        }
    }

    /// Whether this is its owner's e-mail address, in any case. Nobody is the owner of a license without one.
    pub fn is_owned_by(&self, email: &str) -> bool {
        self.owner_email.as_deref().is_some_and(|owner| owner.trim().eq_ignore_ascii_case(email.trim()))
    }

    /// As [`Self::check_usable`], for downloads: there expiry counts only where the product says so (API §3.3).
    pub fn check_usable_for_downloads(&self, product: &Product, now: Timestamp) -> Result<(), Outcome> {
        match self.check_usable(now) {
            Err(Outcome::LicenseExpired) if !product.require_non_expired => Ok(()),
            checked => checked,
        }
    }

    /// Whether it can still be given to an owner: only what is in the pool or held back can (API §4.6).
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
    fn nobody_owns_a_license_without_an_owner() {
        let mut license = license(LicenseStatus::Assigned, 0, None);
        assert!(!license.is_owned_by(""));
        license.owner_email = Some("Jane@Example.com".to_owned());
        assert!(license.is_owned_by(" jane@example.COM") && !license.is_owned_by("john@example.com"));
    }

    #[test]
    fn a_status_reads_back_from_its_word() {
        for status in LicenseStatus::ALL {
            assert_eq!(LicenseStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(LicenseStatus::parse("active"), None);
    }

    #[test]
    fn newer_words_are_read_as_what_they_mean_and_never_written() {
        for (word, status) in [
            ("active", LicenseStatus::Assigned),
            ("suspended", LicenseStatus::Blocked),
            ("revoked", LicenseStatus::Blocked),
            ("inactive", LicenseStatus::Blocked),
            ("reserved", LicenseStatus::Reserved),
        ] {
            assert_eq!(LicenseStatus::parse_newer(word), Some(status));
        }
        assert_eq!(LicenseStatus::parse_newer("expired"), None);
        assert_eq!(LicenseStatus::parse_newer("Active"), None);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let before =
            License { owner_name: Some("Jane".to_owned()), ..license(LicenseStatus::Reserved, 30, None) };
        let after = before.changed(LicenseChange::default(), Timestamp(9));
        assert_eq!(
            (after.owner_name, after.validity, after.assigned_at),
            (before.owner_name.clone(), 30, None)
        );
        let change =
            LicenseChange { owner_name: Some(String::new()), validity: Some(0), ..LicenseChange::default() };
        let after = before.changed(change, Timestamp(9));
        assert_eq!((after.owner_name, after.validity, after.status), (None, 0, LicenseStatus::Reserved));
    }

    #[test]
    fn being_assigned_begins_when_it_is_said_else_when_it_is_known_else_now() {
        let assigned_at = |before: Option<i64>, said: Option<i64>| {
            let change = LicenseChange {
                status: Some(LicenseStatus::Assigned),
                assigned_at: said.map(Timestamp),
                ..LicenseChange::default()
            };
            license(LicenseStatus::Blocked, 0, before).changed(change, Timestamp(9)).assigned_at
        };
        assert_eq!(assigned_at(None, None), Some(Timestamp(9)));
        assert_eq!(assigned_at(Some(5), None), Some(Timestamp(5)));
        assert_eq!(assigned_at(Some(5), Some(7)), Some(Timestamp(7)));
    }
}
