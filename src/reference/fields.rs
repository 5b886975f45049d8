//! The fields of a request: what each may be, in words and as a schema; and those that many endpoints share.

use serde_json::{Value, json};

use crate::domain::{MAX_META_VALUE, MAX_NAME, MAX_OWNER, MAX_QUANTITY};
use crate::wire::params;

/// One field of a request.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether a request without it can't succeed.
    pub required: bool,
    pub example: &'static str,
    /// One sentence or two.
    pub text: &'static str,
}

/// What a field may be. A form sends all of these as text.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text of at most so many bytes.
    Text(usize),
    /// What finds a record: its id, its uuid, or what the field's text says.
    Reference,
    /// A whole number from, to.
    Number(i64, i64),
    /// 1 or 0.
    Flag,
    Word(&'static [&'static str]),
    /// `YYYY-MM-DD HH:MM:SS` in UTC, or ISO 8601.
    Moment,
    /// Any JSON, or text, of at most so many bytes.
    Json(usize),
    /// A list of texts, of at most so many elements.
    Texts(usize),
    /// A list of objects, of at most so many elements.
    Objects(usize),
}

/// What no text may hold.
const NO_NUL: &str = r"^[^\u0000]*$";

impl Field {
    pub const fn required(name: &'static str, kind: Kind, example: &'static str, text: &'static str) -> Self {
        Self { name, kind, required: true, example, text }
    }

    pub const fn optional(name: &'static str, kind: Kind, example: &'static str, text: &'static str) -> Self {
        Self { name, kind, required: false, example, text }
    }

    pub const fn may_be_left_out(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same field, but with another text.
    pub const fn saying(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    /// Other names that it can be sent under.
    pub fn aliases(&self) -> &'static [&'static str] {
        params::aliases(self.name)
    }

    /// The text, the limit that a schema can't say, and the aliases.
    pub fn description(&self) -> String {
        let mut text = self.text.to_owned();
        let mut say = |sentence: &str| {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(sentence);
        };
        match self.kind {
            Kind::Text(bytes) => say(&format!("At most {bytes} bytes.")),
            Kind::Json(bytes) => say(&format!("Text, or any JSON; at most {bytes} bytes.")),
            Kind::Texts(items) => say(&format!(
                "At most {items}. A JSON list, a text that holds one, or in a form the field `{}[]` repeated.",
                self.name
            )),
            Kind::Objects(items) => say(&format!("At most {items}. A JSON list, or a text that holds one.")),
            Kind::Flag => say("`true` and `false` will do as well."),
            Kind::Moment => say("`YYYY-MM-DD HH:MM:SS` in UTC, or ISO 8601 with an offset."),
            Kind::Reference | Kind::Number(..) | Kind::Word(_) => {}
        }
        if !self.aliases().is_empty() {
            let aliases: Vec<String> = self.aliases().iter().map(|alias| format!("`{alias}`")).collect();
            say(&format!("Also read from {}.", aliases.join(", ")));
        }
        text
    }

    pub fn schema(&self) -> Value {
        match self.kind {
            // Characters, where the limit counts bytes: what is longer in characters is too long in any case.
            Kind::Text(bytes) => {
                json!({ "type": "string", "maxLength": bytes, "pattern": NO_NUL, "x-max-bytes": bytes })
            }
            Kind::Reference => json!({ "type": ["integer", "string"] }),
            Kind::Number(least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
            Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Flag => json!({ "type": "integer", "enum": [0, 1] }),
            Kind::Word(words) => json!({ "type": "string", "enum": words }),
            Kind::Moment => json!({ "type": "string" }),
            Kind::Json(bytes) => json!({ "x-max-bytes": bytes }),
            Kind::Texts(items) => {
                json!({ "type": "array", "maxItems": items, "items": { "type": "string", "maxLength": MAX_NAME, "pattern": NO_NUL } })
            }
            Kind::Objects(items) => {
                json!({ "type": "array", "maxItems": items, "items": { "type": "object" } })
            }
        }
    }

    /// The example as JSON would have it.
    pub fn example(&self) -> Value {
        let parsed = || serde_json::from_str(self.example).unwrap_or_else(|_| json!(self.example));
        match self.kind {
            Kind::Text(_) | Kind::Word(_) | Kind::Moment => json!(self.example),
            Kind::Reference
            | Kind::Number(..)
            | Kind::Flag
            | Kind::Json(_)
            | Kind::Texts(_)
            | Kind::Objects(_) => parsed(),
        }
    }
}

pub const LICENSE_KEY: Field = Field::required(
    "license_key",
    Kind::Text(MAX_NAME),
    "3a343c8a-38fe-4b6e-ad77-2222222",
    "Compared without regard to case and outer spaces.",
);
pub const IDENTIFIER: Field = Field::required(
    "identifier",
    Kind::Text(MAX_NAME),
    "domain.ltd",
    "What the license is used on: a domain, a device, anything that stays the same. Compared without regard to case and outer spaces.",
);
pub const PRODUCT_ID: Field =
    Field::required("product_id", Kind::Reference, "1", "The product: its id, its uuid or its slug.");
/// Of the endpoints that can do without, because many of their clients can't send it.
pub const ONLY_PRODUCT_ID: Field = PRODUCT_ID
    .may_be_left_out()
    .saying("The product: its id, its uuid or its slug. May be left out where there is one product only.");
pub const GENERATOR_ID: Field =
    Field::required("generator_id", Kind::Reference, "1", "An active generator: its id or its uuid.");
pub const CONTRACT_ID: Field =
    Field::required("contract_id", Kind::Reference, "1", "The contract: its id or its uuid.");
pub const OWNER_NAME: Field =
    Field::optional("owner_name", Kind::Text(MAX_OWNER), "Jane Doe", "Whose the license becomes.");
pub const OWNER_EMAIL: Field =
    Field::optional("owner_email", Kind::Text(MAX_OWNER), "jane@example.com", "Whose the license becomes.");
pub const META_KEY: Field = Field::required(
    "key",
    Kind::Text(MAX_NAME),
    "color",
    "The name of the entry. Compared without regard to case and outer spaces.",
);
pub const META_VALUE: Field = Field::required(
    "value",
    Kind::Json(MAX_META_VALUE),
    "green",
    "Kept exactly as it was sent; JSON that is no text is kept as its compact JSON text.",
);
pub const QUANTITY: Field =
    Field::required("quantity", Kind::Number(1, MAX_QUANTITY), "2", "How many license keys.");
pub const PAGE: Field =
    Field::optional("page", Kind::Number(1, i64::MAX), "1", "From 1, which it also is if it isn't said.");
