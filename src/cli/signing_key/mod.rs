//! `keyseal signing-key …`: the private keys that sign answers, and their public keys.

mod rotate;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::{Output, Result, change, now, open};
use crate::domain::{Fingerprint, KeyState, PublishedKey, Timestamp};
use crate::files::DataDir;
use crate::signing::{self, Keyring, PublicKey, SigningKey, key_files, load_global, place_for_global};
use crate::store::Tx;

#[derive(Subcommand)]
pub enum Command {
    /// Generate the global signing key, or a product's own
    #[command(after_help = "Example:\n  keyseal signing-key generate --product 1")]
    Generate {
        /// Product that gets a key of its own, by id
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
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
        /// Product that gets it as its own key, by id
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
        /// Replace the global key because it is lost for good. All clients need the new public key
        #[arg(long, conflicts_with = "product")]
        replace_lost: bool,
    },
    /// Print the public key that verifies answers, as PEM
    #[command(after_help = "Example:\n  keyseal signing-key public --product 1")]
    Public {
        /// Product whose answers it verifies, by id [default: the global key]
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
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
        Command::Generate { product, bits, replace_lost } => {
            install(*product, signing::generate(bits.parse()?)?, *replace_lost, data, output)
        }
        Command::Import { file, product, replace_lost } => {
            install(*product, SigningKey::read_pem(file)?, *replace_lost, data, output)
        }
        Command::Public { product, next: true, .. } => published(*product, KeyState::Next, data, output),
        Command::Public { product, former: true, .. } => published(*product, KeyState::Former, data, output),
        Command::Public { product, .. } => public(*product, data, output),
        Command::List => list(data, output),
        Command::Rotate(args) => rotate::run(args, data, output),
    }
}

fn install(
    product: Option<i64>,
    pem: Zeroizing<String>,
    replace_lost: bool,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    let path = match product {
        None => {
            data.create()?;
            if data.database().exists() {
                let directory = data.clone();
                change(&open(data)?, move |tx| install_global(tx, &directory, &pem, replace_lost))?;
            } else {
                // "init" tells the database that it makes.
                SigningKey::save(&pem, &Keyring::global_path(data))?;
            }
            Keyring::global_path(data)
        }
        Some(id) => {
            let directory = data.clone();
            change(&open(data)?, move |tx| give_to_product(tx, &directory, id, &pem, now()))?;
            Keyring::product_path(data, id)
        }
    };
    let key = SigningKey::load(&path)?;
    let next = key_files::next(data, product);
    if SigningKey::load(&next).is_ok_and(|next| next.fingerprint() == key.fingerprint()) {
        // It was to be the next one. A second copy would only be in the way of the next rotation.
        drop(fs::remove_file(&next));
    }
    let text =
        format!("signing key {}\n\npublic key, for your clients:\n{}", path.display(), key.public().pem());
    if replace_lost {
        output.note("note: no client that knows the former global key alone takes what this one signs: give them all its public key");
        if let Some(pid) = data.running_server().ok().flatten() {
            output.note(&format!("next: kill -HUP {pid}, which has the server sign with it"));
        }
    }
    output.result(&value(product, &path, &key), &text)
}

/// Writes the global key and tells the database which one it is. Not over another: clients trust that one,
/// unless it is lost.
fn install_global(tx: &Tx<'_>, data: &DataDir, pem: &str, replace_lost: bool) -> Result {
    let published = tx.published_keys_of(None)?;
    let key = SigningKey::parse(pem.as_bytes(), &Keyring::global_path(data))?;
    let path = place_for_global(data, &published, &key, replace_lost)?;
    SigningKey::save(pem, &path)?;
    let named = tx.set_current_key(None, key.fingerprint(), key.public().pem(), now());
    if named.is_err() {
        // It has signed nothing yet. If it can't be removed either, the next start says that the database
        // names another.
        drop(fs::remove_file(&path));
    }
    Ok(named?)
}

/// Loads the global key, if it is the one that the database names.
fn global_key(data: &DataDir) -> Result<SigningKey> {
    let is_new = !data.database().exists();
    let named = if is_new { Vec::new() } else { open(data)?.try_read(|tx| tx.published_keys_of(None))? };
    Ok(load_global(data, &named)?)
}

/// Writes a product's own key and tells the database which one it is. Not over another: clients trust that one.
pub fn give_to_product(tx: &Tx<'_>, data: &DataDir, id: i64, pem: &str, now: Timestamp) -> Result {
    let product = tx.product(id)?.ok_or_else(|| unknown_product(id))?;
    if product.signing_key.is_some() {
        return Err(format!(
            "product {id} has a signing key already: clients trust it, so it is not replaced"
        )
        .into());
    }
    let path = Keyring::product_path(data, id);
    SigningKey::save(pem, &path)?;
    let named = SigningKey::load(&path).map_err(Into::into).and_then(|key| {
        tx.set_product_signing_key(id, key.fingerprint(), key.public().pem(), now)?;
        Ok(tx.set_current_key(Some(id), key.fingerprint(), key.public().pem(), now)?)
    });
    if named.is_err() {
        // Nobody has seen a signature of this key yet. If it can't be removed either, the next attempt says
        // that it is there.
        drop(fs::remove_file(&path));
    }
    named
}

