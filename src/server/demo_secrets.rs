//! Checks a data directory for the demo's secrets, which are public: one made by `keyseal demo --data` may
//! later be served for real.

use super::StartError;
use crate::domain::{DemoSecrets, Fingerprint, ProductKey};
use crate::files::DataDir;
use crate::maintenance::shell::command;
use crate::signing::{KeyError, Keyring};
use crate::store::Store;

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

/// Refuses the demo's API keys that are active: anyone could call the API with them.
pub fn refuse_api_keys(demo_secrets: &DemoSecrets, data: &DataDir, store: &Store) -> Result<(), StartError> {
    let known = store.try_read(|tx| tx.api_keys_of(&demo_secrets.api_keys))?;
    let active: Vec<String> = known.iter().filter(|key| key.active).map(|key| key.id.to_string()).collect();
    if active.is_empty() {
        return Ok(());
    }
    Err(StartError::DemoApiKeys { ids: active.join(", "), disable: command("api-key disable --demo", data) })
}
