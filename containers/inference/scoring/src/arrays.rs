//! Any exported model as a function from an npz of inputs to an npz of outputs, so that whoever compares runtimes can ask this one.

use std::path::Path;

use thiserror::Error;

pub use crate::npz::NpzError;
use crate::npz::{read, write};
pub use crate::session::SessionError;
use crate::session::{open, run_once};

/// Why there is no answer.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum AnswerError {
    #[error(transparent)]
    Arrays(#[from] NpzError),
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredOutput {
    /// The output's name in the model.
    pub name: String,
    /// As numpy names it.
    pub dtype: &'static str,
    /// By axis.
    pub shape: Vec<usize>,
}

/// Runs `model` once on the arrays of `inputs` (npz, by the names of the model's inputs; others are ignored) and writes every output
/// to `outputs` (npz, by the names of the model's outputs, in its order).
///
/// # Errors
/// When a file cannot be read or written, an input is missing, or the model does not run.
pub fn answer(model: &Path, inputs: &Path, outputs: &Path, threads: usize) -> Result<Vec<AnsweredOutput>, AnswerError> {
    let given = read(inputs)?;
    let answered = run_once(&mut open(model, threads)?, given)?;
    write(outputs, &answered)?;
    Ok(answered
        .into_iter()
        .map(|(name, array)| AnsweredOutput {
            name,
            dtype: array.dtype(),
            shape: array.shape().to_vec(),
        })
        .collect())
}
