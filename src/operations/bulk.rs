//! One change to many licenses: by a query, or by their keys.
//!
//! The licenses are changed in slices, each in a transaction of its own, so that other changes get their turn. A dry
//! run makes the same changes and rolls them back, so it can't disagree with the run.

use std::time::{Duration, Instant};

use super::{Operation, OperationError};
use crate::domain::{License, LicenseQuery, LicenseStatus, NotesChange, Renewal, Seats, Timestamp};
use crate::store::{Error, Tx};

/// The time after which a slice ends, and the most licenses in it.
const SLICE_TIME: Duration = Duration::from_millis(10);
pub const BULK_SLICE: i64 = 200;

/// A change to each of many licenses.
#[derive(Clone, Debug)]
pub enum BulkChange {
    Renew(Renewal),
    Block { reason: String },
    Unblock,
    Move { product_id: i64 },
    Release(Seats),
    Note(NotesChange),
}

/// What a change did to one license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkResult {
    Changed,
    /// It is so already.
    Unchanged,
    /// A rule forbids it.
    Refused(String),
}

/// The licenses that a slice changed, or tried to, by their keys.
pub type BulkSlice = Vec<(String, BulkResult)>;

impl BulkChange {
    /// The change in the past tense, as the audit trail has it.
    pub fn done(&self) -> &'static str {
        match self {
            Self::Renew(_) => "renewed",
            Self::Block { .. } => "blocked",
            Self::Unblock => "unblocked",
            Self::Move { .. } => "moved",
            Self::Release(_) => "released",
            Self::Note(_) => "noted",
        }
    }
}

impl Operation<'_> {
    /// Makes a change to one license.
    pub fn change_one_of_many(&self, license: &License, change: &BulkChange) -> Result<BulkResult, Error> {
        let is_blocked = license.status == LicenseStatus::Blocked;
        Ok(match change {
            BulkChange::Renew(Renewal::Until(end)) if is_valid_until(license, *end) => BulkResult::Unchanged,
            BulkChange::Renew(renewal) => match self.renew(license, *renewal) {
                Ok(now) => changed_if(now.validity != license.validity),
                Err(OperationError::Refused(reason)) => BulkResult::Refused(reason.to_string()),
                Err(OperationError::Failed(error)) => return Err(error),
            },
            BulkChange::Block { reason } => {
                let is_same = is_blocked
                    && self.tx.license_notes(license.id)?.block_reason.as_deref() == Some(reason.as_str());
                if !is_same {
                    self.block(license, reason)?;
                }
                changed_if(!is_same)
            }
            BulkChange::Unblock => {
                if is_blocked {
                    self.unblock(license)?;
                }
                changed_if(is_blocked)
            }
            BulkChange::Move { product_id } => {
                let moves = license.product_id != *product_id;
                if moves {
                    self.move_to(license, *product_id)?;
                }
                changed_if(moves)
            }
            BulkChange::Release(seats) => changed_if(!self.release(license, seats)?.is_empty()),
            BulkChange::Note(change) => {
                let before = self.tx.license_notes(license.id)?;
                changed_if(self.change_notes(license.id, change)? != before)
            }
        })
    }

    /// Makes a change to as many of the licenses as fit into a slice, in their order. `still_matches` tells whether one
    /// that was changed since it was read still is to be changed.
    pub fn change_slice(
        &self,
        licenses: &[License],
        change: &BulkChange,
        still_matches: impl Fn(&License) -> Result<bool, Error>,
    ) -> Result<(usize, BulkSlice), Error> {
        let started = Instant::now();
        let mut results = BulkSlice::new();
        for (number, read) in licenses.iter().enumerate() {
            if number > 0 && started.elapsed() > SLICE_TIME {
                return Ok((number, results));
            }
            let Some(license) = self.tx.license(read.id)? else { continue };
            if license == *read || still_matches(&license)? {
                results.push((license.license_key.clone(), self.change_one_of_many(&license, change)?));
            }
        }
        Ok((licenses.len(), results))
    }

    /// Adds the one audit entry about a bulk change as a whole.
    pub fn record_bulk(&self, change: &BulkChange, licenses: u64) -> Result<(), Error> {
        self.tx.end_audit_as_one(change.done(), &format!("licenses: {licenses}"))
    }
}

/// The next licenses that a query finds behind an id, up to a slice of them.
pub fn next_of_query(
    tx: &Tx<'_>,
    query: &LicenseQuery,
    after: i64,
    now: Timestamp,
) -> Result<Vec<License>, Error> {
    tx.licenses_matching(query, after, BULK_SLICE, now)
}

/// Whether a query finds a license.
pub fn is_found(tx: &Tx<'_>, query: &LicenseQuery, license: &License, now: Timestamp) -> Result<bool, Error> {
    let found = tx.licenses_matching(query, license.id - 1, 1, now)?;
    Ok(found.first().is_some_and(|first| first.id == license.id))
}

/// Whether a license is valid until this time or longer. A renewal of many leaves it as it is, because nobody looks at
/// the expiry of each.
fn is_valid_until(license: &License, end: Timestamp) -> bool {
    !license.is_assignable() && license.expires_at().is_some_and(|expiry| expiry >= end)
}

fn changed_if(changed: bool) -> BulkResult {
    if changed { BulkResult::Changed } else { BulkResult::Unchanged }
}
