//! Checks of the signing keys.

use super::{Context, Finding};
use crate::domain::{KeyState, Product, PublishedKey};
use crate::signing::{KeyError, Keyring, load_global};

/// Number of faults that are reported one by one.
const MAX_REPORTED: usize = 5;

/// Checks that the global key can be used, is private, and is the one in the database.
pub fn global(context: &Context<'_>) -> Finding {
    // If the database can't be read, only the file is checked.
    let database = context.database.as_ref().ok();
    let named =
        database.and_then(|database| database.read(|tx| tx.published_keys_of(None)).ok()).unwrap_or_default();
    match load_global(context.data, &named) {
        Ok(key) => {
            let message =
                format!("{} bits, SHA-256 of the public key {}", key.public().bits(), key.fingerprint().0);
            if context.demo_secrets.signing_keys.contains(key.fingerprint()) {
                return demo_key(None);
            }
            let is_next = |named: &PublishedKey| {
                named.state == KeyState::Next && named.fingerprint == *key.fingerprint()
            };
            if named.iter().any(is_next) {
                let message = format!("{message}: its activation was interrupted");
                return Finding::warning(message, "keyseal signing-key rotate --activate");
            }
            Finding::ok(message)
        }
        Err(error) => Finding::wrong(error.to_string(), fix_for(&error)),
    }
}

/// Checks the products' own keys in the same way.
pub fn of_products(context: &Context<'_>) -> Finding {
    let Ok(database) = &context.database else {
        return Finding::unknown("not checked: the database, which lists the keys, can't be opened");
    };
    let products = match database.read(|tx| tx.products()) {
        Err(error) => return Finding::unknown(format!("can't read which products have a key: {error}")),
        Ok(products) => products,
    };
    let own: Vec<_> = products.iter().filter_map(Product::own_key).collect();
    let demo_keys = &context.demo_secrets.signing_keys;
    if let Some(key) = own.iter().find(|key| demo_keys.contains(&key.fingerprint)) {
        return demo_key(Some(key.product_id));
    }
    let ring = Keyring::empty(context.data);
    let faults: Vec<KeyError> = own.iter().filter_map(|key| ring.of_product(key).err()).collect();
    let Some(first) = faults.first() else {
        return Finding::ok(match own.len() {
            0 => "no product has a key of its own".to_owned(),
            1 => "1 product has a key of its own, and it is sound".to_owned(),
            count => format!("{count} products have keys of their own, and they are sound"),
        });
    };
    let reported: Vec<String> = faults.iter().take(MAX_REPORTED).map(KeyError::to_string).collect();
    let more = faults.len().saturating_sub(MAX_REPORTED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Finding::wrong(format!("{}{more}", reported.join("; ")), fix_for(first))
}

/// The finding that a published key of the demo is in use.
fn demo_key(product_id: Option<i64>) -> Finding {
    let error = KeyError::demo_key(product_id);
    Finding::wrong(error.to_string(), fix_for(&error))
}

fn fix_for(error: &KeyError) -> String {
    match error {
        KeyError::Missing(path) => format!(
            "cp BACKUP/keys/global.pem {}; or, if no client has the public key yet, keyseal signing-key generate",
            path.display()
        ),
        KeyError::MissingGlobal { path, .. } => format!(
            "cp BACKUP/keys/global.pem {}; or, if it is lost for good, keyseal signing-key generate --replace-lost, \
             and give its public key to your clients",
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
            format!("copy the file of this name from BACKUP/keys/ to {}", path.display())
        }
        KeyError::TooSmall(path) | KeyError::TooLarge(path) => format!(
            "copy the file of this name from BACKUP/keys/ to {0}; or, if no such key ever signed, mv {0} {0}.old && \
             keyseal signing-key generate --replace-lost, and give its public key to your clients",
            path.display()
        ),
        KeyError::Unreadable { path, .. } => {
            format!("ls -l {}: Keyseal's user must be able to read it", path.display())
        }
        other => other.to_string(),
    }
}
