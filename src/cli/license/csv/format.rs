//! How a file is written: its byte order mark, its `sep=` line, and what separates its fields.

use super::{COLUMNS, EXPIRES_AT};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What may separate fields when the file doesn't say. The first wins if several are as frequent.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    pub delimiter: u8,
    /// The number of bytes before the first record.
    pub skipped: usize,
    /// The line on which the records begin, counted from 1.
    pub line: u64,
}

impl Format {
    /// Recognizes the format by the beginning of a file. The error completes "FILE …".
    pub fn of(start: &[u8]) -> Result<Self, &'static str> {
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err("is a spreadsheet, not CSV: save it as \"CSV UTF-8\" first");
        }
        let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") || text.contains(&0) {
            return Err("is not UTF-8: save it as \"CSV UTF-8\"");
        }
        let before = start.len() - text.len();
        if let Some((delimiter, length)) = sep_line(text) {
            return Ok(Self { delimiter, skipped: before + length, line: 2 });
        }
        Ok(Self { delimiter: most_frequent(first_line(text)), skipped: before, line: 1 })
    }

    /// The delimiter's name in messages, as in "separated by commas".
    pub fn delimiter_name(self) -> String {
        match self.delimiter {
            b',' => "commas".to_owned(),
            b';' => "semicolons".to_owned(),
            b'\t' => "tabs".to_owned(),
            other => format!("\"{}\"", char::from(other)),
        }
    }
}

/// The delimiter that the line `sep=;` names, and the length of the line with its end.
fn sep_line(text: &[u8]) -> Option<(u8, usize)> {
    let (word, rest) = text.split_at_checked(4)?;
    let (delimiter, rest) = rest.split_first().filter(|_| word.eq_ignore_ascii_case(b"sep="))?;
    let end = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [] => 0,
        _ => return None,
    };
    let is_usable = delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\n' | b'\r');
    is_usable.then_some((*delimiter, word.len() + 1 + end))
}

/// The first line that is not blank.
fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default()
}

fn most_frequent(line: &[u8]) -> u8 {
    let count = |delimiter: u8| {
        let mut quoted = false;
        let is_one = |byte: &&u8| {
            quoted ^= **byte == b'"';
            **byte == delimiter && !quoted
        };
        line.iter().filter(is_one).count()
    };
    // max_by_key takes the last of equals.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// The columns that an import reads, for messages.
pub fn known_columns() -> String {
    format!("{}, {EXPIRES_AT}", COLUMNS.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found_or_named_by_the_file() {
        for (start, delimiter, skipped, line) in [
            ("license_key,product_id\nA;B;C;D,1", b',', 0, 1),
            ("license_key;product_id\r\n", b';', 0, 1),
            ("license_key\tproduct_id\n", b'\t', 0, 1),
            ("\u{feff}license_key;product_id", b';', 3, 1),
            ("\u{feff}sep=;\r\nlicense_key;product_id", b';', 10, 2),
            ("SEP=|\nlicense_key|product_id", b'|', 6, 2),
            ("sep=\t", b'\t', 5, 2),
            ("\n\n\"a;b;c\",d\n", b',', 0, 1),
            ("KEY-1\nKEY-2;\n", b',', 0, 1),
            ("", b',', 0, 1),
            ("sep=;x\n", b';', 0, 1),
        ] {
            assert_eq!(Format::of(start.as_bytes()), Ok(Format { delimiter, skipped, line }), "{start:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_what_to_do() {
        for start in [&b"PK\x03\x04\x14"[..], b"\xff\xfel\0i\0", b"l\0i\0c\0", b"\xd0\xcf\x11\xe0\xa1"] {
            assert!(Format::of(start).unwrap_err().contains("CSV UTF-8"));
        }
    }
}
