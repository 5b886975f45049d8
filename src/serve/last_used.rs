//! The time when each API key was last used: kept in memory and written once a minute, because a statistic is not
//! worth a commit per request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{CallerId, Timestamp};
use crate::store::{Error, Store};

/// The times of use since the last write.
#[derive(Default)]
pub struct LastUsed(Mutex<Times>);

#[derive(Default)]
struct Times {
    /// By the id of the API key.
    keys: HashMap<i64, Timestamp>,
    /// By the id of the former text.
    former_texts: HashMap<i64, Timestamp>,
}

impl LastUsed {
    /// Records a use. `former_text`: the id of the former text, if that was sent. Callers without an API key are not
    /// recorded.
    pub fn record(&self, caller: CallerId, former_text: Option<i64>, now: Timestamp) {
        if let CallerId::ApiKey(id) = caller {
            let mut times = self.lock();
            times.keys.insert(id, now);
            if let Some(id) = former_text {
                times.former_texts.insert(id, now);
            }
        }
    }

    /// Drops everything that is not written yet.
    pub fn clear(&self) {
        *self.lock() = Times::default();
    }

    /// Writes the times to the database. Times that can't be written are lost until the key's next use.
    pub async fn flush(&self, store: &Store) -> Result<(), Error> {
        let Times { keys, former_texts } = std::mem::take(&mut *self.lock());
        if keys.is_empty() {
            return Ok(());
        }
        store
            .change(move |tx| {
                keys.iter().try_for_each(|(id, used_at)| tx.touch_api_key(*id, *used_at))?;
                former_texts.iter().try_for_each(|(id, used_at)| tx.touch_former_api_key(*id, *used_at))
            })
            .await
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
