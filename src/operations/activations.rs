//! Ends activations without a request of their own clients.

use super::Operation;
use crate::domain::{License, Seats};
use crate::store::Error;

impl Operation<'_> {
    /// Ends activations of a license without a request of their own clients, and queues their webhooks. Returns the
    /// identifiers, as they were stored; none if the license has no such activation.
    pub fn release(&self, license: &License, seats: &Seats) -> Result<Vec<String>, Error> {
        let ending = match seats {
            Seats::On(identifier) => self.tx.post_url(license.id, identifier)?.into_iter().collect(),
            Seats::Oldest => {
                let oldest = self.tx.oldest_activation(license.id)?;
                oldest.map(|activation| (activation.identifier, activation.post_url)).into_iter().collect()
            }
            Seats::All => self.tx.post_urls(license.id)?,
        };
        let mut ended = Vec::with_capacity(ending.len());
        for (identifier, post_url) in ending {
            self.tell_of_deactivation(license, &identifier, post_url)?;
            self.tx.remove_activation(license.id, &identifier)?;
            ended.push(identifier);
        }
        Ok(ended)
    }
}
