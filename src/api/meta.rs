//! Metadata as answers show it, on licenses and on products.

use serde_json::{Value, json};

use crate::domain::MetaEntry;

/// Entries as every answer shows them.
pub fn shown<'a>(entries: impl IntoIterator<Item = &'a MetaEntry>) -> Value {
    entries.into_iter().map(|entry| json!({ "key": entry.key, "value": entry.value })).collect()
}
