//! The settings that bound what clients can store, as clap arguments.

use crate::domain::{AnswerQuota, Retention, TelemetryQuota};

/// How much clients may store, and how long it is kept.
#[derive(Clone, Debug, clap::Args)]
pub struct StorageArgs {
    /// Megabytes of telemetry in an hour under one API key, and as many from one client address. 0: no limit
    #[arg(
        long, env = "KEYSEAL_TELEMETRY_PER_HOUR", value_name = "MB", default_value = "10",
        value_parser = clap::value_parser!(u32).range(0..=4000)
    )]
    pub telemetry_per_hour: u32,

    /// Megabytes of telemetry in a day under one API key, and as many from one client address. 0: no limit
    #[arg(
        long, env = "KEYSEAL_TELEMETRY_PER_DAY", value_name = "MB", default_value = "100",
        value_parser = clap::value_parser!(u32).range(0..=4000)
    )]
    pub telemetry_per_day: u32,

    /// Days that telemetry is kept. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_TELEMETRY_DAYS", value_name = "DAYS", default_value = "400",
        value_parser = clap::value_parser!(u32).range(0..=36_500)
    )]
    pub keep_telemetry_days: u32,

    /// Megabytes of telemetry that are kept in all. The oldest reports are deleted first. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_TELEMETRY_SIZE", value_name = "MB", default_value = "10000",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub keep_telemetry_size: u32,

    /// Days that entries of the audit trail are kept. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_AUDIT_DAYS", value_name = "DAYS", default_value = "3650",
        value_parser = clap::value_parser!(u32).range(0..=36_500)
    )]
    pub keep_audit_days: u32,

    /// Megabytes of the audit trail that are kept. The oldest entries are deleted first. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_AUDIT_SIZE", value_name = "MB", default_value = "10000",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub keep_audit_size: u32,

    /// Days that delivered and failed webhooks are kept. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_WEBHOOKS_DAYS", value_name = "DAYS", default_value = "90",
        value_parser = clap::value_parser!(u32).range(0..=36_500)
    )]
    pub keep_webhooks_days: u32,

    /// Megabytes of webhooks that are kept. The oldest that are not waiting to be sent are deleted first. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_WEBHOOKS_SIZE", value_name = "MB", default_value = "1000",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub keep_webhooks_size: u32,

    /// Megabytes of answers under an Idempotency-Key in a day, for one API key. A client address has a tenth of it. 0:
    /// no limit
    #[arg(
        long, env = "KEYSEAL_ANSWERS_PER_DAY", value_name = "MB", default_value = "250",
        value_parser = clap::value_parser!(u32).range(0..=4000)
    )]
    pub answers_per_day: u32,

    /// Megabytes of answers under an Idempotency-Key that are kept in all. The oldest are deleted first. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_ANSWERS_SIZE", value_name = "MB", default_value = "2500",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub keep_answers_size: u32,
}

/// The quotas of what clients store in a server, and how long it is kept: by default without an end.
#[derive(Clone, Copy, Debug, Default)]
pub struct StorageConfig {
    pub telemetry: TelemetryQuota,
    pub keep_telemetry: Retention,
    pub keep_audit: Retention,
    pub keep_webhooks: Retention,
    /// Of answers under an `Idempotency-Key`.
    pub answers: AnswerQuota,
    pub keep_answers: Retention,
}

impl StorageArgs {
    pub(super) fn config(&self) -> StorageConfig {
        StorageConfig {
            telemetry: TelemetryQuota::megabytes(self.telemetry_per_hour, self.telemetry_per_day),
            keep_telemetry: Retention::new(self.keep_telemetry_days, self.keep_telemetry_size),
            keep_audit: Retention::new(self.keep_audit_days, self.keep_audit_size),
            keep_webhooks: Retention::new(self.keep_webhooks_days, self.keep_webhooks_size),
            answers: AnswerQuota::megabytes(self.answers_per_day),
            keep_answers: Retention::new(1, self.keep_answers_size),
        }
    }
}
