//! The files that customers download: taken into the data directory whole and synced, or not at all.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::data_dir::create_private_directories;
use super::ownership::give_file;
use super::{DataDir, OpenError};

/// A copy of a file, on disk under a temporary name. Removed when dropped, unless it is kept.
pub struct ReceivedFile {
    copy: NamedTempFile,
    place: PathBuf,
    pub sha256: String,
    pub size: i64,
}

impl DataDir {
    /// Copies a file into the directory of downloads, and syncs the copy.
    pub fn receive(&self, file: &Path) -> Result<ReceivedFile, OpenError> {
        let directory = self.downloads();
        create_private_directories(&directory)
            .map_err(|source| failed("can't make the directory", &directory, source))?;
        let original = File::open(file).map_err(|source| failed("can't read", file, source))?;
        let copy = NamedTempFile::new_in(&directory)
            .map_err(|source| failed("can't make a file in", &directory, source))?;
        give_file(copy.as_file(), copy.path())
            .map_err(|source| failed("can't give to the directory's owner what is in", &directory, source))?;
        let (sha256, size) = copy_and_hash(original, &copy)
            .map_err(|source| failed("can't copy into the data directory", file, source))?;
        Ok(ReceivedFile { copy, place: self.download(&sha256), sha256, size })
    }

    /// The names of all files that are kept, used or not. Copies that are still being made have names of another form.
    pub fn kept_downloads(&self) -> Result<Vec<String>, OpenError> {
        let directory = self.downloads();
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|source| failed("can't read", &directory, source))?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| is_sha256(name)).collect())
    }

    /// Removes a file that no downloadable has any more. One that is not there is removed already.
    pub fn remove_download(&self, sha256: &str) -> Result<(), OpenError> {
        let path = self.download(sha256);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(failed("can't remove", &path, source))
            }
            _ => Ok(()),
        }
    }
}

impl ReceivedFile {
    /// Gives the copy its final name, its hash. May be called again: a file with that name has the same content.
    pub fn publish(&self) -> Result<(), OpenError> {
        match fs::hard_link(self.copy.path(), &self.place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("can't make", &self.place, error));
            }
            _ => {}
        }
        // The name is on disk once the directory is synced.
        let synced = self.place.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all());
        synced.map_err(|source| failed("can't sync the directory of", &self.place, source))
    }
}

/// Whether a text is what files are named by. It becomes a path, so nothing else may stand in its place.
pub(super) fn is_sha256(text: &str) -> bool {
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

fn failed(what: &'static str, path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { what, path: path.to_owned(), source }
}
