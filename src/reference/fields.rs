//! The fields of requests, in words and as schemas.

use serde_json::{Value, json};

use crate::api::field::{About, Kind};
use crate::domain::MAX_NAME;
use crate::wire::params;

/// The pattern of a text without NUL characters.
const NO_NUL: &str = r"^[^\u0000]*$";

/// Other names that the field can be sent under.
pub fn aliases(field: &About) -> &'static [&'static str] {
    params::aliases(field.name)
}

/// The field's own text, the limits that a schema can't express, and the aliases.
pub fn description(field: &About) -> String {
    let mut text = field.text.to_owned();
    let mut say = |sentence: &str| {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(sentence);
    };
    match field.kind {
        Kind::Text(bytes) => say(&format!("At most {bytes} bytes.")),
        Kind::Json(bytes) => say(&format!("Text, or any JSON; at most {bytes} bytes.")),
        Kind::Texts(items) => say(&format!(
            "At most {items}. A JSON list, a text that holds one, or in a form the field `{}[]` repeated.",
            field.name
        )),
        Kind::Objects(items) => say(&format!("At most {items}. A JSON list, or a text that holds one.")),
        Kind::Flag => say("`true` and `false` are accepted too."),
        Kind::Moment => say("`YYYY-MM-DD HH:MM:SS` in UTC, or ISO 8601 with an offset."),
        Kind::End => say("`YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` in UTC, or ISO 8601 with an offset."),
        Kind::Reference | Kind::Number(..) | Kind::Word(_) => {}
    }
    if !aliases(field).is_empty() {
        let aliases: Vec<String> = aliases(field).iter().map(|alias| format!("`{alias}`")).collect();
        say(&format!("Aliases: {}.", aliases.join(", ")));
    }
    text
}

/// The JSON Schema of the field's value in a JSON body.
pub fn schema(field: &About) -> Value {
    match field.kind {
        // `maxLength` counts characters, and the limit bytes: a text with more characters has more bytes too.
        Kind::Text(bytes) => {
            json!({ "type": "string", "maxLength": bytes, "pattern": NO_NUL, "x-max-bytes": bytes })
        }
        Kind::Reference => json!({ "type": ["integer", "string"] }),
        Kind::Number(least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
        Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Flag => json!({ "type": "integer", "enum": [0, 1] }),
        Kind::Word(words) => json!({ "type": "string", "enum": words }),
        Kind::Moment | Kind::End => json!({ "type": "string" }),
        Kind::Json(bytes) => json!({ "x-max-bytes": bytes }),
        Kind::Texts(items) => {
            let item = json!({ "type": "string", "maxLength": MAX_NAME, "pattern": NO_NUL });
            json!({ "type": "array", "maxItems": items, "items": item })
        }
        Kind::Objects(items) => json!({ "type": "array", "maxItems": items, "items": { "type": "object" } }),
    }
}

/// The example as JSON.
pub fn example(field: &About) -> Value {
    match field.kind {
        Kind::Text(_) | Kind::Word(_) | Kind::Moment | Kind::End => json!(field.example),
        Kind::Reference
        | Kind::Number(..)
        | Kind::Flag
        | Kind::Json(_)
        | Kind::Texts(_)
        | Kind::Objects(_) => serde_json::from_str(field.example).unwrap_or_else(|_| json!(field.example)),
    }
}
