//! Telemetry: reports that products send about their use, and the rule that flags suspicious ones.

use super::Timestamp;

/// The longest text in a report, in bytes.
pub const MAX_TELEMETRY_TEXT: usize = 64 * 1024;

/// A report as it is stored. Malformed reports are stored too, with empty texts where one was missing or invalid.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the v1 API has these four independent flags")]
pub struct TelemetryReport {
    pub user_identifier: String,
    pub license_key: String,
    pub activation_identifier: String,
    /// The id of the product; 0: none was sent.
    pub product_id: i64,
    pub product_version: String,
    pub data_type: String,
    pub data_group: String,
    pub data: String,
    pub is_correct_format: bool,
    pub license_key_exists: bool,
    pub product_exists: bool,
    pub product_version_exists: bool,
}

/// A stored report.
#[derive(Clone, Debug)]
pub struct Telemetry {
    pub id: i64,
    pub report: TelemetryReport,
    pub created_at: Timestamp,
}

/// Selects reports by exact values; `None` matches any.
#[derive(Clone, Debug, Default)]
pub struct TelemetryFilter {
    pub data_type: Option<String>,
    pub data_group: Option<String>,
    pub product_id: Option<i64>,
    pub user_identifier: Option<String>,
    pub license_key: Option<String>,
    pub activation_identifier: Option<String>,
    pub product_version: Option<String>,
    pub is_correct_format: Option<bool>,
    pub license_key_exists: Option<bool>,
    pub product_exists: Option<bool>,
    pub product_version_exists: Option<bool>,
    pub has_red_flags: Option<bool>,
}

/// The kind of data in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    NumericSingleValue,
    NumericXyAxis,
    Text,
}

impl DataType {
    /// The name of this value in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NumericSingleValue => "numeric-single-value",
            Self::NumericXyAxis => "numeric-xy-axis",
            Self::Text => "text",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::NumericSingleValue, Self::NumericXyAxis, Self::Text]
            .into_iter()
            .find(|data_type| data_type.as_str() == word)
    }
}

impl TelemetryReport {
    /// Whether the report may come from a tampered or pirated copy (API §6.5).
    pub fn has_red_flags(&self) -> bool {
        !(self.is_correct_format
            && self.license_key_exists
            && self.product_exists
            && self.product_version_exists)
    }
}

/// Whether a text is a finite decimal number: digits, optionally with a sign, a fraction or an exponent.
pub fn is_numeric(text: &str) -> bool {
    // `parse` also accepts "inf" and "NaN", which are not finite.
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(flags: [bool; 4]) -> TelemetryReport {
        let [is_correct_format, license_key_exists, product_exists, product_version_exists] = flags;
        TelemetryReport {
            user_identifier: String::new(),
            license_key: String::new(),
            activation_identifier: String::new(),
            product_id: 0,
            product_version: String::new(),
            data_type: String::new(),
            data_group: String::new(),
            data: String::new(),
            is_correct_format,
            license_key_exists,
            product_exists,
            product_version_exists,
        }
    }

    #[test]
    fn one_missing_fact_is_a_red_flag() {
        assert!(!report([true; 4]).has_red_flags());
        for missing in 0..4 {
            let mut flags = [true; 4];
            flags[missing] = false;
            assert!(report(flags).has_red_flags(), "{flags:?}");
        }
    }

    #[test]
    fn numbers_are_finite_and_written_in_digits() {
        for text in ["0", "-1", "+2", "3.50", ".5", "1e3", "123456789012345678901234567890"] {
            assert!(is_numeric(text), "{text}");
        }
        for text in ["", "-", "1,5", "1 2", "0x1f", "inf", "NaN", "infinity", "1e999", "five"] {
            assert!(!is_numeric(text), "{text}");
        }
    }

    #[test]
    fn a_data_type_reads_back_from_its_word() {
        for word in ["numeric-single-value", "numeric-xy-axis", "text"] {
            assert_eq!(DataType::parse(word).unwrap().as_str(), word);
        }
        assert_eq!(DataType::parse("Text"), None);
    }
}
