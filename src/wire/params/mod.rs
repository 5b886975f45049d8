//! A request's fields: one view over query string, form, multipart and JSON. A blank field counts as absent.

mod size;

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

pub use size::{MAX_FIELDS, MAX_PARSED, Size, is_list};

/// The maximum nesting of a request's JSON. Stored values are nested a few levels deeper in answers, and many parsers
/// accept at most 127 levels.
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

/// The fields of a request by name. The last of several fields with one name counts, as in PHP, and a field of the body
/// replaces one of the query string.
#[derive(Debug, Default, PartialEq)]
pub struct Params(Map<String, Value>);

/// A query string, a path or a body can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("not valid UTF-8 once it is percent-decoded")]
    NotUtf8,
    #[error("not valid JSON in UTF-8")]
    NotJson,
    #[error("JSON, but no object")]
    NotAnObject,
    #[error("JSON that is nested too deep")]
    TooDeep,
    #[error("not valid multipart/form-data with this boundary")]
    NotMultipart,
    #[error("more than {MAX_FIELDS} fields or values, or too many in a list of licenses")]
    TooMany,
}

/// Returns the text without its byte order mark, if it has one.
pub fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

/// The name of the list that a form field such as `name[]` or `name[0]` adds to. Elements keep the order in which they
/// are sent.
fn list_name(name: &str) -> Option<&str> {
    let (list, index) = name.strip_suffix(']')?.rsplit_once('[')?;
    let is_index = index.bytes().all(|byte| byte.is_ascii_digit());
    (is_index && !list.is_empty() && !list.contains('[')).then_some(list)
}

