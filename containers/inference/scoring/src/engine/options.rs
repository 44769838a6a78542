//! How an engine is to run.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use crate::Precision;

/// The knobs of an [`Engine`](super::Engine). Each has a reason for its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// Threads that each own a session. Default: one a core, the most that can compute at once.
    pub workers: usize,
    /// Threads inside each session. Default 1: two requests on two cores beat one request on both under load.
    pub threads_per_worker: usize,
    /// Rows that may wait. Default 512: at the pace of one core a few seconds of work, beyond which an answer comes too late.
    pub queue_rows: usize,
    /// Rows of one batch. Default 16: beyond it a core gains nothing more, and the first row waits for the last.
    pub max_batch_rows: usize,
    /// Rows × the length of the longest of one batch. Default 1024: eight rows of 128 tokens, beyond which only memory grows.
    pub max_batch_tokens: usize,
    /// Which of the bundle's models. Default: the one that it prefers.
    pub precision: Precision,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            workers: available_parallelism().map_or(1, NonZeroUsize::get),
            threads_per_worker: 1,
            queue_rows: 512,
            max_batch_rows: 16,
            max_batch_tokens: 1024,
            precision: Precision::Preferred,
        }
    }
}

impl EngineOptions {
    /// The name of the first knob that is 0.
    pub(crate) fn zero(&self) -> Option<&'static str> {
        [
            ("workers", self.workers),
            ("threads_per_worker", self.threads_per_worker),
            ("queue_rows", self.queue_rows),
            ("max_batch_rows", self.max_batch_rows),
            ("max_batch_tokens", self.max_batch_tokens),
        ]
        .into_iter()
        .find_map(|(name, value)| (value == 0).then_some(name))
    }
}
