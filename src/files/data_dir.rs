//! The data directory: which file is where.

use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use super::private::create_private_directories;
use super::regular::{check_directory, check_regular};

/// The directory of an installation. Its directories have mode 0700 and its files 0600.
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

    /// The write-ahead log. It exists while the database is open and after a crash.
    pub fn log(&self) -> PathBuf {
        self.0.join("keyseal.db-wal")
    }

    /// The index of the write-ahead log.
    pub fn index(&self) -> PathBuf {
        self.0.join("keyseal.db-shm")
    }

    /// The settings file, which may be missing.
    pub fn settings(&self) -> PathBuf {
        self.0.join("keyseal.toml")
    }

    /// The manifest of a backup and its checksum. Only a backup has them.
    pub fn manifest(&self) -> [PathBuf; 2] {
        ["manifest.json", "manifest.json.sha256"].map(|name| self.0.join(name))
    }

    /// Refuses the directory of a backup: after a change it would no longer match its manifest.
    pub fn refuse_backup(&self) -> Result<(), Error> {
        if self.manifest().iter().all(|path| path.is_file()) {
            return Err(Error::Backup(self.0.clone()));
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

    /// A file that customers download, named by the SHA-256 of its content.
    pub fn download(&self, sha256: &str) -> PathBuf {
        self.downloads().join(sha256)
    }

    /// Creates the directory and its directory of keys, where they are missing.
    pub fn create(&self) -> Result<(), Error> {
        create_private_directories(&self.keys())
    }

    /// Refuses a database or a directory that is a link or another kind of file. They are opened later by their
    /// names, which would follow a link.
    pub fn check_kinds(&self) -> Result<(), Error> {
        for path in [self.database(), self.log(), self.index()] {
            check_regular(&path)?;
        }
        check_directory(&self.keys())?;
        check_directory(&self.downloads())
    }

    /// Whether the database exists; fails if this user has no permission to see it.
    pub fn has_database(&self) -> Result<bool, Error> {
        check_regular(&self.database())?;
        exists(&self.database())
    }
}

/// Whether a file exists; fails if this user has no permission to see it.
pub fn exists(path: &Path) -> Result<bool, Error> {
    path.try_exists().map_err(|source| Error::io("can't see", path, source))
}

/// Removes a file if it exists.
pub fn remove_if_there(path: &Path) -> Result<(), Error> {
    if exists(path)? {
        fs::remove_file(path).map_err(|source| Error::io("can't remove", path, source))?;
    }
    Ok(())
}
