//! The limits on clients, and on what is kept of their requests.

use std::time::Duration;

use super::ServeArgs;
use crate::domain::{AnswerQuota, RateLimits, Retention, TelemetryQuota};

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
    pub telemetry: TelemetryQuota,
    pub keep_telemetry: Retention,
    pub keep_audit: Retention,
    pub keep_webhooks: Retention,
    pub answers: AnswerQuota,
    pub keep_answers: Retention,
    /// The free space on the disk below which the server says that it is not ready, in bytes.
    pub least_disk: u64,
}

impl LimitsConfig {
    pub(super) fn new(args: &ServeArgs) -> Self {
        Self {
            body_timeout: Duration::from_secs(args.body_timeout),
            send_timeout: Duration::from_secs(args.send_timeout),
            rates: args.rate_limits.limits(),
            telemetry: args.storage.telemetry_quota(),
            keep_telemetry: args.storage.keep_telemetry(),
            keep_audit: args.storage.keep_audit(),
            keep_webhooks: args.storage.keep_webhooks(),
            answers: args.storage.answer_quota(),
            keep_answers: args.storage.keep_answers(),
            least_disk: LEAST_DISK,
        }
    }
}

impl Default for LimitsConfig {
    /// Without rate limits, and without limits on what is kept.
    fn default() -> Self {
        Self {
            body_timeout: Duration::from_secs(8),
            send_timeout: Duration::from_secs(30),
            rates: RateLimits::default(),
            telemetry: TelemetryQuota::default(),
            keep_telemetry: Retention::default(),
            keep_audit: Retention::default(),
            keep_webhooks: Retention::default(),
            answers: AnswerQuota::default(),
            keep_answers: Retention::default(),
            least_disk: LEAST_DISK,
        }
    }
}
