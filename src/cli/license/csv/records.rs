//! Reads the records of a CSV file one by one, each with the number of its first line.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The longest record. A quotation mark that is never closed makes one of the whole rest of the file.
const MAX_RECORD: usize = 16 * 1024 * 1024;

pub struct Records<R> {
    input: R,
    parser: Reader,
    lines: LineCount,
    /// The fields of the current record one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    bytes: u64,
}

/// One record.
pub struct Record<'a> {
    /// The number of its first line, counted from 1.
    pub line: u64,
    text: &'a [u8],
    ends: &'a [usize],
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(
        "line {0} has more than {MAX_RECORD} bytes: a quotation mark may be missing at the end of one of its fields"
    )]
    TooLong(u64),
    #[error("line {0} opens a field with a quotation mark, and none closes it before the end of the file")]
    Unclosed(u64),
}

/// Counts line ends, whether LF, CRLF or CR.
struct LineCount {
    line: u64,
    after_cr: bool,
}

impl LineCount {
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.line += u64::from(*byte == b'\r' || (*byte == b'\n' && !self.after_cr));
            self.after_cr = *byte == b'\r';
        }
    }
}

impl<R: BufRead> Records<R> {
    /// Reads `input`, whose first byte is on the line with number `line`.
    pub fn new(input: R, delimiter: u8, line: u64) -> Self {
        Self {
            input,
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            lines: LineCount { line, after_cr: false },
            text: vec![0; 1024],
            ends: vec![0; 32],
            bytes: 0,
        }
    }

    /// The number of bytes that were read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next record that is no blank line; `None`: the file is at its end.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        self.skip_blank_lines()?;
        let line = self.lines.line;
        let (mut length, mut count, mut begun) = (0, 0, false);
        loop {
            let input = self.input.fill_buf()?;
            // At the end of the file, one more line end tells an open field, which takes it as text.
            let at_end = begun && input.is_empty();
            let input = if at_end { b"\n" } else { input };
            let text = self.text.get_mut(length..).unwrap_or_default();
            let ends = self.ends.get_mut(count..).unwrap_or_default();
            let (result, read, written, ended) = self.parser.read_record(input, text, ends);
            if !at_end {
                self.lines.pass(input.get(..read).unwrap_or_default());
                self.input.consume(read);
                self.bytes += read as u64;
                begun |= read > 0;
            }
            length += written;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty if at_end => return Err(RecordError::Unclosed(line)),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if length > MAX_RECORD => {
                    return Err(RecordError::TooLong(line));
                }
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record => {
                    let text = self.text.get(..length).unwrap_or_default();
                    return Ok(Some(Record { line, text, ends: self.ends.get(..count).unwrap_or_default() }));
                }
            }
        }
    }

    fn skip_blank_lines(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let ends = input.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            self.lines.pass(input.get(..ends).unwrap_or_default());
            let is_all = ends > 0 && ends == input.len();
            self.input.consume(ends);
            self.bytes += ends as u64;
            if !is_all {
                return Ok(());
            }
        }
    }
}

impl<'a> Record<'a> {
    /// Its fields; `None`: it is not UTF-8.
    pub fn fields(&self) -> Option<Vec<&'a str>> {
        let mut start = 0;
        let field = |end: &usize| {
            let field = self.text.get(start..*end)?;
            start = *end;
            std::str::from_utf8(field).ok()
        };
        self.ends.iter().map(field).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// All records, each with its line, read in pieces of this size.
    fn read(text: &str, piece: usize) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(BufReader::with_capacity(piece, text.as_bytes()), b',', 1);
        let mut all = Vec::new();
        while let Some(record) = records.next().unwrap() {
            let fields = record.fields().unwrap();
            all.push((record.line, fields.into_iter().map(str::to_owned).collect()));
        }
        assert_eq!(records.bytes(), text.len() as u64);
        all
    }

    #[test]
    fn each_record_has_the_number_of_its_first_line_whatever_ends_lines() {
        let lines = "a,b\n\n\"1\n2\",x\nlast,\"q\"\"\"\n";
        for text in [lines.to_owned(), lines.replace('\n', "\r\n"), lines.replace('\n', "\r")] {
            let end = text.trim_end_matches(['\r', '\n']).len();
            for text in [&text[..], &text[..end]] {
                for piece in 1..12 {
                    let found = read(text, piece);
                    assert_eq!(
                        found.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
                        [1, 3, 5],
                        "{text:?}"
                    );
                    assert_eq!(found[2].1, ["last", "q\""]);
                }
            }
        }
    }

    #[test]
    fn long_records_and_many_fields_are_read_whole() {
        let long = format!("{},{}", "x".repeat(10_000), vec!["y"; 1_000].join(","));
        let found = read(&long, 64);
        assert_eq!((found.len(), found[0].1.len(), found[0].1[0].len()), (1, 1_001, 10_000));
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_told() {
        for end in ["\"open", "\"open\nc,d\n", "x,\"", "\"a\"\"", "\"open\r\n"] {
            for piece in 1..12 {
                let text = format!("a,b\r\n{end}");
                let mut records = Records::new(BufReader::with_capacity(piece, text.as_bytes()), b',', 1);
                assert!(records.next().unwrap().is_some());
                let error = records.next().map(|_| ()).unwrap_err();
                assert!(matches!(error, RecordError::Unclosed(2)), "{end:?} {piece}: {error}");
            }
        }
        // A mark inside a field that no mark begins is text.
        assert_eq!(read("a,5\" wide", 3)[0].1, ["a", "5\" wide"]);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_ends_at_the_limit() {
        let endless = format!("a\n\"b,{}", "x\n".repeat(MAX_RECORD));
        let mut records = Records::new(endless.as_bytes(), b',', 1);
        assert!(records.next().unwrap().is_some());
        assert!(matches!(records.next().map(|_| ()), Err(RecordError::TooLong(2))));
    }
}
