//! Installs a generated or imported signing key.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::to_json;
use crate::cli::{Output, Result, change, now, open};
use crate::files::DataDir;
use crate::maintenance::signing_keys::{install_for_product, install_global};
use crate::signing::{Keyring, PublicKey, SigningKey, StagedKey, key_files};
use crate::store::{Store, Tx};

/// Makes a key the global key, or a product's own, and prints its public half.
pub(super) fn install(
    product: Option<i64>,
    pem: &Zeroizing<String>,
    replace_lost: bool,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    let path = match product {
        None => {
            data.create()?;
            if data.database().exists() {
                let directory = data.clone();
                record(&open(data)?, pem, &Keyring::global_path(data), data, move |tx, public| {
                    install_global(tx, &directory, public, replace_lost, now())
                })?
            } else {
                // "init" records it in the database that it creates.
                let place = Keyring::global_path(data);
                SigningKey::save(pem, &place)?;
                place
            }
        }
        Some(id) => {
            let directory = data.clone();
            let place =
                record(&open(data)?, pem, &Keyring::product_path(data, id), data, move |tx, public| {
                    install_for_product(tx, &directory, id, public, now())
                })?;
            output.note(&format!(
                "note: this key signs for product {id} from now on, and clients that know only the global key refuse \
                 its answers: give the clients of product {id} the public key"
            ));
            place
        }
    };
    let key = SigningKey::load(&path)?;
    let next = key_files::next(data, product);
    if SigningKey::load(&next).is_ok_and(|next| next.fingerprint() == key.fingerprint()) {
        // It was published as the next key. A second copy would block the next rotation.
        drop(fs::remove_file(&next));
    }
    let text =
        format!("signing key {}\n\npublic key, for your clients:\n{}", path.display(), key.public().pem());
    if replace_lost {
        output.note(
            "note: clients that know only the former global key refuse answers signed by this one: give all clients \
            its public key",
        );
        if let Some(pid) = data.running_server().ok().flatten() {
            output.note(&format!("next: kill -HUP {pid}, which makes the server sign with it"));
        }
    }
    output.result(&to_json(product, &path, &key), &text)
}

/// Records a new key in the database with `job`, which returns the path for its file, and moves its file there.
/// `origin` is for the error message of a key that can't be used.
pub(super) fn record(
    store: &Store,
    pem: &Zeroizing<String>,
    origin: &Path,
    data: &DataDir,
    job: impl Fn(&Tx<'_>, &PublicKey) -> Result<PathBuf> + Send + 'static,
) -> Result<PathBuf> {
    let staged = StagedKey::write(pem, origin, data)?;
    let public = staged.key().public().clone();
    match change(store, move |tx| job(tx, &public)) {
        Ok(place) => {
            staged.publish(&place)?;
            Ok(place)
        }
        Err(error) => {
            staged.discard();
            Err(error)
        }
    }
}
