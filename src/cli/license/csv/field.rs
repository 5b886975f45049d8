//! Single fields of a line: what counts as empty, what a spreadsheet has made of them, and their types.

use std::collections::HashSet;
use std::fmt::Display;

use crate::domain::{Identifier, LicenseKey, LicenseStatus, TextError, Timestamp};

/// How a text begins that a spreadsheet takes for a formula. The last four are the full-width forms.
pub const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The words that databases write for no value.
const NO_VALUE: [&str; 3] = ["NULL", "null", "\\N"];

/// The texts that a spreadsheet shows instead of a value.
const SPREADSHEET_ERRORS: [&str; 8] =
    ["#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!", "####"];

/// A field as it was meant; `None`: empty. The quote before a formula, which an export for spreadsheets adds, goes.
pub fn value(field: &str) -> Option<&str> {
    let text = field.trim();
    if text.is_empty() || NO_VALUE.contains(&text) {
        return None;
    }
    match field.strip_prefix('\'') {
        Some(formula) if formula.starts_with(FORMULA_STARTS) => Some(formula),
        _ => Some(field),
    }
}

/// A new license key. A spreadsheet keeps leading zeros only in a formula such as `="0012"`, which is read as `0012`.
pub fn license_key(field: &str) -> Result<LicenseKey, String> {
    let text = field.trim();
    let text = text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if is_rounded_number(text) {
        return Err(format!(
            "license_key: \"{text}\" is how a spreadsheet shows a long number, and the key's last digits are lost: \
             format the column as text, put the keys in again, and save the file again"
        ));
    }
    if SPREADSHEET_ERRORS.iter().any(|error| text.starts_with(error)) {
        return Err(format!(
            "license_key: \"{text}\" is an error of a spreadsheet: format the column as text, and put the keys in again"
        ));
    }
    LicenseKey::parse_new(text).map_err(|error| format!("license_key: {error}"))
}

/// Whether a text is a number as spreadsheets abbreviate it, such as `1.23457E+15`.
fn is_rounded_number(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_fraction = digits.len() > whole.len();
    // "12E34" and "7E-12" may be keys: a long number has a plus sign, a short one a fraction.
    let is_abbreviated = has_fraction || exponent.starts_with('+');
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    is_abbreviated && whole.len() == 1 && [whole, fraction, exponent].into_iter().all(are_digits)
}

/// A text such as an owner's name.
pub fn parsed(
    column: &str,
    field: &str,
    parse: fn(&str) -> Result<String, TextError>,
) -> Result<String, String> {
    parse(field).map_err(|error| format!("{column}: {error}"))
}

/// An activation limit or a validity.
pub fn number<E: Display>(
    column: &str,
    field: &str,
    parse: impl FnOnce(&str) -> Result<i64, E>,
) -> Result<i64, String> {
    let text = field.trim();
    // A spreadsheet may write 5 as 5.0.
    let number = parse(text.strip_suffix(".0").unwrap_or(text));
    number.map_err(|error| format!("{column}: \"{text}\" is {error}"))
}

/// A time in UTC.
pub fn time(column: &str, field: &str) -> Result<Timestamp, String> {
    Timestamp::parse(field).map_err(|error| format!("{column}: {error}"))
}

pub fn status(field: &str) -> Result<LicenseStatus, String> {
    let word = field.trim().to_ascii_lowercase();
    LicenseStatus::parse_newer(&word).ok_or_else(|| {
        let words = LicenseStatus::ALL.map(LicenseStatus::as_str).join(", ");
        format!("status: \"{field}\" is not one of {words}")
    })
}

/// A JSON array of identifiers.
pub fn identifiers(field: &str) -> Result<Vec<Identifier>, String> {
    let texts: Vec<String> = serde_json::from_str(field)
        .map_err(|_| "identifiers: write a JSON array of strings, for example [\"shop.example\"]")?;
    let mut seen = HashSet::new();
    let identifier = |text: &String| {
        let parsed = Identifier::parse(text).map_err(|error| format!("identifiers: \"{text}\": {error}"))?;
        if seen.insert(parsed.as_str().to_ascii_lowercase()) {
            Ok(parsed)
        } else {
            Err(format!("identifiers: \"{text}\" appears twice"))
        }
    };
    texts.iter().map(identifier).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::parse_validity;

    #[test]
    fn a_number_that_a_spreadsheet_has_abbreviated_is_no_license_key() {
        for key in ["1.23457E+15", "1,23457E+15", "1E+15", "9.9e12", "1.2E-7", "-1.23E+18"] {
            assert!(license_key(key).unwrap_err().contains("spreadsheet"), "{key}");
        }
        for key in [
            "12E34",
            "1E15",
            "7E-12",
            "E+15",
            "1.5",
            "12.3E+4X",
            "A1.2E+3",
            "123457000000",
            "1.2.3E+4",
            "ÄE+1",
        ] {
            assert!(license_key(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_formula_that_keeps_leading_zeros_is_its_text() {
        assert_eq!(license_key(" =\"0012\" ").unwrap().as_str(), "0012");
        assert_eq!(license_key("=1+1").unwrap().as_str(), "=1+1");
    }

    #[test]
    fn words_for_no_value_are_empty_and_an_escaped_formula_is_itself() {
        for field in ["", "  ", "NULL", " \\N ", "null"] {
            assert_eq!(value(field), None, "{field}");
        }
        for (field, expected) in
            [("'=1+1", "=1+1"), ("'-KEY", "-KEY"), ("'quoted'", "'quoted'"), ("Null", "Null")]
        {
            assert_eq!(value(field), Some(expected));
        }
    }

    #[test]
    fn numbers_have_the_limits_of_the_api() {
        assert_eq!(
            (number("x", "2147483647", parse_validity), number("x", " 5.0 ", parse_validity)),
            (Ok(2_147_483_647), Ok(5))
        );
        for field in ["2147483648", "9223372036854775807", "99999999999999999999", "-1", "1.5", "x"] {
            assert!(
                number("validity", field, parse_validity).unwrap_err().starts_with("validity: \""),
                "{field}"
            );
        }
    }
}
