//! Installing and rotating signing keys. The private keys are files; the database names the public ones.

mod rotation;

use std::fs;
use std::path::PathBuf;

use super::Result;
use crate::domain::{Fingerprint, KeyState, PublishedKey, Timestamp};
use crate::files::DataDir;
use crate::signing::{Keyring, SigningKey, key_files, place_for_global};
use crate::store::Tx;

pub use rotation::{activate_next, check_can_rotate, delete_next_file, key_in, publish_next, withdraw_next};

/// Writes the global key and makes it the current one. Refuses to replace another, unless that is lost.
pub fn install_global(tx: &Tx<'_>, data: &DataDir, pem: &str, replace_lost: bool, now: Timestamp) -> Result {
    let published = tx.published_keys_of(None)?;
    let key = SigningKey::parse(pem.as_bytes(), &Keyring::global_path(data))?;
    let path = place_for_global(data, &published, &key, replace_lost)?;
    SigningKey::save(pem, &path)?;
    let recorded = tx.set_current_key(None, key.fingerprint(), key.public().pem(), now);
    if recorded.is_err() {
        // It has signed nothing yet. If it can't be removed, the next start reports that the database names another.
        drop(fs::remove_file(&path));
    }
    Ok(recorded?)
}

/// Writes a product's own key and makes it the current one. Refuses to replace another: clients trust that one.
pub fn install_for_product(tx: &Tx<'_>, data: &DataDir, id: i64, pem: &str, now: Timestamp) -> Result {
    let product = tx.product(id)?.ok_or_else(|| unknown_product(id))?;
    if product.signing_key.is_some() {
        return Err(format!(
            "product {id} has a signing key already, and clients trust it: replace it with \"keyseal signing-key rotate --product {id}\""
        )
        .into());
    }
    let path = Keyring::product_path(data, id);
    SigningKey::save(pem, &path)?;
    let recorded = SigningKey::load(&path).map_err(Into::into).and_then(|key| {
        tx.set_product_signing_key(id, key.fingerprint(), key.public().pem(), now)?;
        Ok(tx.set_current_key(Some(id), key.fingerprint(), key.public().pem(), now)?)
    });
    if recorded.is_err() {
        // It has signed nothing yet. If it can't be removed, the next attempt reports that it exists.
        drop(fs::remove_file(&path));
    }
    recorded
}

/// The key that the running server still signs with, if it has not reloaded the current global key.
pub fn key_to_reload(data: &DataDir, published: &[PublishedKey]) -> Option<Fingerprint> {
    let in_use = data.key_of_running_server().ok().flatten()?;
    let mut global = published.iter().filter(|key| key.owner.is_none());
    let current = global.find(|key| key.state == KeyState::Current)?;
    (current.fingerprint != in_use).then_some(in_use)
}

/// The file of the private key.
pub fn file_of(key: &PublishedKey, data: &DataDir) -> PathBuf {
    match key.state {
        KeyState::Next => key_files::next(data, key.owner),
        KeyState::Current => key_files::current(data, key.owner),
        KeyState::Former => key_files::former(data, key.owner, &key.fingerprint),
    }
}

/// A key in messages: "next global key" or "next key of product 7".
pub fn key_name(state: KeyState, owner: Option<i64>) -> String {
    let state = state.as_str();
    owner.map_or_else(|| format!("{state} global key"), |id| format!("{state} key of product {id}"))
}

/// The owner of a key in lists: "global" or "product 7".
pub fn owner_name(owner: Option<i64>) -> String {
    owner.map_or_else(|| "global".to_owned(), |id| format!("product {id}"))
}

/// The option that names the owner on the command line, with a space before it.
pub fn owner_option(owner: Option<i64>) -> String {
    owner.map(|id| format!(" --product {id}")).unwrap_or_default()
}

pub fn unknown_product(id: i64) -> String {
    format!("there is no product {id}: see \"keyseal product list\"")
}
