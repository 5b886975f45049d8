//! The lock file that keeps a second server out of a data directory, and tells commands about the first.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::ownership::give_file;
use super::regular::{open_regular, open_regular_with};
use super::{DataDir, Error};
use crate::domain::Fingerprint;

/// The lock that the running server of a data directory holds.
#[derive(Debug)]
pub struct ServerLock {
    /// The operating system releases the lock when the file is closed.
    _file: File,
}

impl DataDir {
    /// Takes the server's lock on this directory. It is held until the value is dropped or the process ends,
    /// also by a crash.
    pub fn lock(&self) -> Result<ServerLock, Error> {
        let path = self.lock_file();
        let io_error = |source| Error::io("can't lock", &path, source);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = open_regular_with(&mut options, &path).map_err(io_error)?;
        give_file(&file, &path).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(io_error)?;
                return Err(Error::InUse { path: self.path().to_owned(), pid: line(&text, 0) });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        write_pid(&mut file).map_err(io_error)?;
        Ok(ServerLock { _file: file })
    }

    /// The process id of the server that uses this directory, if one does. Changes nothing.
    pub fn running_server(&self) -> Result<Option<String>, Error> {
        Ok(self.content_of_held_lock()?.map(|text| line(&text, 0)))
    }

    /// The global key that the running server signs with, if one runs and signs. Changes nothing.
    pub fn key_of_running_server(&self) -> Result<Option<Fingerprint>, Error> {
        let key = self.content_of_held_lock()?.map(|text| line(&text, 1));
        Ok(key.filter(|key| !key.is_empty()).map(|key| Fingerprint(key.into())))
    }

    /// Writes the global key that this process signs with into its lock file. Call it only while holding the lock.
    pub fn note_key_of_server(&self, key: &Fingerprint) -> Result<(), Error> {
        let path = self.lock_file();
        let text = format!("{}\n{}\n", std::process::id(), key.0);
        // Overwrites a text of the same length in place, so that no reader sees half of it.
        let written = open_regular_with(OpenOptions::new().write(true), &path);
        let written = written.and_then(|file| file.write_all_at(text.as_bytes(), 0));
        written.map_err(|source| Error::io("can't write", &path, source))
    }

    /// The text of the lock file while a server holds it.
    fn content_of_held_lock(&self) -> Result<Option<String>, Error> {
        let path = self.lock_file();
        let io_error = |source| Error::io("can't read", &path, source);
        let mut file = match open_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(io_error)?,
        };
        match file.try_lock_shared() {
            // Nobody holds it. Closing the file releases this lock at once.
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(io_error)?;
                Ok(Some(text))
            }
            Err(TryLockError::Error(source)) => Err(io_error(source)),
        }
    }

    /// The file by which servers and restores keep each other out.
    pub fn lock_file(&self) -> PathBuf {
        self.path().join("server.lock")
    }
}

fn line(text: &str, number: usize) -> String {
    text.lines().nth(number).unwrap_or_default().trim().to_owned()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
