//! What metadata on licenses and on products has in common: how answers show it, and how much there may be.

use serde_json::{Value, json};

use crate::api::sent::too_large;
use crate::domain::{MAX_META_BYTES, MAX_META_ENTRIES, MetaEntry, MetaSize};
use crate::wire::reply::Error;

/// Entries as every answer shows them.
pub fn shown<'a>(entries: impl IntoIterator<Item = &'a MetaEntry>) -> Value {
    entries.into_iter().map(|entry| json!({ "key": entry.key, "value": entry.value })).collect()
}

/// Refuses a change after which there is too much, by the field that is too much of it; the refusal undoes the change.
pub fn check_size(size: MetaSize) -> Result<(), Error> {
    match size {
        _ if size.entries > MAX_META_ENTRIES => Err(too_large("key")),
        _ if size.bytes > MAX_META_BYTES => Err(too_large("value")),
        _ => Ok(()),
    }
}
