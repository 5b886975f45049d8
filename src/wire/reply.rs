//! The results of an endpoint: a reply, a refusal, or a failure.

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;

use crate::domain::{GeneratorError, Outcome, Timestamp};
use crate::wire::php_json;
use crate::{signing, store};

/// An outcome and the fields of the answer, in their order (API §1.4). Code, message and timestamp are not among the
/// fields.
#[derive(Clone, Debug)]
pub struct Reply {
    pub outcome: Outcome,
    pub fields: Vec<(&'static str, FieldValue)>,
    /// The seconds after which to retry. It is sent outside of the signed text, so that refusals of the same second
    /// have the same signature.
    pub retry_after: Option<u64>,
}

impl Reply {
    /// Appends a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, FieldValue::One(value.into())));
        self
    }

    /// Appends a list with one item for each row, made by `shown`.
    #[must_use]
    pub fn with_list<T: Send + Sync + 'static>(
        mut self,
        name: &'static str,
        rows: Vec<T>,
        shown: fn(&T) -> Value,
    ) -> Self {
        self.fields.push((name, FieldValue::List(Arc::new(move |number| rows.get(number).map(shown)))));
        self
    }

    /// Whether it has no fields. Such replies are the same bytes for everyone who gets them in one second under one
    /// key.
    pub fn is_bare(&self) -> bool {
        self.fields.is_empty()
    }

    /// The length of its texts, in bytes, those of lists aside. Written it takes more.
    pub fn texts_length(&self) -> usize {
        let of_field = |(_, value): &(&str, FieldValue)| match value {
            FieldValue::One(value) => texts_length(value),
            FieldValue::List(_) => 0,
        };
        self.fields.iter().map(of_field).sum()
    }

    /// Sets the seconds after which to retry.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl Reply {
    /// Writes `code`, `message`, the fields, and `timestamp` last, as PHP does, in ASCII (API §1.4).
    pub fn write(&self, at: Timestamp) -> String {
        let mut text = Vec::with_capacity(128);
        if let Err(error) = php_json::write(&mut text, &AnsweredAt { reply: self, at }) {
            // Writing text, whole numbers and lists of them into memory can't fail; a field that could is a
            // bug to be seen.
            log::error!("a reply could not be written: {error}");
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

fn texts_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(texts_length).sum(),
        Value::Object(members) => members.values().map(texts_length).sum(),
        _ => 0,
    }
}

/// A reply with the time of the answer.
struct AnsweredAt<'a> {
    reply: &'a Reply,
    at: Timestamp,
}

impl Serialize for AnsweredAt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Reply { outcome, fields, .. } = self.reply;
        let mut map = serializer.serialize_map(None)?;
        if outcome.shows_code_as_text() {
            map.serialize_entry("code", &outcome.code().to_string())?;
        } else {
            map.serialize_entry("code", &outcome.code())?;
        }
        map.serialize_entry("message", outcome.message())?;
        for (name, value) in fields {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry("timestamp", &self.at.0)?;
        map.end()
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, fields: Vec::new(), retry_after: None }
    }
}

/// The value of a field.
#[derive(Clone)]
pub enum FieldValue {
    One(Value),
    /// A function that makes the item at an index. The items are made one at a time while the reply is written: all
    /// values of a long list together need many times the memory of their text.
    List(Arc<dyn Fn(usize) -> Option<Value> + Send + Sync>),
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::One(value) => value.serialize(serializer),
            Self::List(item) => {
                let mut list = serializer.serialize_seq(None)?;
                (0..).map_while(|number| item(number)).try_for_each(|item| list.serialize_element(&item))?;
                list.end()
            }
        }
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(value) => value.fmt(formatter),
            Self::List(_) => formatter.write_str("[…]"),
        }
    }
}

/// The reason why an endpoint stopped. In both cases its transaction is rolled back.
#[derive(Debug)]
pub enum Error {
    /// The client gets this reply, signed like any other.
    Refused(Reply),
    /// An error of the server: logged once, in `serve`, and answered as an internal error or as unavailable.
    Failed(Failure),
}

/// The cause of a failed request.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Signing(#[from] signing::Error),
    #[error("a generator made no license keys: {0}")]
    Generator(#[from] GeneratorError),
    #[error("the endpoint panicked")]
    Panicked,
}

impl Failure {
    /// The outcome for the client, which says only whether to retry.
    pub fn outcome(&self) -> Outcome {
        let temporary = match self {
            Self::Store(error) => error.is_temporary(),
            Self::Signing(_) | Self::Generator(_) | Self::Panicked => false,
        };
        if temporary { Outcome::ServiceUnavailable } else { Outcome::InternalError }
    }
}

impl From<Outcome> for Error {
    fn from(outcome: Outcome) -> Self {
        Self::Refused(outcome.into())
    }
}

impl From<Reply> for Error {
    fn from(reply: Reply) -> Self {
        Self::Refused(reply)
    }
}

impl From<signing::Error> for Error {
    fn from(error: signing::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<GeneratorError> for Error {
    fn from(error: GeneratorError) -> Self {
        Self::Failed(error.into())
    }
}

pub type Result<T = Reply> = std::result::Result<T, Error>;
