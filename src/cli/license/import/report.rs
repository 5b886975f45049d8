//! The result of an import: what became of its lines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Number of bad lines that are reported one by one.
const MAX_REPORTED: usize = 100;

/// What becomes of a good line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Created,
    Updated,
    /// The license has all fields of its line already.
    Unchanged,
    /// The license exists and stays as it is.
    Skipped,
}

#[derive(Debug, Default)]
pub struct Report {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub bad: u64,
    /// The unknown columns that were left out.
    pub left_out: Vec<String>,
    /// All bad lines by number; what is wrong is kept for the first [`MAX_REPORTED`].
    bad_lines: BTreeMap<u64, Option<String>>,
}

impl Report {
    pub fn record(&mut self, line: u64, checked: Result<Done, Vec<String>>) {
        match checked {
            Ok(Done::Created) => self.created += 1,
            Ok(Done::Updated) => self.updated += 1,
            Ok(Done::Unchanged) => self.unchanged += 1,
            Ok(Done::Skipped) => self.skipped += 1,
            Err(faults) => {
                self.bad += 1;
                let reason = (self.bad_lines.len() < MAX_REPORTED).then(|| faults.join("; "));
                self.bad_lines.insert(line, reason);
            }
        }
    }

    /// Takes a bad line over from the report of an earlier pass; `false`: it was good there.
    pub fn take_over(&mut self, line: u64, earlier: &BTreeMap<u64, Option<String>>) -> bool {
        let Some(reason) = earlier.get(&line) else { return false };
        self.bad += 1;
        self.bad_lines.insert(line, reason.clone());
        true
    }

    pub fn all_bad_lines(&self) -> &BTreeMap<u64, Option<String>> {
        &self.bad_lines
    }

    pub fn good(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped
    }

    /// The bad lines as text.
    pub fn text(&self) -> String {
        let mut lines: Vec<String> =
            self.reported().map(|(line, reason)| format!("line {line}: {reason}")).collect();
        let more = self.bad.saturating_sub(lines.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.join("\n")
    }

    /// The bad lines as JSON.
    pub fn bad_lines(&self) -> Vec<Value> {
        self.reported().map(|(line, reason)| json!({ "line": line, "reason": reason })).collect()
    }

    fn reported(&self) -> impl Iterator<Item = (u64, &str)> {
        self.bad_lines.iter().filter_map(|(line, reason)| Some((*line, reason.as_deref()?)))
    }
}
