//! Rotation of a signing key in two steps, so that no client gets an answer that it can't verify: the next key is
//! published first, and activated when all clients know it.

use std::fs;
use std::io::ErrorKind;

use super::{key_name, owner_option, unknown_product};
use crate::domain::{KeyState, PublishedKey, Timestamp};
use crate::files::DataDir;
use crate::maintenance::Result;
use crate::signing::{SigningKey, key_files, load_global};
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
            "there is a {} already: activate it with \"keyseal signing-key rotate --activate{option}\", or withdraw it with \
             \"keyseal signing-key rotate --withdraw{option}\"",
            key_name(KeyState::Next, owner)
        )
        .into());
    }
    if owner.is_none() {
        load_global(data, &published)?;
    }
    Ok(())
}

/// Writes the next key and publishes it. It signs nothing yet.
pub fn publish_next(tx: &Tx<'_>, data: &DataDir, owner: Option<i64>, pem: &str, now: Timestamp) -> Result {
    check_can_rotate(tx, data, owner)?;
    let path = key_files::next(data, owner);
    SigningKey::save(pem, &path)?;
    let published = SigningKey::load(&path).map_err(Into::into).and_then(|key| {
        let public = key.public();
        let existing = tx.published_keys_of(owner)?;
        if let Some(existing) = existing.iter().find(|existing| existing.fingerprint == *public.fingerprint())
        {
            return Err(format!("this is the {}: give another", key_name(existing.state, owner)).into());
        }
        Ok(tx.publish_next_key(owner, public.fingerprint(), public.pem(), now)?)
    });
    if published.is_err() {
        // Nobody knows it yet. If it can't be removed, the next attempt reports that it exists.
        drop(fs::remove_file(&path));
    }
    published
}

/// Makes the next key the current one. Can be run again after a failure.
pub fn activate_next(
    tx: &Tx<'_>,
    data: &DataDir,
    owner: Option<i64>,
    now: Timestamp,
) -> Result<PublishedKey> {
    let published = tx.published_keys_of(owner)?;
    let key = key_in(&published, KeyState::Next, owner)?;
    if owner.is_none() {
        load_global(data, &published)?;
    }
    // The files first: if the rest fails, the server still finds the key that the database names.
    key_files::step(data, owner, &key.fingerprint)?;
    if let Some(id) = owner {
        tx.set_product_signing_key(id, &key.fingerprint, &key.public_key, now)?;
    }
    tx.set_current_key(owner, &key.fingerprint, &key.public_key, now)?;
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

/// The key of an owner in a state. Fails if there is none.
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
