//! How our counts become Prometheus' metrics.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

use crate::domain::Histogram;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Labels {
    pub route: &'static str,
    pub code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    pub route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LimitLabel {
    pub limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Build {
    pub version: &'static str,
    pub sqlite: &'static str,
}

/// A histogram that is kept in whole numbers of a small unit, and shown in another.
#[derive(Clone, Debug)]
pub struct Scaled {
    histogram: Arc<Histogram>,
    /// How many of the kept unit make one of the shown.
    unit: f64,
}

impl Scaled {
    /// Kept in microseconds.
    pub fn seconds(histogram: Arc<Histogram>) -> Self {
        Self { histogram, unit: 1e6 }
    }

    pub fn plain(histogram: Arc<Histogram>) -> Self {
        Self { histogram, unit: 1.0 }
    }
}

impl TypedMetric for Scaled {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Scaled {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bound = |bound: Option<u64>| bound.map_or(f64::INFINITY, |bound| float(bound) / self.unit);
        let buckets: Vec<(f64, u64)> =
            self.histogram.buckets().map(|(limit, count)| (bound(limit), count)).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(float(self.histogram.sum()) / self.unit, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// One metric for each of some labels, all of them known.
#[derive(Debug)]
pub struct Each<L, M>(pub Vec<(L, M)>);

impl<L, M: TypedMetric> TypedMetric for Each<L, M> {
    const TYPE: MetricType = M::TYPE;
}

impl<L: EncodeLabelSet, M: EncodeMetric + TypedMetric> EncodeMetric for Each<L, M> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(labels, metric)| metric.encode(encoder.encode_family(labels)?))
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// As near as a float comes: past 2^53 a metric may be off by one.
#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
pub fn float(number: u64) -> f64 {
    number as f64
}
