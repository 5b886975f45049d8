//! Rotation of a signing key in two steps, so that no client gets an answer that it can't verify: the next key is
//! published first, and activated when all clients know it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::{key_name, owner_option, refuse_if_exists, unknown_product};
use crate::domain::{KeyState, PublishedKey, Timestamp};
use crate::files::DataDir;
use crate::maintenance::Result;
use crate::signing::{PublicKey, SigningKey, key_files, load_global};
use crate::store::Tx;

/// Refuses a rotation if the owner has no key yet, or a next one already.
pub fn check_can_rotate(tx: &Tx<'_>, data: &DataDir, owner: Option<i64>) -> Result {
    if let Some(id) = owner {
        let product = tx.product(id)?.ok_or_else(|| unknown_product(id))?;
        if product.signing_key.is_none() {
            return Err(format!(
                "product {id} has no key of its own: give it one with \"keyseal signing-key generate --product {id}\""
            )
            .into());
        }
    }
    let published = tx.published_keys_of(owner)?;
    if published.iter().any(|key| key.state == KeyState::Next) {
        let option = owner_option(owner);
        return Err(format!(
            "there is a {} already: activate it with \"keyseal signing-key rotate --activate{option}\", or withdraw it \
             with \"keyseal signing-key rotate --withdraw{option}\"",
            key_name(KeyState::Next, owner)
        )
        .into());
    }
    if owner.is_none() {
        load_global(data, &published)?;
    }
    Ok(())
}

/// Publishes the next key. It signs nothing yet. Returns the path for its file.
pub fn publish_next(
    tx: &Tx<'_>,
    data: &DataDir,
    owner: Option<i64>,
    key: &PublicKey,
    now: Timestamp,
) -> Result<PathBuf> {
    check_can_rotate(tx, data, owner)?;
    let place = key_files::next(data, owner);
    refuse_if_exists(&place)?;
    let existing = tx.published_keys_of(owner)?;
    if let Some(existing) = existing.iter().find(|existing| existing.fingerprint == *key.fingerprint()) {
        return Err(format!("this is the {}: give another", key_name(existing.state, owner)).into());
    }
    tx.publish_next_key(owner, key.fingerprint(), key.pem(), now)?;
    Ok(place)
}

/// Moves the file of the next key to the place of the current one, before [`activate_next`]: if that fails, the server
/// still finds the key that the database names. Returns the next key. Can be run again after a failure.
pub fn move_next_file(
    data: &DataDir,
    owner: Option<i64>,
    published: &[PublishedKey],
) -> Result<PublishedKey> {
    let next = key_in(published, KeyState::Next, owner)?;
    if owner.is_none() {
        load_global(data, published)?;
    }
    key_files::switch(data, owner, &next.fingerprint)?;
    Ok(next)
}

/// Makes the next key the current one, after [`move_next_file`].
pub fn activate_next(tx: &Tx<'_>, next: &PublishedKey, now: Timestamp) -> Result<PublishedKey> {
    let owner = next.owner;
    if key_in(&tx.published_keys_of(owner)?, KeyState::Next, owner)?.fingerprint != next.fingerprint {
        return Err("another command changed the next key at the same time: run this one again".into());
    }
    if let Some(id) = owner {
        tx.set_product_signing_key(id, &next.fingerprint, &next.public_key, now)?;
    }
    tx.set_current_key(owner, &next.fingerprint, &next.public_key, now)?;
    key_in(&tx.published_keys_of(owner)?, KeyState::Current, owner)
}

/// Withdraws the next key, which has signed nothing. Its file is left for [`delete_next_file`].
pub fn withdraw_next(tx: &Tx<'_>, data: &DataDir, owner: Option<i64>) -> Result<PublishedKey> {
    let key = key_in(&tx.published_keys_of(owner)?, KeyState::Next, owner)?;
    if SigningKey::load(&key_files::current(data, owner))?.fingerprint() == &key.fingerprint {
        // An interrupted activation: the key may sign already.
        return Err(format!(
            "the activation of the {} was interrupted: finish it with \"keyseal signing-key rotate --activate{}\"",
            key_name(KeyState::Next, owner),
            owner_option(owner)
        )
        .into());
    }
    tx.withdraw_next_key(owner)?;
    Ok(key)
}

/// Deletes the file of a next key that was withdrawn.
pub fn delete_next_file(data: &DataDir, owner: Option<i64>) -> Result {
    let path = key_files::next(data, owner);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(format!(
            "the next key is withdrawn, but {} can't be deleted: {error}; delete it",
            path.display()
        )
        .into()),
        _ => Ok(()),
    }
}

/// Finds an owner's key that is in this state. Fails if there is none.
pub fn key_in(keys: &[PublishedKey], state: KeyState, owner: Option<i64>) -> Result<PublishedKey> {
    keys.iter().find(|key| key.state == state).cloned().ok_or_else(|| {
        format!(
            "there is no {}: publish one with \"keyseal signing-key rotate{}\"",
            key_name(state, owner),
            owner_option(owner)
        )
        .into()
    })
}
