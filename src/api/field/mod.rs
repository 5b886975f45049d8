//! A field of a request: how an endpoint reads it, and what the reference prints about it.

mod kinds;

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::{MAX_NAME, ParseNameError};
use crate::wire::field_errors::Fault;
use crate::wire::params::Params;

/// A field whose value is a `T`. The same value reads the field and documents it, so the two can't disagree.
pub struct Field<T> {
    about: About,
    parse: Parse<T>,
}

/// The description of a field: the reference prints it, and its kind decides which values are refused.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether a request needs the field to succeed.
    pub required: bool,
    pub example: &'static str,
    /// One or two sentences about the field, or empty.
    pub text: &'static str,
}

/// The kind of a field's value. Forms send all kinds as text.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text of at most this number of bytes.
    Text(usize),
    /// A reference to a record, such as its id or its uuid; the field's text says which are accepted.
    Reference,
    /// An integer in this inclusive range.
    Number(i64, i64),
    /// 1 or 0.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `YYYY-MM-DD HH:MM:SS` in UTC, or ISO 8601.
    Moment,
    /// Like [`Self::Moment`], or `YYYY-MM-DD` for the end of that day.
    End,
    /// Any JSON or text of at most this number of bytes.
    Json(usize),
    /// A list of at most this number of texts.
    Texts(usize),
    /// A list of at most this number of objects.
    Objects(usize),
}

/// The parser of a field.
enum Parse<T> {
    /// Reads the request, and applies the field's limits.
    Sent(fn(&About, &Params) -> Result<Option<T>, Fault>),
    /// Parses a text such as a license key.
    Name(fn(&str) -> Result<T, ParseNameError>),
    /// Parses one of several words.
    Word(fn(&str) -> Option<T>),
}

/// A field of any type, for the list of an endpoint's fields.
pub trait Described: Sync {
    fn about(&self) -> &About;
}

impl<T> Described for Field<T> {
    fn about(&self) -> &About {
        &self.about
    }
}

impl<T> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Field<T> {}

impl<T> Clone for Parse<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Parse<T> {}

impl<T> Field<T> {
    const fn new(name: &'static str, kind: Kind, example: &'static str, parse: Parse<T>) -> Self {
        Self { about: About { name, kind, required: false, example, text: "" }, parse }
    }

    const fn sent(
        name: &'static str,
        kind: Kind,
        example: &'static str,
        parse: fn(&About, &Params) -> Result<Option<T>, Fault>,
    ) -> Self {
        Self::new(name, kind, example, Parse::Sent(parse))
    }

    /// One of `words`, parsed by `parse`.
    pub const fn word(
        name: &'static str,
        words: &'static [&'static str],
        parse: fn(&str) -> Option<T>,
        example: &'static str,
    ) -> Self {
        Self::new(name, Kind::Word(words), example, Parse::Word(parse))
    }

    /// A copy of the field that is required.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { about: About { required: true, ..self.about }, ..self }
    }

    /// A copy of the field that is optional.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { about: About { required: false, ..self.about }, ..self }
    }

    /// A copy of the field with this description.
    #[must_use]
    pub const fn says(self, text: &'static str) -> Self {
        Self { about: About { text, ..self.about }, ..self }
    }

    /// The field's own name.
    pub const fn name(&self) -> &'static str {
        self.about.name
    }

    /// Reads the field. `None`: it is absent or blank.
    pub fn read(&self, params: &Params) -> Result<Option<T>, Fault> {
        match self.parse {
            Parse::Sent(parse) => parse(&self.about, params),
            Parse::Name(parse) => {
                let Some(text) = params.text(self.about.name) else { return Ok(None) };
                parse(&text).map(Some).or_else(|error| match error {
                    ParseNameError::Blank => Ok(None),
                    ParseNameError::TooLong => Err(Fault::TooLong(MAX_NAME)),
                    ParseNameError::Nul => Err(Fault::HasNul),
                    ParseNameError::LookAlike(character) => Err(Fault::LookAlike(1, character)),
                })
            }
            Parse::Word(parse) => match params.text(self.about.name) {
                None => Ok(None),
                Some(word) => parse(word.trim()).map(Some).ok_or(Fault::NoChoice),
            },
        }
    }
}

impl About {
    /// Refuses a text that is over the field's limit or can't be stored.
    fn checked(&self, text: String) -> Result<String, Fault> {
        let max = match self.kind {
            Kind::Text(max) | Kind::Json(max) => max,
            _ => usize::MAX,
        };
        Fault::of_text(&text, max).map_or(Ok(text), Err)
    }

    fn list<'p>(&self, params: &'p Params) -> Result<Option<Cow<'p, [Value]>>, Fault> {
        if !params.is_filled(self.name) {
            return Ok(None);
        }
        let values = params.list(self.name).ok_or(Fault::NoList)?;
        match self.kind {
            Kind::Texts(max) | Kind::Objects(max) if values.len() > max => Err(Fault::TooMany(max)),
            _ => Ok(Some(values)),
        }
    }
}
