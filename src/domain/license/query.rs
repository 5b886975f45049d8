//! Selects licenses by what they hold and by their state at a time.

use super::{License, LicenseFilter, LicenseStatus};
use crate::domain::{Timestamp, has_free_seat};

/// Selects licenses. All conditions must hold; a default one selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseQuery {
    pub filter: LicenseFilter,
    pub states: Vec<LicenseState>,
    pub assigned: Period,
    pub created: Period,
}

/// A state of a license at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenseState {
    /// Assigned and not expired.
    Active,
    /// Assigned and expired.
    Expired,
    /// Assigned, not expired, and expired in so many days.
    ExpiresWithin { days: i64 },
    /// Active on as many identifiers as its limit allows.
    Full,
    /// Assigned, and active on no identifier.
    NotActivated,
}

/// A period; `None`: without a beginning or an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub since: Option<Timestamp>,
    /// Its end, which is not a part of it.
    pub until: Option<Timestamp>,
}

impl LicenseState {
    /// Whether a license that is active on `seats` identifiers has this state. The database has the same rule in SQL.
    pub fn holds(self, license: &License, seats: i64, now: Timestamp) -> bool {
        let is_assigned = license.status == LicenseStatus::Assigned;
        let is_expired = license.check_not_expired(now).is_err();
        match self {
            Self::Active => is_assigned && !is_expired,
            Self::Expired => is_assigned && is_expired,
            Self::ExpiresWithin { days } => {
                let end = license.expires_at();
                is_assigned && !is_expired && end.is_some_and(|end| end <= now.plus_days(days))
            }
            Self::Full => !has_free_seat(license.activation_limit, seats),
            Self::NotActivated => is_assigned && seats == 0,
        }
    }
}
