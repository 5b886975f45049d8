//! The global key and what the database says of it: a file that holds another key is never taken for a rotation.

use std::path::PathBuf;

use super::{KeyError, SigningKey, key_files};
use crate::domain::{KeyState, PublishedKey};
use crate::files::DataDir;

/// Loads the global key. `published`: the keys that the database has; if a global one is current among them,
/// the file must hold that one, or the next one, which is in its place already while an activation is half
/// done. Without one, as before the first start, any key will do.
pub fn load_global(data: &DataDir, published: &[PublishedKey]) -> Result<SigningKey, KeyError> {
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

/// Refuses to install `key` as the global one where that would take the place of one that clients trust.
/// `replace_lost`: the operator says that it is lost. Putting back the very key that the database names needs
/// no such word. Gives the path to write to, where nothing may be.
pub fn place_for_global(
    data: &DataDir,
    published: &[PublishedKey],
    key: &SigningKey,
    replace_lost: bool,
) -> Result<PathBuf, KeyError> {
    let path = key_files::current(data, None);
    let Some(named) = global(published, KeyState::Current) else { return Ok(path) };
    match load_global(data, published) {
        Ok(_) if replace_lost => Err(KeyError::NotLost(path)),
        Ok(_) => Err(KeyError::Exists(path)),
        Err(KeyError::MissingGlobal { .. }) if replace_lost || named.fingerprint == *key.fingerprint() => {
            Ok(path)
        }
        Err(error) => Err(error),
    }
}

fn global(published: &[PublishedKey], state: KeyState) -> Option<&PublishedKey> {
    published.iter().find(|key| key.owner.is_none() && key.state == state)
}
