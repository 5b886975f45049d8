//! The form of metadata in answers, and its limits, which licenses and products share.

use serde_json::{Value, json};

use crate::api::sent::too_large;
use crate::domain::{MAX_META_BYTES, MAX_META_ENTRIES, MetaEntry, MetaSize};
use crate::wire::reply::Error;

/// Returns the entries in the form of every answer.
pub fn shown<'a>(entries: impl IntoIterator<Item = &'a MetaEntry>) -> Value {
    entries.into_iter().map(|entry| json!({ "key": entry.key, "value": entry.value })).collect()
}

/// Refuses a change by which the metadata exceeds a limit, naming the field. The refusal rolls the change back.
pub fn check_size(size: MetaSize) -> Result<(), Error> {
    match size {
        _ if size.entries > MAX_META_ENTRIES => Err(too_large("key")),
        _ if size.bytes > MAX_META_BYTES => Err(too_large("value")),
        _ => Ok(()),
    }
}
