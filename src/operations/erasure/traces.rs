//! Finds an e-mail address in texts of any kind.

use std::collections::HashSet;
use std::ops::Range;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::domain::fold_owner;

/// What replaces an erased text.
pub const ERASED: &str = "[erased]";

/// An e-mail address as it is searched for.
#[derive(Clone, Debug)]
pub struct Address {
    folded: String,
    /// Folded addresses of others that end with this one after a mark, such as "mary-jane@example.com".
    others: HashSet<String>,
}

impl Address {
    pub fn new(email: &str) -> Self {
        Self { folded: fold_owner(email), others: HashSet::new() }
    }

    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether an owner's address is another one that only ends with this one.
    pub fn is_end_of(&self, other: &str) -> bool {
        let other = fold_owner(other);
        other != self.folded && other.ends_with(&self.folded) && !other.contains(char::is_whitespace)
    }

    /// Takes note of an address that [`Self::is_end_of`].
    pub fn tell_from(&mut self, other: &str) {
        self.others.insert(fold_owner(other));
    }

    /// Whether a text names the address, in any case, and also inside of JSON and of a URL. A longer address that ends
    /// or begins with this one is another one. After `-`, `_` or `+` it counts as this one ("order-jane@example.com"),
    /// unless it is the address of another customer.
    ///
    /// An owner may have a text that is no address at all, such as "anna". It is only found alone: inside of another
    /// text it may mean something else.
    pub fn is_in(&self, text: &str) -> bool {
        if !self.folded.contains('@') {
            return fold_owner(text) == self.folded;
        }
        self.next_in(&folded(text)).is_some() || self.is_in_encoded(text)
    }

    fn is_in_encoded(&self, text: &str) -> bool {
        if text.contains('%') {
            let decoded = percent_decode_str(text).decode_utf8_lossy();
            if decoded != text && self.is_in(&decoded) {
                return true;
            }
        }
        let is_json = text.contains('\\') && text.trim_start().starts_with(['{', '[', '"']);
        is_json && strings(text).iter().any(|text| self.is_in(text))
    }

    /// The text without the address. If it can't be taken out alone, nothing of the text is left.
    pub fn taken_out_of(&self, text: &str) -> String {
        if !self.is_in(text) {
            return text.to_owned();
        }
        if !text.is_ascii() || !self.folded.contains('@') {
            return ERASED.to_owned();
        }
        let mut left = text.to_owned();
        while let Some(found) = self.next_in(&folded(&left)) {
            left.replace_range(found, ERASED);
        }
        if self.is_in(&left) { ERASED.to_owned() } else { left }
    }

    /// The first place of the address in a folded text.
    fn next_in(&self, folded: &str) -> Option<Range<usize>> {
        let mut found = folded.match_indices(&self.folded).map(|(start, found)| start..start + found.len());
        found.find(|found| {
            let before = folded.get(..found.start).unwrap_or_default();
            let begin = before.trim_end_matches(|letter| letter == '.' || is_of_an_address(letter)).len();
            let is_others = || folded.get(begin..found.end).is_some_and(|other| self.others.contains(other));
            let mut after = folded.get(found.end..).unwrap_or_default().chars();
            let is_longer = match after.next() {
                Some('.') => after.next().is_some_and(char::is_alphanumeric),
                next => next.is_some_and(is_of_an_address),
            };
            let goes_on = before.ends_with(|letter: char| letter == '.' || letter.is_alphanumeric());
            !is_longer && !goes_on && !is_others()
        })
    }
}

fn is_of_an_address(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '+')
}

/// Folded as an owner is. ASCII text keeps its length.
fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { fold_owner(text) }
}

/// All strings and names in a JSON text; none: it is no JSON.
pub fn strings(json: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str(json) {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.push(name.clone());
            collect(value, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written_and_no_other_one() {
        let jane = Address::new("Jane@Example.com");
        for text in [
            "jane@example.com",
            "JANE@EXAMPLE.COM.",
            "owner jane@example.com -> -",
            "\"Jane Doe\" <jane@example.com>, and more",
            "https://x.example/?mail=jane%40example.com&b=1",
            r#"{"extra":"\u006aane@example.com"}"#,
            r#"["{\"mail\":\"\\u006aane@example.com\"}"]"#,
            "mailto:jane@example.com",
            "ä: jane@EXAMPLE.com",
            "order-jane@example.com",
        ] {
            assert!(jane.is_in(text), "{text}");
            assert!(!jane.is_in(&jane.taken_out_of(text)), "{text}");
        }
        for text in [
            "",
            "mjane@example.com",
            "mary.jane@example.com",
            "jane@example.com.au",
            "jane@example.community",
            "jane @example.com",
        ] {
            assert!(!jane.is_in(text), "{text}");
        }
        let jürgen = Address::new("jürgen@shop.example");
        for text in
            ["an JÜRGEN@shop.example", "ju\u{308}rgen@Shop.example", r#"{"a":"j\u00dcrgen@shop.example"}"#]
        {
            assert!(jürgen.is_in(text), "{text}");
        }
    }

    #[test]
    fn only_the_address_is_taken_out_where_that_is_possible() {
        let jane = Address::new("jane@example.com");
        assert_eq!(jane.taken_out_of("ask Jane@example.com, jane@example.com"), "ask [erased], [erased]");
        assert_eq!(
            jane.taken_out_of("ask mjane@example.com or jane@example.com"),
            "ask mjane@example.com or [erased]"
        );
        assert_eq!(jane.taken_out_of("?a=jane%40example.com"), ERASED);
        assert_eq!(jane.taken_out_of("für jane@example.com"), ERASED);
    }

    #[test]
    fn after_a_mark_it_is_this_address_unless_somebody_has_the_longer_one() {
        let mut jane = Address::new("jane@example.com");
        assert!(jane.is_end_of("Mary-Jane@example.com") && !jane.is_end_of("JANE@example.com"));
        assert!(!jane.is_end_of("Jane jane@example.com"));
        jane.tell_from("Mary-Jane@example.com");
        assert!(!jane.is_in("to mary-jane@example.com") && jane.is_in("to rose-jane@example.com"));
    }

    #[test]
    fn what_is_no_address_is_only_found_alone() {
        let anna = Address::new("Anna");
        assert!(anna.is_in(" ANNA ") && !anna.is_in("anna and others") && !anna.is_in(""));
    }
}
