//! The files: remains of deleted rows in the database, its write-ahead log, and the copies from before upgrades.

use std::time::Duration;

use super::person::Person;
use super::{EraseError, Erased, Erasure};
use crate::files::remove_if_there;
use crate::store::{Remains, erasable_copies, file_contains};

/// How long to wait for readers of the write-ahead log, such as a backup.
const LOG_TIMEOUT: Duration = Duration::from_secs(30);

/// The size in bytes up to which a file is rewritten beside a running server. The server's changes wait meanwhile, for
/// about half a second.
const MAX_BESIDE_SERVER: u64 = 64 * 1024 * 1024;

impl Erasure<'_> {
    /// Removes the person from the files. Returns whether the files held something of him that the tables did not.
    pub(super) fn clean_files(
        &self,
        person: &Person,
        is_found: bool,
        erased: &mut Erased,
    ) -> Result<bool, EraseError> {
        (self.on_phase)("cleaning the files");
        let remains = Remains::open(self.data)?;
        remains.truncate_log(LOG_TIMEOUT)?;
        let texts: Vec<String> = person.spelled.iter().cloned().collect();
        let mut is_in_file = remains.contain(&texts)?;
        let is_clean = self.store.try_read(|tx| tx.has_no_remains())?;
        if is_in_file || !is_clean {
            let bytes = remains.file_size();
            if bytes > MAX_BESIDE_SERVER && self.data.running_server()?.is_some() {
                return Err(EraseError::RewriteWaits { bytes });
            }
            remains.rewrite_file()?;
            let now = self.now();
            self.change(move |tx| tx.note_rewritten(now))?;
            remains.truncate_log(LOG_TIMEOUT)?;
            erased.is_rewritten = true;
            // What is still there is a part of others' texts, which the tables hold.
            is_in_file = is_in_file && !remains.contain(&texts)?;
        }
        let mut is_in_copies = false;
        for copy in erasable_copies(self.data)? {
            if is_found || file_contains(&copy, &texts)? {
                is_in_copies = true;
                remove_if_there(&copy)?;
                erased.copies.push(copy);
            }
        }
        Ok(is_in_file || is_in_copies)
    }
}
