//! `keyseal signing-key rotate`: replaces a signing key without an answer that clients can't verify.

use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::install::record;
use super::published_to_json;
use crate::cli::product::reference::optional_id;
use crate::cli::{Output, Result, change, now, open, with_members};
use crate::domain::KeyState;
use crate::files::DataDir;
use crate::maintenance::signing_keys::{
    activate_next, check_can_rotate, delete_next_file, key_in, key_name, move_next_file, owner_option,
    publish_next, withdraw_next,
};
use crate::signing::{self, SigningKey, key_files};

#[derive(clap::Args)]
pub struct Args {
    /// Product whose own key is rotated: its id, UUID, slug or name [default: the global key]
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
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
    let product = optional_id(data, args.product.as_deref())?;
    match args {
        Args { activate: true, .. } => activate(product, data, output),
        Args { withdraw: true, .. } => withdraw(product, data, output),
        Args { key, bits, .. } => {
            // Checked before a key is generated, which takes a while.
            open(data)?.try_read(|tx| check_can_rotate(tx, data, product))?;
            let pem = match key {
                Some(file) => SigningKey::read_pem(file)?,
                None => signing::generate(bits.parse()?)?,
            };
            publish(product, &pem, data, output)
        }
    }
}

fn publish(owner: Option<i64>, pem: &Zeroizing<String>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (store, directory) = (open(data)?, data.clone());
    record(&store, pem, &key_files::next(data, owner), data, move |tx, public| {
        publish_next(tx, &directory, owner, public, now())
    })?;
    let key = key_in(&store.try_read(|tx| tx.published_keys_of(owner))?, KeyState::Next, owner)?;
    let text = format!(
        "the {} is published and does not sign yet\n\npublic key, for your clients:\n{}\n\
         next: when all clients know it, keyseal signing-key rotate --activate{}",
        key_name(KeyState::Next, owner),
        key.public_key,
        owner_option(owner)
    );
    output.result(&published_to_json(&key, data)?, &text)
}

fn activate(owner: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let next = move_next_file(data, owner, &store.try_read(|tx| tx.published_keys_of(owner))?)?;
    let key = change(&store, move |tx| activate_next(tx, &next, now()))?;
    let pid = if owner.is_none() { data.running_server().ok().flatten() } else { None };
    let mut value = published_to_json(&key, data)?;
    let mut text = format!(
        "the {} is {}, which signs from now on",
        key_name(KeyState::Current, owner),
        key.fingerprint.0
    );
    if let Some(pid) = pid {
        let command = format!("kill -HUP {pid}");
        text = format!(
            "the {} is {}; the running server signs with the former one until it reloads\n\nnext: {command}",
            key_name(KeyState::Current, owner),
            key.fingerprint.0
        );
        value = with_members(value, [("server_pid", json!(pid)), ("next", json!(command))]);
    }
    output.result(&value, &text)
}

fn withdraw(owner: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (store, directory) = (open(data)?, data.clone());
    let key = change(&store, move |tx| withdraw_next(tx, &directory, owner))?;
    delete_next_file(data, owner)?;
    let text =
        format!("the {} is withdrawn and deleted: {}", key_name(KeyState::Next, owner), key.fingerprint.0);
    output.result(&json!({ "withdrawn": &*key.fingerprint.0, "product_id": owner }), &text)
}
