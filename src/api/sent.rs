//! The fields that a request sent, read by the fields of its endpoint's record.

use std::borrow::Cow;

use super::field::{Described, Field};
use crate::domain::Outcome;
use crate::wire::field_errors::{Fault, FieldErrors};
use crate::wire::params::Params;
use crate::wire::reply::{Error, Reply, Result};

/// The fields of a request, or of one object in a list. Only fields in the endpoint's record may be read; a debug build
/// panics at others.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    params: &'a Params,
    described: &'static [&'static dyn Described],
}

impl<'a> Sent<'a> {
    /// `described`: the fields that may be read.
    pub fn new(params: &'a Params, described: &'static [&'static dyn Described]) -> Self {
        Self { params, described }
    }

    /// Reads a field. `None`: it is absent or blank.
    pub fn read<T>(&self, field: Field<T>) -> std::result::Result<Option<T>, Fault> {
        self.check_described(&field);
        field.read(self.params)
    }

    /// Reads a field, or refuses the request by the field's name: 1913 over its limit, else 1902.
    pub fn get<T>(&self, field: Field<T>) -> Result<Option<T>> {
        let name = field.name();
        self.read(field).map_err(|fault| if fault.is_excess() { too_large(name) } else { unreadable(name) })
    }

    /// Reads a field where a value that can't be read counts as absent.
    pub fn lenient<T>(&self, field: Field<T>) -> Option<T> {
        self.read(field).ok().flatten()
    }

    /// Reads a number where one out of range counts as the nearest in range, and anything else as absent.
    pub fn clamped(&self, field: Field<i64>) -> Option<i64> {
        let (least, most) = field.range()?;
        let text = self.text(&field)?;
        text.trim().parse().ok().map(|number: i64| number.clamp(least, most))
    }

    /// The field's text exactly as it was sent, whatever the field's limits. `None`: it is absent or blank.
    pub fn text<T>(&self, field: &Field<T>) -> Option<Cow<'a, str>> {
        self.check_described(field);
        self.params.text(field.name())
    }

    /// Like [`Self::text`], but without outer spaces.
    pub fn trimmed<T>(&self, field: &Field<T>) -> Option<String> {
        self.text(field).map(|text| text.trim().to_owned())
    }

    /// Whether the field was sent, and is neither null nor blank.
    pub fn is_filled<T>(&self, field: &Field<T>) -> bool {
        self.check_described(field);
        self.params.is_filled(field.name())
    }

    /// Whether the field was sent at all, even if blank.
    pub fn has<T>(&self, field: &Field<T>) -> bool {
        self.check_described(field);
        self.params.has(field.name())
    }

    /// The first of these names under which the request sends something, though the endpoint has no such field.
    pub fn unknown(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.params.has(name))
    }

    /// Whether the field was sent as text, as all are in a form.
    pub fn is_text<T>(&self, field: &Field<T>) -> bool {
        self.check_described(field);
        self.params.is_text(field.name())
    }

    /// Returns all fields as a JSON object, in which form a queued request is stored.
    pub fn to_json(self) -> String {
        self.params.to_json()
    }

    /// Whether the field is in the endpoint's record.
    pub fn describes<T>(&self, field: &Field<T>) -> bool {
        self.described.iter().any(|described| described.about().name == field.name())
    }

    fn check_described<T>(&self, field: &Field<T>) {
        debug_assert!(
            self.describes(field),
            "an endpoint reads {}, which its record doesn't list",
            field.name()
        );
    }
}

/// The fields of a request whose faults are all reported together.
pub struct Form<'a> {
    pub sent: Sent<'a>,
    pub errors: FieldErrors,
}

impl<'a> Form<'a> {
    pub fn new(sent: Sent<'a>) -> Self {
        Self { sent, errors: FieldErrors::default() }
    }

    /// Reads a field and adds its fault, if it has one, to the errors. `None`: it is absent, blank or faulty.
    pub fn read<T>(&mut self, field: Field<T>) -> Option<T> {
        let name = field.name();
        self.sent.read(field).unwrap_or_else(|fault| {
            self.errors.fault(name, fault);
            None
        })
    }

    /// Like [`Self::read`], for a field that must hold a text; else that is added to the errors.
    pub fn required<T>(&mut self, field: Field<T>) -> Option<T> {
        if self.sent.text(&field).is_none() {
            self.errors.required(field.name());
            return None;
        }
        self.read(field)
    }

    /// Reads a text that may be sent blank, and is empty then. `None`: it was not sent, or is faulty.
    pub fn text_or_blank(&mut self, field: Field<String>) -> Option<String> {
        let is_blank = self.sent.has(&field) && self.sent.text(&field).is_none();
        if is_blank { Some(String::new()) } else { self.read(field) }
    }

    /// Whether no error was found.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// The refusal with all errors, as lists of messages by field.
    pub fn refused(&self, outcome: Outcome) -> Error {
        Reply::from(outcome).with("errors", self.errors.lists()).into()
    }
}

/// Refuses a field that is over its limit, by name.
pub fn too_large(field: &'static str) -> Error {
    Reply::from(Outcome::PayloadTooLarge).with("field", field).into()
}

/// Refuses a field with an invalid value, by name.
pub fn unreadable(field: &'static str) -> Error {
    Reply::from(Outcome::UnreadableBody).with("field", field).into()
}
