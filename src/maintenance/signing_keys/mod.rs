//! Installing and rotating signing keys. The private keys are files; the database names the public ones.
//!
//! A new key is staged as a file, named by a transaction, and then moved to its place: see
//! [`StagedKey`](crate::signing::StagedKey).

mod rotation;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::Result;
use crate::domain::{Fingerprint, KeyState, PublishedKey, Timestamp};
use crate::files::DataDir;
use crate::signing::{KeyError, Keyring, PublicKey, key_files, place_for_global};
use crate::store::Tx;

pub use rotation::{
    activate_next, check_can_rotate, delete_next_file, key_in, move_next_file, publish_next, withdraw_next,
};

/// Records a global key in the database as the current one. Refuses to replace another, unless that is lost. Returns
/// the path for its file.
pub fn install_global(
    tx: &Tx<'_>,
    data: &DataDir,
    key: &PublicKey,
    replace_lost: bool,
    now: Timestamp,
) -> Result<PathBuf> {
    let published = tx.published_keys_of(None)?;
    let place = place_for_global(data, &published, key.fingerprint(), replace_lost)?;
    refuse_if_exists(&place)?;
    tx.set_current_key(None, key.fingerprint(), key.pem(), now)?;
    Ok(place)
}

/// Records a product's own key in the database as the current one. Refuses to replace another: clients trust that
/// one. Returns the path for its file.
pub fn install_for_product(
    tx: &Tx<'_>,
    data: &DataDir,
    id: i64,
    key: &PublicKey,
    now: Timestamp,
) -> Result<PathBuf> {
    let product = tx.product(id)?.ok_or_else(|| unknown_product(id))?;
    if product.signing_key.is_some() {
        return Err(format!(
            "product {id} has a signing key already, and clients trust it: replace it with \"keyseal signing-key \
             rotate --product {id}\""
        )
        .into());
    }
    let place = Keyring::product_path(data, id);
    refuse_if_exists(&place)?;
    tx.set_product_signing_key(id, key.fingerprint(), key.pem(), now)?;
    tx.set_current_key(Some(id), key.fingerprint(), key.pem(), now)?;
    Ok(place)
}

fn refuse_if_exists(place: &Path) -> Result {
    if place.exists() { Err(KeyError::Exists(place.to_owned()).into()) } else { Ok(()) }
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

/// The error of a product that is not there. `product`: its id, or what was given for it.
pub fn unknown_product(product: impl Display) -> String {
    format!("there is no product {product}: see \"keyseal product list\"")
}
