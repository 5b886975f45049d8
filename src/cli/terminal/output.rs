//! The output of a command: JSON for scripts, text for people.

use std::io::{self, Write};

use serde_json::Value;

use crate::cli::Result;

pub struct Output<'a> {
    json: bool,
    out: &'a mut dyn Write,
}

impl<'a> Output<'a> {
    pub fn new(json: bool, out: &'a mut dyn Write) -> Self {
        Self { json, out }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Standard output, for a command that writes a file to it.
    pub fn writer(&mut self) -> &mut dyn Write {
        self.out
    }

    /// Prints the result: `value` with `--json`, else `text`.
    pub fn result(&mut self, value: &Value, text: &str) -> Result {
        if self.json {
            writeln!(self.out, "{value}")?;
        } else {
            writeln!(self.out, "{}", plain(text.trim_end()))?;
        }
        Ok(self.out.flush()?)
    }

    /// Prints a list: an array with `--json`, else a table with a heading.
    pub fn list(&mut self, heading: &[&str], rows: &[(Value, Vec<String>)]) -> Result {
        let values = Value::Array(rows.iter().map(|(value, _)| value.clone()).collect());
        self.result(&values, &table(heading, rows.iter().map(|(_, cells)| cells)))
    }

    /// Prints a note to standard error. Ignores failures: nobody may be reading.
    #[expect(clippy::unused_self, reason = "notes and results belong to one command")]
    pub fn note(&self, text: &str) {
        drop(writeln!(io::stderr(), "{}", plain(text)));
    }
}

/// A table with a heading.
pub fn table<'c>(heading: &[&str], rows: impl IntoIterator<Item = &'c Vec<String>>) -> String {
    let heading: Vec<String> = heading.iter().map(|title| title.to_uppercase()).collect();
    // A cell is one line, so line breaks are escaped too.
    let cells: Vec<Vec<String>> =
        rows.into_iter().map(|cells| cells.iter().map(|cell| escaped(cell, "")).collect()).collect();
    let lines: Vec<&[String]> =
        std::iter::once(heading.as_slice()).chain(cells.iter().map(|cells| cells.as_slice())).collect();
    let width = |column| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell: &String| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..heading.len()).filter_map(width).collect();
    let text: Vec<String> = lines
        .iter()
        .map(|line| {
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect();
    text.join("\n")
}

/// Escapes characters that control a terminal, except line breaks. Text may come from other people's files and
/// requests.
pub fn plain(text: &str) -> String {
    escaped(text, "\n")
}

/// Escapes control characters and marks that change the direction of text, as in Rust; all but those in `kept`.
fn escaped(text: &str, kept: &str) -> String {
    let turns_direction = |c: char| {
        matches!(
            c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}'
                | '\u{200f}' | '\u{61c}'
        )
    };
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() || turns_direction(c)) && !kept.contains(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_all_else_stays() {
        for (text, shown) in [
            ("Zoë 日本 \"x\" \\ 😀\nb", "Zoë 日本 \"x\" \\ 😀\nb"),
            ("\u{1b}[2Ja\r\u{7}", "\\u{1b}[2Ja\\r\\u{7}"),
            ("\u{9b}31m\u{7f}\u{202e}txt", "\\u{9b}31m\\u{7f}\\u{202e}txt"),
        ] {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn a_cell_of_a_list_stays_in_its_line() {
        let mut out = Vec::new();
        let rows = [(Value::Null, vec!["a\nkeyseal: all is well\u{1b}[A".to_owned(), "b".to_owned()])];
        Output::new(false, &mut out).list(&["name", "more"], &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().nth(1), Some("a\\nkeyseal: all is well\\u{1b}[A  b"));
        assert_eq!(text.lines().count(), 2);
    }
}
