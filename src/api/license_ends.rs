//! The end of a license as a date: read where it can be stored, and refused by name everywhere else.

use crate::api::call::Call;
use crate::api::field::Field;
use crate::api::sent::Form;
use crate::domain::{License, LicenseChange, LicenseKey, Outcome, Term, TermError, Timestamp};
use crate::wire::field_errors::FieldErrors;
use crate::wire::reply::{Reply, Result};

pub const EXPIRES_AT: Field<Timestamp> = Field::moment("expires_at", "2027-06-30 00:00:00").says(
    "When the license expires, to the second. `validity` becomes whole days, and `assigned_at` that many days before. \
     A license that is not assigned takes `validity` only.",
);
/// Names under which clients may send the end of a license, and which no endpoint has: such a change must not get lost.
const OTHER_ENDS: &[&str] = &[
    "expiry_date",
    "expiration_date",
    "expires",
    "expires_on",
    "expire_at",
    "expired_at",
    "expiry",
    "expiration",
    "valid_until",
    "valid_till",
];

/// The change of a license as a request has it.
pub struct SentChange {
    pub license_key: LicenseKey,
    pub change: LicenseChange,
    /// The end, which becomes a part of the change once the license is known.
    pub expires_at: Option<Timestamp>,
}

impl SentChange {
    /// The change, with the end expressed in days from the assignment.
    pub fn of(self, before: &License, now: Timestamp) -> Result<LicenseChange> {
        let Self { change, expires_at, .. } = self;
        let Some(end) = expires_at else { return Ok(change) };
        let status = change.status.unwrap_or(before.status);
        // A license that gets an owner by this change begins anew.
        let begin = change.assigned_at.or(before.assigned_at.filter(|_| !before.is_assignable()));
        let term = Term::until(end, change.validity, begin, status, now).map_err(|error| {
            let mut errors = FieldErrors::default();
            add_end_error(&mut errors, error);
            Reply::from(Outcome::UpdateLicenseIncorrectData).with("errors", errors.lists())
        })?;
        Ok(LicenseChange { validity: Some(term.validity), assigned_at: Some(term.assigned_at), ..change })
    }
}

/// Refuses the end of a license where it gets that of its generator, or keeps its own: the caller would rely on it.
pub fn refuse_end(call: &Call<'_>) -> Result<()> {
    match call.sent.unknown(&[EXPIRES_AT.name()]).or_else(|| call.sent.unknown(OTHER_ENDS)) {
        None => Ok(()),
        Some(field) => Err(Reply::from(Outcome::UnreadableBody)
            .with("field", field)
            .with("reason", "set the end with update-license-key: expires_at, or validity in days")
            .into()),
    }
}

/// Refuses the end of one of many licenses, under any name.
pub fn refuse_ends(form: &mut Form<'_>) {
    if form.sent.unknown(&[EXPIRES_AT.name()]).is_some() {
        form.errors.add(EXPIRES_AT.name(), "The expires at field is not known here: send validity, in days.");
    }
    refuse_other_ends(form, "validity");
}

/// Refuses names that no endpoint has. `known`: the field to send instead.
pub fn refuse_other_ends(form: &mut Form<'_>, known: &str) {
    if let Some(name) = form.sent.unknown(OTHER_ENDS) {
        let shown = name.replace('_', " ");
        form.errors.add(name, format!("The {shown} field is not known: send {known}."));
    }
}

/// Adds the reason why a license can't have the end that was sent.
pub fn add_end_error(errors: &mut FieldErrors, error: TermError) {
    errors.add(EXPIRES_AT.name(), format!("The expires at field can't be met: {error}."));
}
