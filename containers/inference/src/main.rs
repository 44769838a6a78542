//! `spotforge-inference`: see its `--help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    spotforge_inference::commands::run()
}
