//! Ends an activation without a request of its own client.

use super::Operation;
use crate::domain::{Identifier, License};
use crate::store::Error;

impl Operation<'_> {
    /// Ends an activation without a request of its own client, and queues its webhook. `false`: the license is not
    /// active on this identifier.
    pub fn release(&self, license: &License, identifier: &Identifier) -> Result<bool, Error> {
        let Some((identifier_shown, post_url)) = self.tx.post_url(license.id, identifier)? else {
            return Ok(false);
        };
        self.tell_of_deactivation(license, &identifier_shown, post_url)?;
        self.tx.remove_activation(license.id, identifier)
    }
}
