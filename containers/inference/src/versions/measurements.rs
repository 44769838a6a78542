//! What one version did on this replica lately, as far as a rollback asks for it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::distribution::{Latencies, Scores};

/// Half of the time that a measurement reaches back: old enough for a quiet service to have enough samples, young enough to be like now.
const HALF: Duration = Duration::from_mins(5);

/// Requests, errors, latencies and answers of a span of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    /// From queueing to the answer, of requests that were answered.
    pub(crate) latencies: Latencies,
    pub(crate) scores: Scores,
    /// Against the active version on the same inputs.
    pub(crate) paired: Paired,
}

/// Sum and number of differences of the expected score on the same input, as shares of the scale.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paired {
    pub(crate) inputs: u64,
    pub(crate) sum: f64,
}

impl Paired {
    pub(crate) fn mean(self) -> f64 {
        per(self.sum, self.inputs)
    }
}

impl Window {
    pub(crate) fn error_rate(&self) -> f64 {
        per(float(self.errors), self.requests)
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.latencies.merge(&other.latencies);
        self.scores.merge(&other.scores);
        self.paired.inputs += other.paired.inputs;
        self.paired.sum += other.paired.sum;
    }
}

/// 0 of nothing.
fn per(sum: f64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum / float(count) }
}

#[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 of anything")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Records what happens to one version's requests; the reading reaches back five to ten minutes.
#[derive(Debug)]
pub(crate) struct Measurements(Mutex<Halves>);

#[derive(Debug)]
struct Halves {
    since: Instant,
    current: Window,
    before: Window,
}

impl Default for Measurements {
    fn default() -> Self {
        Self(Mutex::new(Halves {
            since: Instant::now(),
            current: Window::default(),
            before: Window::default(),
        }))
    }
}

impl Measurements {
    /// A request that was answered after `latency` with these shares of the scale.
    pub(crate) fn answered(&self, latency: Duration, shares: impl Iterator<Item = f64>) {
        self.record(|window| {
            window.requests += 1;
            window.latencies.record(latency);
            shares.for_each(|share| window.scores.record(share));
        });
    }

    /// A request that failed or was not answered in time.
    pub(crate) fn failed(&self) {
        self.record(|window| {
            window.requests += 1;
            window.errors += 1;
        });
    }

    /// The active version's answers to the same inputs, as pairs of shares of the scale.
    pub(crate) fn compared(&self, pairs: impl Iterator<Item = (f64, f64)>) {
        self.record(|window| {
            for (old, new) in pairs {
                window.paired.inputs += 1;
                window.paired.sum += (old - new).abs();
            }
        });
    }

    pub(crate) fn reading(&self) -> Window {
        let halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut window = halves.before.clone();
        window.merge(&halves.current);
        window
    }

    /// Forgets: what was measured before says nothing about what comes now.
    pub(crate) fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Halves {
            since: Instant::now(),
            current: Window::default(),
            before: Window::default(),
        };
    }

    fn record(&self, change: impl FnOnce(&mut Window)) {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.since.elapsed() >= HALF {
            halves.before = std::mem::take(&mut halves.current);
            halves.since = Instant::now();
        }
        change(&mut halves.current);
    }
}
