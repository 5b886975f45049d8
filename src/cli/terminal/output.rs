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
        let mut list = self.begin_list(heading);
        list.add(rows)?;
        list.end()
    }

    /// Begins a list whose rows are printed as they are added: see [`Self::list`].
    pub fn begin_list<'o>(&'o mut self, heading: &[&str]) -> List<'o> {
        let heading = heading.iter().map(|title| title.to_uppercase()).collect();
        List { json: self.json, out: self.out, widths: Vec::new(), heading: Some(heading) }
    }

    /// Prints a note to standard error. Ignores failures: nobody may be reading.
    #[expect(clippy::unused_self, reason = "notes and results belong to one command")]
    pub fn note(&self, text: &str) {
        drop(writeln!(io::stderr(), "{}", plain(text)));
    }
}

/// The object `value` with more members.
pub fn with_members<'n>(mut value: Value, more: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    if let Value::Object(members) = &mut value {
        members.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    value
}

/// A table with a heading.
pub fn table<'c>(heading: &[&str], rows: impl IntoIterator<Item = &'c Vec<String>>) -> String {
    let heading = heading.iter().map(|title| title.to_uppercase()).collect();
    lines(Some(heading), rows, &mut Vec::new()).trim_end().to_owned()
}

/// Lines of a table, each with its end. Columns become as wide as their widest cell, and no less than they are.
fn lines<'c>(
    heading: Option<Vec<String>>,
    rows: impl IntoIterator<Item = &'c Vec<String>>,
    widths: &mut Vec<usize>,
) -> String {
    // A cell is one line, so line breaks are escaped too.
    let cells = rows.into_iter().map(|cells| cells.iter().map(|cell| one_line(cell)).collect());
    let lines: Vec<Vec<String>> = heading.into_iter().chain(cells).collect();
    for line in &lines {
        widths.resize(widths.len().max(line.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in &lines {
        let padded = line.iter().zip(widths.iter()).map(|(cell, width)| format!("{cell:<width$}"));
        text += padded.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A list that is being printed.
pub struct List<'o> {
    json: bool,
    out: &'o mut dyn Write,
    /// The widths of the columns so far. The first rows that are added set them for the heading.
    widths: Vec<usize>,
    /// The heading, until it is printed with the first rows.
    heading: Option<Vec<String>>,
}

impl List<'_> {
    pub fn add(&mut self, rows: &[(Value, Vec<String>)]) -> Result {
        let mut text = String::new();
        if self.json {
            let mut separator = if self.heading.take().is_some() { "[" } else { "," };
            for (value, _) in rows {
                text += separator;
                text += &value.to_string();
                separator = ",";
            }
            if rows.is_empty() {
                text += separator.trim_matches(',');
            }
        } else {
            text = lines(self.heading.take(), rows.iter().map(|(_, cells)| cells), &mut self.widths);
        }
        Ok(self.out.write_all(text.as_bytes())?)
    }

    pub fn end(mut self) -> Result {
        if self.heading.is_some() {
            self.add(&[])?;
        }
        if self.json {
            self.out.write_all(b"]\n")?;
        }
        Ok(self.out.flush()?)
    }
}

/// Escapes characters that control a terminal, except line breaks. Text may come from other people's files and
/// requests.
pub fn plain(text: &str) -> String {
    escaped(text, "\n")
}

/// Like [`plain`], and escapes line breaks too.
pub fn one_line(text: &str) -> String {
    escaped(text, "")
}

/// Joins lines with texts of customers and clients, which make no second line.
pub fn join_lines(lines: &[String]) -> String {
    lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
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
