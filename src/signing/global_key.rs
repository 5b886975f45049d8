//! The global key: its file must hold the key that the database names, so a wrong file is not mistaken for a rotation.

use std::path::PathBuf;

use super::{KeyError, SigningKey, key_files};
use crate::domain::{Fingerprint, KeyState, PublishedKey};
use crate::files::DataDir;

/// Loads the global key. `published`: the keys in the database. If a global one among them is current, the
/// file must hold it, or the next one, which is in its place already while a rotation is half done. Before
/// the first start the database names none, and any key is accepted.
pub fn load_global(data: &DataDir, published: &[PublishedKey]) -> Result<SigningKey, KeyError> {
    match load_in_place(data, published) {
        // The command that installs the key may have been interrupted after its commit.
        Err(KeyError::MissingGlobal { path, named }) => {
            load_staged(data, &named).ok_or(KeyError::MissingGlobal { path, named })
        }
        loaded => loaded,
    }
}

fn load_staged(data: &DataDir, named: &Fingerprint) -> Option<SigningKey> {
    key_files::load_if(&key_files::staged(data, named), named)
}

fn load_in_place(data: &DataDir, published: &[PublishedKey]) -> Result<SigningKey, KeyError> {
    let path = key_files::current(data, None);
    let loaded = SigningKey::load(&path);
    let Some(named) = global(published, KeyState::Current) else { return loaded };
    match loaded {
        Err(KeyError::Missing(path)) => {
            Err(KeyError::MissingGlobal { path, named: named.fingerprint.clone() })
        }
        Err(error) => Err(error),
        Ok(key) => {
            let is_next = |next: &PublishedKey| next.fingerprint == *key.fingerprint();
            if named.fingerprint == *key.fingerprint()
                || global(published, KeyState::Next).is_some_and(is_next)
            {
                return Ok(key);
            }
            let found = key.fingerprint().clone();
            Err(KeyError::MismatchGlobal { path, found, named: named.fingerprint.clone() })
        }
    }
}

/// The path to install `key` at as the global one. Refuses to replace a key that clients trust, unless the
/// operator says that it is lost (`replace_lost`); putting back the very key that the database names is
/// always allowed. Whether a file is at the path is left to the caller.
pub fn place_for_global(
    data: &DataDir,
    published: &[PublishedKey],
    key: &Fingerprint,
    replace_lost: bool,
) -> Result<PathBuf, KeyError> {
    let path = key_files::current(data, None);
    let Some(named) = global(published, KeyState::Current) else { return Ok(path) };
    let is_named = named.fingerprint == *key;
    match load_in_place(data, published) {
        Ok(_) if replace_lost => Err(KeyError::NotLost(path)),
        Ok(_) => Err(KeyError::Exists(path)),
        Err(KeyError::MissingGlobal { named, .. })
            if replace_lost && !is_named && load_staged(data, &named).is_some() =>
        {
            Err(KeyError::NotLost(key_files::staged(data, &named)))
        }
        Err(KeyError::MissingGlobal { .. }) if replace_lost || is_named => Ok(path),
        Err(error) => Err(error),
    }
}

fn global(published: &[PublishedKey], state: KeyState) -> Option<&PublishedKey> {
    published.iter().find(|key| key.owner.is_none() && key.state == state)
}
