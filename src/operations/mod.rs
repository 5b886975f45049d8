//! What can be done to a license: one function for each change, with its webhooks and its audit entries. The API, the
//! command line and the worker call these, so that a change is the same whoever asks for it.

mod activations;
mod licenses;
mod webhooks;

use std::time::Duration;

use crate::domain::Timestamp;
use crate::store::Tx;

pub use licenses::Changed;

/// The transaction in which a change is made, and what its webhooks need.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub tx: &'a Tx<'a>,
    pub now: Timestamp,
    /// How long after the commit a webhook is sent first.
    pub delivery_delay: Duration,
}
