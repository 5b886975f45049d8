//! The webhooks of a change, which are queued in its transaction and sent after the commit.

use super::Operation;
use crate::domain::{CallbackKind, License, LicenseStatus, NewCallback, Outcome};
use crate::store::Error;
use crate::wire::reply::Reply;

impl Operation<'_> {
    /// Queues a webhook for each activation of a license that is about to end without a request of its own client: to
    /// the activation's `post_url`, or else to its product's (API §6.2). Must be called before the activations are
    /// deleted. Sends nothing for a blocked license: its receivers got a message when it was blocked.
    pub fn tell_of_deactivations(&self, license: &License) -> Result<(), Error> {
        for (identifier, post_url) in self.tx.post_urls(license.id)? {
            self.tell_of_deactivation(license, &identifier, post_url)?;
        }
        Ok(())
    }

    /// Queues the webhook for an activation that is about to end.
    pub(super) fn tell_of_deactivation(
        &self,
        license: &License,
        identifier: &str,
        post_url: Option<String>,
    ) -> Result<(), Error> {
        if license.status == LicenseStatus::Blocked {
            return Ok(());
        }
        let url = match post_url {
            Some(url) => Some(url),
            None => self.tx.product(license.product_id)?.map(|product| product.post_url),
        };
        let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(()) };
        let reply = Reply::from(Outcome::LicenseDeactivated)
            .with("license_key", license.license_key.as_str())
            .with("identifier", identifier);
        self.send(CallbackKind::Deactivation, &url, &reply, Some(license))
    }

    /// Queues a webhook that sends a reply to another server after the commit. The key of the license's product signs
    /// it, if a license is given and its product has a key of its own.
    pub fn send(
        &self,
        kind: CallbackKind,
        url: &str,
        reply: &Reply,
        license: Option<&License>,
    ) -> Result<(), Error> {
        let reply = reply.write(self.now);
        let (product_id, license_id) = license.map(|license| (license.product_id, license.id)).unzip();
        let callback = NewCallback { kind, url, reply: &reply, product_id, license_id };
        self.tx.add_callback(&callback, self.now.plus(self.delivery_delay), self.now)
    }
}
