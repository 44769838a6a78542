//! Copies of requests for a candidate whose answers nobody gets: they are compared and dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use spotforge_scoring::{Input, Prediction, Refusal};

use super::dispatch::{Answer, submit};
use super::serving::LoadedVersion;
use crate::metrics::{Metrics, Mirrored};

/// The part of a queue, in percent, above which no copies are made: callers come first.
const CALM_PERCENT: usize = 25;
/// Nobody waits for a copy; one that takes longer counts as failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives the candidate the inputs that the active version has just answered, unless there is much to do for callers, and records how
/// its answer compares. Beside the requests: the caller has its answer already.
pub(crate) fn send(
    candidate: Arc<LoadedVersion>,
    answered: &Answer,
    inputs: Vec<Input>,
    queue_rows: usize,
    metrics: Arc<Metrics>,
) {
    let calm = |version: &LoadedVersion| version.engine.queued_rows() * 100 <= queue_rows * CALM_PERCENT;
    if !calm(&answered.by) || !calm(&candidate) {
        return metrics.mirrored(Mirrored::Shed);
    }
    let old = shares(&answered.by, &answered.predictions).collect::<Vec<f64>>();
    tokio::spawn(async move {
        let outcome = match submit(&candidate, inputs, Instant::now() + PATIENCE).await {
            Ok(pending) => pending.await,
            Err(Refusal::Invalid { reason, .. }) => Err(spotforge_scoring::PredictError::Failed(reason)),
            Err(_) => return metrics.mirrored(Mirrored::Shed),
        };
        if let Ok((predictions, timing)) = outcome {
            let new = || shares(&candidate, &predictions);
            candidate.measurements.answered(timing.queue + timing.inference, new());
            candidate.measurements.compared(old.into_iter().zip(new()));
            metrics.mirrored(Mirrored::Compared);
        } else {
            candidate.measurements.failed();
            metrics.mirrored(Mirrored::Failed);
        }
    });
}

/// Expected scores as shares of the version's own scale.
pub(super) fn shares(version: &LoadedVersion, predictions: &[Prediction]) -> impl Iterator<Item = f64> {
    predictions
        .iter()
        .map(|prediction| version.share(prediction.expected_score))
}
