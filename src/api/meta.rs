//! The form of metadata in answers, and its limits, which licenses and products share.

use serde_json::{Value, json};

use crate::api::sent::too_large;
use crate::domain::{MAX_META_BYTES, MAX_META_ENTRIES, MAX_META_WRITTEN, MetaEntry, MetaSize};
use crate::store;
use crate::wire::php_json;
use crate::wire::reply::Error;

/// Returns the entries in the form of every answer.
pub fn shown<'a>(entries: impl IntoIterator<Item = &'a MetaEntry>) -> Value {
    entries.into_iter().map(|entry| json!({ "key": entry.key, "value": entry.value })).collect()
}

/// By how much a text grows at most when it is written as JSON in ASCII.
const GROWTH: i64 = 6;

/// Refuses a change by which the metadata exceeds a limit, naming the field. The refusal rolls the change back.
/// `entries` reads the metadata, which is needed only if there is much of it.
pub fn check_size(
    size: MetaSize,
    entries: impl FnOnce() -> Result<Vec<MetaEntry>, store::Error>,
) -> Result<(), Error> {
    if size.entries > MAX_META_ENTRIES {
        return Err(too_large("key"));
    }
    let is_too_long = size.bytes > MAX_META_BYTES
        || size.bytes.saturating_mul(GROWTH) > MAX_META_WRITTEN
            && php_json::texts_length(entries()?.iter().flat_map(|entry| [&*entry.key, &*entry.value]))
                > MAX_META_WRITTEN;
    if is_too_long { Err(too_large("value")) } else { Ok(()) }
}
