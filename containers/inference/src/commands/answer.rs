//! `spotforge-inference answer`.

use std::path::PathBuf;

use clap::Args;
use spotforge_scoring::arrays::answer;

use super::{Ended, OrtLibrary, exit};

#[derive(Args, Debug)]
pub(super) struct AnswerArrays {
    #[command(flatten)]
    library: OrtLibrary,
    /// The model, as ONNX
    #[arg(long)]
    model: PathBuf,
    /// Threads of the session
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The arrays to read, by the names of the model's inputs (npz)
    inputs: PathBuf,
    /// The arrays to write, by the names of the model's outputs (npz)
    outputs: PathBuf,
}

impl AnswerArrays {
    pub(super) fn run(self) -> Result<(), Ended> {
        self.library.load()?;
        answer(&self.model, &self.inputs, &self.outputs, self.threads)
            .map(|_| ())
            .map_err(|error| Ended::new(exit::INVALID_INPUT, &error))
    }
}