fn public(product: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let signer = match product {
        None => None,
        Some(id) => {
            let product = open(data)?.try_read(|tx| tx.product(id))?.ok_or_else(|| unknown_product(id))?;
            if product.signing_key.is_none() {
                output
                    .note(&format!("note: product {id} has no key of its own: the global key signs for it"));
            }
            product.signing_key.map(|_| id)
        }
    };
    let path = signer.map_or_else(|| Keyring::global_path(data), |id| Keyring::product_path(data, id));
    let key = if signer.is_some() { SigningKey::load(&path)? } else { global_key(data)? };
    output.result(&value(signer, &path, &key), key.public().pem())
}

/// Prints the keys of an owner that are in this state.
fn published(owner: Option<i64>, state: KeyState, data: &DataDir, output: &mut Output<'_>) -> Result {
    let mut keys = open(data)?.try_read(|tx| tx.published_keys_of(owner))?;
    keys.retain(|key| key.state == state);
    if keys.is_empty() {
        return Err(format!(
            "no {} key of {}: see \"keyseal signing-key list\"",
            state.as_str(),
            name(owner)
        )
        .into());
    }
    let pem: String = keys.iter().map(|key| key.public_key.as_str()).collect();
    let values = keys.iter().map(|key| published_value(key, data)).collect::<Result<_>>()?;
    output.result(&Value::Array(values), &pem)
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let mut keys = open(data)?.try_read(|tx| tx.published_keys())?;
    // The first global key is not in the database before a server has started with it, if it was put into its
    // place by hand.
    let global = global_key(data)?;
    keys = PublishedKey::as_served(keys, Some((global.fingerprint(), global.public().pem())));
    if let (Some(before), Ok(Some(pid))) = (forgotten_switch(data, &keys), data.running_server()) {
        output.note(&format!(
            "note: the server still signs with {}, until it is told: kill -HUP {pid}",
            before.0
        ));
    }
    let mut rows = Vec::new();
    for key in &keys {
        let shown = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let value = published_value(key, data)?;
        let bits = value.get("bits").map(Value::to_string).unwrap_or_default();
        let cells = vec![
            name(key.owner),
            key.state.as_str().to_owned(),
            bits,
            shown(key.from),
            shown(key.until),
            key.fingerprint.0.to_string(),
            file(key, data).display().to_string(),
        ];
        rows.push((value, cells));
    }
    output.list(&["key", "state", "bits", "from", "until", "sha-256 of the public key", "file"], &rows)
}

/// The key that the running server still signs with, though the database names another as the current one.
pub fn forgotten_switch(data: &DataDir, published: &[PublishedKey]) -> Option<Fingerprint> {
    let signs = data.key_of_running_server().ok().flatten()?;
    let mut global = published.iter().filter(|key| key.owner.is_none());
    let current = global.find(|key| key.state == KeyState::Current)?;
    (current.fingerprint != signs).then_some(signs)
}

pub fn name(owner: Option<i64>) -> String {
    owner.map_or_else(|| "global".to_owned(), |id| format!("product {id}"))
}

/// Where the private half is.
fn file(key: &PublishedKey, data: &DataDir) -> PathBuf {
    match key.state {
        KeyState::Next => key_files::next(data, key.owner),
        KeyState::Current => key_files::current(data, key.owner),
        KeyState::Former => key_files::former(data, key.owner, &key.fingerprint),
    }
}

pub fn published_value(key: &PublishedKey, data: &DataDir) -> Result<Value> {
    let shown = |time: Option<Timestamp>| time.map(|time| time.to_string());
    Ok(json!({
        "private_key_used": if key.owner.is_some() { "product" } else { "global" }, "product_id": key.owner,
        "state": key.state.as_str(), "from": shown(key.from), "until": shown(key.until),
        "bits": PublicKey::parse(&key.public_key)?.bits(), "fingerprint": &*key.fingerprint.0,
        "file": file(key, data).display().to_string(), "public_key": key.public_key,
    }))
}

fn value(product: Option<i64>, path: &Path, key: &SigningKey) -> Value {
    json!({
        "private_key_used": if product.is_some() { "product" } else { "global" }, "product_id": product,
        "bits": key.public().bits(), "fingerprint": &*key.fingerprint().0, "file": path.display().to_string(),
        "public_key": key.public().pem(),
    })
}

pub fn unknown_product(id: i64) -> String {
    format!("no product {id}: see \"keyseal product list\"")
}
