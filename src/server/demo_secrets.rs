//! Checks a data directory for the demo's secrets, which are public: one made by `keyseal demo --data` may
//! later be served for real.

use crate::domain::{DemoSecrets, Fingerprint, ProductKey};
use crate::signing::{KeyError, Keyring};
use crate::store::{self, Store};

/// Refuses the demo's signing keys: anyone could sign with them.
pub fn refuse_signing_keys(
    demo_secrets: &DemoSecrets,
    keyring: &Keyring,
    own_keys: &[ProductKey],
) -> Result<(), KeyError> {
    let is_public = |fingerprint: &Fingerprint| demo_secrets.signing_keys.contains(fingerprint);
    if keyring.global().is_some_and(|key| is_public(key.fingerprint())) {
        return Err(KeyError::demo_key(None));
    }
    match own_keys.iter().find(|key| is_public(&key.fingerprint)) {
        Some(key) => Err(KeyError::demo_key(Some(key.product_id))),
        None => Ok(()),
    }
}

/// Warns of the demo's API keys that are active. They keep working, since an integration may depend on them,
/// and the operator can disable them while the server runs.
pub fn warn_of_api_keys(demo_secrets: &DemoSecrets, store: &Store) -> Result<(), store::Error> {
    for key in store.try_read(|tx| tx.active_api_keys_of(&demo_secrets.api_keys))? {
        log::warn!(
            "API key {0} {1:?} is one of the demo's, which everybody knows: run \"keyseal api-key disable {0}\"",
            key.id,
            key.name
        );
    }
    Ok(())
}
