//! The shapes of replies, written as examples and as schemas.

use serde_json::{Map, Value, json};

use crate::api::shape::Shape;

/// A value of this shape.
pub fn example(shape: &Shape) -> Value {
    match shape {
        Shape::Number(number) | Shape::AsSent(number) => json!(number),
        Shape::Flag => json!(1),
        Shape::Bool(value) => json!(value),
        Shape::Text(text) | Shape::TextOrFalse(text) => json!(text),
        Shape::Word(words) => json!(words.first()),
        Shape::Nullable(shape) | Shape::Sometimes(shape) => example(shape),
        Shape::Json(text) => serde_json::from_str(text).unwrap_or_default(),
        Shape::Object(members) => {
            members.iter().map(|(name, shape)| ((*name).to_owned(), example(shape))).collect()
        }
        Shape::List(shape) => json!([example(shape)]),
        Shape::Errors([]) => json!([]),
        Shape::Errors(errors) => {
            errors.iter().map(|(field, message)| ((*field).to_owned(), json!([message]))).collect()
        }
        Shape::ErrorTexts(errors) => {
            errors.iter().map(|(field, message)| ((*field).to_owned(), json!(message))).collect()
        }
    }
}

/// The JSON Schema of this shape.
pub fn schema(shape: &Shape) -> Value {
    match shape {
        Shape::Number(_) => json!({ "type": "integer" }),
        Shape::Flag => json!({ "type": "integer", "enum": [0, 1] }),
        Shape::Bool(_) => json!({ "type": "boolean" }),
        Shape::Text(_) => json!({ "type": "string" }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Nullable(shape) => json!({ "anyOf": [schema(shape), { "type": "null" }] }),
        Shape::TextOrFalse(_) => json!({ "anyOf": [{ "type": "string" }, { "const": false }] }),
        Shape::AsSent(_) => json!({ "type": ["integer", "string"] }),
        Shape::Json(_) => json!({}),
        Shape::Object(members) => object(members),
        Shape::List(shape) => json!({ "type": "array", "items": schema(shape) }),
        Shape::Errors(_) => json!({ "anyOf": [
            { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } },
            { "type": "array", "maxItems": 0, "items": { "type": "string" } },
        ] }),
        Shape::ErrorTexts(_) => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Sometimes(shape) => schema(shape),
    }
}

/// The schema of an object with exactly these members.
pub fn object(members: &[(&str, Shape)]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|(name, shape)| ((*name).to_owned(), schema(shape))).collect();
    let always = members.iter().filter(|(_, shape)| !matches!(shape, Shape::Sometimes(_)));
    let required: Vec<&str> = always.map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
