//! What is remembered about requests beside their changes: refusals, the number of answers, and when activations were
//! last seen. Gathered in memory and written a moment later, because none of it is worth a commit per request.
//!
//! A request costs a lock that is held for less than a microsecond. Nothing is done while no request comes.

mod gathered;
mod refused;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::api::call::Found;
use crate::config::ActivityConfig;
use crate::domain::{CallerId, Hour, Timestamp, Usage, journaled};
use crate::store::{Error, Store};
use gathered::Gathered;

pub use refused::RefusedFields;

/// An answer: when, to whom and with what.
pub struct Answered {
    pub endpoint: &'static str,
    /// The code of the answer, or the HTTP status of one without a code.
    pub code: u16,
    pub at: Timestamp,
    pub address: IpAddr,
    /// The owner of the key that the request has, if there is one.
    pub caller: Option<CallerId>,
}

/// What is known of a request beside its caller when it is answered.
#[derive(Default)]
pub struct About {
    pub found: Found,
    /// The fields of a refused request, if they were read.
    pub refused: Option<Box<RefusedFields>>,
}

/// The activity that is not written yet.
pub struct Activity {
    config: ActivityConfig,
    gathered: Mutex<Gathered>,
    /// Told when there is something to write.
    has_some: Notify,
}

impl Activity {
    pub fn new(config: ActivityConfig) -> Self {
        Self { config, gathered: Mutex::default(), has_some: Notify::new() }
    }

    /// Records an answer.
    pub fn record(&self, answered: &Answered, about: About) {
        let ActivityConfig { records_refusals, records_usage, records_last_seen, .. } = self.config;
        let Answered { endpoint, code, at, address, .. } = *answered;
        let refused =
            (records_refusals && journaled(code).is_some()).then(|| about.refused.unwrap_or_default());
        let activation = about.found.activation.filter(|seen| records_last_seen && seen.changes_at(at));
        let usage = Usage { hour: Hour::of(at), endpoint, code, product_id: about.found.product_id };
        let refusal = refused.map(|fields| fields.into_entry(answered));
        let mut gathered = self.lock();
        let had_none = gathered.is_empty();
        if records_usage {
            gathered.add_usage(usage);
        }
        if let Some((request, refusals)) = refusal {
            gathered.add_refusals(request, refusals);
        }
        if let Some(activation) = activation {
            gathered.add_seen(activation.activation_id, at, address);
        }
        let has_some = !gathered.is_empty();
        drop(gathered);
        if had_none && has_some {
            self.has_some.notify_one();
        }
    }

    /// Returns once there is something to write.
    pub async fn wait(&self) {
        self.has_some.notified().await;
    }

    /// Drops everything that is not written yet, also what is on its way to the writer.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Writes what was gathered. What can't be written is gathered again, within the same bounds.
    pub async fn flush(self: &Arc<Self>, store: &Store) -> Result<(), Error> {
        let gathered = self.lock().take();
        if gathered.is_empty() {
            return Ok(());
        }
        let gathered = Arc::new(gathered);
        let (activity, batch) = (Arc::clone(self), Arc::clone(&gathered));
        let written = store.change(move |tx| {
            if activity.lock().generation == batch.generation {
                batch.write(tx, activity.config.keep_refusals.rows)
            } else {
                Ok(())
            }
        });
        written.await.inspect_err(|_| {
            self.lock().put_back(&gathered);
            self.has_some.notify_one();
        })
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        // Each change of it is complete in itself.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
