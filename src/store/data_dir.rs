//! The data directory: which file is where, who may read it, and the lock that keeps a second server out.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::OpenError;

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
        DirBuilder::new().recursive(true).mode(0o700).create(&keys).map_err(|source| OpenError::Io {
            what: "can't make the directory",
            path: keys,
            source,
        })
    }

    /// Takes the right to be the one server on this directory, until the lock is dropped or the process ends, however it ends.
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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(io_error)?;
                return Err(OpenError::InUse { path: self.0.clone(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        write_pid(&mut file).map_err(io_error)?;
        Ok(ServerLock { _file: file })
    }
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

/// Makes an empty file that only its owner can read; refuses one that exists.
pub(super) fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
