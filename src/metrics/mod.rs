//! Metrics: what is counted while the server runs, and how it is written for Prometheus.

mod families;
mod process;
mod text;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::domain::Histogram;
use crate::routes::ROUTES;
use families::{Labels, Scaled};

pub use text::{CONTENT_TYPE, Readings, write};

/// Requests, counted by whoever answers them.
pub struct Metrics {
    requests: Family<Labels, Counter>,
    /// Of each route, made at the start: nothing has to be made on a request's path.
    durations: HashMap<&'static str, Arc<Histogram>>,
}

/// What is no row of the table: files, changelogs, and paths that aren't there.
const OTHER_ROUTES: [&str; 3] = ["/download", "/products/changelog", "(unknown)"];

/// From an answer that nothing holds up to the end of a client's patience.
const MICROSECONDS: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

impl Metrics {
    pub fn new() -> Self {
        let routes = ROUTES.iter().map(|route| route.path).chain(OTHER_ROUTES);
        let durations = routes.map(|route| (route, Arc::new(Histogram::new(MICROSECONDS)))).collect();
        Self { requests: Family::default(), durations }
    }

    /// Counts an answer: the route's own text, the code in it, and the time from the request's arrival until
    /// it was sealed.
    pub fn answered(&self, route: &'static str, code: u16, took: Duration) {
        self.requests.get_or_create(&Labels { route, code }).inc();
        if let Some(duration) = self.durations.get(route) {
            duration.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        }
    }

    fn durations(&self) -> impl Iterator<Item = (&'static str, Scaled)> {
        self.durations.iter().map(|(route, histogram)| (*route, Scaled::seconds(Arc::clone(histogram))))
    }
}
