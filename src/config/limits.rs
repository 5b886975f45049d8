//! The limits on clients.

use std::time::Duration;

use super::ServeArgs;
use crate::domain::RateLimits;

/// The free space below which a server is not ready: a change could fail before the operator makes room.
const LEAST_DISK: u64 = 64 * 1024 * 1024;

/// The limits on clients: timeouts and rate limits.
#[derive(Clone, Debug)]
pub struct LimitsConfig {
    /// The time limit for receiving a whole request body.
    pub body_timeout: Duration,
    /// The time limit for a client to receive an answer.
    pub send_timeout: Duration,
    pub rates: RateLimits,
    /// The free space on the disk below which the server says that it is not ready, in bytes.
    pub least_disk: u64,
}

impl LimitsConfig {
    pub(super) fn new(args: &ServeArgs) -> Self {
        Self {
            body_timeout: Duration::from_secs(args.body_timeout),
            send_timeout: Duration::from_secs(args.send_timeout),
            rates: args.rate_limits.limits(),
            ..Self::default()
        }
    }
}

impl Default for LimitsConfig {
    /// Without rate limits.
    fn default() -> Self {
        Self {
            body_timeout: Duration::from_secs(8),
            send_timeout: Duration::from_secs(30),
            rates: RateLimits::default(),
            least_disk: LEAST_DISK,
        }
    }
}
