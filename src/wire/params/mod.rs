//! A request's fields: one view over query string, form, multipart and JSON. A blank field counts as absent.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// How deep a request's JSON may be nested. What is kept of it lies a few levels deeper in an answer, and
/// whoever reads that need not read more than 127.
const MAX_DEPTH: usize = 100;

/// Other names that clients send for a field (API §3.10), tried in this order after the field's own.
const ALIASES: &[(&str, &[&str])] = &[
    ("contract_id", &["contract_uuid"]),
    ("generator_id", &["generator_uuid"]),
    ("identifier", &["hardwareId", "hardware_id", "hwid", "domain", "server_domain"]),
    ("items_per_page", &["per_page"]),
    ("key", &["meta_key"]),
    ("license_key", &["entitlement_key"]),
    ("owner_email", &["customer_email", "email"]),
    ("owner_name", &["customer_name"]),
    ("product_id", &["product_uuid", "productId", "product_slug"]),
    ("quantity", &["count"]),
    ("validity", &["validity_days"]),
    ("value", &["meta_value"]),
];

/// The other names of a field.
pub fn aliases(name: &str) -> &'static [&'static str] {
    ALIASES.iter().find(|(canonical, _)| *canonical == name).map_or(&[][..], |(_, aliases)| aliases)
}

/// Fields by name. Of two with one name the last counts, as in PHP; a field of the body hides one of the query string.
#[derive(Debug, Default, PartialEq)]
pub struct Params(Map<String, Value>);

/// The text is not what its Content-Type says, or not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// The name of the list that a form's field is an element of. The order of the elements is that in which they are sent.
fn list_name(name: &str) -> Option<&str> {
    let (list, index) = name.strip_suffix(']')?.rsplit_once('[')?;
    let is_index = index.bytes().all(|byte| byte.is_ascii_digit());
    (is_index && !list.is_empty() && !list.contains('[')).then_some(list)
}

