//! The time when each API key was last used: kept in memory and written once a minute, because a statistic is not
//! worth a commit per request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::{CallerId, Timestamp};
use crate::store::{Error, Store};

/// The times of use since the last write, by the id of the API key.
#[derive(Default)]
pub struct LastUsed(Mutex<HashMap<i64, Timestamp>>);

impl LastUsed {
    /// Records a use. Callers without an API key are not recorded.
    pub fn record(&self, caller: CallerId, now: Timestamp) {
        if let CallerId::ApiKey(id) = caller {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
        }
    }

    /// Drops everything that is not written yet.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Writes the times to the database. Times that can't be written are lost until the key's next use.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let times = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if times.is_empty() {
            return Ok(());
        }
        store
            .change(move |tx| times.iter().try_for_each(|(id, used_at)| tx.touch_api_key(*id, *used_at)))
            .await
    }
}
