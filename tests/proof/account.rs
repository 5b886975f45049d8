//! What clients asked for and were told, each with the moment on the disk when: against it, what a disk holds
//! at any moment is judged.

use std::collections::BTreeMap;

use keyseal_test_disk::Disk;

use crate::ledger::{Change, Thing};
use crate::load::Step;

/// One request for a change, and what came of it.
pub struct Entry {
    asked: usize,
    change: Change,
    told: Told,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// That it is done, before this moment.
    Done(usize),
    Refused,
    Failed,
}

/// One client's account.
pub struct Witness<'d> {
    disk: &'d Disk,
    pub entries: Vec<Entry>,
}

impl<'d> Witness<'d> {
    pub fn new(disk: &'d Disk) -> Self {
        Self { disk, entries: Vec::new() }
    }

    /// Notes a step. The moment of a question is taken before it is sent, that of an answer after it was
    /// read, so neither account is too strict or too lax.
    pub fn note(&mut self, step: &Step<'_>) {
        let told = match step {
            Step::Asks(change) => {
                let asked = self.disk.moment();
                self.entries.push(Entry { asked, change: (*change).clone(), told: Told::Nothing });
                return;
            }
            Step::Done => Told::Done(self.disk.moment()),
            Step::Refused => Told::Refused,
            Step::Failed { .. } => Told::Failed,
        };
        self.entries.last_mut().expect("asked before it is answered").told = told;
    }
}

/// All accounts, by what they are about. No two clients change the same thing.
pub struct Account(BTreeMap<Thing, Vec<Entry>>);

/// Whether a change that the server failed to make may be there all the same. While it runs it may not: it
/// said so. What a crash or a power cut leaves of it, nobody can know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Failures {
    MayBeThere,
    AreNot,
}

/// What a look at a disk gave.
#[derive(Default)]
pub struct Findings {
    /// Things that were judged by something acknowledged.
    pub checked: usize,
    pub lost: Vec<String>,
    pub phantom: Vec<String>,
}

impl Account {
    /// Opens it with what had been made by `moment`.
    pub fn new(made: Vec<(Thing, String)>, moment: usize) -> Self {
        let made = made.into_iter().map(|(thing, value)| Entry {
            asked: 0,
            change: (thing, Some(value)),
            told: Told::Done(moment),
        });
        let mut account = Self(BTreeMap::new());
        account.add(made);
        account
    }

    /// Takes in what came later.
    pub fn add(&mut self, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            self.0.entry(entry.change.0.clone()).or_default().push(entry);
        }
    }

    /// Compares what is found on a disk, as it was at `moment`, with what was said until then.
    pub fn judge(&self, found: &BTreeMap<Thing, String>, moment: usize, failures: Failures) -> Findings {
        let mut findings = Findings::default();
        for (thing, entries) in &self.0 {
            let is_known = |entry: &Entry| matches!(entry.told, Told::Done(at) if at <= moment);
            let known = entries.iter().rposition(is_known);
            let certain = known.map(|known| &entries[known]);
            let may_be = |entry: &&Entry| {
                entry.asked <= moment
                    && match entry.told {
                        Told::Refused => false,
                        Told::Failed => failures == Failures::MayBeThere,
                        Told::Done(_) | Told::Nothing => true,
                    }
            };
            let open = entries[known.map_or(0, |known| known + 1)..].iter().filter(may_be);
            let expected = certain.and_then(|entry| entry.change.1.as_ref());
            let found = found.get(thing);
            findings.checked += usize::from(certain.is_some());
            if found == expected || open.into_iter().any(|entry| found == entry.change.1.as_ref()) {
                continue;
            }
            let text = format!("{thing:?}: {found:?} instead of {expected:?}");
            if certain.is_some() { &mut findings.lost } else { &mut findings.phantom }.push(text);
        }
        let strange = found.keys().filter(|thing| !self.0.contains_key(thing));
        findings.phantom.extend(strange.map(|thing| format!("{thing:?}: nobody asked for it")));
        findings
    }
}
