//! The answer to a request before it is signed.

use super::activity::{About, RefusedFields};
use crate::api::call::Found;
use crate::domain::{Outcome, ProductKey, journaled};
use crate::load::{LARGE_ANSWER, Ticket};
use crate::signing::Priority;
use crate::store::GivenAnswer;
use crate::wire::params::Params;
use crate::wire::reply::{Error, Reply, Result};

/// The result of an endpoint, and everything else that its signature depends on.
pub struct Answer {
    pub result: Result<Content>,
    /// The product that was found, if it has a key of its own. Whether it signs depends on the outcome.
    pub signing_product: Option<ProductKey>,
    pub priority: Priority,
    /// The fingerprint of the order that was queued, if one was that may be sent again.
    pub order: Option<[u8; 32]>,
    pub about: About,
}

/// The content of an answer.
pub enum Content {
    Reply(Reply),
    /// The JSON text of a long list, or of the answer to an earlier request with the same `Idempotency-Key`.
    Written(GivenAnswer),
}

impl Answer {
    pub fn new(result: Result<Content>, signing_product: Option<ProductKey>) -> Self {
        Self { result, signing_product, priority: Priority::Normal, order: None, about: About::default() }
    }

    /// A refusal or a failure before any product was found.
    pub fn refused(error: impl Into<Error>) -> Self {
        Self::new(Err(error.into()), None)
    }

    /// The refusal of a caller that may not call. `fields`: those of its request, if they were read.
    pub fn unauthorized(error: impl Into<Error>, fields: Option<RefusedFields>) -> Self {
        let about = About { refused: fields.map(Box::new), ..About::default() };
        Self { about, ..Self::refused(error) }
    }

    /// Adds what the endpoint has found, and the fields if it refused.
    pub fn about(self, params: &Params, found: Found) -> Self {
        let refused = self.refusal().filter(|outcome| journaled(outcome.code()).is_some());
        let refused = refused.map(|_| Box::new(RefusedFields::of(params, found.license_id)));
        Self { about: About { found, refused }, ..self }
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
    /// The length of its texts, if there are so many that writing it would delay other requests.
    pub fn long_texts(&self) -> Option<usize> {
        match self {
            Self::Reply(reply) => Some(reply.texts_length()).filter(|length| *length > LARGE_ANSWER),
            Self::Written(_) => None,
        }
    }

    /// Whether other requests of the same second get the same bytes. `false` for written content, which is
    /// not inspected.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Reply(reply) if reply.is_bare())
    }
}
