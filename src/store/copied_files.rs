//! Copies of files that are as private as their originals, and on disk when they are said to be.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::OpenError;
use super::data_dir::create_private_file;
use super::ownership::give_directory;

/// Bytes copied between two words about how far it is.
const BYTES_AT_ONCE: u64 = 16 * 1024 * 1024;

/// What tells a file from every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedFile {
    pub size: u64,
    /// In lower-case hex.
    pub sha256: String,
}

/// Copies a file into a new one that only its owner can read, and syncs it. `told` hears of each further
/// number of bytes.
pub fn copy_file(from: &Path, to: &Path, told: &mut dyn FnMut(u64)) -> Result<(), OpenError> {
    let original = File::open(from).map_err(|source| failed("can't read", from, source))?;
    let mut copy = create_private(to).map_err(|source| failed("can't make", to, source))?;
    let mut copy_all = || {
        loop {
            // From file to file the system copies by itself, and shares the blocks where the file system can.
            let copied = io::copy(&mut (&original).take(BYTES_AT_ONCE), &mut copy)?;
            if copied == 0 {
                return copy.sync_all();
            }
            told(copied);
        }
    };
    copy_all().map_err(|source| failed("can't copy into", to, source))
}

/// Writes a new file that only its owner can read, and syncs it.
pub fn write_file(content: &[u8], to: &Path) -> Result<(), OpenError> {
    let write = || {
        let mut file = create_private(to)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|source| failed("can't write", to, source))
}

/// Reads a file to its end.
pub fn describe_file(path: &Path) -> Result<CopiedFile, OpenError> {
    let describe = || {
        let (mut file, mut hash, mut size) = (File::open(path)?, Sha256::new(), 0_u64);
        let mut chunk = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut chunk)?;
            let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            hash.update(bytes);
            size = size.saturating_add(bytes.len() as u64);
        }
        Ok(CopiedFile { size, sha256: format!("{:x}", hash.finalize()) })
    };
    describe().map_err(|source| failed("can't read", path, source))
}

/// Makes a directory that only its owner can enter, whatever the umask; one that is there is left as it is.
pub fn make_private_directory(path: &Path) -> Result<(), OpenError> {
    let make = || match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            fs::set_permissions(path, Permissions::from_mode(0o700)).and_then(|()| give_directory(path))
        }
    };
    make().map_err(|source| failed("can't make the directory", path, source))
}

/// Has the names in a directory on disk.
pub fn sync_directory(path: &Path) -> Result<(), OpenError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| failed("can't sync the directory", path, source))
}

/// A new file for its owner alone, whatever the umask: that could also keep the owner out.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = create_private_file(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { what, path: path.to_owned(), source }
}
