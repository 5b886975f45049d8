//! The signing keys: there, readable, their owner's alone, of a size that clients take, and those that the
//! database names.

use super::{Finding, Patient};
use crate::domain::{KeyState, Product, PublishedKey};
use crate::signing::{KeyError, Keyring, load_global};

/// How many faults are told one by one.
const MAX_TOLD: usize = 5;

pub fn global(patient: &Patient<'_>) -> Finding {
    // Without a database that can be read, the file is looked at by itself.
    let database = patient.database.as_ref().ok();
    let named =
        database.and_then(|database| database.read(|tx| tx.published_keys_of(None)).ok()).unwrap_or_default();
    match load_global(patient.data, &named) {
        Ok(key) => {
            let message =
                format!("{} bits, SHA-256 of the public key {}", key.public().bits(), key.fingerprint().0);
            if patient.demo_secrets.signing_keys.contains(key.fingerprint()) {
                return demo_key(None);
            }
            let is_half_done = |named: &PublishedKey| {
                named.state == KeyState::Next && named.fingerprint == *key.fingerprint()
            };
            if named.iter().any(is_half_done) {
                let message = format!("{message}: its activation was interrupted");
                return Finding::warning(message, "keyseal signing-key rotate --activate");
            }
            Finding::right(message)
        }
        Err(error) => Finding::wrong(error.to_string(), what_mends(&error)),
    }
}

pub fn of_products(patient: &Patient<'_>) -> Finding {
    let Ok(database) = &patient.database else {
        return Finding::unknown("not looked at: the database says whose keys must be there");
    };
    let products = match database.read(|tx| tx.products()) {
        Err(error) => return Finding::unknown(format!("can't read which products have a key: {error}")),
        Ok(products) => products,
    };
    let own: Vec<_> = products.iter().filter_map(Product::own_key).collect();
    let demo_keys = &patient.demo_secrets.signing_keys;
    if let Some(key) = own.iter().find(|key| demo_keys.contains(&key.fingerprint)) {
        return demo_key(Some(key.product_id));
    }
    let ring = Keyring::empty(patient.data);
    let faults: Vec<KeyError> = own.iter().filter_map(|key| ring.of_product(key).err()).collect();
    let Some(first) = faults.first() else {
        return Finding::right(format!("products with a key of their own: {}, each in its place", own.len()));
    };
    let told: Vec<String> = faults.iter().take(MAX_TOLD).map(KeyError::to_string).collect();
    let more = faults.len().saturating_sub(MAX_TOLD);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Finding::wrong(format!("{}{more}", told.join("; ")), what_mends(first))
}

/// A key of the demo's.
fn demo_key(product_id: Option<i64>) -> Finding {
    let error = KeyError::demo_key(product_id);
    Finding::wrong(error.to_string(), what_mends(&error))
}

fn what_mends(error: &KeyError) -> String {
    match error {
        KeyError::Missing(path) => format!(
            "cp BACKUP/keys/global.pem {}; or, if no client has the public key yet, keyseal signing-key generate",
            path.display()
        ),
        KeyError::MissingGlobal { path, .. } => format!(
            "cp BACKUP/keys/global.pem {}; or, if it is lost for good, keyseal signing-key generate --replace-lost, and give its \
             public key to your clients",
            path.display()
        ),
        KeyError::MismatchGlobal { path, .. } => format!(
            "cp BACKUP/keys/global.pem {0}; or, if it is lost for good, mv {0} {0}.old && keyseal signing-key generate \
             --replace-lost, and give its public key to your clients",
            path.display()
        ),
        KeyError::DemoKey { option, .. } => {
            format!("keyseal signing-key rotate{option} && keyseal signing-key rotate --activate{option}")
        }
        KeyError::Exposed(path) => format!("chmod 600 {}", path.display()),
        KeyError::Encrypted(path) => {
            format!(
                "openssl pkey -in {0} -out plain.pem && mv plain.pem {0} && chmod 600 {0}",
                path.display()
            )
        }
        KeyError::MissingForProduct { path, .. }
        | KeyError::Mismatch { path, .. }
        | KeyError::Invalid { path, .. }
        | KeyError::NotRsa { path, .. } => {
            format!("cp the file of this name from BACKUP/keys/ to {}", path.display())
        }
        KeyError::TooSmall(path) | KeyError::TooLarge(path) => format!(
            "cp the file of this name from BACKUP/keys/ to {0}; or, if no such key ever signed, mv {0} {0}.old && keyseal \
             signing-key generate --replace-lost, and give its public key to your clients",
            path.display()
        ),
        KeyError::Unreadable { path, .. } => {
            format!("ls -l {}: Keyseal's user must be able to read it", path.display())
        }
        other => other.to_string(),
    }
}
