//! The kinds of fields: how each is read.

use std::borrow::Cow;

use serde_json::Value;

use super::{Field, Kind, Parse};
use crate::domain::{Identifier, LicenseKey, MAX_NAME, MetaKey, ParseNameError, Timestamp};
use crate::wire::field_errors::Fault;

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

    /// A reference to a record, trimmed. The look-up decides whether the record exists. `false` counts as absent.
    pub const fn reference(name: &'static str, example: &'static str) -> Self {
        Self::sent(name, Kind::Reference, example, |about, params| {
            let text = params.reference(about.name).map_err(|_| Fault::NoText)?;
            Ok(text.map(|text| text.trim().to_owned()))
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

    /// The end of a period: a date and a time, or a date alone for the end of that day.
    pub const fn end(name: &'static str, example: &'static str) -> Self {
        Self::sent(name, Kind::End, example, |about, params| {
            let text = params.text_or_json(about.name);
            text.map(|text| Timestamp::parse_end(&text).map_err(|_| Fault::NoDate)).transpose()
        })
    }
}

impl Field<Vec<LicenseKey>> {
    /// A list of at most `max` license keys to be made, as texts or numbers.
    pub const fn license_keys(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Texts(max), example, |about, params| {
            let Some(values) = about.list(params)? else { return Ok(None) };
            let keys = (1..).zip(values.as_ref()).map(|(place, value)| license_key_of(place, value));
            keys.collect::<Result<_, _>>().map(Some)
        })
    }
}

/// The item at this place of a list of new license keys.
fn license_key_of(place: usize, value: &Value) -> Result<LicenseKey, Fault> {
    let parsed = match value {
        Value::String(text) => LicenseKey::parse_new(text),
        Value::Number(number) => LicenseKey::parse_new(&number.to_string()),
        _ => return Err(Fault::NoName(place)),
    };
    parsed.map_err(|error| match error {
        ParseNameError::LookAlike(character) => Fault::LookAlike(place, character),
        ParseNameError::Blank | ParseNameError::TooLong | ParseNameError::Nul => Fault::NoName(place),
    })
}

impl Field<Vec<Value>> {
    /// A list of at most `max` objects.
    pub const fn objects(name: &'static str, max: usize, example: &'static str) -> Self {
        Self::sent(name, Kind::Objects(max), example, |about, params| {
            Ok(about.list(params)?.map(Cow::into_owned))
        })
    }
}
