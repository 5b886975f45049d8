//! What a power cut leaves of a history: all that was synced, and of the rest any part.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::{Event, History};

/// The files that are found after a power cut, by name.
pub type Image = BTreeMap<String, Vec<u8>>;

/// A history as far as it was gone through.
pub struct Replay<'h> {
    history: &'h History,
    at: usize,
    files: Vec<File<'h>>,
    /// By name, what may be found under it: the last is what the program sees, and without others that is certain.
    names: BTreeMap<String, Vec<Option<usize>>>,
}

#[derive(Default)]
struct File<'h> {
    synced: Vec<u8>,
    /// What was done since, with the position when.
    pending: Vec<(usize, Change<'h>)>,
}

#[derive(Clone, Copy)]
enum Change<'h> {
    Write(usize, &'h [u8]),
    Truncate(usize),
}

impl<'h> Replay<'h> {
    pub fn new(history: &'h History) -> Self {
        let file = |bytes: &Vec<u8>| File { synced: bytes.clone(), pending: Vec::new() };
        let names =
            history.files.iter().enumerate().map(|(file, (name, _))| (name.clone(), vec![Some(file)]));
        Self {
            history,
            at: 0,
            files: history.files.iter().map(|(_, bytes)| file(bytes)).collect(),
            names: names.collect(),
        }
    }

    /// How many events are behind it.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes through what happened before this position.
    pub fn go_to(&mut self, position: usize, chance: &mut Rng, tear: usize) {
        while self.at < position && self.step(chance, tear) {}
    }

    /// Goes through the next event. `false`: there is none. Chance decides what a failed sync leaves.
    pub fn step(&mut self, chance: &mut Rng, tear: usize) -> bool {
        let Some(event) = self.history.events.get(self.at) else { return false };
        match event {
            Event::Created { file, name } => {
                self.files.resize_with(file + 1, File::default);
                self.names.entry(name.clone()).or_insert_with(|| vec![None]).push(Some(*file));
            }
            Event::Written { file, offset, bytes } => {
                self.files[*file].pending.push((self.at, Change::Write(*offset, bytes)));
            }
            Event::Truncated { file, size } => {
                self.files[*file].pending.push((self.at, Change::Truncate(*size)));
            }
            Event::Synced { file, since } => {
                self.settle(*file, *since, 1.0, chance, tear);
                // SQLite syncs the directory with the first sync of a log.
                self.names
                    .values_mut()
                    .filter(|found| found.last() == Some(&Some(*file)))
                    .for_each(keep_last);
            }
            Event::SyncFailed { file, since } => {
                let share = share(chance);
                self.settle(*file, *since, share, chance, tear);
            }
            Event::Deleted { name, synced } => {
                let found = self.names.entry(name.clone()).or_default();
                found.push(None);
                if *synced {
                    self.names.values_mut().for_each(keep_last);
                }
            }
        }
        self.at += 1;
        true
    }

    /// Makes up the mind about what was done to a file before a position.
    fn settle(&mut self, file: usize, since: usize, share: f64, chance: &mut Rng, tear: usize) {
        let file = &mut self.files[file];
        let later = file.pending.partition_point(|(when, _)| *when < since);
        for (_, change) in file.pending.drain(..later) {
            change.apply(&mut file.synced, share, chance, tear);
        }
    }

    /// Whether anything was done to the file of this name that is not synced.
    pub fn is_pending(&self, name: &str) -> bool {
        self.current(name).is_some_and(|file| !file.pending.is_empty())
    }

    /// Whether the next event is the end of a sync.
    pub fn is_synced_next(&self) -> bool {
        matches!(self.history.events.get(self.at), Some(Event::Synced { .. }))
    }

    /// Whether the beginning of the file of this name was written or cut off, and not synced.
    pub fn is_restarting(&self, name: &str) -> bool {
        let at_start = |change: &Change<'_>| matches!(change, Change::Write(0, _) | Change::Truncate(0));
        self.current(name).is_some_and(|file| file.pending.iter().any(|(_, change)| at_start(change)))
    }

    fn current(&self, name: &str) -> Option<&File<'h>> {
        let file = self.names.get(name)?.last().copied().flatten()?;
        self.files.get(file)
    }

    /// What a power cut could leave now. What was written and not synced is there in pieces of `tear` bytes,
    /// or not; so is a change of size, and where a file grew without its bytes there is anything.
    pub fn image(&self, chance: &mut Rng, tear: usize) -> Image {
        let mut image = Image::new();
        for (name, found) in &self.names {
            let Some(Some(file)) = chance.choice(found).copied() else { continue };
            let (file, share) = (&self.files[file], share(chance));
            let (mut bytes, mut size) = (file.synced.clone(), file.synced.len());
            for (_, change) in &file.pending {
                change.apply(&mut bytes, share, chance, tear);
                size = match change {
                    Change::Write(offset, written) => size.max(offset + written.len()),
                    Change::Truncate(size) => *size,
                };
            }
            if chance.bool() && bytes.len() < size {
                let garbage = if chance.bool() { 0 } else { chance.u8(..) };
                bytes.resize(size, garbage);
            }
            image.insert(name.clone(), bytes);
        }
        image
    }
}

fn keep_last(found: &mut Vec<Option<usize>>) {
    found.drain(..found.len() - 1);
}

/// How much of what was not synced is there: often none or all of it, which are the cases most unlike each other.
fn share(chance: &mut Rng) -> f64 {
    *chance.choice([0.0, 0.1, 0.5, 0.9, 1.0]).as_ref().expect("five of them")
}

impl Change<'_> {
    /// Does it to `bytes`, each piece with the likelihood `share`.
    fn apply(&self, bytes: &mut Vec<u8>, share: f64, chance: &mut Rng, tear: usize) {
        match *self {
            Change::Truncate(size) => {
                if chance.f64() < share {
                    bytes.resize(size, 0);
                }
            }
            Change::Write(offset, written) => {
                let (mut from, end) = (offset, offset + written.len());
                while from < end {
                    let to = (from - from % tear + tear).min(end);
                    if chance.f64() < share {
                        if bytes.len() < to {
                            bytes.resize(to, 0);
                        }
                        bytes[from..to].copy_from_slice(&written[from - offset..to - offset]);
                    }
                    from = to;
                }
            }
        }
    }
}
