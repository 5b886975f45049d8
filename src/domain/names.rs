//! Texts with rules of their own: license keys, identifiers and meta keys. They are parsed into types once, so
//! that no other code checks them again.

use std::fmt;

use super::look_alikes::{advice, as_meant, first_look_alike};

/// The longest license key, identifier, meta key or other name, in bytes after trimming (API §0.4, item 8).
pub const MAX_NAME: usize = 255;

/// The longest meta value, in bytes (API §0.4, item 8). A value is never trimmed, so it has no type of its own.
pub const MAX_META_VALUE: usize = 64 * 1024;

/// A text can't be a license key, an identifier or a meta key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNameError {
    #[error("it is empty")]
    Blank,
    #[error("it is longer than {MAX_NAME} bytes")]
    TooLong,
    /// SQLite's NOCASE comparison stops at a NUL, so two names that differ only after one would be equal.
    /// PostgreSQL can't store NUL characters at all.
    #[error("it contains a NUL character")]
    Nul,
    /// A new license key may not contain what customers can't see or can't tell from another character.
    #[error("it contains {}", advice(*.0))]
    LookAlike(char),
}

/// Why a text can't be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    #[error("it contains a NUL character")]
    Nul,
}

/// Refuses a text of more than `max` bytes, or one with a NUL character.
pub fn check_text(text: &str, max: usize) -> Result<(), TextError> {
    match text {
        _ if text.len() > max => Err(TextError::TooLong(max)),
        _ if text.contains('\0') => Err(TextError::Nul),
        _ => Ok(()),
    }
}

/// The text without outer spaces, if it can be stored. `max`: in bytes.
pub fn trimmed_text(text: &str, max: usize) -> Result<String, TextError> {
    let text = text.trim();
    check_text(text, max)?;
    Ok(text.to_owned())
}

fn parse(text: &str) -> Result<String, ParseNameError> {
    let text = text.trim();
    match text {
        "" => Err(ParseNameError::Blank),
        _ if text.len() > MAX_NAME => Err(ParseNameError::TooLong),
        _ if text.contains('\0') => Err(ParseNameError::Nul),
        _ => Ok(text.to_owned()),
    }
}

/// The text that identifies a license, which its customer holds. Opaque, trimmed, compared ignoring ASCII case.
#[derive(Clone, Debug)]
pub struct LicenseKey(String);

/// The thing on which a license is activated, such as a domain or a device. Opaque, trimmed, compared ignoring
/// ASCII case.
#[derive(Clone, Debug)]
pub struct Identifier(String);

/// The name of a metadata entry. Trimmed, compared ignoring ASCII case.
#[derive(Clone, Debug)]
pub struct MetaKey(String);

impl LicenseKey {
    /// Accepts 1 to 255 bytes after trimming, to look a license up.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        parse(text).map(Self)
    }

    /// As [`Self::parse`], for a key that is made: also refuses characters that look like others or like nothing.
    pub fn parse_new(text: &str) -> Result<Self, ParseNameError> {
        let key = Self::parse(text)?;
        first_look_alike(key.as_str()).map_or(Ok(key), |character| Err(ParseNameError::LookAlike(character)))
    }

    /// The key without the invisible characters and with the hyphens that its sender meant; `None`: it is that
    /// already.
    pub fn as_meant(&self) -> Option<Self> {
        Self::parse(&as_meant(&self.0)?).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Identifier {
    /// Accepts 1 to 255 bytes after trimming.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        parse(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MetaKey {
    /// Accepts 1 to 255 bytes after trimming.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        parse(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LicenseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_keeps_its_case() {
        assert_eq!(LicenseKey::parse("  Ab-1\t\n").unwrap().as_str(), "Ab-1");
    }

    #[test]
    fn the_limit_is_counted_in_bytes_after_trimming() {
        assert!(Identifier::parse(&"x".repeat(255)).is_ok());
        assert!(Identifier::parse(&format!("  {}  ", "x".repeat(255))).is_ok());
        assert_eq!(Identifier::parse(&"x".repeat(256)).unwrap_err(), ParseNameError::TooLong);
        assert_eq!(Identifier::parse(&"é".repeat(128)).unwrap_err(), ParseNameError::TooLong);
    }

    #[test]
    fn a_new_key_may_not_contain_what_an_old_one_is_searched_without() {
        for (text, expected) in [
            ("AB 1", "it contains a space, which customers leave out or double: leave it out"),
            ("AB\u{200b}1", "it contains a character that nobody sees (U+200B): leave it out"),
            ("AB\u{2013}1", "it contains \"–\" (U+2013), which looks like \"-\": write that"),
        ] {
            assert_eq!(LicenseKey::parse_new(text).unwrap_err().to_string(), expected);
            assert!(LicenseKey::parse(text).unwrap().as_meant().is_some());
        }
        assert!(LicenseKey::parse_new(" AB-1 ").unwrap().as_meant().is_none());
        assert!(LicenseKey::parse("\u{200b}").unwrap().as_meant().is_none(), "nothing would be left");
    }

    #[test]
    fn blanks_and_nul_are_no_names() {
        assert_eq!(MetaKey::parse(" \u{a0}\t").unwrap_err(), ParseNameError::Blank);
        assert_eq!(MetaKey::parse("a\0b").unwrap_err(), ParseNameError::Nul);
    }
}
