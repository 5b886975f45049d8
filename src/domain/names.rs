//! The texts that name things: license keys, identifiers, meta keys. Turned into types at the door, so nobody
//! below checks again.

use std::fmt;

/// The longest license key, identifier, meta key or other name, in bytes after trimming (API §0.4, item 8).
pub const MAX_NAME: usize = 255;

/// The longest meta value, in bytes (API §0.4, item 8). A value is never trimmed, so it has no type of its own.
pub const MAX_META_VALUE: usize = 64 * 1024;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNameError {
    #[error("it is empty")]
    Blank,
    #[error("it is longer than {MAX_NAME} bytes")]
    TooLong,
    /// SQLite's case folding stops at a NUL, so two names that differ behind one would be taken for the same;
    /// PostgreSQL can't hold one at all.
    #[error("it holds a NUL character")]
    Nul,
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

/// The text of a license: what the customer holds. Opaque; trimmed; compared without regard to ASCII case.
#[derive(Clone, Debug)]
pub struct LicenseKey(String);

/// What a license is activated for: a domain, a device, anything. Opaque; trimmed; compared without regard to
/// ASCII case.
#[derive(Clone, Debug)]
pub struct Identifier(String);

/// The name of one piece of metadata. Trimmed; compared without regard to ASCII case.
#[derive(Clone, Debug)]
pub struct MetaKey(String);

impl LicenseKey {
    /// Takes 1 to 255 bytes after trimming.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        parse(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Identifier {
    /// Takes 1 to 255 bytes after trimming.
    pub fn parse(text: &str) -> Result<Self, ParseNameError> {
        parse(text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MetaKey {
    /// Takes 1 to 255 bytes after trimming.
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
    fn blanks_and_nul_are_no_names() {
        assert_eq!(MetaKey::parse(" \u{a0}\t").unwrap_err(), ParseNameError::Blank);
        assert_eq!(MetaKey::parse("a\0b").unwrap_err(), ParseNameError::Nul);
    }
}
