//! A key file that is written before the database names its key, and gets its final name after that is committed.
//!
//! So a transaction has no effect on files, and can be run again. At no time does the database name a key that is in
//! no file: after a crash in between, the key is found under its staged name.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{KeyError, SigningKey, key_files};
use crate::files::DataDir;

/// A private key in `keys/staged-<start of its fingerprint>.pem`.
pub struct StagedKey {
    path: PathBuf,
    key: SigningKey,
}

impl StagedKey {
    /// Parses a key and writes it under its staged name. `origin` is for the error message of a key that can't be used.
    /// A file that an interrupted command left under that name holds the same key, and is used.
    pub fn write(pem: &Zeroizing<String>, origin: &Path, data: &DataDir) -> Result<Self, KeyError> {
        let key = SigningKey::parse(pem.as_bytes(), origin)?;
        let path = key_files::staged(data, key.fingerprint());
        match SigningKey::save(pem, &path) {
            Err(KeyError::Exists(_)) if SigningKey::load(&path)?.fingerprint() == key.fingerprint() => {}
            saved => saved?,
        }
        Ok(Self { path, key })
    }

    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Gives the file its final name, after the database names the key. Never replaces a file.
    pub fn publish(self, to: &Path) -> Result<(), KeyError> {
        key_files::link_new(&self.path, to)?;
        self.discard();
        Ok(())
    }

    /// Removes the staged file. If it can't be removed, `keyseal doctor` reports it.
    pub fn discard(self) {
        drop(fs::remove_file(self.path));
    }
}
