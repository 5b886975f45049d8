//! The shapes of what is in a reply: each is an example and a schema at once, so the two can't differ.

use serde_json::{Map, Value, json};

/// What a field of a reply looks like, by an example of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Number(i64),
    /// 1 or 0, as a number.
    Flag,
    Text(&'static str),
    /// One of these words; the example is the first.
    Word(&'static [&'static str]),
    /// This, or null.
    Nullable(&'static Shape),
    /// Text, or `false`: the original's way to say "never".
    TextOrFalse(&'static str),
    /// A number, or, where the request sent it as text, that text.
    AsSent(i64),
    /// Any JSON, given as its text.
    Json(&'static str),
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
    /// What is wrong, as `{field: [message, …]}`; without any, an empty list.
    Errors(&'static [(&'static str, &'static str)]),
    /// What is wrong, as `{field: message}`.
    ErrorTexts(&'static [(&'static str, &'static str)]),
    /// This; but the member may be missing.
    Sometimes(&'static Shape),
}

impl Shape {
    pub fn example(&self) -> Value {
        match self {
            Self::Number(number) | Self::AsSent(number) => json!(number),
            Self::Flag => json!(1),
            Self::Text(text) | Self::TextOrFalse(text) => json!(text),
            Self::Word(words) => json!(words.first()),
            Self::Nullable(shape) | Self::Sometimes(shape) => shape.example(),
            Self::Json(text) => serde_json::from_str(text).unwrap_or_default(),
            Self::Object(members) => {
                members.iter().map(|(name, shape)| ((*name).to_owned(), shape.example())).collect()
            }
            Self::List(shape) => json!([shape.example()]),
            Self::Errors([]) => json!([]),
            Self::Errors(errors) => {
                errors.iter().map(|(field, message)| ((*field).to_owned(), json!([message]))).collect()
            }
            Self::ErrorTexts(errors) => {
                errors.iter().map(|(field, message)| ((*field).to_owned(), json!(message))).collect()
            }
        }
    }

    pub fn schema(&self) -> Value {
        match self {
            Self::Number(_) => json!({ "type": "integer" }),
            Self::Flag => json!({ "type": "integer", "enum": [0, 1] }),
            Self::Text(_) => json!({ "type": "string" }),
            Self::Word(words) => json!({ "type": "string", "enum": words }),
            Self::Nullable(shape) => json!({ "anyOf": [shape.schema(), { "type": "null" }] }),
            Self::TextOrFalse(_) => {
                json!({ "anyOf": [{ "type": "string" }, { "const": false }] })
            }
            Self::AsSent(_) => json!({ "type": ["integer", "string"] }),
            Self::Json(_) => json!({}),
            Self::Object(members) => object(members),
            Self::List(shape) => json!({ "type": "array", "items": shape.schema() }),
            Self::Errors(_) => json!({ "anyOf": [
                { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } },
                { "type": "array", "maxItems": 0 },
            ] }),
            Self::ErrorTexts(_) => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            Self::Sometimes(shape) => shape.schema(),
        }
    }

    pub fn may_be_missing(&self) -> bool {
        matches!(self, Self::Sometimes(_))
    }
}

/// An object with exactly these members.
pub fn object(members: &[(&str, Shape)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, shape)| ((*name).to_owned(), shape.schema())).collect();
    let required: Vec<&str> =
        members.iter().filter(|(_, shape)| !shape.may_be_missing()).map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
