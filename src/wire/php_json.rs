//! A `serde_json` formatter with the same output as PHP's `json_encode` with default flags (API §1.5).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// Appends a value as PHP writes it.
pub fn write(out: &mut Vec<u8>, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, PhpFormatter::default()))
}

/// The length of texts as PHP writes them, in bytes.
pub fn texts_length<'a>(texts: impl IntoIterator<Item = &'a str>) -> i64 {
    let mut written = Vec::new();
    let lengths = texts.into_iter().map(|text| {
        written.clear();
        write(&mut written, &text).map_or(0, |()| written.len())
    });
    i64::try_from(lengths.sum::<usize>()).unwrap_or(i64::MAX)
}

/// Writes compact JSON with `/` escaped, non-ASCII characters as `\u` and four lower-case digits, and an empty object
/// as `[]`, because PHP has one array type for lists and objects.
#[derive(Default)]
struct PhpFormatter {
    /// An object has begun, but its brace is not written yet, because the object may be empty.
    begun: bool,
}

impl Formatter for PhpFormatter {
    fn begin_object<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.begun = true;
        Ok(())
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.begun = false;
        writer.write_all(if first { b"{" } else { b"," })
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let empty = std::mem::take(&mut self.begun);
        writer.write_all(if empty { b"[]" } else { b"}" })
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| c == '/' || !c.is_ascii()) {
            let (plain, special) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = special.chars();
            match chars.next() {
                Some('/') => writer.write_all(b"\\/")?,
                Some(other) => write_utf16(writer, other)?,
                None => {}
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"\\/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }
}

/// Writes one `\uXXXX`, or a surrogate pair for a character outside the basic multilingual plane.
fn write_utf16<W: ?Sized + Write>(writer: &mut W, c: char) -> io::Result<()> {
    c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn php(value: &Value) -> String {
        let mut out = Vec::new();
        super::write(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_written_as_php_writes_them() {
        for (text, written) in [
            ("a/b", r#""a\/b""#),
            ("\"\\", r#""\"\\""#),
            ("\u{8}\u{c}\n\r\t", r#""\b\f\n\r\t""#),
            ("\0\u{1}\u{1f}\u{7f}", "\"\\u0000\\u0001\\u001f\u{7f}\""),
            ("é", r#""\u00e9""#),
            ("😀/x", r#""\ud83d\ude00\/x""#),
            ("\u{2028}\u{2029}", r#""\u2028\u2029""#),
            ("'<>&", r#""'<>&""#),
        ] {
            assert_eq!(php(&json!(text)), written);
        }
    }

    #[test]
    fn empty_objects_are_lists_and_order_is_kept() {
        assert_eq!(php(&json!({})), "[]");
        assert_eq!(
            php(&json!({"z": {}, "a": [], "m": {"b": null, "a": [true, {}]}, "n": -1})),
            r#"{"z":[],"a":[],"m":{"b":null,"a":[true,[]]},"n":-1}"#
        );
    }

    /// Any JSON except empty objects, which PHP can't distinguish from lists.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 1..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn any_value_comes_back_as_it_was(value in any_value()) {
            let written = php(&value);
            prop_assert!(written.is_ascii());
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        }

        #[test]
        fn any_text_comes_back_as_it_was_and_in_ascii(text in any::<String>()) {
            let written = php(&json!(text));
            prop_assert!(written.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
