//! The command line.

mod answer;
mod openapi;
mod serve;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use spotforge_scoring::{RuntimeLibrary, RuntimeLibraryError};

/// Serves and checks the models that Spotforge releases.
#[derive(Debug, Parser)]
#[command(name = "spotforge-inference", version, about, max_term_width = 120)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves a model's versions over HTTP
    Serve(Box<serve::Serve>),
    /// Recomputes a bundle's hashes and scores its parity rows in FP32 against what was recorded
    Verify(verify::Verify),
    /// Runs an exported model on the arrays of one npz file and writes its outputs to another
    Answer(answer::AnswerArrays),
    /// Prints the description of the HTTP interface
    Openapi,
}

/// Where onnxruntime lies.
#[derive(Args, Clone, Debug)]
struct OrtLibrary {
    /// onnxruntime's shared library, version 1.31, as in its Python wheel. No default: which one runs is for you to say
    #[arg(long, visible_alias = "onnxruntime", env = "ORT_DYLIB_PATH")]
    ort_library: PathBuf,
}

impl OrtLibrary {
    fn load(&self) -> Result<(), RuntimeLibraryError> {
        RuntimeLibrary::ensure_loaded(&self.ort_library).map(|_| ())
    }
}

/// Exit codes, as the product's stages use them; 78 is `EX_CONFIG` of `sysexits.h`.
mod exit {
    pub(super) const INVALID_INPUT: u8 = 64;
    pub(super) const GATE_REJECTED: u8 = 66;
    pub(super) const INFRASTRUCTURE: u8 = 74;
    pub(super) const CONFIG: u8 = 78;
}

/// Why a command ends otherwise than well: a sentence for the reader, and the code to exit with.
struct Ended {
    code: u8,
    says: String,
}

impl Ended {
    fn new(code: u8, error: &impl ToString) -> Self {
        Self {
            code,
            says: error.to_string(),
        }
    }
}

impl From<RuntimeLibraryError> for Ended {
    fn from(error: RuntimeLibraryError) -> Self {
        Self::new(exit::CONFIG, &error)
    }
}

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    let ended = match CommandLine::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Verify(verify) => verify.run(),
        Command::Answer(answer) => answer.run(),
        Command::Openapi => openapi::run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Ended { code, says }) => {
            eprintln!("{says}");
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_knob_of_the_server_is_a_flag_and_a_variable_and_says_its_default() {
        let command = CommandLine::command();
        command.clone().debug_assert();
        let serve = command.find_subcommand("serve").unwrap();
        for argument in serve
            .get_arguments()
            .filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()))
        {
            let name = argument.get_id().as_str();
            let variable = argument
                .get_env()
                .unwrap_or_else(|| panic!("{name} has no variable"))
                .to_string_lossy();
            assert!(
                variable.starts_with("SPOTFORGE_") || variable == "ORT_DYLIB_PATH",
                "{variable}"
            );
            let help = argument
                .get_help()
                .unwrap_or_else(|| panic!("{name} has no help"))
                .to_string();
            assert!(
                argument.is_required_set() || help.contains("efault") || help.contains("Without"),
                "{name}: {help}"
            );
        }
    }
}
