//! Keeps a server from going by the secrets of the demo, which everybody knows: a directory that "demo
//! --data" made may be served one day.

use crate::domain::{Fingerprint, ProductKey, WellKnown};
use crate::signing::{KeyError, Keyring};
use crate::store::{self, Store};

/// Refuses signing keys that others can sign with.
pub fn refuse_signing_keys(
    well_known: &WellKnown,
    keyring: &Keyring,
    own_keys: &[ProductKey],
) -> Result<(), KeyError> {
    let is_known = |fingerprint: &Fingerprint| well_known.signing_keys.contains(fingerprint);
    if keyring.global().is_some_and(|key| is_known(key.fingerprint())) {
        return Err(KeyError::well_known(None));
    }
    match own_keys.iter().find(|key| is_known(&key.fingerprint)) {
        Some(key) => Err(KeyError::well_known(Some(key.product_id))),
        None => Ok(()),
    }
}

/// Warns of active API keys that others can call with. They are let in: somebody may rely on them, and can
/// switch them off meanwhile.
pub fn warn_of_api_keys(well_known: &WellKnown, store: &Store) -> Result<(), store::Error> {
    for key in store.try_read(|tx| tx.active_api_keys_of(&well_known.api_keys))? {
        log::warn!(
            "API key {0} {1:?} is one of the demo's, and everybody knows it: run \"keyseal api-key disable {0}\"",
            key.id,
            key.name
        );
    }
    Ok(())
}
