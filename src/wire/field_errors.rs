//! Errors in the fields of a request, by field, in the two JSON shapes that the API uses (API §3.8).

use serde_json::{Map, Value};

use crate::domain::{TextError, check_text};

/// The fault for which a field's value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The value has more than this number of bytes.
    TooLong(usize),
    /// The value contains a NUL character, which PostgreSQL can't store.
    HasNul,
    NoText,
    NoNumber,
    /// The value is less than this number.
    TooSmall(i64),
    /// The value is more than this number.
    TooLarge(i64),
    NoFlag,
    /// The value is none of the words that the field accepts.
    NoChoice,
    NoDate,
    NoList,
    /// The list has more than this number of items.
    TooMany(usize),
    /// The item at this position, counted from 1, is not a valid name.
    NoName(usize),
    /// The item at this position, counted from 1, contains this character, which people can't see or tell from
    /// another.
    LookAlike(usize, char),
}

impl Fault {
    /// The fault of a text that must be storable and have at most `max` bytes.
    pub fn of_text(text: &str, max: usize) -> Option<Self> {
        check_text(text, max).err().map(|error| match error {
            TextError::TooLong(max) => Self::TooLong(max),
            TextError::Nul => Self::HasNul,
        })
    }

    /// Whether the value exceeds a limit, as opposed to having a wrong type or format.
    pub fn is_excess(self) -> bool {
        matches!(self, Self::TooLong(_) | Self::TooLarge(_) | Self::TooMany(_))
    }
}

/// Messages by field, in the order in which they were found.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<(&'static str, String)>);

impl FieldErrors {
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, message.into()));
    }

    /// Adds Laravel's message, such as `The license key field is required.`
    pub fn required(&mut self, field: &'static str) {
        self.add(field, format!("The {} field is required.", attribute(field)));
    }

    /// Adds Laravel's message, such as `The selected status is invalid.`
    pub fn invalid(&mut self, field: &'static str) {
        self.add(field, format!("The selected {} is invalid.", attribute(field)));
    }

    /// Adds Laravel's message, such as `The text data field is required when data type is text.`
    pub fn required_when(&mut self, field: &'static str, condition: &str) {
        self.add(field, format!("The {} field is required when {condition}.", attribute(field)));
    }

    /// Adds Laravel's message, such as `The require non expired field must be true or false.`
    pub fn must(&mut self, field: &'static str, rule: &str) {
        self.add(field, format!("The {} field must {rule}.", attribute(field)));
    }

    /// Adds the message about a fault, as Laravel words it.
    pub fn fault(&mut self, field: &'static str, fault: Fault) {
        match fault {
            Fault::TooLong(max) => self.must(field, &format!("not be greater than {max} bytes")),
            Fault::HasNul | Fault::NoChoice => self.invalid(field),
            Fault::NoText => self.must(field, "be a string"),
            Fault::NoNumber => self.must(field, "be an integer"),
            Fault::TooSmall(least) => self.must(field, &format!("be at least {least}")),
            Fault::TooLarge(most) => self.must(field, &format!("not be greater than {most}")),
            Fault::NoFlag => self.must(field, "be true or false"),
            Fault::NoDate => self.must(field, "be a valid date"),
            Fault::NoList => self.must(field, "be an array"),
            Fault::TooMany(max) => self.must(field, &format!("not have more than {max} items")),
            Fault::NoName(place) => {
                let rule = "hold texts of 1 to 255 bytes without NUL characters";
                self.must(field, &format!("{rule}: item {place} is none"));
            }
            Fault::LookAlike(place, character) => {
                let code = u32::from(character);
                let rule =
                    "not hold spaces, invisible characters, or characters that look like \"-\" or like ASCII";
                self.must(field, &format!("{rule}: item {place} has U+{code:04X}"));
            }
        }
    }

    /// Whether a text can be stored: at most `max` bytes and no NUL. Adds the message if not.
    pub fn accepts(&mut self, field: &'static str, text: &str, max: usize) -> bool {
        let fault = Fault::of_text(text, max);
        if let Some(fault) = fault {
            self.fault(field, fault);
        }
        fault.is_none()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All messages, of all fields.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, message)| message.as_str())
    }

    /// The messages as `{field: ["message", …]}`. Without any, `[]`, as PHP writes an empty array.
    pub fn lists(&self) -> Value {
        let mut lists = Map::new();
        for (field, message) in &self.0 {
            if let Value::Array(messages) = lists.entry(*field).or_insert_with(|| Value::Array(Vec::new())) {
                messages.push(message.as_str().into());
            }
        }
        Value::Object(lists)
    }

    /// The first message of each field as `{field: "message"}`, as the endpoints of contracts answer.
    pub fn texts(&self) -> Value {
        let mut texts = Map::new();
        for (field, message) in &self.0 {
            texts.entry(*field).or_insert_with(|| message.as_str().into());
        }
        Value::Object(texts)
    }
}

/// The name of a field as it appears in a message.
fn attribute(field: &str) -> String {
    field.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FieldErrors;

    #[test]
    fn errors_have_the_two_shapes_of_the_api() {
        let mut errors = FieldErrors::default();
        errors.required("user_identifier");
        errors.invalid("product_id");
        errors.add("product_id", "Twice.");
        assert_eq!(
            errors.lists(),
            json!({
                "user_identifier": ["The user identifier field is required."],
                "product_id": ["The selected product id is invalid.", "Twice."],
            })
        );
        assert_eq!(errors.texts()["product_id"], "The selected product id is invalid.");
        assert!(!errors.is_empty());
    }

    #[test]
    fn a_text_that_can_not_be_kept_is_said_to_be_so() {
        let mut errors = FieldErrors::default();
        assert!(errors.accepts("text_data", "four", 4) && errors.is_empty());
        assert!(!errors.accepts("text_data", "fifth", 4));
        assert!(!errors.accepts("data_group", "a\0b", 4));
        errors.required_when("numeric_data_x", "data type is numeric-xy-axis");
        assert_eq!(
            errors.lists(),
            json!({
                "text_data": ["The text data field must not be greater than 4 bytes."],
                "data_group": ["The selected data group is invalid."],
                "numeric_data_x": ["The numeric data x field is required when data type is numeric-xy-axis."],
            })
        );
    }
}
