//! The page that Prometheus reads: everything that is counted, and what is read when it is asked for.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::families::{Build, Each, LimitLabel, RouteLabel, Scaled};
use super::{Metrics, process};
use crate::store::WriterStats;

/// The text of `OpenMetrics`, which Prometheus asks for; readers of its older text can read it too.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What others know, at the moment of asking. `None`: it can't be told now.
pub struct Readings {
    pub version: &'static str,
    pub sqlite_version: &'static str,
    /// Seconds since 1970.
    pub started_at: i64,
    /// What each rate limit has refused.
    pub refused: [(&'static str, u64); 3],
    pub signatures_requested: u64,
    pub signatures_made: u64,
    pub signatures_waiting: usize,
    pub writer: WriterStats,
    pub writer_queue: usize,
    pub jobs_pending: Option<i64>,
    pub callbacks_pending: Option<i64>,
    /// Bytes.
    pub database_size: Option<u64>,
    /// Bytes.
    pub log_size: Option<u64>,
}

/// Writes the page.
pub fn write(metrics: &Metrics, readings: &Readings) -> Result<String, fmt::Error> {
    let mut page = Registry::default();
    let own = page.sub_registry_with_prefix("keyseal");
    add_requests(own, metrics, readings);
    add_signatures(own, readings);
    add_writer(own, readings);
    add_database(own, readings);
    let build = Build { version: readings.version, sqlite: readings.sqlite_version };
    own.register("build_info", "The program's version, and its SQLite's", Each(vec![(build, gauge(1))]));
    // Prometheus' own names for what every program has bear no prefix.
    add_process(page.sub_registry_with_prefix("process"), readings);
    let mut text = String::new();
    text::encode(&mut text, &page)?;
    Ok(text)
}

fn add_requests(page: &mut Registry, metrics: &Metrics, readings: &Readings) {
    let requests = "Requests answered, by route and by the code in the answer";
    page.register("requests", requests, metrics.requests.clone());
    let durations = metrics.durations().map(|(route, histogram)| (RouteLabel { route }, histogram)).collect();
    let duration = "From a request's arrival until its answer was sealed";
    page.register_with_unit("request_duration", duration, Unit::Seconds, Each(durations));
    let refusals = readings.refused.map(|(limit, count)| (LimitLabel { limit }, ConstCounter::new(count)));
    page.register("rate_limit_refusals", "Requests that a rate limit refused", Each(refusals.into()));
}

fn add_signatures(page: &mut Registry, readings: &Readings) {
    let requested = ConstCounter::new(readings.signatures_requested);
    page.register("signatures_requested", "Signatures that answers asked for", requested);
    let made = ConstCounter::new(readings.signatures_made);
    page.register("signatures_made", "Signatures that were made; the other answers shared one", made);
    let waiting = gauge(readings.signatures_waiting);
    page.register("signatures_waiting", "Signatures that wait for a thread", waiting);
}

fn add_writer(page: &mut Registry, readings: &Readings) {
    page.register("writer_queue_changes", "Changes that wait for the writer", gauge(readings.writer_queue));
    let WriterStats { batches, commits } = &readings.writer;
    page.register("writer_batch_changes", "Changes that shared a commit", Scaled::plain(Arc::clone(batches)));
    let commits = Scaled::seconds(Arc::clone(commits));
    page.register_with_unit("writer_commit_duration", "A commit, with its sync", Unit::Seconds, commits);
}

fn add_database(page: &mut Registry, readings: &Readings) {
    for (name, help, bytes) in [
        ("database_size", "The database file", readings.database_size),
        ("database_log_size", "The write-ahead log", readings.log_size),
    ] {
        if let Some(bytes) = bytes {
            page.register_with_unit(name, help, Unit::Bytes, gauge(bytes));
        }
    }
    for (name, help, count) in [
        ("jobs_pending", "Queued assignments that wait", readings.jobs_pending),
        ("callbacks_pending", "Callbacks that are not delivered yet", readings.callbacks_pending),
    ] {
        if let Some(count) = count {
            page.register(name, help, gauge(count));
        }
    }
}

fn add_process(page: &mut Registry, readings: &Readings) {
    let started_at = ConstGauge::new(readings.started_at);
    page.register_with_unit("start_time", "When it started, since 1970", Unit::Seconds, started_at);
    if let Some(seconds) = process::cpu_seconds() {
        let help = "Processor time used, by the program and by the kernel for it";
        page.register_with_unit("cpu", help, Unit::Seconds, ConstCounter::new(seconds));
    }
    if let Some(bytes) = process::resident_bytes() {
        page.register_with_unit("resident_memory", "Memory in use", Unit::Bytes, gauge(bytes));
    }
    if let Some(files) = process::open_files() {
        page.register("open_fds", "Files and sockets that are open", gauge(files));
    }
}

/// Whatever has no end of a signed number's size.
fn gauge(number: impl TryInto<i64>) -> ConstGauge<i64> {
    ConstGauge::new(number.try_into().unwrap_or(i64::MAX))
}