/// The field that a segment of a path template such as `{license_key}` names.
pub fn path_field(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The value refers to no record.
#[derive(Debug, PartialEq, Eq)]
pub struct NoReference;

/// The text is not an integer, or not a boolean.
#[derive(Debug, PartialEq, Eq)]
pub struct NotANumber;

impl Params {
    /// Parses percent-encoded pairs such as `a=1&b=2`: a query string or a form body.
    pub fn from_form(bytes: &[u8]) -> Result<Self, Unreadable> {
        Size::of_form(bytes).memory()?;
        Self::from_counted_form(bytes)
    }

    /// As [`Self::from_form`], for a text whose [`Size`] the caller has checked.
    pub fn from_counted_form(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut params = Self::default();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(equals);
            params.add(decode(name)?, decode(value.get(1..).unwrap_or_default())?);
        }
        Ok(params)
    }

    /// Parses a JSON object. Numbers keep the digits they were sent with. `[]`, which is how PHP writes an empty
    /// object, and `null` give no fields. The caller has checked the text's [`Size`], now or before it was stored.
    pub fn from_counted_json(bytes: &[u8]) -> Result<Self, Unreadable> {
        match serde_json::from_slice(bytes).map_err(|_| Unreadable::NotJson)? {
            value if depth(&value) > MAX_DEPTH => Err(Unreadable::TooDeep),
            Value::Object(fields) => Ok(Self(fields)),
            Value::Array(values) if values.is_empty() => Ok(Self::default()),
            Value::Null => Ok(Self::default()),
            _ => Err(Unreadable::NotAnObject),
        }
    }

    /// Parses the fields in a path by a template such as `/licenses/{license_key}`. Compares both from their ends,
    /// because a path begins with a prefix. `path` must still be percent-encoded: an encoded slash is no separator.
    pub fn from_path(template: &str, path: &str) -> Result<Self, Unreadable> {
        let mut params = Self::default();
        for (name, segment) in template.rsplit('/').zip(path.rsplit('/')) {
            if let Some(name) = path_field(name) {
                let text =
                    percent_decode(segment.as_bytes()).decode_utf8().map_err(|_| Unreadable::NotUtf8)?;
                params.add(name.to_owned(), text.into_owned());
            }
        }
        Ok(params)
    }

    /// Adds one field of a form. It replaces a field of the same name, as in PHP; `name[]` and `name[0]` add to a list.
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

    /// Adds the fields of `body`, replacing those with the same names.
    #[must_use]
    pub fn overlaid_with(mut self, body: Self) -> Self {
        self.0.extend(body.0);
        self
    }

    /// The fields as a JSON object for [`Self::from_counted_json`], without the API key.
    pub fn to_json(&self) -> String {
        let fields = self.0.iter().filter(|(name, _)| *name != "api_key");
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()).to_string()
    }

    /// A field that is a single value, with its JSON type.
    pub fn scalar(&self, name: &str) -> Option<&Value> {
        self.values(name).find(|value| match value {
            Value::String(text) => present(text).is_some(),
            Value::Bool(_) | Value::Number(_) => true,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        })
    }

    /// A field as text. Numbers and booleans are converted to text; lists and objects count as absent.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.all_texts(name).next()
    }

    /// A reference to a record, as text. `false`, which is an unset variable of a PHP client, counts as absent; so do
    /// `null` and a blank text. Fails for a list, an object or `true`, which refer to nothing.
    pub fn reference(&self, name: &str) -> Result<Option<Cow<'_, str>>, NoReference> {
        let found = self.values(name).find_map(|value| match value {
            Value::Null | Value::Bool(false) => None,
            Value::String(text) => present(text).map(Ok),
            Value::Number(number) => Some(Ok(number.to_string().into())),
            Value::Bool(true) | Value::Array(_) | Value::Object(_) => Some(Err(NoReference)),
        });
        found.transpose()
    }

    /// A field of any type as text: a text unchanged, with its white space, and everything else as compact JSON
    /// (API §0.4, item 7).
    pub fn text_or_json(&self, name: &str) -> Option<Cow<'_, str>> {
        self.values(name).find_map(|value| match value {
            Value::Null => None,
            Value::String(text) => present(text),
            other => Some(other.to_string().into()),
        })
    }

    /// Whether [`Self::text_or_json`] gives a text, which may be a long one to make.
    pub fn is_filled(&self, name: &str) -> bool {
        self.values(name).any(|value| match value {
            Value::Null => false,
            Value::String(text) => present(text).is_some(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
        })
    }

    /// Whether the field was sent as text. Form fields always are; JSON numbers and booleans are not.
    pub fn is_text(&self, name: &str) -> bool {
        let mut sent = self.values(name).filter(|value| !matches!(value, Value::Null));
        sent.find(|value| value.as_str().is_none_or(|text| present(text).is_some()))
            .is_some_and(Value::is_string)
    }

    /// Whether the field was sent, even if blank: an update changes only the fields that were sent.
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// A field as an integer; `None` if it is absent or blank.
    pub fn integer(&self, name: &str) -> Option<Result<i64, NotANumber>> {
        self.text(name).map(|text| text.trim().parse().map_err(|_| NotANumber))
    }

    /// A field as a boolean (`1`, `0`, `true`, `false`); `None` if it is absent or blank.
    pub fn flag(&self, name: &str) -> Option<Result<bool, NotANumber>> {
        self.text(name).map(|text| match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err(NotANumber),
        })
    }

    /// A field as a list: a JSON array, a text that holds one, or `name[]` in a form. `None` if it is absent,
    /// blank or none of these.
    pub fn list(&self, name: &str) -> Option<Cow<'_, [Value]>> {
        self.values(name).find_map(|value| match value {
            Value::Array(values) => Some(values.into()),
            Value::String(text) => match parse(text.as_bytes()) {
                Some(Value::Array(values)) => Some(values.into()),
                _ => None,
            },
            _ => None,
        })
    }

    /// A field as JSON. A text that contains JSON is parsed; any other text is a JSON string. `None` if it is absent
    /// or blank.
    pub fn json(&self, name: &str) -> Option<Value> {
        self.values(name).find_map(|value| match value {
            Value::Null => None,
            Value::String(text) => {
                present(text).map(|text| parse(text.as_bytes()).unwrap_or_else(|| value.clone()))
            }
            other => Some(other.clone()),
        })
    }

    /// The fields of one element of a list; `None` if the element is not an object.
    pub fn from_object(value: Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        }
    }

    /// The fields in a canonical form, which doesn't depend on their order and encoding. It omits the API key.
    pub fn canonical(&self) -> Vec<u8> {
        let mut fields: Vec<(&String, &Value)> =
            self.0.iter().filter(|(name, _)| *name != "api_key").collect();
        fields.sort_unstable_by_key(|(name, _)| *name);
        let written =
            |(name, value): (&String, &Value)| format!("{}={}\n", Value::from(name.as_str()), texts(value));
        fields.into_iter().map(written).collect::<String>().into_bytes()
    }

    /// All texts that were sent for a field, under its own name and its aliases. For checks that must see every one
    /// of them, such as the blocklist.
    pub fn all_texts(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        self.values(name).filter_map(|value| match value {
            Value::String(text) => present(text),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string().into()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
    }

    /// The values under the field's own name and its aliases, in this order.
    fn values(&self, name: &str) -> impl Iterator<Item = &Value> {
        std::iter::once(name).chain(aliases(name).iter().copied()).filter_map(|name| self.0.get(name))
    }
}

/// Parses the JSON in a text field, and refuses nesting beyond [`MAX_DEPTH`], and more values than a body may have.
fn parse(json: &[u8]) -> Option<Value> {
    if Size::of_json(json).bytes() > MAX_PARSED {
        return None;
    }
    serde_json::from_slice(json).ok().filter(|value| depth(value) <= MAX_DEPTH)
}

/// The nesting depth of a value. The recursion is bounded by the parser's own limit.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Converts JSON numbers and booleans to the text that a form would send.
fn texts(value: &Value) -> Value {
    match value {
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        other => other.clone(),
    }
}

fn present(text: &str) -> Option<Cow<'_, str>> {
    (!text.trim().is_empty()).then_some(Cow::Borrowed(text))
}

/// Decodes a form field. Refuses invalid UTF-8, unlike the `form_urlencoded` crate, which silently inserts replacement
/// characters.
fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| Unreadable::NotUtf8)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests;
