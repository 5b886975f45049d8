//! `keyseal signing-key …`: the private keys that sign answers, and their public keys.

mod install;
mod rotate;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::product::reference::{by_id, optional_id};
use crate::cli::{Output, Result, open};
use crate::domain::{KeyState, PublishedKey, Timestamp};
use crate::files::DataDir;
use crate::maintenance::signing_keys::{file_of, key_name, key_to_reload, owner_name};
use crate::signing::{self, Keyring, PublicKey, SigningKey, load_global};
use install::install;

#[derive(Subcommand)]
pub enum Command {
    /// Generate the global signing key, or a product's own
    #[command(after_help = "Example:\n  keyseal signing-key generate --product 1")]
    Generate {
        /// Product that gets a key of its own: its id, UUID, slug or name
        #[arg(long, value_name = "PRODUCT")]
        product: Option<String>,
        /// Key size; 2048 signs fastest, and is what the original server uses
        #[arg(long, default_value = "2048", value_parser = ["2048", "3072", "4096"])]
        bits: String,
        /// Replace the global key because it is lost for good. All clients need the new public key
        #[arg(long, conflicts_with = "product")]
        replace_lost: bool,
    },
    /// Import an existing RSA private key: PKCS#8 or PKCS#1, PEM or DER
    #[command(after_help = "Example:\n  keyseal signing-key import old-server.pem")]
    Import {
        /// File with the private key, which is copied
        file: PathBuf,
        /// Product that gets it as its own key: its id, UUID, slug or name
        #[arg(long, value_name = "PRODUCT")]
        product: Option<String>,
        /// Replace the global key because it is lost for good. All clients need the new public key
        #[arg(long, conflicts_with = "product")]
        replace_lost: bool,
    },
    /// Print the public key that verifies answers, as PEM
    #[command(after_help = "Example:\n  keyseal signing-key public --product 1")]
    Public {
        /// Product whose answers it verifies: its id, UUID, slug or name [default: the global key]
        #[arg(long, value_name = "PRODUCT")]
        product: Option<String>,
        /// Print the next key, which signs after "rotate --activate"
        #[arg(long, conflicts_with = "former")]
        next: bool,
        /// Print the former keys, latest first
        #[arg(long)]
        former: bool,
    },
    /// List all signing keys: next, current and former
    #[command(after_help = "Example:\n  keyseal signing-key list")]
    List,
    /// Rotate a signing key in two steps: publish the next key, then activate it when all clients know it
    ///
    /// Without --activate or --withdraw, publishes the next key.
    #[command(after_help = "Example:\n  keyseal signing-key rotate --activate")]
    Rotate(rotate::Args),
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Generate { product, bits, replace_lost } => install(
            optional_id(data, product.as_deref())?,
            &signing::generate(bits.parse()?)?,
            *replace_lost,
            data,
            output,
        ),
        Command::Import { file, product, replace_lost } => install(
            optional_id(data, product.as_deref())?,
            &SigningKey::read_pem(file)?,
            *replace_lost,
            data,
            output,
        ),
        Command::Public { product, next: true, .. } => {
            published(optional_id(data, product.as_deref())?, KeyState::Next, data, output)
        }
        Command::Public { product, former: true, .. } => {
            published(optional_id(data, product.as_deref())?, KeyState::Former, data, output)
        }
        Command::Public { product, .. } => public(optional_id(data, product.as_deref())?, data, output),
        Command::List => list(data, output),
        Command::Rotate(args) => rotate::run(args, data, output),
    }
}

/// Loads the global key. Fails if the database names another.
fn global_key(data: &DataDir) -> Result<SigningKey> {
    let is_new = !data.database().exists();
    let published =
        if is_new { Vec::new() } else { open(data)?.try_read(|tx| tx.published_keys_of(None))? };
    Ok(load_global(data, &published)?)
}

fn public(product: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let signer = match product {
        None => None,
        Some(id) => {
            let product = open(data)?.try_read(|tx| by_id(tx, id))?;
            if product.signing_key.is_none() {
                output
                    .note(&format!("note: product {id} has no key of its own: the global key signs for it"));
            }
            product.signing_key.map(|_| id)
        }
    };
    let path = signer.map_or_else(|| Keyring::global_path(data), |id| Keyring::product_path(data, id));
    let key = if signer.is_some() { SigningKey::load(&path)? } else { global_key(data)? };
    output.result(&to_json(signer, &path, &key), key.public().pem())
}

/// Prints an owner's keys that are in this state.
fn published(owner: Option<i64>, state: KeyState, data: &DataDir, output: &mut Output<'_>) -> Result {
    let mut keys = open(data)?.try_read(|tx| tx.published_keys_of(owner))?;
    keys.retain(|key| key.state == state);
    if keys.is_empty() {
        return Err(
            format!("there is no {}: see \"keyseal signing-key list\"", key_name(state, owner)).into()
        );
    }
    let pem: String = keys.iter().map(|key| key.public_key.as_str()).collect();
    let values = keys.iter().map(|key| published_to_json(key, data)).collect::<Result<_>>()?;
    output.result(&Value::Array(values), &pem)
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let mut keys = open(data)?.try_read(|tx| tx.published_keys())?;
    // A first global key that was put there by hand is recorded by the first start of a server.
    let global = global_key(data)?;
    keys = PublishedKey::as_served(keys, Some((global.fingerprint(), global.public().pem())));
    if let (Some(former), Ok(Some(pid))) = (key_to_reload(data, &keys), data.running_server()) {
        output.note(&format!(
            "note: the running server signs with {} until it reloads: kill -HUP {pid}",
            former.0
        ));
    }
    let mut rows = Vec::new();
    for key in &keys {
        let or_dash = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let value = published_to_json(key, data)?;
        let bits = value.get("bits").map(Value::to_string).unwrap_or_default();
        let cells = vec![
            owner_name(key.owner),
            key.state.as_str().to_owned(),
            bits,
            or_dash(key.from),
            or_dash(key.until),
            key.fingerprint.0.to_string(),
            file_of(key, data).display().to_string(),
        ];
        rows.push((value, cells));
    }
    output.list(&["key", "state", "bits", "from", "until", "sha-256 of the public key", "file"], &rows)
}

pub fn published_to_json(key: &PublishedKey, data: &DataDir) -> Result<Value> {
    let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
    Ok(json!({
        "private_key_used": if key.owner.is_some() { "product" } else { "global" }, "product_id": key.owner,
        "state": key.state.as_str(), "from": text(key.from), "until": text(key.until),
        "bits": PublicKey::parse(&key.public_key)?.bits(), "fingerprint": &*key.fingerprint.0,
        "file": file_of(key, data).display().to_string(), "public_key": key.public_key,
    }))
}

fn to_json(product: Option<i64>, path: &Path, key: &SigningKey) -> Value {
    json!({
        "private_key_used": if product.is_some() { "product" } else { "global" }, "product_id": product,
        "bits": key.public().bits(), "fingerprint": &*key.fingerprint().0, "file": path.display().to_string(),
        "public_key": key.public().pem(),
    })
}
