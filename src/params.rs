//! A request's fields: one view over query string, form, multipart and JSON. A blank field counts as absent.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// Other names that clients send for a field (contract §3.10), tried in this order after the field's own.
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

    /// Reads a JSON object. Numbers keep the digits they were sent with. `[]`, which is PHP's way to write an object without members, and
    /// `null` are no fields.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Unreadable> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(Value::Array(values)) if values.is_empty() => Ok(Self::default()),
            Ok(Value::Null) => Ok(Self::default()),
            _ => Err(Unreadable),
        }
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

    /// A field as text. Numbers and booleans count as their text; lists and objects, which no text field can mean, as absent.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.all_texts(name).next()
    }

    /// A field of any type: text as it was sent, with its spaces; everything else as its compact JSON (contract §0.4, item 7).
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

    /// A field as a list: a JSON array, a text that holds one, or `name[]` in a form. `None` if it is absent, blank or none of these.
    pub fn list(&self, name: &str) -> Option<Vec<Value>> {
        self.values(name).find_map(|value| match value {
            Value::Array(values) => Some(values.clone()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
    }

    /// A field as JSON: as it was sent, or, of a text that holds some, what it holds. Any other text is a JSON string. `None` if it is
    /// absent or blank.
    pub fn json(&self, name: &str) -> Option<Value> {
        self.values(name).find_map(|value| match value {
            Value::Null => None,
            Value::String(text) => {
                present(text).map(|text| serde_json::from_str(&text).unwrap_or_else(|_| value.clone()))
            }
            other => Some(other.clone()),
        })
    }

    /// The fields of one element of a list, where it is an object.
    pub fn from_object(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    /// The same fields always give the same bytes, in whatever order and encoding they were sent. The API key is no part of what is asked.
    pub fn canonical(&self) -> Vec<u8> {
        let mut fields: Vec<(&String, &Value)> =
            self.0.iter().filter(|(name, _)| *name != "api_key").collect();
        fields.sort_unstable_by_key(|(name, _)| *name);
        let written =
            |(name, value): (&String, &Value)| format!("{}={}\n", Value::from(name.as_str()), texts(value));
        fields.into_iter().map(written).collect::<String>().into_bytes()
    }

    /// Every text that was sent for a field, under its own name or an alias: which of them counts is not always what matters.
    pub fn all_texts(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        self.values(name).filter_map(|value| match value {
            Value::String(text) => present(text),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string().into()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
    }

    /// What was sent under the field's own name, then under its aliases.
    fn values(&self, name: &str) -> impl Iterator<Item = &Value> {
        let aliases =
            ALIASES.iter().find(|(canonical, _)| *canonical == name).map_or(&[][..], |(_, aliases)| aliases);
        std::iter::once(name).chain(aliases.iter().copied()).filter_map(|name| self.0.get(name))
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

/// Undoes the encoding of form fields. Strict about UTF-8, unlike the `form_urlencoded` crate, which would put a replacement
/// character into a key or a value without telling.
fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| Unreadable)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(text: &str) -> Params {
        Params::from_form(text.as_bytes()).unwrap()
    }

    fn json(text: &str) -> Params {
        Params::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_form_is_decoded_and_its_last_duplicate_counts() {
        let params = form("license_key=a%2Db+c&&license_key=%C3%A9%zz&x");
        assert_eq!(params.text("license_key").unwrap(), "é%zz");
        assert_eq!(params.text("x"), None);
    }

    #[test]
    fn what_is_not_utf8_is_unreadable() {
        assert_eq!(Params::from_form(b"value=%ff"), Err(Unreadable));
        assert_eq!(Params::from_form(b"value=\xc3"), Err(Unreadable));
        assert_eq!(Params::from_json(b"{\"value\":\"\xff\"}"), Err(Unreadable));
    }

    #[test]
    fn what_is_no_json_object_is_unreadable() {
        let deep = format!("{{\"value\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(Params::from_json(b" [] "), Ok(Params::default()));
        assert_eq!(Params::from_json(b"null"), Ok(Params::default()));
        for text in ["", "[1]", "1", "{", "{\"a\":1}x", deep.as_str()] {
            assert_eq!(Params::from_json(text.as_bytes()), Err(Unreadable), "{text:.20}");
        }
    }

    #[test]
    fn json_scalars_are_texts_and_keep_their_digits() {
        let params =
            json(r#"{"a":1,"b":true,"c":1.50,"d":123456789012345678901234567890,"e":null,"f":[1],"g":{}}"#);
        let text = |name| params.text(name).map(Cow::into_owned);
        assert_eq!(text("a").unwrap(), "1");
        assert_eq!(text("b").unwrap(), "true");
        assert_eq!(text("c").unwrap(), "1.50");
        assert_eq!(text("d").unwrap(), "123456789012345678901234567890");
        assert_eq!((text("e"), text("f"), text("g")), (None, None, None));
    }

    #[test]
    fn a_value_keeps_its_spaces_or_its_json() {
        let params = json(r#"{"value":{"b": [1, "x"], "a":null}}"#);
        assert_eq!(params.text_or_json("value").unwrap(), r#"{"b":[1,"x"],"a":null}"#);
        assert_eq!(form("value=+x+").text_or_json("value").unwrap(), " x ");
        assert_eq!(form("value=+%09+").text_or_json("value"), None);
    }

    #[test]
    fn the_own_name_wins_over_an_alias_unless_it_is_blank() {
        assert_eq!(form("hwid=2&identifier=1").text("identifier").unwrap(), "1");
        assert_eq!(form("identifier=+&domain=4&hwid=3").text("identifier").unwrap(), "3");
        assert_eq!(form("meta_key=k&meta_value=v").text("key").unwrap(), "k");
    }

    #[test]
    fn a_list_comes_in_three_ways() {
        let expected = vec![Value::from("a"), Value::from("b")];
        for params in [
            json(r#"{"license_keys":["a","b"]}"#),
            form("license_keys=%5B%22a%22%2C+%22b%22%5D"),
            form("license_keys[]=a&license_keys%5B%5D=b"),
            form("license_keys[0]=a&license_keys%5B1%5D=b"),
        ] {
            assert_eq!(params.list("license_keys").unwrap(), expected);
        }
        assert_eq!(form("license_keys=a").list("license_keys"), None);
    }

    #[test]
    fn json_comes_as_it_is_or_in_a_text() {
        let expected = Value::from_iter([("a", vec![1])]);
        assert_eq!(json(r#"{"features":{"a":[1]}}"#).json("features"), Some(expected.clone()));
        assert_eq!(form("features=+%7B%22a%22%3A+%5B1%5D%7D").json("features"), Some(expected));
        assert_eq!(form("features=a+b").json("features"), Some(Value::from("a b")));
        assert_eq!(
            (form("features=+").json("features"), json(r#"{"features":null}"#).json("features")),
            (None, None)
        );
    }

    #[test]
    fn numbers_and_flags_are_read_from_text_or_json() {
        let params = json(r#"{"a":" 7 ","b":7,"c":"7.5","d":true,"e":"0","f":""}"#);
        assert_eq!((params.integer("a"), params.integer("b")), (Some(Ok(7)), Some(Ok(7))));
        assert_eq!((params.integer("c"), params.integer("f")), (Some(Err(NotANumber)), None));
        assert_eq!(
            (params.flag("d"), params.flag("e"), params.flag("c")),
            (Some(Ok(true)), Some(Ok(false)), Some(Err(NotANumber)))
        );
        assert!(params.has("f") && !params.has("g"));
    }

    #[test]
    fn the_same_fields_are_the_same_request_however_they_were_sent() {
        assert_eq!(form("b=2&a=1&api_key=x").canonical(), json(r#"{"a":1,"b":"2"}"#).canonical());
        assert_ne!(form("a=1").canonical(), form("a=2").canonical());
    }

    #[test]
    fn fields_survive_being_stored_and_the_api_key_is_not_stored() {
        let params = json(r#"{"api_key":"k","a":1.50,"b":"é","c":[1,{"d":null}],"e":true}"#);
        let stored = params.to_json();
        assert!(!stored.contains("api_key"));
        assert_eq!(json(&stored), json(r#"{"a":1.50,"b":"é","c":[1,{"d":null}],"e":true}"#));
    }

    #[test]
    fn a_scalar_keeps_its_type() {
        let params = json(r#"{"identifier":" ","hwid":31,"a":"31","b":[1],"c":null}"#);
        assert_eq!(params.scalar("identifier"), Some(&Value::from(31)));
        assert_eq!(params.scalar("a"), Some(&Value::from("31")));
        assert_eq!((params.scalar("b"), params.scalar("c")), (None, None));
    }

    #[test]
    fn the_body_wins_over_the_query_string() {
        let params = form("key=query&value=query").overlaid_with(form("key=body"));
        assert_eq!(params.text("key").unwrap(), "body");
        assert_eq!(params.text("value").unwrap(), "query");
    }

    proptest! {
        #[test]
        fn any_text_survives_a_form(text in any::<String>()) {
            let body = form_urlencoded::Serializer::new(String::new()).append_pair("value", &text).finish();
            let expected = (!text.trim().is_empty()).then_some(text);
            prop_assert_eq!(form(&body).text_or_json("value").map(Cow::into_owned), expected);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            let _either = (Params::from_form(&bytes), Params::from_json(&bytes));
        }
    }
}
