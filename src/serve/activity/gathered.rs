//! What was gathered since the last write, within bounds: at most some 2 MB, whatever clients send.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::domain::{Refusals, RefusedRequest, Timestamp, Usage};
use crate::store::{Error, Tx};

/// The most different refusals between two writes. Further ones are counted together, by their code.
pub(super) const MOST_REFUSALS: usize = 500;

/// The most counters between two writes. Beyond it, answers are counted without their product.
pub(super) const MOST_COUNTERS: usize = 10_000;

/// The most activations whose last-seen times are written at once. One beyond it is recorded at its next request.
pub(super) const MOST_SEEN: usize = 1000;

/// The most refusals that a write deletes: more than it adds.
const TRIMMED: i64 = 1000;

/// Everything that is not written yet.
#[derive(Default)]
pub struct Gathered {
    /// Grows when what was gathered before is no longer wanted.
    pub generation: u64,
    usage: HashMap<Usage, i64>,
    refusals: HashMap<RefusedRequest, Refusals>,
    /// By the id of the activation.
    seen: HashMap<i64, (Timestamp, IpAddr)>,
}

impl Gathered {
    pub fn is_empty(&self) -> bool {
        self.usage.is_empty() && self.refusals.is_empty() && self.seen.is_empty()
    }

    /// Takes everything out.
    pub fn take(&mut self) -> Self {
        let generation = self.generation;
        std::mem::replace(self, Self { generation, ..Self::default() })
    }

    /// Drops everything, also what was taken out before.
    pub fn clear(&mut self) {
        *self = Self { generation: self.generation.wrapping_add(1), ..Self::default() };
    }

    pub fn add_usage(&mut self, usage: Usage) {
        self.count(usage, 1);
    }

    fn count(&mut self, usage: Usage, count: i64) {
        let is_new = self.usage.len() >= MOST_COUNTERS && !self.usage.contains_key(&usage);
        let usage = if is_new { Usage { product_id: None, ..usage } } else { usage };
        *self.usage.entry(usage).or_default() += count;
    }

    pub fn add_refusals(&mut self, request: RefusedRequest, refusals: Refusals) {
        let is_new = self.refusals.len() >= MOST_REFUSALS && !self.refusals.contains_key(&request);
        let (request, refusals) = if is_new {
            (RefusedRequest::of_many(request.code), refusals.of_many())
        } else {
            (request, refusals)
        };
        self.refusals.entry(request).and_modify(|entry| entry.add(&refusals)).or_insert(refusals);
    }

    pub fn add_seen(&mut self, activation_id: i64, at: Timestamp, address: IpAddr) {
        if self.seen.len() < MOST_SEEN || self.seen.contains_key(&activation_id) {
            self.seen.insert(activation_id, (at, address));
        }
    }

    /// Adds what could not be written, unless it is no longer wanted.
    pub fn put_back(&mut self, earlier: &Self) {
        if earlier.generation != self.generation {
            return;
        }
        for (usage, count) in &earlier.usage {
            self.count(*usage, *count);
        }
        for (request, refusals) in &earlier.refusals {
            self.add_refusals(request.clone(), refusals.clone());
        }
        for (id, (at, address)) in &earlier.seen {
            if !self.seen.contains_key(id) {
                self.add_seen(*id, *at, *address);
            }
        }
    }

    /// Writes everything, and deletes the oldest refusals beyond `most_refusals`.
    pub fn write(&self, tx: &Tx<'_>, most_refusals: Option<u32>) -> Result<(), Error> {
        for (usage, count) in &self.usage {
            tx.add_usage(usage, *count)?;
        }
        // In the order of their times, because the oldest entries are the first to be deleted.
        let mut refusals: Vec<_> = self.refusals.iter().collect();
        refusals.sort_unstable_by_key(|(request, refusals)| (refusals.first_at, *request));
        for (request, refusals) in refusals {
            tx.add_refusals(request, refusals)?;
        }
        for (id, (at, address)) in &self.seen {
            tx.set_last_seen(*id, *at, *address)?;
        }
        if let Some(most) = most_refusals {
            tx.trim_refusals(most, TRIMMED)?;
        }
        Ok(())
    }

    /// The number of counters, of refusals and of activations.
    #[cfg(test)]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.usage.len(), self.refusals.len(), self.seen.len())
    }

    /// The number of answers and of refusals.
    #[cfg(test)]
    pub fn counts(&self) -> (i64, i64) {
        (self.usage.values().sum(), self.refusals.values().map(|refusals| refusals.count).sum())
    }
}
