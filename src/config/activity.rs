//! The settings of what is remembered about requests, as clap arguments.

use crate::domain::Retention;

/// What is remembered about requests.
#[derive(Clone, Debug, clap::Args)]
pub struct ActivityArgs {
    /// Disable the journal of refused requests, which holds identifiers and addresses of customers
    #[arg(long, env = "KEYSEAL_NO_REFUSAL_LOG")]
    pub no_refusal_log: bool,

    /// Disable the counting of answers by hour, endpoint, code and product
    #[arg(long, env = "KEYSEAL_NO_USAGE_LOG")]
    pub no_usage_log: bool,

    /// Disable recording when and from which address each activation was last seen
    #[arg(long, env = "KEYSEAL_NO_LAST_SEEN")]
    pub no_last_seen: bool,

    /// Days that refusals are kept. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_REFUSALS_DAYS", value_name = "DAYS", default_value = "30",
        value_parser = clap::value_parser!(u32).range(0..=36_500)
    )]
    pub keep_refusals_days: u32,

    /// Refusals that are kept in all; equal ones within an hour are one. The oldest are deleted first. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_REFUSALS", value_name = "N", default_value = "100000",
        value_parser = clap::value_parser!(u32).range(0..=100_000_000)
    )]
    pub keep_refusals: u32,

    /// Days that the numbers of answers by hour are kept. 0: no limit
    #[arg(
        long, env = "KEYSEAL_KEEP_USAGE_DAYS", value_name = "DAYS", default_value = "400",
        value_parser = clap::value_parser!(u32).range(0..=36_500)
    )]
    pub keep_usage_days: u32,
}

/// What a server remembers about requests.
#[derive(Clone, Copy, Debug)]
pub struct ActivityConfig {
    /// Refusals of customers.
    pub records_refusals: bool,
    /// The number of answers in each hour.
    pub records_usage: bool,
    /// When activations were last seen.
    pub records_last_seen: bool,
    pub keep_refusals: Retention,
    pub keep_usage: Retention,
}

impl Default for ActivityConfig {
    fn default() -> Self {
        Self {
            records_refusals: true,
            records_usage: true,
            records_last_seen: true,
            keep_refusals: Retention::default(),
            keep_usage: Retention::default(),
        }
    }
}

impl ActivityArgs {
    pub(super) fn config(&self) -> ActivityConfig {
        ActivityConfig {
            records_refusals: !self.no_refusal_log,
            records_usage: !self.no_usage_log,
            records_last_seen: !self.no_last_seen,
            keep_refusals: Retention::new(self.keep_refusals_days, 0).rows(self.keep_refusals),
            keep_usage: Retention::new(self.keep_usage_days, 0),
        }
    }
}
