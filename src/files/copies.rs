//! Copies of files: private, synced, and described by size and hash.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Error;
use super::private::create_private;
use super::regular::open_regular;

/// The number of bytes that are copied between two reports of progress.
const BYTES_AT_ONCE: u64 = 16 * 1024 * 1024;

/// The size and hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedFile {
    pub size: u64,
    /// SHA-256 of the content, in lower-case hex.
    pub sha256: String,
}

/// Copies a file into a new private one and syncs it. `on_progress` gets the number of bytes of each part copied.
pub fn copy_file(from: &Path, to: &Path, on_progress: &mut dyn FnMut(u64)) -> Result<(), Error> {
    let original = open_regular(from).map_err(|source| Error::io("can't read", from, source))?;
    let mut copy = create_private(to).map_err(|source| Error::io("can't make", to, source))?;
    let mut copy_all = || {
        loop {
            // `io::copy` between two files lets the system copy, and share blocks where the file system can.
            let copied = io::copy(&mut (&original).take(BYTES_AT_ONCE), &mut copy)?;
            if copied == 0 {
                return copy.sync_all();
            }
            on_progress(copied);
        }
    };
    copy_all().map_err(|source| Error::io("can't copy into", to, source))
}

/// Writes a new private file and syncs it.
pub fn write_file(content: &[u8], to: &Path) -> Result<(), Error> {
    let write = || {
        let mut file = create_private(to)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|source| Error::io("can't write", to, source))
}

/// Reads a whole file and returns its size and hash.
pub fn describe_file(path: &Path) -> Result<CopiedFile, Error> {
    let describe = || {
        let (mut file, mut hash, mut size) = (open_regular(path)?, Sha256::new(), 0_u64);
        let mut chunk = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut chunk)?;
            let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            hash.update(bytes);
            size = size.saturating_add(bytes.len() as u64);
        }
        Ok(CopiedFile { size, sha256: format!("{:x}", hash.finalize()) })
    };
    describe().map_err(|source| Error::io("can't read", path, source))
}
