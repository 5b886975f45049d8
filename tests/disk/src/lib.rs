//! A file system under SQLite that records every write and sync, and fails on command.
//!
//! [`Disk::under`] puts itself between SQLite, in this whole process, and the system's files. Files of one
//! directory are watched: every write, truncation and completed sync is kept in one order, from which
//! [`Replay`] makes what a power cut at any position could have left. Files elsewhere are not touched. Other
//! processes are not seen: nothing else may write to the directory meanwhile.

mod recording;
mod replay;
mod vfs;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use recording::Recording;

pub use recording::Event;
pub use replay::{Image, Replay};

/// The watched files of one directory, until this is dropped.
pub struct Disk(Arc<Mutex<Recording>>);

/// What the disk did up to now, and the files as they were when the watch began.
pub struct History {
    pub files: Vec<(String, Vec<u8>)>,
    pub events: Vec<Event>,
}

impl Disk {
    /// Watches the database in `directory`, which nobody may have open. What is in its files counts as synced.
    pub fn under(directory: &Path) -> Self {
        let directory = directory.canonicalize().expect("the directory is there");
        let recording = Arc::new(Mutex::new(Recording::new(&directory)));
        vfs::watch(directory, Arc::clone(&recording));
        Self(recording)
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().expect("nobody panics while recording")
    }

    /// The number of events so far. Everything that was done before the call is among them.
    pub fn position(&self) -> usize {
        self.recording().events.len()
    }

    /// From now on a sync takes this long.
    pub fn sync_takes(&self, time: Duration) {
        self.recording().sync_takes = time;
    }

    /// From now on syncs report success and do nothing.
    pub fn ignore_syncs(&self) {
        self.recording().ignores_syncs = true;
    }

    /// How many bytes the watched files may grow by, all together; `None`: as many as they like.
    pub fn set_space(&self, left: Option<u64>) {
        self.recording().set_space(left);
    }

    /// The `nth` write from now (1: the next) fails, once, after half of it was written.
    pub fn fail_write(&self, nth: usize) {
        self.recording().failing_write = Some(nth);
    }

    /// The `nth` sync from now (1: the next) fails, once, and as on Linux what it should have synced is never
    /// tried again by another.
    pub fn fail_sync(&self, nth: usize) {
        self.recording().failing_sync = Some(nth);
    }

    /// The next sync of the file of this name fails, as above.
    pub fn fail_sync_of(&self, name: &str) {
        self.recording().failing_sync_of = Some(name.to_owned());
    }

    /// How often the file of this name was written to.
    pub fn writes_to(&self, name: &str) -> usize {
        self.recording().writes_to(name)
    }

    /// How many writes and syncs were refused.
    pub fn refused(&self) -> usize {
        self.recording().refused
    }

    pub fn history(&self) -> History {
        let recording = self.recording();
        History { files: recording.files.clone(), events: recording.events.clone() }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::forget(&self.0);
    }
}
