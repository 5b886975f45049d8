//! Metrics: what is counted while the server runs, and the page that Prometheus reads.

mod families;
mod process;
mod text;

use std::collections::HashMap;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use crate::routes::{PAGES, ROUTES};
use families::{FixedFamily, RequestLabels, RouteLabel};

pub use text::{CONTENT_TYPE, Readings, write};

/// Counters and durations of the requests answered since the start.
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    /// One histogram for each route, created at the start so that a request only has to look it up.
    durations: HashMap<&'static str, Histogram>,
}

/// The route of all paths that don't exist.
pub const UNKNOWN: &str = "(unknown)";

/// Upper bounds of the buckets for request durations, in seconds.
const DURATION_SECONDS: [f64; 15] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

impl Metrics {
    pub fn new() -> Self {
        let pages = PAGES.iter().filter(|page| page.is_measured()).map(|page| page.label);
        let routes = ROUTES.iter().map(|route| route.path).chain(pages).chain([UNKNOWN]);
        let durations = routes.map(|route| (route, Histogram::new(DURATION_SECONDS))).collect();
        Self { requests: Family::default(), durations }
    }

    /// Counts an answered request by its route and the code of the answer. `took` is the time from the
    /// arrival of the request until its answer was signed.
    pub fn answered(&self, route: &'static str, code: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { route, code }).inc();
        if let Some(durations) = self.durations.get(route) {
            durations.observe(took.as_secs_f64());
        }
    }

    /// The durations by route; the histograms are shared, not copied.
    fn durations(&self) -> FixedFamily<RouteLabel, Histogram> {
        let labelled =
            |(route, histogram): (&&'static str, &Histogram)| (RouteLabel { route }, histogram.clone());
        FixedFamily(self.durations.iter().map(labelled).collect())
    }
}
