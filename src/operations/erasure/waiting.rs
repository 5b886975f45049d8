//! Webhooks and queued orders about the person that still wait: they are sent first, or dropped with the rest.

use std::thread;
use std::time::{Duration, Instant};

use super::person::Person;
use super::rules::Fate;
use super::slices::slices;
use super::{EraseError, Erasure, UnsentReason, Waiting};
use crate::store::{Error, PersonalTable};

/// How long to wait until the server has sent them, and how often to look.
const TIMEOUT: Duration = Duration::from_mins(1);
const INTERVAL: Duration = Duration::from_millis(200);

impl Erasure<'_> {
    /// Ends without a change if something waits, unless it was said to drop it, or the server sends it in time.
    pub(super) fn settle_waiting(&self, person: &Person) -> Result<(), EraseError> {
        if self.waiting == Some(Waiting::Drop) {
            return Ok(());
        }
        let started = Instant::now();
        loop {
            let (webhooks, orders) = self.waiting(person)?;
            if webhooks.is_empty() && orders.is_empty() {
                return Ok(());
            }
            let reason = if self.waiting.is_none() {
                Some(UnsentReason::NotChosen)
            } else if self.data.running_server()?.is_none() {
                Some(UnsentReason::NoServer)
            } else {
                (started.elapsed() > TIMEOUT).then_some(UnsentReason::Timeout)
            };
            if let Some(reason) = reason {
                return Err(EraseError::Unsent { webhooks: webhooks.len(), orders: orders.len(), reason });
            }
            (self.on_phase)("waiting for webhooks");
            let (now, hurried) = (self.now(), webhooks.clone());
            self.change(move |tx| hurried.iter().try_for_each(|id| tx.hurry_callback(*id, now)))?;
            while started.elapsed() <= TIMEOUT && self.any_waits(&webhooks, &orders)? {
                thread::sleep(INTERVAL);
            }
        }
    }

    fn any_waits(&self, webhooks: &[i64], orders: &[i64]) -> Result<bool, Error> {
        self.store.try_read(|tx| {
            for id in webhooks {
                if tx.is_callback_pending(*id)? {
                    return Ok(true);
                }
            }
            for id in orders {
                if tx.has_row(PersonalTable::Jobs, *id)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// The ids of the pending webhooks and of the queued orders about the person.
    fn waiting(&self, person: &Person) -> Result<(Vec<i64>, Vec<i64>), Error> {
        let mut webhooks = self.about(PersonalTable::Callbacks, person)?;
        webhooks = self.store.try_read(|tx| {
            let mut pending = Vec::new();
            for id in &webhooks {
                if tx.is_callback_pending(*id)? {
                    pending.push(*id);
                }
            }
            Ok::<_, Error>(pending)
        })?;
        Ok((webhooks, self.about(PersonalTable::Jobs, person)?))
    }

    fn about(&self, table: PersonalTable, person: &Person) -> Result<Vec<i64>, Error> {
        let mut found = Vec::new();
        for slice in slices(self.store, table) {
            let rows = slice?.rows;
            found.extend(
                rows.iter().filter(|row| person.fate_of(table, row) == Fate::Deleted).map(|row| row.id),
            );
        }
        Ok(found)
    }
}
