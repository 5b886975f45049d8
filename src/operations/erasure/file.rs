//! The files: remains of deleted rows in the database, its write-ahead log, and the copies from before upgrades.

use std::time::Duration;

use super::person::Person;
use super::{EraseError, Erased, Erasure};
use crate::files::remove_if_there;
use crate::store::{FileState, Remains, erasable_copies, file_contains};

/// How far an erasure goes to clean the files.
#[derive(Clone, Copy, Debug)]
pub struct FileLimits {
    /// How long to wait for readers of the write-ahead log, such as a backup.
    pub log_timeout: Duration,
    /// The size in bytes up to which the database is rewritten beside a running server.
    pub beside_server: u64,
    /// The bytes that stay free on the disk while it is rewritten.
    pub spare_space: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            log_timeout: Duration::from_secs(30),
            // The server's changes wait meanwhile, for about half a second.
            beside_server: 64 * 1024 * 1024,
            spare_space: 16 * 1024 * 1024,
        }
    }
}

impl Erasure<'_> {
    /// Records that an erasure begins, if the person has licenses. If it does not end, the next run rewrites the file:
    /// it may not know the names any more. Returns the state of the file before.
    pub(super) fn begin_in_file(&self, person: &Person) -> Result<FileState, EraseError> {
        if person.licenses.is_empty() {
            return Ok(self.store.try_read(|tx| tx.file_state())?);
        }
        self.change(move |tx| {
            let before = tx.file_state()?;
            tx.note_erasure_begins()?;
            Ok(before)
        })
    }

    /// Removes the person from the files. Returns whether the files held something of him that the tables did not, or
    /// may have, after an erasure that did not end.
    pub(super) fn clean_files(
        &self,
        person: &Person,
        state: FileState,
        is_found: bool,
        erased: &mut Erased,
    ) -> Result<bool, EraseError> {
        (self.on_phase)("cleaning the files");
        let remains = Remains::open(self.data)?;
        let texts: Vec<String> = person.spelled.iter().cloned().collect();
        let is_in_file = remains.contain(&texts, self.limits.log_timeout)?;
        if is_in_file || state != FileState::Clean {
            self.rewrite_file(&remains)?;
            erased.is_rewritten = true;
        }
        if erased.is_rewritten || !person.licenses.is_empty() {
            let now = self.now();
            self.change(move |tx| tx.note_no_remains(now))?;
            remains.truncate_log(self.limits.log_timeout)?;
        }
        let mut is_in_copies = false;
        for copy in erasable_copies(self.data)? {
            if is_found || file_contains(&copy, &texts)? {
                is_in_copies = true;
                remove_if_there(&copy)?;
                erased.copies.push(copy);
            }
        }
        Ok(is_in_file || is_in_copies || state == FileState::Unfinished)
    }

    fn rewrite_file(&self, remains: &Remains) -> Result<(), EraseError> {
        let bytes = remains.file_size();
        if bytes > self.limits.beside_server && self.data.running_server()?.is_some() {
            return Err(EraseError::RewriteWaits { bytes });
        }
        Ok(remains.rewrite_file(self.limits.spare_space)?)
    }
}
