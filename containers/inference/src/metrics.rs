//! What Prometheus reads.

use std::fs;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Linux counts resident memory in pages; every platform that onnxruntime's wheels are built for has pages of 4 KiB in user space.
const PAGE_BYTES: i64 = 4096;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
    /// The version that answered; 0 when none was asked.
    version: u64,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// What became of a request's copy for a candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mirrored {
    Compared,
    Failed,
    /// Not made, because callers had the queue.
    Shed,
}

/// The registry and everything in it.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Histogram,
    queue: Gauge,
    batches: Histogram,
    skipped: Counter,
    loads: Counter,
    load_failures: Counter,
    state_revision: Gauge,
    state_failures: Counter,
    mirrored: Family<OutcomeLabels, Counter>,
    rollbacks: Family<ReasonLabels, Counter>,
    events: Family<OutcomeLabels, Counter>,
    panics: Counter,
    resident: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("spotforge"),
            requests: Family::default(),
            // 1 ms to 16 s, each twice the one before.
            latency: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            queue: Gauge::default(),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 8)),
            skipped: Counter::default(),
            loads: Counter::default(),
            load_failures: Counter::default(),
            state_revision: Gauge::default(),
            state_failures: Counter::default(),
            mirrored: Family::default(),
            rollbacks: Family::default(),
            events: Family::default(),
            panics: Counter::default(),
            resident: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(
            "requests",
            "Requests by route, status and the version that answered",
            self.requests.clone(),
        );
        let help = "From a request's first byte to its answer";
        r.register_with_unit("predict_latency", help, Unit::Seconds, self.latency.clone());
        r.register(
            "queue_rows",
            "Rows that wait for a session of the active version",
            self.queue.clone(),
        );
        r.register(
            "batch_rows",
            "Rows of the batch that a request was answered in",
            self.batches.clone(),
        );
        r.register(
            "skipped_rows",
            "Rows whose caller had gone or whose time was up",
            self.skipped.clone(),
        );
        r.register(
            "model_loads",
            "Versions that were loaded and warmed up",
            self.loads.clone(),
        );
        r.register(
            "model_load_failures",
            "Versions that could not be loaded",
            self.load_failures.clone(),
        );
        r.register(
            "state_revision",
            "Revision of the desired state that is followed",
            self.state_revision.clone(),
        );
        r.register(
            "state_failures",
            "Times that the desired state could not be read",
            self.state_failures.clone(),
        );
        r.register(
            "mirrored_requests",
            "Copies of requests for a candidate",
            self.mirrored.clone(),
        );
        r.register(
            "rollbacks",
            "Automatic rollbacks that this replica wrote",
            self.rollbacks.clone(),
        );
        r.register(
            "events",
            "Consumption events by what became of them",
            self.events.clone(),
        );
        r.register(
            "panics",
            "Requests whose handler panicked: a defect",
            self.panics.clone(),
        );
        r.register_with_unit(
            "process_resident_memory",
            "Resident memory",
            Unit::Bytes,
            self.resident.clone(),
        );
    }

    /// The text that Prometheus reads, with `queued` rows waiting now.
    pub(crate) fn text(&self, queued: usize) -> String {
        self.queue.set(i64::try_from(queued).unwrap_or(i64::MAX));
        self.resident.set(resident_bytes());
        let mut out = String::new();
        text::encode(&mut out, &self.registry).unwrap_or_else(|error| unreachable!("a String takes all: {error}"));
        out
    }

    pub(crate) fn request(&self, route: &'static str, status: u16, version: u64) {
        self.requests
            .get_or_create(&RequestLabels { route, status, version })
            .inc();
    }

    pub(crate) fn predicted(&self, seconds: f64) {
        self.latency.observe(seconds);
    }

    pub(crate) fn batch(&self, rows: usize) {
        #[expect(clippy::cast_precision_loss, reason = "a batch has a few dozen rows")]
        self.batches.observe(rows as f64);
    }

    /// Counts `rows` as skipped, unless it is told that they were answered before it is dropped.
    pub(crate) fn skipped_unless_answered(&self, rows: usize) -> SkippedRows<'_> {
        SkippedRows {
            counter: &self.skipped,
            rows: rows as u64,
        }
    }

    pub(crate) fn model_loaded(&self, succeeded: bool) {
        if succeeded {
            self.loads.inc()
        } else {
            self.load_failures.inc()
        };
    }

    pub(crate) fn state_revision(&self, revision: u64) {
        self.state_revision.set(i64::try_from(revision).unwrap_or(i64::MAX));
    }

    pub(crate) fn state_failure(&self) {
        self.state_failures.inc();
    }

    pub(crate) fn mirrored(&self, outcome: Mirrored) {
        let outcome = match outcome {
            Mirrored::Compared => "compared",
            Mirrored::Failed => "failed",
            Mirrored::Shed => "shed",
        };
        self.mirrored.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    pub(crate) fn rolled_back(&self, reason: &'static str) {
        self.rollbacks.get_or_create(&ReasonLabels { reason }).inc();
    }

    pub(crate) fn events(&self, outcome: &'static str, count: usize) {
        self.events
            .get_or_create(&OutcomeLabels { outcome })
            .inc_by(count as u64);
    }

    pub(crate) fn panicked(&self) {
        self.panics.inc();
    }
}

/// See [`Metrics::skipped_unless_answered`].
pub(crate) struct SkippedRows<'a> {
    counter: &'a Counter,
    rows: u64,
}

impl SkippedRows<'_> {
    pub(crate) fn answered(mut self) {
        self.rows = 0;
    }
}

impl Drop for SkippedRows<'_> {
    fn drop(&mut self) {
        if self.rows > 0 {
            self.counter.inc_by(self.rows);
        }
    }
}

/// The second field of `statm`: resident pages. 0 where there is no such file.
fn resident_bytes() -> i64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<i64>().ok())
        .map_or(0, |pages| pages * PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_carries_every_metric_under_the_products_name() {
        let metrics = Metrics::new();
        metrics.request("/v1/predict", 200, 7);
        metrics.model_loaded(false);
        drop(metrics.skipped_unless_answered(3));
        metrics.skipped_unless_answered(5).answered();
        let text = metrics.text(11);
        for line in [
            "spotforge_requests_total{route=\"/v1/predict\",status=\"200\",version=\"7\"} 1",
            "spotforge_model_load_failures_total 1",
            "spotforge_skipped_rows_total 3",
            "spotforge_queue_rows 11",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(resident_bytes() > 1_000_000, "a process has some memory");
    }
}
