//! Posting a message: one request, with no redirects, no proxy, and little patience.

use ureq::Agent;
use ureq::unversioned::transport::DefaultConnector;

use super::resolver::{CheckedResolver, PrivateTarget};
use crate::config::Config;
use crate::domain::is_worth_another_try;

/// How much of a receiver's reply is read, in bytes: its headers, and its body.
const MAX_HEADERS: usize = 16 * 1024;
const MAX_BODY: u64 = 4 * 1024;

/// Posts to whatever URL it is given, within what the operator allows.
pub struct Post {
    agent: Agent,
}

/// Why a message did not arrive, and whether it may another time.
#[derive(Debug)]
pub struct NotDelivered {
    pub reason: String,
    pub another_try: bool,
}

impl Post {
    pub fn new(config: &Config) -> Self {
        let settings = Agent::config_builder()
            .timeout_global(Some(config.webhooks.timeout))
            // A proxy or a redirect would lead past the checked address.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(MAX_HEADERS)
            .max_idle_connections(0)
            .user_agent(concat!("Keyseal/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = CheckedResolver::new(config.webhooks.allow_private_targets);
        Self { agent: Agent::with_parts(settings, DefaultConnector::default(), resolver) }
    }

    /// Any 2xx is a success (API §6.1).
    pub fn json(&self, url: &str, body: &str) -> Result<(), NotDelivered> {
        let mut response = self
            .agent
            .post(url)
            .content_type("application/json")
            .send(body)
            .map_err(|error| NotDelivered { reason: reason(&error), another_try: may_pass(&error) })?;
        // Lets the receiver finish what it has to say; what that is doesn't matter.
        drop(response.body_mut().with_config().limit(MAX_BODY).read_to_vec());
        let status = response.status().as_u16();
        match status {
            200..=299 => Ok(()),
            _ => Err(NotDelivered {
                reason: format!("HTTP status {status}"),
                another_try: is_worth_another_try(status),
            }),
        }
    }
}

fn reason(error: &ureq::Error) -> String {
    match error {
        // Ours: it says all there is to say.
        ureq::Error::Other(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Whether an error lies in the network or the receiver, and not in the URL.
fn may_pass(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Other(error) => !error.is::<PrivateTarget>(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => false,
        _ => true,
    }
}
