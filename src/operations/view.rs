//! Everything that is shown of one license.

use crate::domain::{Activation, AuditEntry, License, LicenseNotes, MetaEntry, Page, Product, Timestamp};
use crate::store::{Error, Tx};

/// A license with what belongs to it.
pub struct LicenseView {
    pub license: License,
    /// `None`: it was deleted.
    pub product: Option<Product>,
    pub notes: LicenseNotes,
    pub seats: Vec<Activation>,
    pub meta: Vec<MetaEntry>,
    pub timeline: Timeline,
}

/// A part of what happened to a license, newest first.
#[derive(Default)]
pub struct Timeline {
    pub entries: Vec<AuditEntry>,
    /// The time before which more happened, for the next part.
    pub next: Option<Timestamp>,
}

/// Reads what is shown of a license. Of its timeline: the last `limit` entries before `before`, and those of the same
/// second as the oldest of them.
pub fn view(tx: &Tx<'_>, license: License, before: Timestamp, limit: usize) -> Result<LicenseView, Error> {
    Ok(LicenseView {
        product: tx.product(license.product_id)?,
        notes: tx.license_notes(license.id)?,
        seats: tx.activations(license.id, Page::ALL)?,
        meta: tx.license_meta(license.id)?,
        timeline: timeline(tx, license.id, before, limit)?,
        license,
    })
}

fn timeline(tx: &Tx<'_>, license_id: i64, before: Timestamp, limit: usize) -> Result<Timeline, Error> {
    if limit == 0 {
        return Ok(Timeline::default());
    }
    let (mut entries, has_earlier) = tx.audit_of_license(license_id, before, limit)?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    let next = entries.last().filter(|_| has_earlier).map(|entry| entry.at);
    Ok(Timeline { entries, next })
}
