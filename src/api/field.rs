//! A field of a request: how an endpoint reads it, and what the reference prints about it.

use serde_json::Value;

use crate::domain::{Identifier, LicenseKey, MAX_NAME, MetaKey, ParseNameError, Timestamp};
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
    /// One or two sentences, or empty.
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
                })
            }
            Parse::Word(parse) => match params.text(self.about.name) {
                None => Ok(None),
                Some(word) => parse(word.trim()).map(Some).ok_or(Fault::NoChoice),
            },
        }
    }
}

impl Field<LicenseKey> {
    /// A license key: 1 to 255 bytes after trimming.
    pub const fn license_key(name: &'static str, example: &'static str) -> Self {
        Self::new(name, Kind::Text(MAX_NAME), example, Parse::Name(LicenseKey::parse))
    }
}

impl Field<Identifier> {
    /// An identifier: 1 to 255 bytes after trimming.
    pub const fn identifier(name: &'static str, example: &'static str) -> Self {
        Self::new(name, Kind::Text(MAX_NAME), example, Parse::Name(Identifier::parse))
    }
}

impl Field<MetaKey> {
    /// The name of a metadata entry: 1 to 255 bytes after trimming.
    pub const fn meta_key(name: &'static str, example: &'static str) -> Self {
        Self::new(name, Kind::Text(MAX_NAME), example, Parse::Name(MetaKey::parse))
    }
}

impl Field<String> {
    /// Text of at most `max` bytes, trimmed.
    pub const fn text(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Text(max), example, |about, params| {
            let text = params.text(about.name).map(|text| text.trim().to_owned());
            text.map(|text| about.checked(text)).transpose()
        })
    }

    /// A reference to a record, trimmed. The look-up decides whether the record exists.
    pub const fn reference(name: &'static str, example: &'static str) -> Self {
        Self::sent(name, Kind::Reference, example, |about, params| {
            Ok(params.text(about.name).map(|text| text.trim().to_owned()))
        })
    }

    /// Text exactly as it was sent, with its spaces, or the compact text of any JSON; of at most `max` bytes.
    pub const fn text_or_json(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Json(max), example, |about, params| {
            params.text_or_json(about.name).map(|text| about.checked(text.into_owned())).transpose()
        })
    }
}

impl Field<Value> {
    /// JSON, or a text that contains JSON; any other text is a JSON string. At most `max` bytes in compact form.
    pub const fn json(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Json(max), example, |about, params| {
            let Some(json) = params.json(about.name) else { return Ok(None) };
            about.checked(json.to_string()).map(|_| Some(json))
        })
    }
}

impl Field<i64> {
    /// A whole number from `least` to `most`.
    pub const fn number(name: &'static str, least: i64, most: i64, example: &'static str) -> Self {
        Self::sent(name, Kind::Number(least, most), example, |about, params| {
            let Kind::Number(least, most) = about.kind else { return Ok(None) };
            match params.integer(about.name).transpose().map_err(|_| Fault::NoNumber)? {
                // Fields that accept -1 treat it as 0, so the message names 0.
                Some(number) if number < least => Err(Fault::TooSmall(least.max(0))),
                Some(number) if number > most => Err(Fault::TooLarge(most)),
                number => Ok(number),
            }
        })
    }
}

impl Field<i64> {
    /// The least and the greatest number that the field takes.
    pub fn range(&self) -> Option<(i64, i64)> {
        match self.about.kind {
            Kind::Number(least, most) => Some((least, most)),
            _ => None,
        }
    }
}

impl Field<bool> {
    /// A boolean: 1, 0, `true`, `false`.
    pub const fn flag(name: &'static str, example: &'static str) -> Self {
        Self::sent(name, Kind::Flag, example, |about, params| {
            params.flag(about.name).transpose().map_err(|_| Fault::NoFlag)
        })
    }
}

impl Field<Timestamp> {
    /// A date and a time.
    pub const fn moment(name: &'static str, example: &'static str) -> Self {
        Self::sent(name, Kind::Moment, example, |about, params| {
            let text = params.text_or_json(about.name);
            text.map(|text| Timestamp::parse(&text).map_err(|_| Fault::NoDate)).transpose()
        })
    }
}

impl Field<Vec<LicenseKey>> {
    /// A list of at most `max` license keys, as texts or numbers.
    pub const fn license_keys(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Texts(max), example, |about, params| {
            let Some(values) = about.list(params)? else { return Ok(None) };
            let keys: Vec<LicenseKey> = values.iter().map_while(license_key_of).collect();
            if keys.len() < values.len() { Err(Fault::NoName(keys.len() + 1)) } else { Ok(Some(keys)) }
        })
    }
}

fn license_key_of(value: &Value) -> Option<LicenseKey> {
    match value {
        Value::String(text) => LicenseKey::parse(text).ok(),
        Value::Number(number) => LicenseKey::parse(&number.to_string()).ok(),
        _ => None,
    }
}

impl Field<Vec<Value>> {
    /// A list of at most `max` objects.
    pub const fn objects(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Objects(max), example, About::list)
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

    fn list(&self, params: &Params) -> Result<Option<Vec<Value>>, Fault> {
        if params.text_or_json(self.name).is_none() {
            return Ok(None);
        }
        let values = params.list(self.name).ok_or(Fault::NoList)?;
        match self.kind {
            Kind::Texts(max) | Kind::Objects(max) if values.len() > max => Err(Fault::TooMany(max)),
            _ => Ok(Some(values)),
        }
    }
}
