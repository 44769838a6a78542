//! A request's rows while they wait and are scored, and the future that its caller awaits.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::errors::PredictError;
use super::queue::Queue;
use crate::prediction::Prediction;

/// How long a request took, and in what company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From the submission until a worker took the first of its rows; decoding and tokenising are part of it.
    pub queue: Duration,
    /// From there until its last row was scored.
    pub inference: Duration,
    /// Rows of the largest batch that one of its rows was in.
    pub batch_rows: usize,
}

/// What a request comes to.
pub(crate) type Outcome = Result<(Vec<Prediction>, Timing), PredictError>;

/// One request.
pub(crate) struct Job {
    submitted: Instant,
    pub(crate) deadline: Instant,
    state: Mutex<State>,
}

struct State {
    answers: Vec<Option<Prediction>>,
    missing: usize,
    first_taken: Option<Instant>,
    batch_rows: usize,
    outcome: Option<Outcome>,
    settled: bool,
    waker: Option<Waker>,
}

/// The batch that some answers come from.
#[derive(Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) taken: Instant,
    pub(crate) done: Instant,
    pub(crate) rows: usize,
}

impl Job {
    pub(crate) fn new(rows: usize, submitted: Instant, deadline: Instant) -> Self {
        let mut state = State {
            answers: vec![None; rows],
            missing: rows,
            first_taken: None,
            batch_rows: 0,
            outcome: None,
            settled: false,
            waker: None,
        };
        if rows == 0 {
            state.settle(Ok((Vec::new(), Timing::default())));
        }
        Self {
            submitted,
            deadline,
            state: Mutex::new(state),
        }
    }

    /// Keeps the answer to one row; the last of them settles the job.
    pub(crate) fn answer(&self, index: usize, prediction: Prediction, batch: Batch) {
        let mut state = self.state();
        state.first_taken.get_or_insert(batch.taken);
        state.batch_rows = state.batch_rows.max(batch.rows);
        let Some(place) = state.answers.get_mut(index).filter(|place| place.is_none()) else {
            return;
        };
        *place = Some(prediction);
        state.missing -= 1;
        if state.missing == 0 {
            let taken = state.first_taken.unwrap_or(batch.taken);
            let timing = Timing {
                queue: taken.saturating_duration_since(self.submitted),
                inference: batch.done.saturating_duration_since(taken),
                batch_rows: state.batch_rows,
            };
            let answers = std::mem::take(&mut state.answers).into_iter().flatten().collect();
            let waker = state.settle(Ok((answers, timing)));
            drop(state);
            wake(waker);
        }
    }

    /// Settles the job with an error, unless it is settled.
    pub(crate) fn fail(&self, error: PredictError) {
        let waker = self.state().settle(Err(error));
        wake(waker);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn settle(&mut self, outcome: Outcome) -> Option<Waker> {
        if self.settled {
            return None;
        }
        self.settled = true;
        self.outcome = Some(outcome);
        self.waker.take()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The answer to come. Dropping it gives its rows up: those that still wait are never scored.
///
/// It has no timer of its own: a deadline that passes is seen when a worker looks for its next batch, which may take as long as the
/// batch before it. A caller that must answer on the second sets its own time-out and drops this.
#[must_use = "dropping it gives the request up"]
pub struct Pending {
    job: Arc<Job>,
    queue: Weak<Queue>,
}

impl Pending {
    pub(crate) fn new(job: Arc<Job>, queue: Weak<Queue>) -> Self {
        Self { job, queue }
    }
}

impl Future for Pending {
    /// The predictions in the order of the inputs, and how long they took.
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.job.state();
        if let Some(outcome) = state.outcome.take() {
            return Poll::Ready(outcome);
        }
        if state.settled {
            // Polled again after it was ready: there is nothing more to come.
            return Poll::Ready(Err(PredictError::Closed));
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let settled = self.job.state().settled;
        if let Some(queue) = self.queue.upgrade().filter(|_| !settled) {
            queue.give_up(&self.job);
        }
    }
}
