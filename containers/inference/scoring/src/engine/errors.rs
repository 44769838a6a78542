//! Why a bundle is not served, a request not taken, an answer not given.

use std::path::PathBuf;

use thiserror::Error;

use crate::npz::NpzError;
use crate::session::SessionError;

/// Why an engine did not start.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum LoadError {
    #[error("The option {name} is 0; give at least 1.")]
    Option { name: &'static str },
    #[error("The bundle in {} carries no INT8 model: it failed its gate, and FP32 ships alone. Serve fp32 or preferred.", .folder.display())]
    NoInt8 { folder: PathBuf },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("{reason} Release the model again.")]
    Tokenizer { reason: String },
    #[error("{} does not fit the bundle: {reason}. Release the model again.", .model.display())]
    Contract { model: PathBuf, reason: String },
    #[error(transparent)]
    Parity(#[from] NpzError),
    #[error("{} did not answer the bundle's own parity rows: {reason}. Release the model again.", .model.display())]
    WarmUp { model: PathBuf, reason: String },
    #[error("No thread could be started: {source}. Lower the number of workers.")]
    Thread { source: std::io::Error },
}

/// Why a request was not taken. Nothing of it was scored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)]
pub enum Refusal {
    #[error("The queue is full; try again in a moment.")]
    Full,
    #[error("Input {index} cannot be read: {reason}.")]
    Invalid { index: usize, reason: String },
    #[error("{rows} inputs are more than the queue holds ({limit}); send fewer at once.")]
    TooMany { rows: usize, limit: usize },
    #[error("This version is being taken out of service; ask again.")]
    Closed,
}

/// Why a request that was taken has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)]
pub enum PredictError {
    #[error("The deadline passed before the inputs were scored.")]
    DeadlineExceeded,
    #[error("The inputs could not be scored: {0}")]
    Failed(String),
    #[error("This version was taken out of service before the inputs were scored.")]
    Closed,
}
