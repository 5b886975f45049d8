//! The license gate, and the operations on licenses, products and API keys: one function for each change, with its
//! rules, its webhooks and its audit entries. The API, the command line and the worker all call these functions, so
//! that a change has the same effect from each of them.

mod activations;
mod api_keys;
mod blocking;
mod bulk;
mod customers;
mod erasure;
pub mod explain;
pub mod gate;
pub mod generate;
mod licenses;
mod nearest;
mod notes;
mod products;
mod renewals;
mod search;
mod transfers;
mod turns;
mod view;
mod webhooks;

use std::time::Duration;

use crate::domain::Timestamp;
use crate::store::{self, Tx};

pub use api_keys::ApiKeyError;
pub use bulk::{BULK_SLICE, BulkChange, BulkResult, BulkSlice, is_found, next_of_query};
pub use customers::{CustomerChange, find_customer};
pub use erasure::{EraseError, Erased, Erasure, FileLimits, RecordKind, UnsentReason, Waiting};
pub use licenses::Changed;
pub use nearest::nearest_keys;
pub use products::{LicensesOfDeleted, ProductRefusal};
pub use search::{FoundLicense, Search, SearchResult, search};
pub use turns::give_way;
pub use view::{Event, LicenseView, Timeline, view};

/// The transaction in which a change is made, and the times of its webhooks.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub tx: &'a Tx<'a>,
    pub now: Timestamp,
    /// The delay from the commit to the first attempt of a webhook.
    pub delivery_delay: Duration,
}

/// The reason why an operation changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum OperationError<E: std::error::Error> {
    /// A rule forbids it.
    #[error("{0}")]
    Refused(E),
    #[error(transparent)]
    Failed(#[from] store::Error),
}
