//! `keyseal signing-key …`: the keys that answers are signed with.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Output, Result, change, now, open};
use crate::signing::{self, Keyring, SigningKey};
use crate::store::{DataDir, Tx};

#[derive(Subcommand)]
pub enum Command {
    /// Make the global signing key, or a product's own
    Generate {
        /// The product that gets a key of its own
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
        /// 2048 signs fastest, and is what the original server uses
        #[arg(long, default_value = "2048", value_parser = ["2048", "3072", "4096"])]
        bits: String,
    },
    /// Take over an existing RSA private key, in PKCS#8 or PKCS#1, PEM or DER
    Import {
        /// The file with the private key; it is copied, and stays as it is
        file: PathBuf,
        /// The product that gets it as its own
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
    },
    /// Print the public key that verifies answers, as PEM
    Public {
        /// The key that signs for this product: its own, or the global one
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
    },
    /// List all signing keys
    List,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Generate { product, bits } => {
            install(*product, signing::generate(bits.parse()?)?, data, output)
        }
        Command::Import { file, product } => install(*product, SigningKey::read_pem(file)?, data, output),
        Command::Public { product } => public(*product, data, output),
        Command::List => list(data, output),
    }
}

fn install(product: Option<i64>, pem: Zeroizing<String>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let path = match product {
        None => {
            data.create()?;
            let path = Keyring::global_path(data);
            SigningKey::save(&pem, &path)?;
            path
        }
        Some(id) => {
            let directory = data.clone();
            change(&open(data)?, move |tx| give_to_product(tx, &directory, id, &pem))?;
            Keyring::product_path(data, id)
        }
    };
    let key = SigningKey::load(&path)?;
    let text =
        format!("signing key {}\n\npublic key, for your clients:\n{}", path.display(), key.public().pem());
    output.result(&value(product, &path, &key), &text)
}

/// Writes a product's own key and tells the database which one it is. Not over another: clients trust that one.
pub fn give_to_product(tx: &Tx<'_>, data: &DataDir, id: i64, pem: &str) -> Result {
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
        tx.set_product_signing_key(id, key.fingerprint(), key.public().pem(), now())?;
        Ok(())
    });
    if named.is_err() {
        // Nobody has seen a signature of this key yet. If it can't be removed either, the next attempt says that it is there.
        drop(fs::remove_file(&path));
    }
    named
}

fn public(product: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let signer = match product {
        None => None,
        Some(id) => {
            let product = open(data)?.read(|tx| tx.product(id))??.ok_or_else(|| unknown_product(id))?;
            if product.signing_key.is_none() {
                output
                    .note(&format!("note: product {id} has no key of its own: the global key signs for it"));
            }
            product.signing_key.map(|_| id)
        }
    };
    let path = signer.map_or_else(|| Keyring::global_path(data), |id| Keyring::product_path(data, id));
    let key = SigningKey::load(&path)?;
    output.result(&value(signer, &path, &key), key.public().pem())
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let products = open(data)?.read(|tx| tx.products())??;
    let own = products.iter().filter(|product| product.signing_key.is_some()).map(|product| Some(product.id));
    let mut rows = Vec::new();
    for product in std::iter::once(None).chain(own) {
        let path = product.map_or_else(|| Keyring::global_path(data), |id| Keyring::product_path(data, id));
        let key = SigningKey::load(&path)?;
        let name = product.map_or_else(|| "global".to_owned(), |id| format!("product {id}"));
        let cells =
            vec![name, key.bits().to_string(), key.fingerprint().0.to_string(), path.display().to_string()];
        rows.push((value(product, &path, &key), cells));
    }
    output.list(&["key", "bits", "sha-256 of the public key", "file"], &rows)
}

fn value(product: Option<i64>, path: &Path, key: &SigningKey) -> Value {
    json!({
        "private_key_used": if product.is_some() { "product" } else { "global" }, "product_id": product,
        "bits": key.bits(), "fingerprint": &*key.fingerprint().0, "file": path.display().to_string(),
        "public_key": key.public().pem(),
    })
}

fn unknown_product(id: i64) -> String {
    format!("no product {id}: see \"keyseal product list\"")
}
