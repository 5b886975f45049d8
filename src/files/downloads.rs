//! The files that customers download. Each is stored under the SHA-256 of its content, whole and synced.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::ownership::give_file;
use super::private::{create_private_directories, sync_directory};
use super::regular::open_named;
use super::{DataDir, Error};
use crate::domain::Downloadable;

/// A synced copy of a file under a temporary name, which is removed when this is dropped.
pub struct ReceivedFile {
    copy: NamedTempFile,
    place: PathBuf,
    pub sha256: String,
    pub size: i64,
}

/// The lock on the directory of downloads, released when this is dropped. Publishing a file and removing unused ones
/// hold it from the first read of the database to the last change of a file. Otherwise a file could count as unused
/// just before a row names it.
pub struct DownloadsLock {
    _file: File,
}

impl DataDir {
    /// Waits for the lock on the directory of downloads.
    pub fn lock_downloads(&self) -> Result<DownloadsLock, Error> {
        let directory = self.downloads();
        create_private_directories(&directory)?;
        let lock = || {
            let file = File::open(&directory)?;
            file.lock()?;
            Ok(DownloadsLock { _file: file })
        };
        lock().map_err(|source| Error::io("can't lock", &directory, source))
    }

    /// Copies a file into the directory of downloads under a temporary name, and syncs the copy.
    pub fn receive(&self, file: &Path) -> Result<ReceivedFile, Error> {
        let directory = self.downloads();
        create_private_directories(&directory)?;
        let original = open_named(file).map_err(|source| Error::io("can't read", file, source))?;
        let copy = NamedTempFile::new_in(&directory)
            .map_err(|source| Error::io("can't make a file in", &directory, source))?;
        give_file(copy.as_file(), copy.path())
            .map_err(|source| Error::io("can't change the owner of a file in", &directory, source))?;
        let (sha256, size) = copy_and_hash(original, &copy)
            .map_err(|source| Error::io("can't copy into the data directory", file, source))?;
        Ok(ReceivedFile { copy, place: self.download(&sha256), sha256, size })
    }

    /// The names of all stored files, used or not. Copies in progress have names of another form.
    pub fn kept_downloads(&self) -> Result<Vec<String>, Error> {
        let directory = self.downloads();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|source| Error::io("can't read", &directory, source))?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| is_sha256(name)).collect())
    }

    /// The names of the stored files that none of all `versions` uses.
    pub fn unused_downloads(&self, versions: &[Downloadable]) -> Result<Vec<String>, Error> {
        let used: HashSet<&str> = versions.iter().map(|version| version.file.sha256.as_str()).collect();
        let mut names = self.kept_downloads()?;
        names.retain(|name| !used.contains(name.as_str()));
        Ok(names)
    }

    /// Removes a stored file. Succeeds if it doesn't exist.
    pub fn remove_download(&self, sha256: &str) -> Result<(), Error> {
        let path = self.download(sha256);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("can't remove", &path, source))
            }
            _ => Ok(()),
        }
    }
}

impl ReceivedFile {
    /// Gives the copy its final name and syncs the directory. A file that has that name already has the same content.
    pub fn publish(&self, _lock: &DownloadsLock) -> Result<(), Error> {
        match fs::hard_link(self.copy.path(), &self.place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io("can't make", &self.place, error));
            }
            _ => {}
        }
        self.place.parent().map_or(Ok(()), sync_directory)
    }
}

/// Whether a text is the name of a stored file. Names become paths, so no other text is accepted as one.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn copy_and_hash(from: File, to: &NamedTempFile) -> io::Result<(String, i64)> {
    let (mut from, mut to) = (BufReader::with_capacity(64 * 1024, from), BufWriter::new(to.as_file()));
    let (mut hash, mut size) = (Sha256::new(), 0_i64);
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut chunk)?;
        let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        to.write_all(bytes)?;
        size = size.saturating_add(i64::try_from(read).unwrap_or(i64::MAX));
    }
    to.flush()?;
    to.get_ref().sync_all()?;
    Ok((format!("{:x}", hash.finalize()), size))
}
