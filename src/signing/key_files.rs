//! The files of the signing keys, and the switch from one key to the next. The owner of a key is a product,
//! or `None` for the global key.
//!
//! `product-1.pem` is the current key, `product-1-next.pem` the next one, and `product-1-<start of its
//! fingerprint>.pem` a former one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{KeyError, SigningKey};
use crate::domain::{Fingerprint, ProductKey};
use crate::files::{DataDir, sync_names};

/// The number of the fingerprint's characters in the name of a former key's file.
const PREFIX_LENGTH: usize = 16;

/// The file of the key that signs.
pub fn current(data: &DataDir, owner: Option<i64>) -> PathBuf {
    named(data, owner, "")
}

/// The beginning of the names of staged keys.
pub const STAGED: &str = "staged-";

/// The file of the key that will sign after the next switch.
pub fn next(data: &DataDir, owner: Option<i64>) -> PathBuf {
    named(data, owner, "-next")
}

/// The file of a key that no longer signs.
pub fn former(data: &DataDir, owner: Option<i64>, fingerprint: &Fingerprint) -> PathBuf {
    named(data, owner, &format!("-{}", start(fingerprint)))
}

/// The file of a new key that is not in use yet: see [`StagedKey`](super::StagedKey).
pub fn staged(data: &DataDir, fingerprint: &Fingerprint) -> PathBuf {
    data.keys().join(format!("{STAGED}{}.pem", start(fingerprint)))
}

/// The start of a fingerprint, as the names of files have it.
fn start(fingerprint: &Fingerprint) -> &str {
    fingerprint.0.get(..PREFIX_LENGTH).unwrap_or(&fingerprint.0)
}

/// Adds a second name to a key file (a hard link), and syncs the directory. Never replaces a file.
pub fn link_new(from: &Path, to: &Path) -> Result<(), KeyError> {
    let link = || {
        fs::hard_link(from, to)?;
        to.parent().map_or(Ok(()), sync_names)
    };
    link().map_err(|source| KeyError::not_made(to, source))
}

/// Gives a staged key its final name, if a crash kept a command from doing so.
pub fn finish_staged(data: &DataDir, fingerprint: &Fingerprint, to: &Path) -> Result<(), KeyError> {
    let staged = staged(data, fingerprint);
    if to.exists() || SigningKey::load(&staged).is_err() {
        return Ok(());
    }
    link_new(&staged, to)?;
    fs::remove_file(&staged).map_err(|source| KeyError::Unwritable { path: staged.clone(), source })
}

fn named(data: &DataDir, owner: Option<i64>, suffix: &str) -> PathBuf {
    data.keys().join(match owner {
        None => format!("global{suffix}.pem"),
        Some(id) => format!("product-{id}{suffix}.pem"),
    })
}

/// Makes the next key the current one, and the current one a former one. At any time, also after a power cut,
/// each key is in at least one of the files, and there is a current one.
pub fn switch(data: &DataDir, owner: Option<i64>, next_fingerprint: &Fingerprint) -> Result<(), KeyError> {
    let (current, next) = (current(data, owner), next(data, owner));
    finish_staged(data, next_fingerprint, &next)?;
    let before = SigningKey::load(&current)?;
    if before.fingerprint() == next_fingerprint {
        // An earlier attempt was interrupted after the rename.
        return Ok(());
    }
    if SigningKey::load(&next)?.fingerprint() != next_fingerprint {
        return Err(KeyError::NotPublished(next));
    }
    let former = former(data, owner, before.fingerprint());
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| KeyError::Unwritable { path, source }
    };
    match fs::hard_link(&current, &former) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unwritable(&former)(error)),
        _ => {}
    }
    sync_names(&data.keys()).map_err(unwritable(&former))?;
    fs::rename(&next, &current).map_err(unwritable(&current))?;
    sync_names(&data.keys()).map_err(unwritable(&current))
}

/// Reads a product's key from whichever of the product's files holds it. Searches the files in the order in
/// which a rotation in another process moves the key, so that it can't be missed on its way.
pub fn find(data: &DataDir, wanted: &ProductKey) -> Result<SigningKey, KeyError> {
    let ProductKey { product_id, ref fingerprint } = *wanted;
    let owner = Some(product_id);
    if let Some(key) = load_if(&next(data, owner), fingerprint) {
        return Ok(key);
    }
    let path = current(data, owner);
    let failed = match SigningKey::load(&path) {
        Ok(key) if key.fingerprint() == fingerprint => return Ok(key),
        Ok(_) => KeyError::Mismatch { path, product_id },
        Err(KeyError::Missing(path)) => KeyError::MissingForProduct { path, product_id },
        Err(error) => error,
    };
    let others = [former(data, owner, fingerprint), staged(data, fingerprint)];
    others.iter().find_map(|path| load_if(path, fingerprint)).ok_or(failed)
}

/// Reads a key file, if it holds the wanted key.
pub fn load_if(path: &Path, wanted: &Fingerprint) -> Option<SigningKey> {
    SigningKey::load(path).ok().filter(|key| key.fingerprint() == wanted)
}
