//! The clients' requests and their outcomes, each with its position in the disk's recording. What a disk holds at any
//! position is checked against them.

use std::collections::BTreeMap;

use keyseal_test_disk::Disk;

use crate::load::Step;
use crate::records::{Change, Record};

/// A request for a change, and its outcome.
pub struct Entry {
    sent_at: usize,
    change: Change,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Unanswered,
    /// Acknowledged before this position.
    Done(usize),
    Refused,
    Failed,
}

/// Records the requests of one client.
pub struct Recorder<'d> {
    disk: &'d Disk,
    pub entries: Vec<Entry>,
}

impl<'d> Recorder<'d> {
    pub fn new(disk: &'d Disk) -> Self {
        Self { disk, entries: Vec::new() }
    }

    /// Records a step. The position of a request is taken before it is sent and that of an answer after it was read, so
    /// that a check is neither too strict nor too lax.
    pub fn note(&mut self, step: &Step<'_>) {
        let outcome = match step {
            Step::Sending(change) => {
                let sent_at = self.disk.position();
                self.entries.push(Entry { sent_at, change: (*change).clone(), outcome: Outcome::Unanswered });
                return;
            }
            Step::Done => Outcome::Done(self.disk.position()),
            Step::Refused => Outcome::Refused,
            Step::Failed { .. } => Outcome::Failed,
        };
        self.entries.last_mut().expect("a request is sent before it is answered").outcome = outcome;
    }
}

/// The requests of all clients, by the record that they change. No two clients change the same record.
pub struct RequestLog(BTreeMap<Record, Vec<Entry>>);

/// Whether a change that the server answered with a failure may be on disk. While the server runs it may not. After a
/// crash or a power cut it may.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Failures {
    MayBeOnDisk,
    AreNotOnDisk,
}

/// The result of a check.
#[derive(Default)]
pub struct Findings {
    /// How many records were checked against an acknowledged change.
    pub checked: usize,
    pub lost: Vec<String>,
    pub unrequested: Vec<String>,
}

impl RequestLog {
    /// Begins with records that were acknowledged before `position`.
    pub fn new(made: Vec<(Record, String)>, position: usize) -> Self {
        let made = made.into_iter().map(|(record, value)| Entry {
            sent_at: 0,
            change: (record, Some(value)),
            outcome: Outcome::Done(position),
        });
        let mut log = Self(BTreeMap::new());
        log.add(made);
        log
    }

    /// Adds later requests.
    pub fn add(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.0.entry(entry.change.0.clone()).or_default().push(entry);
        }
    }

    /// Compares the records that a disk holds at `position` with what was acknowledged until then.
    pub fn check(&self, found: &BTreeMap<Record, String>, position: usize, failures: Failures) -> Findings {
        let mut findings = Findings::default();
        for (record, entries) in &self.0 {
            let is_known = |entry: &Entry| matches!(entry.outcome, Outcome::Done(at) if at <= position);
            let known = entries.iter().rposition(is_known);
            let acknowledged = known.map(|known| &entries[known]);
            let may_be_on_disk = |entry: &&Entry| {
                entry.sent_at <= position
                    && match entry.outcome {
                        Outcome::Refused => false,
                        Outcome::Failed => failures == Failures::MayBeOnDisk,
                        Outcome::Done(_) | Outcome::Unanswered => true,
                    }
            };
            let unsure = entries[known.map_or(0, |known| known + 1)..].iter().filter(may_be_on_disk);
            let expected = acknowledged.and_then(|entry| entry.change.1.as_ref());
            let found = found.get(record);
            findings.checked += usize::from(acknowledged.is_some());
            if found == expected || unsure.into_iter().any(|entry| found == entry.change.1.as_ref()) {
                continue;
            }
            let text = format!("{record:?}: {found:?} instead of {expected:?}");
            if acknowledged.is_some() { &mut findings.lost } else { &mut findings.unrequested }.push(text);
        }
        let unknown = found.keys().filter(|record| !self.0.contains_key(record));
        findings.unrequested.extend(unknown.map(|record| format!("{record:?}: never requested")));
        findings
    }
}
