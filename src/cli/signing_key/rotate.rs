//! `keyseal signing-key rotate`: replaces a signing key without an answer that clients can't verify.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{name, published_value, unknown_product};
use crate::cli::{Output, Result, change, now, open};
use crate::domain::{KeyState, PublishedKey};
use crate::files::DataDir;
use crate::signing::{self, SigningKey, key_files, load_global};
use crate::store::Tx;

#[derive(clap::Args)]
pub struct Args {
    /// Product whose own key is rotated, by id [default: the global key]
    #[arg(long, value_name = "ID")]
    product: Option<i64>,
    /// Activate the next key: it signs from now on, the current one no more
    #[arg(long, conflicts_with_all = ["key", "withdraw"])]
    activate: bool,
    /// Withdraw and delete the next key, which has signed nothing yet
    #[arg(long, conflicts_with = "key")]
    withdraw: bool,
    /// File with the private key to publish as the next one [default: a new key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Size of a new key
    #[arg(long, default_value = "2048", value_parser = ["2048", "3072", "4096"])]
    bits: String,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    match args {
        Args { activate: true, product, .. } => activate(*product, data, output),
        Args { withdraw: true, product, .. } => withdraw(*product, data, output),
        Args { product, key, bits, .. } => {
            // Before a key is made, which takes a while.
            open(data)?.try_read(|tx| check_ready(tx, data, *product))?;
            let pem = match key {
                Some(file) => SigningKey::read_pem(file)?,
                None => signing::generate(bits.parse()?)?,
            };
            publish(*product, pem, data, output)
        }
    }
}

fn publish(owner: Option<i64>, pem: Zeroizing<String>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (store, directory) = (open(data)?, data.clone());
    change(&store, move |tx| {
        check_ready(tx, &directory, owner)?;
        let path = key_files::next(&directory, owner);
        SigningKey::save(&pem, &path)?;
        let published = SigningKey::load(&path).map_err(Into::into).and_then(|key| {
            let public = key.public();
            let known = tx.published_keys_of(owner)?;
            if let Some(known) = known.iter().find(|known| known.fingerprint == *public.fingerprint()) {
                let state = known.state.as_str();
                return Err(format!("this is the {state} key of {}: give another", name(owner)).into());
            }
            Ok(tx.publish_next_key(owner, public.fingerprint(), public.pem(), now())?)
        });
        if published.is_err() {
            // Nobody has seen it yet. If it can't be removed either, the next attempt says that it is there.
            drop(fs::remove_file(&path));
        }
        published
    })?;
    let key = key_in(&store.try_read(|tx| tx.published_keys_of(owner))?, KeyState::Next, owner)?;
    let text = format!(
        "the next key of {} is published and does not sign yet\n\npublic key, for your clients:\n{}\n\
         next: when all clients know it, keyseal signing-key rotate --activate{}",
        name(owner),
        key.public_key,
        option(owner)
    );
    output.result(&published_value(&key, data)?, &text)
}

/// Refuses a rotation where there is no key to begin with, or one is under way.
fn check_ready(tx: &Tx<'_>, data: &DataDir, owner: Option<i64>) -> Result {
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
        let option = option(owner);
        return Err(format!(
            "{} has a next key already: have it sign with \"keyseal signing-key rotate --activate{option}\", or take it back with \
             \"keyseal signing-key rotate --withdraw{option}\"",
            name(owner)
        )
        .into());
    }
    if owner.is_none() {
        load_global(data, &published)?;
    }
    Ok(())
}

fn activate(owner: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (store, directory) = (open(data)?, data.clone());
    let key = change(&store, move |tx| {
        let published = tx.published_keys_of(owner)?;
        let key = key_in(&published, KeyState::Next, owner)?;
        if owner.is_none() {
            load_global(&directory, &published)?;
        }
        // The files first: should the rest fail, the server still finds what the database names, and this can
        // be run again.
        key_files::step(&directory, owner, &key.fingerprint)?;
        if let Some(id) = owner {
            tx.set_product_signing_key(id, &key.fingerprint, &key.public_key, now())?;
        }
        tx.set_current_key(owner, &key.fingerprint, &key.public_key, now())?;
        key_in(&tx.published_keys_of(owner)?, KeyState::Current, owner)
    })?;
    let pid = if owner.is_none() { data.running_server().ok().flatten() } else { None };
    let mut value = published_value(&key, data)?;
    let mut text = format!("key {} of {} signs from now on", key.fingerprint.0, name(owner));
    if let Some(pid) = pid {
        let command = format!("kill -HUP {pid}");
        text = format!(
            "key {} of global signs from when the server is told; until then the one before does\n\nnext: {command}",
            key.fingerprint.0
        );
        if let Value::Object(fields) = &mut value {
            fields.insert("server_pid".to_owned(), json!(pid));
            fields.insert("next".to_owned(), json!(command));
        }
    }
    output.result(&value, &text)
}

fn withdraw(owner: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (store, directory) = (open(data)?, data.clone());
    let key = change(&store, move |tx| {
        let key = key_in(&tx.published_keys_of(owner)?, KeyState::Next, owner)?;
        if SigningKey::load(&key_files::current(&directory, owner))?.fingerprint() == &key.fingerprint {
            // An activation that did not come to its end: its key may sign already.
            return Err(format!(
                "the next key of {} is in its place already: finish with \"keyseal signing-key rotate --activate{}\"",
                name(owner),
                option(owner)
            )
            .into());
        }
        tx.withdraw_next_key(owner)?;
        Ok(key)
    })?;
    let path = key_files::next(data, owner);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!(
                "the next key is published no more, but {} can't be deleted: {error}",
                path.display()
            )
            .into());
        }
        _ => {}
    }
    let text = format!("the next key of {} is deleted: {}", name(owner), key.fingerprint.0);
    output.result(&json!({ "withdrawn": &*key.fingerprint.0, "product_id": owner }), &text)
}

fn key_in(keys: &[PublishedKey], state: KeyState, owner: Option<i64>) -> Result<PublishedKey> {
    keys.iter().find(|key| key.state == state).cloned().ok_or_else(|| {
        format!(
            "there is no {} key of {}: make one with \"keyseal signing-key rotate{}\"",
            state.as_str(),
            name(owner),
            option(owner)
        )
        .into()
    })
}

/// What names the owner on the command line.
fn option(owner: Option<i64>) -> String {
    owner.map(|id| format!(" --product {id}")).unwrap_or_default()
}
