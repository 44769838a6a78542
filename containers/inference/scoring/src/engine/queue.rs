//! What waits to be scored, shared between whoever submits and the workers.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::errors::{PredictError, Refusal};
use super::feed::EncodedRow;
use super::job::Job;
use super::waiting_line::{Limits, WaitingLine};

const NOBODY_LEFT: &str = "the last worker has ended";

/// A row on its way to a model.
pub(crate) struct Row {
    pub(crate) job: Arc<Job>,
    /// Its place among the job's inputs.
    pub(crate) index: usize,
    pub(crate) encoded: EncodedRow,
}

/// Bounded by rows, those that are being encoded included.
pub(crate) struct Queue {
    state: Mutex<State>,
    capacity: usize,
    limits: Limits,
    /// Something waits, or the queue is closed.
    ready: Condvar,
    /// The last worker has gone.
    ended: Condvar,
}

struct State {
    waiting: WaitingLine<Row>,
    reserved: usize,
    closed: bool,
    workers: usize,
    /// Workers that wait for something to do.
    idle: usize,
}

/// What a worker gets to do.
pub(crate) struct Taken {
    pub(crate) rows: Vec<Row>,
    /// Jobs whose deadline passed while they waited.
    pub(crate) expired: Vec<Arc<Job>>,
}

impl Queue {
    pub(crate) fn new(capacity: usize, limits: Limits, workers: usize) -> Self {
        let state = State {
            waiting: WaitingLine::new(),
            reserved: 0,
            closed: false,
            workers,
            idle: 0,
        };
        Self {
            state: Mutex::new(state),
            capacity,
            limits,
            ready: Condvar::new(),
            ended: Condvar::new(),
        }
    }

    /// Places for rows that are about to be encoded, or the refusal, before any work is done for them.
    pub(crate) fn reserve(self: &Arc<Self>, rows: usize) -> Result<Reservation, Refusal> {
        if rows > self.capacity {
            return Err(Refusal::TooMany {
                rows,
                limit: self.capacity,
            });
        }
        let mut state = self.state();
        if state.closed {
            return Err(Refusal::Closed);
        }
        if state.waiting.rows() + state.reserved + rows > self.capacity {
            return Err(Refusal::Full);
        }
        state.reserved += rows;
        Ok(Reservation {
            queue: Arc::clone(self),
            rows,
        })
    }

    /// Rows that wait or are about to.
    pub(crate) fn rows(&self) -> usize {
        let state = self.state();
        state.waiting.rows() + state.reserved
    }

    /// The next batch; waits for one. `None` once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Taken> {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let mut expired: Vec<Arc<Job>> = Vec::new();
            for row in state.waiting.take_out(|row| row.job.deadline > now) {
                if !expired.iter().any(|job| Arc::ptr_eq(job, &row.job)) {
                    expired.push(row.job);
                }
            }
            // What is there is shared with whoever has nothing to do: two halves side by side are done before a whole.
            let share = state.waiting.rows().div_ceil(1 + state.idle);
            let rows = state.waiting.take(Limits {
                rows: share.min(self.limits.rows),
                ..self.limits
            });
            if !(rows.is_empty() && expired.is_empty()) {
                if state.idle > 0 && state.waiting.rows() > 0 {
                    self.ready.notify_one();
                }
                return Some(Taken { rows, expired });
            }
            if state.closed && state.reserved == 0 {
                return None;
            }
            state.idle += 1;
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Takes out what still waits of a job.
    pub(crate) fn give_up(&self, job: &Arc<Job>) {
        let rows = self.state().waiting.take_out(|row| !Arc::ptr_eq(&row.job, job));
        drop(rows); // outside the lock
    }

    /// Takes no more rows; what waits is still scored.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.ready.notify_all();
    }

    /// Waits until the workers have scored what waited, at most until `until`; then answers the rest with an error.
    /// Answers how many rows that were.
    pub(crate) fn drain(&self, until: Instant) -> usize {
        let mut state = self.state();
        while state.workers > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                break;
            }
            state = self
                .ended
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(state);
        self.fail_all(&PredictError::Closed)
    }

    /// A worker ends. Were it the last while the queue is open, nobody would be left to answer.
    pub(crate) fn worker_ends(&self) {
        let mut state = self.state();
        state.workers -= 1;
        let alone = state.workers == 0;
        if alone {
            state.closed = true;
            drop(state);
            self.ended.notify_all();
            self.fail_all(&PredictError::Failed(NOBODY_LEFT.to_owned()));
        }
    }

    fn fail_all(&self, error: &PredictError) -> usize {
        let rows = self.state().waiting.take_out(|_| false);
        for row in &rows {
            row.job.fail(error.clone());
        }
        rows.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Places in the queue. Dropping it gives them back.
pub(crate) struct Reservation {
    queue: Arc<Queue>,
    rows: usize,
}

impl Reservation {
    /// Lets the rows wait in these places. A queue that was closed meanwhile still takes them: their places were promised before.
    pub(crate) fn fill(mut self, rows: Vec<Row>) {
        let mut state = self.queue.state();
        state.reserved -= std::mem::take(&mut self.rows);
        if state.workers == 0 {
            drop(state);
            for row in rows {
                row.job.fail(PredictError::Failed(NOBODY_LEFT.to_owned()));
            }
            return;
        }
        let several = rows.len() > 1 || state.closed;
        for row in rows {
            state.waiting.push(row.encoded.length(), row);
        }
        drop(state);
        if several {
            self.queue.ready.notify_all();
        } else {
            self.queue.ready.notify_one();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.rows > 0 {
            self.queue.state().reserved -= self.rows;
            self.queue.ready.notify_all(); // a closed queue may have waited for these
        }
    }
}
