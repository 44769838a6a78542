//! Finds the version that answers a request, and asks it.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use spotforge_scoring::{Input, Pending, PredictError, Prediction, Refusal, Timing};

use super::mirror;
use super::serving::{Assignment, LoadedVersion, Switch};
use crate::metrics::Metrics;

/// How often a request that met a version as it was closing looks for the one that took its place.
const ATTEMPTS: usize = 5;

/// Predictions, and the version that made them.
pub(crate) struct Answer {
    pub(crate) by: Arc<LoadedVersion>,
    pub(crate) predictions: Vec<Prediction>,
    pub(crate) timing: Timing,
}

/// Why there are no predictions.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DispatchError {
    #[error("No version of the model is loaded yet.")]
    NotReady,
    #[error("The queue is full.")]
    Full,
    #[error("Input {index}: {reason}")]
    Invalid {
        index: usize,
        /// Whether it came as a picture.
        picture: bool,
        reason: String,
    },
    #[error("At most {limit} inputs fit the queue.")]
    TooMany { limit: usize },
    #[error("There was no answer in time.")]
    DeadlineExceeded,
    #[error("The model failed: {0}")]
    Failed(String),
}

/// An error and the version that it is put down to.
pub(crate) type Unanswered = (DispatchError, Option<Arc<LoadedVersion>>);

/// Gives requests to versions.
pub(crate) struct Dispatcher {
    switch: Arc<Switch>,
    metrics: Arc<Metrics>,
    queue_rows: usize,
}

enum Asked {
    /// The version was let go of between finding and asking it: another one has its place.
    Closing,
    Failed(DispatchError, Arc<LoadedVersion>),
}

impl Dispatcher {
    pub(crate) fn new(switch: Arc<Switch>, metrics: Arc<Metrics>, queue_rows: usize) -> Self {
        Self {
            switch,
            metrics,
            queue_rows,
        }
    }

    /// Answers by the version whose turn it is. What a candidate fails to answer, the active version does: a trial costs no caller
    /// its answer.
    pub(crate) async fn answer(&self, inputs: Vec<Input>, deadline: Instant) -> Result<Answer, Unanswered> {
        for _ in 0..ATTEMPTS {
            let Some(Assignment { to, fallback, mirror }) = self.switch.assign() else {
                return Err((DispatchError::NotReady, None));
            };
            match (self.ask(to, &inputs, deadline).await, fallback) {
                (Ok(answer), _) => {
                    if let Some(candidate) = mirror {
                        mirror::send(candidate, &answer, inputs, self.queue_rows, self.metrics.clone());
                    }
                    return Ok(answer);
                }
                (Err(Asked::Closing), None) => {}
                (Err(Asked::Failed(error, by)), None) => return Err((error, Some(by))),
                (Err(_), Some(active)) => match self.ask(active, &inputs, deadline).await {
                    Ok(answer) => return Ok(answer),
                    Err(Asked::Closing) => {}
                    Err(Asked::Failed(error, by)) => return Err((error, Some(by))),
                },
            }
        }
        Err((DispatchError::NotReady, None))
    }

    /// Asks one version and records how it did.
    async fn ask(&self, by: Arc<LoadedVersion>, inputs: &[Input], deadline: Instant) -> Result<Answer, Asked> {
        let pending = match submit(&by, inputs.to_vec(), deadline).await {
            Ok(pending) => pending,
            Err(refusal) => return Err(refused(refusal, inputs, by)),
        };
        let skipped = self.metrics.skipped_unless_answered(inputs.len());
        // The engine sees a deadline when it next looks for work, which may be later.
        let in_time = tokio::time::timeout_at(deadline.into(), pending).await;
        match in_time.unwrap_or(Err(PredictError::DeadlineExceeded)) {
            Ok((predictions, timing)) => {
                skipped.answered();
                self.metrics.batch(timing.batch_rows);
                by.measurements
                    .answered(timing.queue + timing.inference, mirror::shares(&by, &predictions));
                Ok(Answer {
                    by,
                    predictions,
                    timing,
                })
            }
            Err(PredictError::Closed) => {
                skipped.answered();
                Err(Asked::Closing)
            }
            Err(PredictError::DeadlineExceeded) => {
                by.measurements.failed();
                Err(Asked::Failed(DispatchError::DeadlineExceeded, by))
            }
            Err(PredictError::Failed(reason)) => {
                skipped.answered();
                by.measurements.failed();
                Err(Asked::Failed(DispatchError::Failed(reason), by))
            }
        }
    }
}

fn refused(refusal: Refusal, inputs: &[Input], by: Arc<LoadedVersion>) -> Asked {
    match refusal {
        Refusal::Closed => Asked::Closing,
        Refusal::Full => Asked::Failed(DispatchError::Full, by),
        Refusal::Invalid { index, reason } => {
            let picture = matches!(inputs.get(index), Some(Input::Picture(_)));
            Asked::Failed(DispatchError::Invalid { index, picture, reason }, by)
        }
        Refusal::TooMany { limit, .. } => Asked::Failed(DispatchError::TooMany { limit }, by),
    }
}

/// A text is encoded in microseconds, where the request is handled; a picture takes milliseconds, where blocking is allowed.
pub(super) async fn submit(version: &LoadedVersion, inputs: Vec<Input>, deadline: Instant) -> Result<Pending, Refusal> {
    if inputs.iter().all(|input| matches!(input, Input::Text(_))) {
        return version.engine.submit(inputs, deadline);
    }
    let engine = version.engine.clone();
    match tokio::task::spawn_blocking(move || engine.submit(inputs, deadline)).await {
        Ok(submitted) => submitted,
        // A defect: it ends the request as a panic in its own handler would, and is counted as one.
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        Err(_) => Err(Refusal::Closed),
    }
}
