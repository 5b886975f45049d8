//! Where a command's result goes: JSON for scripts, text for people.

use std::io::{self, Write};

use serde_json::Value;

use super::Result;

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

    /// Where the result goes, for a command whose result is a file.
    pub fn writer(&mut self) -> &mut dyn Write {
        self.out
    }

    /// Prints the result: `value` with `--json`, else the text.
    pub fn result(&mut self, value: &Value, text: &str) -> Result {
        if self.json {
            writeln!(self.out, "{value}")?;
        } else {
            writeln!(self.out, "{}", text.trim_end())?;
        }
        Ok(self.out.flush()?)
    }

    /// Prints a list: an array with `--json`, else a line each under a heading, columns aligned.
    pub fn list(&mut self, heading: &[&str], rows: &[(Value, Vec<String>)]) -> Result {
        let values = Value::Array(rows.iter().map(|(value, _)| value.clone()).collect());
        let heading: Vec<String> = heading.iter().map(|title| title.to_uppercase()).collect();
        let lines: Vec<&[String]> = std::iter::once(heading.as_slice())
            .chain(rows.iter().map(|(_, cells)| cells.as_slice()))
            .collect();
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
        self.result(&values, &text.join("\n"))
    }

    /// Says something to the person at the terminal, who may not be there.
    #[expect(clippy::unused_self, reason = "notes and results are two ways out of one command")]
    pub fn note(&self, text: &str) {
        drop(writeln!(io::stderr(), "{text}"));
    }
}
