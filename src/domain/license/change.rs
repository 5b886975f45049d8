//! A change to a license.

use super::{License, LicenseStatus};
use crate::domain::Timestamp;

/// A change to a license; `None` keeps the current value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseChange {
    pub product_id: Option<i64>,
    /// An empty text removes the name.
    pub owner_name: Option<String>,
    /// An empty text removes the address.
    pub owner_email: Option<String>,
    pub activation_limit: Option<i64>,
    pub validity: Option<i64>,
    pub status: Option<LicenseStatus>,
    pub assigned_at: Option<Timestamp>,
}

impl LicenseChange {
    /// Whether it keeps everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// With what this one keeps taken from another change.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            product_id: self.product_id.or(other.product_id),
            owner_name: self.owner_name.or_else(|| other.owner_name.clone()),
            owner_email: self.owner_email.or_else(|| other.owner_email.clone()),
            activation_limit: self.activation_limit.or(other.activation_limit),
            validity: self.validity.or(other.validity),
            status: self.status.or(other.status),
            assigned_at: self.assigned_at.or(other.assigned_at),
        }
    }
}

impl License {
    /// Returns the license after a change. Existing activations stay, even if there are more than a lowered limit
    /// allows.
    ///
    /// A license has one owner at a time (API §3.2). If the change removes the owner, the owner's name and address
    /// and the date of assignment are removed too, whatever else the change says of them. If the change adds an
    /// owner, the assignment begins at the time of the change, unless the change sets another time. An earlier name
    /// and address are removed if the change names an owner. They are removed with the date, too, if the license was
    /// held back for somebody and goes to the pool.
    ///
    /// `former`: the status of the license, or the one that it had before it was blocked, because a block ends no
    /// ownership. [`LicenseStatus::Blocked`]: it is not known, and the license counts as owned. The dates of a blocked
    /// license stay when it becomes assigned.
    #[must_use]
    pub fn changed(&self, former: LicenseStatus, change: LicenseChange, now: Timestamp) -> Self {
        let before = self.clone();
        let status = change.status.unwrap_or(before.status);
        let (ends, begins) = (former.loses_owner(status), before.status.gets_owner(status));
        let released = former.ends_reservation(status);
        let names_owner = change.owner_name.is_some() || change.owner_email.is_some();
        let owner = |new: Option<String>, old: Option<String>| match new {
            _ if ends => None,
            Some(owner) => Some(owner).filter(|owner| !owner.is_empty()),
            None => old.filter(|_| !(released || (begins && names_owner))),
        };
        let assigned_at = match change.assigned_at {
            _ if ends => None,
            None if begins => Some(now),
            None if released => None,
            None => before.assigned_at.or_else(|| (status == LicenseStatus::Assigned).then_some(now)),
            assigned_at => assigned_at,
        };
        Self {
            product_id: change.product_id.unwrap_or(before.product_id),
            owner_name: owner(change.owner_name, before.owner_name),
            owner_email: owner(change.owner_email, before.owner_email),
            activation_limit: change.activation_limit.unwrap_or(before.activation_limit),
            validity: change.validity.unwrap_or(before.validity),
            status,
            assigned_at,
            ..before
        }
    }

    /// Returns the license after its assignment to an owner, which begins now and replaces an earlier one.
    #[must_use]
    pub fn assigned(&self, owner_name: Option<&str>, owner_email: Option<&str>, now: Timestamp) -> Self {
        Self {
            status: LicenseStatus::Assigned,
            owner_name: owner_name.map(str::to_owned),
            owner_email: owner_email.map(str::to_owned),
            assigned_at: Some(now),
            updated_at: now,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::license::tests;

    /// A license of Jane.
    fn license(status: LicenseStatus, validity: i64, assigned_at: Option<i64>) -> License {
        License {
            owner_name: Some("Jane".to_owned()),
            owner_email: Some("jane@example.com".to_owned()),
            ..tests::license(status, validity, assigned_at)
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let before = license(LicenseStatus::Reserved, 30, None);
        let after = before.changed(before.status, LicenseChange::default(), Timestamp(9));
        assert_eq!(
            (after.owner_name, after.validity, after.assigned_at),
            (before.owner_name.clone(), 30, None)
        );
        let change =
            LicenseChange { owner_name: Some(String::new()), validity: Some(0), ..LicenseChange::default() };
        let after = before.changed(before.status, change, Timestamp(9));
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
            license(LicenseStatus::Blocked, 0, before)
                .changed(LicenseStatus::Blocked, change, Timestamp(9))
                .assigned_at
        };
        assert_eq!(assigned_at(None, None), Some(Timestamp(9)));
        assert_eq!(assigned_at(Some(5), None), Some(Timestamp(5)));
        assert_eq!(assigned_at(Some(5), Some(7)), Some(Timestamp(7)));
    }

    #[test]
    fn an_owner_leaves_nothing_behind_and_the_next_one_begins_anew() {
        use LicenseStatus::{Assigned, Available, Blocked, Reserved};
        let owned = |license: License| (license.owner_name, license.owner_email, license.assigned_at);
        for (before, after) in
            [(Assigned, Available), (Assigned, Reserved), (Blocked, Available), (Blocked, Reserved)]
        {
            let change = LicenseChange {
                status: Some(after),
                owner_name: Some("Jane".to_owned()),
                assigned_at: Some(Timestamp(7)),
                ..LicenseChange::default()
            };
            let license = license(before, 30, Some(5)).changed(before, change, Timestamp(9));
            assert_eq!(
                (owned(license.clone()), license.validity),
                ((None, None, None), 30),
                "{before:?} {after:?}"
            );
        }
        // A license of an earlier version, on which an owner was left.
        let change = LicenseChange {
            status: Some(Assigned),
            owner_email: Some("second@example.com".to_owned()),
            ..LicenseChange::default()
        };
        let second = license(Available, 30, Some(5)).changed(Available, change, Timestamp(9));
        assert_eq!(owned(second), (None, Some("second@example.com".to_owned()), Some(Timestamp(9))));
        for (before, after) in [(Assigned, Blocked), (Blocked, Assigned), (Assigned, Assigned)] {
            let change = LicenseChange { status: Some(after), ..LicenseChange::default() };
            let kept = license(before, 30, Some(5)).changed(before, change, Timestamp(9));
            assert_eq!(owned(kept), owned(license(before, 30, Some(5))), "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_block_neither_ends_nor_begins_an_ownership() {
        use LicenseStatus::{Assigned, Available, Blocked, Reserved};
        let owned = |license: License| (license.owner_name, license.assigned_at.map(|at| at.0));
        let jane = || Some("Jane".to_owned());
        for (former, to, expected) in [
            // It was held back for Jane, and is again.
            (Reserved, Reserved, (jane(), Some(5))),
            (Reserved, Available, (None, None)),
            (Assigned, Assigned, (jane(), Some(5))),
            (Reserved, Assigned, (jane(), Some(5))),
            (Assigned, Available, (None, None)),
            (Blocked, Reserved, (None, None)),
        ] {
            let change = LicenseChange { status: Some(to), ..LicenseChange::default() };
            let license = license(Blocked, 30, Some(5)).changed(former, change, Timestamp(9));
            assert_eq!(owned(license), expected, "{former:?} {to:?}");
        }
    }
}
