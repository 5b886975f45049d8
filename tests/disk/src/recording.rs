//! What the disk was told, in one order; and what it has been told to refuse.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Something that happened to a file. Files are numbered as they come into being; a name can have several,
/// one after another.
#[derive(Clone, Debug)]
pub enum Event {
    Created {
        file: usize,
        name: String,
    },
    Written {
        file: usize,
        offset: usize,
        bytes: Arc<[u8]>,
    },
    Truncated {
        file: usize,
        size: usize,
    },
    /// What had happened to the file by `since`, when the sync began, is there for good.
    Synced {
        file: usize,
        since: usize,
    },
    /// What had not been synced by `since` may be there or not, and no later sync changes that.
    SyncFailed {
        file: usize,
        since: usize,
    },
    /// Lasts at once only if the directory was synced.
    Deleted {
        name: String,
        synced: bool,
    },
}

/// What becomes of a write or a sync.
pub enum Fate {
    Done,
    /// Refused, after this many bytes.
    Full(usize),
    Failed(usize),
}

#[derive(Default)]
pub struct Recording {
    pub files: Vec<(String, Vec<u8>)>,
    pub events: Vec<Event>,
    pub sync_takes: Duration,
    pub ignores_syncs: bool,
    pub failing_write: Option<usize>,
    pub failing_sync: Option<usize>,
    pub failing_sync_of: Option<String>,
    pub refused: usize,
    /// By file: its size as the system has it.
    sizes: Vec<usize>,
    names: BTreeMap<String, usize>,
    /// How many bytes there may be in all files.
    capacity: Option<usize>,
}

impl Recording {
    /// Takes in the database and its log, if there are any.
    pub fn new(directory: &Path) -> Self {
        let mut recording = Self::default();
        for entry in fs::read_dir(directory).expect("a directory") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            if [".db", ".db-wal"].iter().any(|ending| name.ends_with(ending)) {
                let bytes = fs::read(entry.path()).expect("a file that can be read");
                recording.names.insert(name.clone(), recording.files.len());
                recording.sizes.push(bytes.len());
                recording.files.push((name, bytes));
            }
        }
        recording
    }

    pub fn set_space(&mut self, left: Option<u64>) {
        let left = left.map(|left| usize::try_from(left).expect("space that fits into memory"));
        self.capacity = left.map(|left| left + self.used());
    }

    fn used(&self) -> usize {
        self.names.values().map(|file| self.sizes[*file]).sum()
    }

    pub fn opened(&mut self, name: &str) -> usize {
        if let Some(file) = self.names.get(name) {
            return *file;
        }
        let file = self.sizes.len();
        self.sizes.push(0);
        self.names.insert(name.to_owned(), file);
        self.events.push(Event::Created { file, name: name.to_owned() });
        file
    }

    pub fn deleted(&mut self, name: &str, synced: bool) {
        if self.names.remove(name).is_some() {
            self.events.push(Event::Deleted { name: name.to_owned(), synced });
        }
    }

    /// Whether a write may be done, or how much of it.
    pub fn judge_write(&mut self, file: usize, offset: usize, length: usize) -> Fate {
        if is_due(&mut self.failing_write) {
            self.refused += 1;
            return Fate::Failed(length / 2);
        }
        let size = self.sizes[file];
        let grows = (offset + length).saturating_sub(size);
        let left = self.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(self.used()));
        if grows > left {
            self.refused += 1;
            return Fate::Full((size + left).saturating_sub(offset).min(length));
        }
        Fate::Done
    }

    /// Whether a sync succeeds.
    pub fn judge_sync(&mut self, file: usize) -> Fate {
        let is_named = self.failing_sync_of.as_ref().is_some_and(|name| self.names.get(name) == Some(&file));
        if is_named {
            self.failing_sync_of = None;
        }
        if is_due(&mut self.failing_sync) || is_named {
            self.refused += 1;
            return Fate::Failed(0);
        }
        Fate::Done
    }

    pub fn written(&mut self, file: usize, offset: usize, bytes: &[u8]) {
        self.sizes[file] = self.sizes[file].max(offset + bytes.len());
        self.events.push(Event::Written { file, offset, bytes: bytes.into() });
    }

    pub fn writes_to(&self, name: &str) -> usize {
        let is_to = |event: &&Event| matches!(event, Event::Written { file, .. } if self.names.get(name) == Some(file));
        self.events.iter().filter(is_to).count()
    }

    pub fn truncated(&mut self, file: usize, size: usize) {
        self.sizes[file] = size;
        self.events.push(Event::Truncated { file, size });
    }
}

/// Counts down; true when the count comes to its end, and then no more.
fn is_due(countdown: &mut Option<usize>) -> bool {
    let left = countdown.take().map(|count| count.saturating_sub(1));
    *countdown = left.filter(|left| *left > 0);
    left == Some(0)
}
