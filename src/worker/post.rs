//! Posts a webhook message: one HTTP request with a timeout, without redirects and without a proxy.

use ureq::Agent;
use ureq::unversioned::transport::DefaultConnector;

use super::resolver::{CheckedResolver, PrivateTarget};
use crate::config::WebhooksConfig;
use crate::domain::is_retryable_status;

/// The number of bytes of the receiver's response that are read: headers, and body.
const MAX_HEADERS: usize = 16 * 1024;
const MAX_BODY: u64 = 4 * 1024;

/// An HTTP client for webhooks, which connects only to the targets that the operator allows.
pub struct Post {
    agent: Agent,
}

/// A failed attempt: the reason, and whether to retry.
#[derive(Debug)]
pub struct NotDelivered {
    pub reason: String,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    pub retry: bool,
}

impl Post {
    pub fn new(config: &WebhooksConfig) -> Self {
        let settings = Agent::config_builder()
            .timeout_global(Some(config.timeout))
            // A proxy or a redirect would bypass the check of the address.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(MAX_HEADERS)
            .max_idle_connections(0)
            .user_agent(concat!("Keyseal/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = CheckedResolver::new(config.allow_private_targets);
        Self { agent: Agent::with_parts(settings, DefaultConnector::default(), resolver) }
    }

    /// Posts a JSON body. Any 2xx status is a success (API §6.1), and returned.
    pub fn json(&self, url: &str, body: &str) -> Result<u16, NotDelivered> {
        let mut response =
            self.agent.post(url).content_type("application/json").send(body).map_err(|error| {
                NotDelivered { reason: reason(&error), status: None, retry: is_temporary(&error) }
            })?;
        // Reads the body so that the receiver can finish sending it; its content is ignored.
        drop(response.body_mut().with_config().limit(MAX_BODY).read_to_vec());
        let status = response.status().as_u16();
        match status {
            200..=299 => Ok(status),
            _ => Err(NotDelivered {
                reason: format!("HTTP status {status}"),
                status: Some(status),
                retry: is_retryable_status(status),
            }),
        }
    }
}

fn reason(error: &ureq::Error) -> String {
    match error {
        // Our own error, without the prefix that ureq adds.
        ureq::Error::Other(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Whether the cause is the network or the receiver, and not the URL.
fn is_temporary(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Other(error) => !error.is::<PrivateTarget>(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => false,
        _ => true,
    }
}
