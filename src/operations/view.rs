//! Everything that is shown of one license.

use crate::domain::{
    Activation, AuditEntry, License, LicenseNotes, MetaEntry, Page, Product, Refusal, Timestamp,
};
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
    pub events: Vec<Event>,
    /// The time before which more happened, for the next part.
    pub next: Option<Timestamp>,
}

/// Something that happened to a license.
pub enum Event {
    Change(AuditEntry),
    /// Equal requests of a customer that were refused.
    Refusal(Refusal),
}

impl Event {
    /// When it happened; of refusals, the last time.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Change(entry) => entry.at,
            Self::Refusal(refusal) => refusal.refusals.last_at,
        }
    }
}

/// Reads what is shown of a license. Of its timeline: the last `limit` events before `before`, and those of the same
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
    let Some(last) = limit.checked_sub(1) else { return Ok(Timeline::default()) };
    let (changes, has_earlier) = tx.audit_of_license(license_id, before, limit)?;
    // The journal of refusals is bounded, and a license has few in it.
    let refusals = tx.refusals_of_license(license_id, Page::ALL)?.into_iter().map(Event::Refusal);
    let mut events: Vec<Event> = changes.into_iter().map(Event::Change).collect();
    events.extend(refusals.filter(|event| event.at() < before));
    events.sort_by_key(|event| std::cmp::Reverse(event.at()));
    // If there are earlier changes, those that were read fill the part, and none in it is missing.
    let oldest = events.get(last).or(events.last()).map(Event::at);
    let shown = events.iter().take_while(|event| Some(event.at()) >= oldest).count();
    let has_more = has_earlier || shown < events.len();
    events.truncate(shown);
    Ok(Timeline { events, next: oldest.filter(|_| has_more) })
}
