//! The data directory: which file is where, who may read it, and the lock that keeps a second server out.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::OpenError;
use super::ownership::{give_directory, give_file};
use crate::domain::Fingerprint;

/// Where a server keeps its files. Directories are made 0700 and files 0600, whatever the umask.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("keyseal.db")
    }

    /// The write-ahead log beside the database, while it is there.
    pub fn log(&self) -> PathBuf {
        self.0.join("keyseal.db-wal")
    }

    /// The file with the settings; it may be missing.
    pub fn settings(&self) -> PathBuf {
        self.0.join("keyseal.toml")
    }

    /// What describes a backup, with its sum. A directory that is served has neither.
    pub fn manifest(&self) -> [PathBuf; 2] {
        ["manifest.json", "manifest.json.sha256"].map(|name| self.0.join(name))
    }

    /// Refuses a directory that "keyseal backup" made: what is changed in it could not be restored any more.
    pub fn refuse_backup(&self) -> Result<(), OpenError> {
        if self.manifest().iter().all(|path| path.is_file()) {
            return Err(OpenError::Backup(self.0.clone()));
        }
        Ok(())
    }

    /// The directory of the signing keys.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The directory of the files that customers download.
    pub fn downloads(&self) -> PathBuf {
        self.0.join("downloads")
    }

    /// A file that customers download, by the SHA-256 of what is in it.
    pub fn download(&self, sha256: &str) -> PathBuf {
        self.downloads().join(sha256)
    }

    /// Makes the directory and the one for keys, where they are missing.
    pub fn create(&self) -> Result<(), OpenError> {
        let keys = self.keys();
        create_private_directories(&keys).map_err(|source| OpenError::Io {
            what: "can't make the directory",
            path: keys,
            source,
        })
    }

    /// Whether the database is there; an error where this user may not see that.
    pub fn has_database(&self) -> Result<bool, OpenError> {
        is_there(&self.database())
    }

    /// Takes the right to be the one server on this directory, until the lock is dropped or the process ends,
    /// however it ends.
    pub fn lock(&self) -> Result<ServerLock, OpenError> {
        let path = self.0.join("server.lock");
        let io_error = |source| OpenError::Io { what: "can't lock", path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io_error)?;
        give_file(&file, &path).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(io_error)?;
                return Err(OpenError::InUse { path: self.0.clone(), pid: line(&text, 0) });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        write_pid(&mut file).map_err(io_error)?;
        Ok(ServerLock { _file: file })
    }

    /// The process id of the server that uses this directory, if one does. Changes nothing.
    pub fn running_server(&self) -> Result<Option<String>, OpenError> {
        Ok(self.told_by_server()?.map(|text| line(&text, 0)))
    }

    /// The global key that the running server signs with, if one runs and signs. Changes nothing.
    pub fn key_of_running_server(&self) -> Result<Option<Fingerprint>, OpenError> {
        let key = self.told_by_server()?.map(|text| line(&text, 1));
        Ok(key.filter(|key| !key.is_empty()).map(|key| Fingerprint(key.into())))
    }

    /// Notes which global key the server that holds the lock, this process, signs with.
    pub fn note_key_of_server(&self, key: &Fingerprint) -> Result<(), OpenError> {
        let path = self.0.join("server.lock");
        let text = format!("{}\n{}\n", std::process::id(), key.0);
        // Over what is there, which is as long: nobody reads half of it.
        let written = OpenOptions::new().write(true).open(&path);
        let written = written.and_then(|file| file.write_all_at(text.as_bytes(), 0));
        written.map_err(|source| OpenError::Io { what: "can't write", path, source })
    }

    /// What the running server has written into its lock.
    fn told_by_server(&self) -> Result<Option<String>, OpenError> {
        let path = self.0.join("server.lock");
        let io_error = |source| OpenError::Io { what: "can't read", path: path.clone(), source };
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(io_error)?,
        };
        match file.try_lock_shared() {
            // Given back at once.
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(io_error)?;
                Ok(Some(text))
            }
            Err(TryLockError::Error(source)) => Err(io_error(source)),
        }
    }
}

fn line(text: &str, number: usize) -> String {
    text.lines().nth(number).unwrap_or_default().trim().to_owned()
}

/// Whether a file is there; an error where this user may not see that.
pub(super) fn is_there(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|source| OpenError::Io { what: "can't see", path: path.to_owned(), source })
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// Held by the one server on a data directory.
#[derive(Debug)]
pub struct ServerLock {
    /// The operating system releases the lock when this is closed.
    _file: File,
}

/// Makes an empty file that only its owner can read; refuses one that exists. What root makes is its
/// directory's owner's.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    give_file(&file, path)?;
    Ok(file)
}

/// Makes a directory and those above it, where they are missing, for their owner alone.
pub(super) fn create_private_directories(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    give_directory(path)
}
