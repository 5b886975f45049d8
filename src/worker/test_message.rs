//! A message to try a receiver with: made, signed and sent like the webhook about an activation that ended.

use std::time::{Duration, Instant};

use super::post::{NotDelivered, Post};
use crate::config::WebhooksConfig;
use crate::domain::{Outcome, ProductKey, Timestamp};
use crate::signing::{Error, Keyring};
use crate::wire::envelope::{Signer, Unsigned};
use crate::wire::reply::Reply;

/// The beginning of the license key in a test message, and the identifier in it.
pub const TEST_LICENSE: &str = "WEBHOOK-TEST-";
const TEST_IDENTIFIER: &str = "webhook-test.invalid";

/// The result of a test: the HTTP status, or why there is none or it is no success.
pub struct Tested {
    pub status: Option<u16>,
    pub failure: Option<String>,
    /// From the start of the connection to the end of the answer.
    pub took: Duration,
}

/// Signs a message about a license key that does not exist, and posts it now and once. The same rules for targets
/// apply as for every webhook. `unique` ends the license key.
pub fn send(
    config: &WebhooksConfig,
    keyring: &Keyring,
    product: Option<&ProductKey>,
    (url, unique): (&str, &str),
    now: Timestamp,
) -> Result<Tested, Error> {
    let reply = Reply::from(Outcome::LicenseDeactivated)
        .with("license_key", format!("{TEST_LICENSE}{unique}"))
        .with("identifier", TEST_IDENTIFIER);
    let envelope = Signer::choose(keyring, product)?.sign_here(&Unsigned::write(&reply, now))?;
    let started = Instant::now();
    let sent = Post::new(config).json(url, &String::from_utf8_lossy(&envelope));
    let took = started.elapsed();
    Ok(match sent {
        Ok(status) => Tested { status: Some(status), failure: None, took },
        Err(NotDelivered { reason, status, .. }) => Tested { status, failure: Some(reason), took },
    })
}
