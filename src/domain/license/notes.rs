//! What is kept about a license for its vendor alone, beside the fields that every request reads.

use super::LicenseStatus;
use crate::domain::{TextError, trimmed_text};

/// The longest note, and the longest reason of a block, in bytes.
pub const MAX_NOTE: usize = 4 * 1024;

/// The longest reference to an order, in bytes.
pub const MAX_ORDER_REFERENCE: usize = 255;

/// What is kept about a license for its vendor alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseNotes {
    pub note: Option<String>,
    /// The number of the order in the vendor's shop.
    pub order_reference: Option<String>,
    pub block_reason: Option<String>,
    /// The status of a blocked license before it was blocked; `None`: it was blocked from the beginning, or by an
    /// earlier version.
    pub status_before_block: Option<LicenseStatus>,
}

/// A change to the notes of a license. `None` keeps a text, and an empty one removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesChange {
    pub note: Option<String>,
    pub order_reference: Option<String>,
}

impl NotesChange {
    /// Leaves out the texts that these notes have already.
    pub fn leave_out(&mut self, notes: &LicenseNotes) {
        self.note.take_if(|note| Some(&*note) == notes.note.as_ref());
        self.order_reference.take_if(|reference| Some(&*reference) == notes.order_reference.as_ref());
    }
}

impl LicenseNotes {
    #[must_use]
    pub fn changed(&self, change: &NotesChange) -> Self {
        let text = |new: &Option<String>, old: &Option<String>| match new {
            Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            None => old.clone(),
        };
        Self {
            note: text(&change.note, &self.note),
            order_reference: text(&change.order_reference, &self.order_reference),
            ..self.clone()
        }
    }
}

/// A note or the reason of a block, trimmed.
pub fn parse_note(text: &str) -> Result<String, TextError> {
    trimmed_text(text, MAX_NOTE)
}

/// A reference to an order, trimmed.
pub fn parse_order_reference(text: &str) -> Result<String, TextError> {
    trimmed_text(text, MAX_ORDER_REFERENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_trimmed_and_limited() {
        assert_eq!(parse_note(" two\nlines \n").unwrap(), "two\nlines");
        assert_eq!(parse_note(&"x".repeat(4096)).map(|note| note.len()), Ok(4096));
        assert_eq!(parse_note(&"x".repeat(4097)), Err(TextError::TooLong(4096)));
        assert_eq!(parse_order_reference(" 4711 ").unwrap(), "4711");
        assert_eq!(parse_order_reference(&"x".repeat(256)), Err(TextError::TooLong(255)));
        assert_eq!(parse_order_reference("4\0"), Err(TextError::Nul));
    }
}