/// The name of the field that a segment of a path's template stands for: `{license_key}`.
pub fn path_field(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The text is no whole number, or no yes or no.
#[derive(Debug, PartialEq, Eq)]
pub struct NotANumber;

impl Params {
    /// Reads `a=1&b=2`, percent-encoded: a query string or a form body.
    pub fn from_form(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut params = Self::default();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(equals);
            params.add(decode(name)?, decode(value.get(1..).unwrap_or_default())?);
        }
        Ok(params)
    }

    /// Reads a JSON object. Numbers keep the digits they were sent with. `[]`, which is PHP's way to write an
    /// object without members, and `null` are no fields.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Unreadable> {
        match parse(bytes) {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            Some(Value::Array(values)) if values.is_empty() => Ok(Self::default()),
            Some(Value::Null) => Ok(Self::default()),
            _ => Err(Unreadable),
        }
    }

    /// Reads the segments of a path that the template names: `/licenses/{license_key}`. Both are compared from their
    /// ends, because a path begins with a prefix. `path`: as it was sent, since an encoded slash separates nothing.
    pub fn from_path(template: &str, path: &str) -> Result<Self, Unreadable> {
        let mut params = Self::default();
        for (name, segment) in template.rsplit('/').zip(path.rsplit('/')) {
            if let Some(name) = path_field(name) {
                let text = percent_decode(segment.as_bytes()).decode_utf8().map_err(|_| Unreadable)?;
                params.add(name.to_owned(), text.into_owned());
            }
        }
        Ok(params)
    }

    /// Takes one field of a form. As in PHP, the last of a name counts, but `name[]` and `name[0]` add to a list.
    pub fn add(&mut self, name: String, value: String) {
        match list_name(&name) {
            None => {
                self.0.insert(name, Value::String(value));
            }
            Some(list) => match self.0.get_mut(list) {
                Some(Value::Array(values)) => values.push(Value::String(value)),
                _ => {
                    self.0.insert(list.to_owned(), Value::Array(vec![Value::String(value)]));
                }
            },
        }
    }

    /// Adds the fields of `body` over these.
    #[must_use]
    pub fn overlaid_with(mut self, body: Self) -> Self {
        self.0.extend(body.0);
        self
    }

    /// The fields as a JSON object that [`Self::from_json`] reads back. The API key is no part of what is asked.
    pub fn to_json(&self) -> String {
        let fields = self.0.iter().filter(|(name, _)| *name != "api_key");
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()).to_string()
    }

    /// A field that is one value, with the type it was sent with.
    pub fn scalar(&self, name: &str) -> Option<&Value> {
        self.values(name).find(|value| match value {
            Value::String(text) => present(text).is_some(),
            Value::Bool(_) | Value::Number(_) => true,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        })
    }

    /// A field as text. Numbers and booleans count as their text; lists and objects, which no text field can
    /// mean, as absent.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.all_texts(name).next()
    }

    /// A field of any type: text as it was sent, with its spaces; everything else as its compact JSON
    /// (API §0.4, item 7).
    pub fn text_or_json(&self, name: &str) -> Option<Cow<'_, str>> {
        self.values(name).find_map(|value| match value {
            Value::Null => None,
            Value::String(text) => present(text),
            other => Some(other.to_string().into()),
        })
    }

    /// Whether the field was sent as text, as all are in a form; a number or a yes or no of JSON isn't.
    pub fn is_text(&self, name: &str) -> bool {
        let mut sent = self.values(name).filter(|value| !matches!(value, Value::Null));
        sent.find(|value| value.as_str().is_none_or(|text| present(text).is_some()))
            .is_some_and(Value::is_string)
    }

    /// Whether the field was sent at all, be it blank: an update changes what was sent and keeps the rest.
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// A field as a whole number; `None` if it is absent or blank.
    pub fn integer(&self, name: &str) -> Option<Result<i64, NotANumber>> {
        self.text(name).map(|text| text.trim().parse().map_err(|_| NotANumber))
    }

    /// A field as yes or no: `1`, `0`, `true`, `false`; `None` if it is absent or blank.
    pub fn flag(&self, name: &str) -> Option<Result<bool, NotANumber>> {
        self.text(name).map(|text| match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err(NotANumber),
        })
    }

    /// A field as a list: a JSON array, a text that holds one, or `name[]` in a form. `None` if it is absent,
    /// blank or none of these.
    pub fn list(&self, name: &str) -> Option<Vec<Value>> {
        self.values(name).find_map(|value| match value {
            Value::Array(values) => Some(values.clone()),
            Value::String(text) => match parse(text.as_bytes()) {
                Some(Value::Array(values)) => Some(values),
                _ => None,
            },
            _ => None,
        })
    }

    /// A field as JSON: as it was sent, or, of a text that holds some, what it holds. Any other text is a
    /// JSON string. `None` if it is absent or blank.
    pub fn json(&self, name: &str) -> Option<Value> {
        self.values(name).find_map(|value| match value {
            Value::Null => None,
            Value::String(text) => {
                present(text).map(|text| parse(text.as_bytes()).unwrap_or_else(|| value.clone()))
            }
            other => Some(other.clone()),
        })
    }

    /// The fields of one element of a list, where it is an object.
    pub fn from_object(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    /// The same fields always give the same bytes, in whatever order and encoding they were sent. The API key
    /// is no part of what is asked.
    pub fn canonical(&self) -> Vec<u8> {
        let mut fields: Vec<(&String, &Value)> =
            self.0.iter().filter(|(name, _)| *name != "api_key").collect();
        fields.sort_unstable_by_key(|(name, _)| *name);
        let written =
            |(name, value): (&String, &Value)| format!("{}={}\n", Value::from(name.as_str()), texts(value));
        fields.into_iter().map(written).collect::<String>().into_bytes()
    }

    /// Every text that was sent for a field, under its own name or an alias: which of them counts is not
    /// always what matters.
    pub fn all_texts(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        self.values(name).filter_map(|value| match value {
            Value::String(text) => present(text),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string().into()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
    }

    /// What was sent under the field's own name, then under its aliases.
    fn values(&self, name: &str) -> impl Iterator<Item = &Value> {
        std::iter::once(name).chain(aliases(name).iter().copied()).filter_map(|name| self.0.get(name))
    }
}

/// JSON that is nested no deeper than a request's may be.
fn parse(json: &[u8]) -> Option<Value> {
    serde_json::from_slice(json).ok().filter(|value| depth(value) <= MAX_DEPTH)
}

/// How many lists and objects there are around the innermost value. The parser has refused what is too deep
/// to look for it this way.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// A number or a flag, in JSON, is the text that it would be in a form.
fn texts(value: &Value) -> Value {
    match value {
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

fn present(text: &str) -> Option<Cow<'_, str>> {
    (!text.trim().is_empty()).then_some(Cow::Borrowed(text))
}

/// Undoes the encoding of form fields. Strict about UTF-8, unlike the `form_urlencoded` crate, which would
/// put a replacement character into a key or a value without telling.
fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| Unreadable)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests;
