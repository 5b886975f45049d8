//! One line of an import: its fields, and all that is wrong with them.

use super::columns::Columns;
use super::field::{identifiers, license_key, number, parsed, status, time, value};
use crate::domain::{
    Identifier, LicenseKey, LicenseStatus, NotesChange, Term, TermError, TextError, Timestamp,
    parse_activation_limit, parse_note, parse_order_reference, parse_owner, parse_validity,
};
use crate::maintenance::units::number as number_of;

/// A line; `None`: the field is empty, or the file lacks the column.
#[derive(Debug, Default)]
pub struct Line {
    pub license_key: Option<LicenseKey>,
    /// A reference to the product: its id, uuid, slug or name.
    pub product: Option<String>,
    /// An empty text if the file has the column and the field is empty.
    pub owner_name: Option<String>,
    /// An empty text if the file has the column and the field is empty.
    pub owner_email: Option<String>,
    pub activation_limit: Option<i64>,
    pub validity: Option<i64>,
    pub assigned_at: Option<Timestamp>,
    pub status: Option<LicenseStatus>,
    pub identifiers: Vec<Identifier>,
    pub expires_at: Option<Timestamp>,
    /// Empty texts where the file has the column and the field is empty.
    pub notes: NotesChange,
    /// All that is wrong. Each completes a sentence such as "line 7: …".
    pub faults: Vec<String>,
}

/// How long a license is valid, and from when, as far as a line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineTerm {
    pub validity: Option<i64>,
    pub assigned_at: Option<Timestamp>,
}

impl Columns {
    /// Whether all fields of a record are empty: spreadsheets write such lines at the end.
    pub fn is_blank(fields: &[&str]) -> bool {
        fields.iter().all(|field| field.trim().is_empty())
    }

    /// Reads a record.
    pub fn line(&self, fields: &[&str]) -> Line {
        let mut line = Line::default();
        if fields.iter().skip(self.count).any(|field| value(field).is_some()) {
            line.faults.push(format!(
                "{}, but the first line has {}: text with one of the {} that separate fields belongs in quotes",
                number_of(fields.len(), "field", "fields"),
                self.count,
                self.format.delimiter_name()
            ));
            return line;
        }
        let text = |place: Option<usize>| value(fields.get(place?)?);
        let [key, product, name, email, limit, validity, assigned, state, active, note, order, expires] =
            self.places;
        let faults = &mut line.faults;
        line.license_key = match text(key) {
            Some(key) => good(license_key(key), faults),
            None => good(Err("license_key: it is empty".to_owned()), faults),
        };
        line.product = text(product).map(|product| product.trim().to_owned());
        let mut text_field = |column, place: Option<usize>, parse: fn(&str) -> Result<String, TextError>| {
            place.and_then(|_| good(parsed(column, text(place).unwrap_or_default(), parse), faults))
        };
        line.owner_name = text_field("owner_name", name, parse_owner);
        line.owner_email = text_field("owner_email", email, parse_owner);
        line.notes.note = text_field("note", note, parse_note);
        line.notes.order_reference = text_field("order_reference", order, parse_order_reference);
        line.activation_limit = text(limit)
            .and_then(|field| good(number("activation_limit", field, parse_activation_limit), faults));
        line.validity =
            text(validity).and_then(|field| good(number("validity", field, parse_validity), faults));
        line.assigned_at = text(assigned).and_then(|field| good(time("assigned_at", field), faults));
        line.status = text(state).and_then(|field| good(status(field), faults));
        line.identifiers =
            text(active).and_then(|field| good(identifiers(field), faults)).unwrap_or_default();
        line.expires_at = text(expires).and_then(|field| good(time("expires_at", field), faults));
        line
    }
}

fn good<T>(read: Result<T, String>, faults: &mut Vec<String>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

impl Line {
    /// The term that the line gives a license with this status. An `expires_at` becomes a whole number of days and the
    /// time from which they make it exact.
    pub fn term(&self, status: LicenseStatus, now: Timestamp) -> Result<LineTerm, String> {
        let Self { validity, assigned_at, .. } = *self;
        let Some(end) = self.expires_at else { return Ok(LineTerm { validity, assigned_at }) };
        let term =
            Term::until(end, validity, assigned_at, status, now).map_err(|error| end_fault(end, error))?;
        Ok(LineTerm { validity: Some(term.validity), assigned_at: Some(term.assigned_at) })
    }
}

fn end_fault(end: Timestamp, error: TermError) -> String {
    match error {
        TermError::NotAssigned(status) => format!(
            "expires_at: a license that is {} gets its end when it is assigned: give validity in days instead, or the \
             status assigned",
            status.as_str()
        ),
        TermError::NotAfterBegin(begin) => format!("expires_at: {end} is not after assigned_at, {begin}"),
        TermError::NeverExpires => {
            format!("expires_at: {end}, but a validity of 0 means that it never expires")
        }
        TermError::Contradiction(sum) => {
            format!("expires_at: {end}, but assigned_at and validity make it {sum}: leave one of them out")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn term(
        validity: Option<i64>,
        assigned_at: Option<i64>,
        expires_at: Option<i64>,
        status: LicenseStatus,
    ) -> Result<(Option<i64>, Option<i64>), String> {
        let times = (assigned_at.map(Timestamp), expires_at.map(Timestamp));
        let line = Line { validity, assigned_at: times.0, expires_at: times.1, ..Line::default() };
        let term = line.term(status, Timestamp(100 * DAY))?;
        Ok((term.validity, term.assigned_at.map(|moment| moment.0)))
    }

    #[test]
    fn an_end_becomes_whole_days_and_stays_exact() {
        use LicenseStatus::{Assigned, Blocked};
        for (validity, assigned_at, expires_at, expected) in [
            (None, None, None, (None, None)),
            (Some(30), Some(5), None, (Some(30), Some(5))),
            // Only the end: at least as many days as are left.
            (None, None, Some(130 * DAY), (Some(30), Some(100 * DAY))),
            (None, None, Some(130 * DAY + 1), (Some(31), Some(99 * DAY + 1))),
            (None, None, Some(50 * DAY), (Some(1), Some(49 * DAY))),
            (Some(365), None, Some(130 * DAY), (Some(365), Some((130 - 365) * DAY))),
            (None, Some(90 * DAY), Some(130 * DAY), (Some(40), Some(90 * DAY))),
            (None, Some(90 * DAY), Some(130 * DAY - 1), (Some(40), Some(90 * DAY - 1))),
            (Some(40), Some(90 * DAY), Some(130 * DAY), (Some(40), Some(90 * DAY))),
            (Some(40), Some(90 * DAY + 50), Some(130 * DAY), (Some(40), Some(90 * DAY))),
        ] {
            for status in [Assigned, Blocked] {
                assert_eq!(term(validity, assigned_at, expires_at, status), Ok(expected));
            }
        }
    }

    #[test]
    fn what_contradicts_an_end_is_a_fault() {
        use LicenseStatus::{Assigned, Available, Reserved};
        for (validity, assigned_at, status, part) in [
            (Some(0), None, Assigned, "never expires"),
            (Some(39), Some(90 * DAY), Assigned, "leave one of them out"),
            (None, Some(130 * DAY), Assigned, "is not after assigned_at"),
            (None, None, Available, "that is available gets its end when it is assigned"),
            (Some(3), None, Reserved, "that is reserved gets its end"),
        ] {
            let fault = term(validity, assigned_at, Some(130 * DAY), status).unwrap_err();
            assert!(fault.starts_with("expires_at: ") && fault.contains(part), "{fault}");
        }
    }
}
