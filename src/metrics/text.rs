//! The page that Prometheus reads: the counters of [`Metrics`], and values read when the page is requested.

use std::fmt;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::families::{BuildLabels, FixedFamily, LimitLabel};
use super::{Metrics, process};
use crate::domain::Kept;
use crate::store::WriterStats;

/// The `OpenMetrics` text format, which Prometheus prefers. Parsers of the older Prometheus text format accept it too.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Values that other parts of the server hold, read for one scrape. `None` if a value can't be read.
pub struct Readings {
    pub version: &'static str,
    pub sqlite_version: &'static str,
    /// Seconds since 1970.
    pub started_at: i64,
    /// Requests refused by each rate limit.
    pub refused: [(&'static str, u64); 5],
    pub signatures_requested: u64,
    pub signatures_made: u64,
    pub signatures_waiting: usize,
    pub writer: WriterStats,
    pub writer_queue: usize,
    pub jobs_pending: Option<i64>,
    pub callbacks_pending: Option<i64>,
    pub callbacks_failed: Option<i64>,
    /// Size of the database file, in bytes.
    pub database_size: Option<u64>,
    /// Size of the write-ahead log, in bytes.
    pub log_size: Option<u64>,
    /// About the sizes of what is kept, in bytes.
    pub kept_sizes: [(Kept, Option<u64>); Kept::ALL.len()],
    /// Free space on the disk of the data directory, in bytes.
    pub free_space: Option<u64>,
}

/// Writes the page in the format of [`CONTENT_TYPE`].
pub fn write(metrics: &Metrics, readings: &Readings) -> Result<String, fmt::Error> {
    let mut page = Registry::default();
    let own = page.sub_registry_with_prefix("keyseal");
    add_requests(own, metrics, readings);
    add_signatures(own, readings);
    add_writer(own, readings);
    add_database(own, readings);
    let build = BuildLabels { version: readings.version, sqlite: readings.sqlite_version };
    own.register("build_info", "Versions of Keyseal and of SQLite", FixedFamily(vec![(build, gauge(1))]));
    // The names that Prometheus defines for every process, without our prefix.
    add_process(page.sub_registry_with_prefix("process"), readings);
    let mut text = String::new();
    text::encode(&mut text, &page)?;
    Ok(text)
}

fn add_requests(page: &mut Registry, metrics: &Metrics, readings: &Readings) {
    let requests = "Requests answered, by route and response code";
    page.register("requests", requests, metrics.requests.clone());
    let duration = "Time from a request's arrival until its answer was signed";
    page.register_with_unit("request_duration", duration, Unit::Seconds, metrics.durations());
    let refusals = readings.refused.map(|(limit, count)| (LimitLabel { limit }, ConstCounter::new(count)));
    page.register("rate_limit_refusals", "Requests refused by a rate limit", FixedFamily(refusals.into()));
}

fn add_signatures(page: &mut Registry, readings: &Readings) {
    let requested = ConstCounter::new(readings.signatures_requested);
    page.register("signatures_requested", "Signatures requested for answers", requested);
    let made = ConstCounter::new(readings.signatures_made);
    page.register("signatures_made", "Signatures made; the other answers used a cached one", made);
    let waiting = gauge(readings.signatures_waiting);
    page.register("signatures_waiting", "Signatures waiting for a thread", waiting);
}

fn add_writer(page: &mut Registry, readings: &Readings) {
    let waiting = gauge(readings.writer_queue);
    page.register("writer_queue_changes", "Changes waiting for the writer thread", waiting);
    let WriterStats { batches, commits } = &readings.writer;
    page.register("writer_batch_changes", "Changes per commit", batches.clone());
    let duration = "Time of a commit, including its sync to disk";
    page.register_with_unit("writer_commit_duration", duration, Unit::Seconds, commits.clone());
}

fn add_database(page: &mut Registry, readings: &Readings) {
    let files = [
        ("database_size", "Size of the database file", readings.database_size),
        ("database_log_size", "Size of the write-ahead log", readings.log_size),
        ("disk_free", "Free space on the disk of the data directory", readings.free_space),
    ];
    let kept = readings.kept_sizes.map(|(kept, bytes)| {
        let (name, help) = size_of(kept);
        (name, help, bytes)
    });
    for (name, help, bytes) in files.into_iter().chain(kept) {
        if let Some(bytes) = bytes {
            page.register_with_unit(name, help, Unit::Bytes, gauge(bytes));
        }
    }
    for (name, help, count) in [
        ("jobs_pending", "Queued assignments waiting to be carried out", readings.jobs_pending),
        ("callbacks_pending", "Webhook messages not delivered yet", readings.callbacks_pending),
        ("callbacks_failed", "Failed webhook messages that nobody has retried", readings.callbacks_failed),
    ] {
        if let Some(count) = count {
            page.register(name, help, gauge(count));
        }
    }
}

fn add_process(page: &mut Registry, readings: &Readings) {
    let started_at = ConstGauge::new(readings.started_at);
    let help = "Start time of the process since the Unix epoch";
    page.register_with_unit("start_time", help, Unit::Seconds, started_at);
    if let Some(seconds) = process::cpu_seconds() {
        let help = "User and system CPU time";
        page.register_with_unit("cpu", help, Unit::Seconds, ConstCounter::new(seconds));
    }
    if let Some(bytes) = process::resident_bytes() {
        page.register_with_unit("resident_memory", "Resident memory size", Unit::Bytes, gauge(bytes));
    }
    if let Some(files) = process::open_files() {
        page.register("open_fds", "Open file descriptors", gauge(files));
    }
}

/// The name and the help of the size of what is kept.
fn size_of(kept: Kept) -> (&'static str, &'static str) {
    match kept {
        Kept::Telemetry => ("telemetry_size", "Approximate size of the telemetry"),
        Kept::Audit => ("audit_size", "Approximate size of the audit trail"),
        Kept::Refusals => ("refusals_size", "Approximate size of the journal of refusals"),
        Kept::Usage => ("usage_size", "Approximate size of the numbers of answers by hour"),
        Kept::Webhooks => ("webhooks_size", "Approximate size of the webhooks"),
        Kept::Answers => ("answers_size", "Approximate size of the kept answers"),
    }
}

/// A gauge; values above `i64::MAX` are clamped to it.
fn gauge(number: impl TryInto<i64>) -> ConstGauge<i64> {
    ConstGauge::new(number.try_into().unwrap_or(i64::MAX))
}
