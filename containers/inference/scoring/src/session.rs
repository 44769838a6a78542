//! An onnxruntime session on the CPU, opened in the one way that suits a server and a comparison alike.

use std::path::{Path, PathBuf};

use ort::ep::CPU;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use thiserror::Error;

use crate::npz::Array;
use crate::runtime_library::{RuntimeLibraryError, environment};

/// Why a model could not be opened, or did not run.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum SessionError {
    #[error(transparent)]
    Runtime(#[from] RuntimeLibraryError),
    #[error("{} is no model that onnxruntime opens: {reason}.", .path.display())]
    Model { path: PathBuf, reason: String },
    #[error("The model asks for the input {name}, which is not among the arrays: {given}.")]
    MissingInput { name: String, given: String },
    #[error("onnxruntime could not run the model: {reason}.")]
    Run { reason: String },
    #[error("The model's output {name} is {reason}.")]
    Output { name: String, reason: String },
}

/// Opens a model with `threads` threads for each operation (at least 1).
pub(crate) fn open(model: &Path, threads: usize) -> Result<Session, SessionError> {
    let environment = environment()?;
    let opened = configured(&environment, threads.max(1)).and_then(|mut builder| builder.commit_from_file(model));
    opened.map_err(|error| SessionError::Model {
        path: model.to_path_buf(),
        reason: error.to_string(),
    })
}

fn configured(environment: &ort::environment::Environment, threads: usize) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(plain)?
        .with_intra_threads(threads)
        .map_err(plain)?
        .with_inter_threads(1)
        .map_err(plain)?
        .with_log_level(LogLevel::Error) // constant folding warns about harmless shape nodes
        .map_err(plain)?
        // Threads that wait for more work in a loop take the processor from the sessions beside them.
        .with_intra_op_spinning(false)
        .map_err(plain)?
        // A pattern is kept for every shape ever seen, and batches come in thousands of shapes.
        .with_memory_pattern(false)
        .map_err(plain)?
        .with_execution_providers([CPU::default().with_arena_allocator(true).build()])
        .map_err(plain)?;
    Ok(builder)
}

#[allow(clippy::needless_pass_by_value, reason = "map_err gives it so")]
fn plain(error: ort::Error<SessionBuilder>) -> ort::Error {
    ort::Error::new(error.message())
}

/// Runs a model once on whole arrays: every output by its name, in the model's order. Arrays that it does not ask for are ignored.
pub(crate) fn run_once(
    session: &mut Session,
    mut given: Vec<(String, Array)>,
) -> Result<Vec<(String, Array)>, SessionError> {
    let wanted: Vec<String> = session.inputs().iter().map(|input| input.name().to_owned()).collect();
    let mut inputs = Vec::with_capacity(wanted.len());
    for name in wanted {
        let Some(at) = given.iter().position(|(other, _)| *other == name) else {
            let given = given
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(SessionError::MissingInput { name, given });
        };
        let (_, array) = given.swap_remove(at);
        let value = array.into_input().map_err(|error| SessionError::Run {
            reason: error.to_string(),
        })?;
        inputs.push((name, value));
    }
    let outputs = session.run(inputs).map_err(|error| SessionError::Run {
        reason: error.to_string(),
    })?;
    outputs
        .iter()
        .map(|(name, value)| {
            let array = Array::from_output(&value).map_err(|reason| SessionError::Output {
                name: name.to_owned(),
                reason,
            })?;
            Ok((name.to_owned(), array))
        })
        .collect()
}
