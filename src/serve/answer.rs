//! The answer to a request before it is signed.

use crate::domain::{Outcome, ProductKey};
use crate::load::Ticket;
use crate::signing::Priority;
use crate::store::GivenAnswer;
use crate::wire::reply::{Error, Reply, Result};

/// The result of an endpoint, and everything else that its signature depends on.
pub struct Answer {
    pub result: Result<Content>,
    /// The product that was found, if it has a key of its own. Whether it signs depends on the outcome.
    pub signing_product: Option<ProductKey>,
    pub priority: Priority,
    /// The fingerprint of the order that was queued, if one was that may be sent again.
    pub order: Option<[u8; 32]>,
}

/// The content of an answer.
pub enum Content {
    Reply(Reply),
    /// The JSON text of a long list, or of the answer to an earlier request with the same `Idempotency-Key`.
    Written(GivenAnswer),
}

impl Answer {
    pub fn new(result: Result<Content>, signing_product: Option<ProductKey>) -> Self {
        Self { result, signing_product, priority: Priority::Normal, order: None }
    }

    /// A refusal or a failure before any product was found.
    pub fn refused(error: impl Into<Error>) -> Self {
        Self::new(Err(error.into()), None)
    }

    /// Settles the guess that the ticket may hold. For a wrong key when no guess is left, the answer becomes 1929.
    pub fn settle_guess(self, ticket: &mut Ticket<'_>) -> Self {
        ticket.settle_guess(self.refusal()).map_or_else(Self::refused, |()| self)
    }

    /// The outcome, if it is a refusal.
    fn refusal(&self) -> Option<Outcome> {
        match &self.result {
            Err(Error::Refused(reply)) => Some(reply.outcome),
            Ok(_) | Err(Error::Failed(_)) => None,
        }
    }
}

impl Content {
    /// Whether other requests of the same second get the same bytes. `false` for written content, which is
    /// not inspected.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Reply(reply) if reply.is_bare())
    }
}
