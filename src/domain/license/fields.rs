//! The rules of a license's fields, for every way in: API, command line, import.

use super::LicenseStatus;
use crate::domain::{TextError, Timestamp, trimmed_text};

/// The longest name or e-mail address of an owner, in bytes.
pub const MAX_OWNER: usize = 255;

/// The largest activation limit and validity: the limit of the original server's columns, and a number that
/// every client can parse.
pub const MAX_LICENSE_NUMBER: i64 = 2_147_483_647;

/// The text is no activation limit and no validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number from 0 to {MAX_LICENSE_NUMBER}")]
pub struct NoLicenseNumber;

/// The name or the e-mail address of an owner, trimmed: empty for none.
pub fn parse_owner(text: &str) -> Result<String, TextError> {
    trimmed_text(text, MAX_OWNER)
}

/// The identifiers on which a license may be active at once; 0: any number, for which newer clients write -1.
pub fn parse_activation_limit(text: &str) -> Result<i64, NoLicenseNumber> {
    parse_number(text, -1).map(|limit| limit.max(0))
}

/// Days from the assignment; 0: for ever.
pub fn parse_validity(text: &str) -> Result<i64, NoLicenseNumber> {
    parse_number(text, 0)
}

fn parse_number(text: &str, least: i64) -> Result<i64, NoLicenseNumber> {
    let number = text.trim().parse().ok();
    number.filter(|number| (least..=MAX_LICENSE_NUMBER).contains(number)).ok_or(NoLicenseNumber)
}

impl LicenseStatus {
    /// When a new license with this status was assigned: as it is said, else now if it is assigned.
    pub fn assigned_at(self, said: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        said.or_else(|| (self == Self::Assigned).then_some(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_range_of_the_api() {
        for (text, limit, validity) in [
            ("0", Ok(0), Ok(0)),
            (" 7 ", Ok(7), Ok(7)),
            ("-1", Ok(0), Err(NoLicenseNumber)),
            ("-2", Err(NoLicenseNumber), Err(NoLicenseNumber)),
            ("2147483647", Ok(MAX_LICENSE_NUMBER), Ok(MAX_LICENSE_NUMBER)),
            ("2147483648", Err(NoLicenseNumber), Err(NoLicenseNumber)),
            ("9223372036854775807", Err(NoLicenseNumber), Err(NoLicenseNumber)),
            ("1.5", Err(NoLicenseNumber), Err(NoLicenseNumber)),
            ("", Err(NoLicenseNumber), Err(NoLicenseNumber)),
        ] {
            assert_eq!((parse_activation_limit(text), parse_validity(text)), (limit, validity), "{text}");
        }
    }

    #[test]
    fn an_owner_is_trimmed_and_can_be_stored() {
        assert_eq!(parse_owner("  Jane \n").unwrap(), "Jane");
        assert_eq!(parse_owner(" "), Ok(String::new()));
        assert_eq!(parse_owner(&"x".repeat(256)), Err(TextError::TooLong(255)));
        assert_eq!(parse_owner("a\0b"), Err(TextError::Nul));
    }
}
