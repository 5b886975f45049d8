//! Changes what is kept about a license for its vendor alone.

use super::Operation;
use crate::domain::{LicenseNotes, NotesChange};
use crate::store::Error;

impl Operation<'_> {
    /// Changes the notes of a license. Returns them as they are now. What is the same already is not written.
    pub fn change_notes(&self, license_id: i64, change: &NotesChange) -> Result<LicenseNotes, Error> {
        let before = self.tx.license_notes(license_id)?;
        let notes = before.changed(change);
        if notes.note != before.note {
            self.tx.set_note(license_id, notes.note.as_deref(), self.now)?;
        }
        if notes.order_reference != before.order_reference {
            let (from, to) = (before.order_reference.as_deref(), notes.order_reference.as_deref());
            self.tx.set_order_reference(license_id, from, to, self.now)?;
        }
        Ok(notes)
    }
}
