//! `spotforge-inference verify`.

use std::path::PathBuf;

use clap::Args;
use spotforge_scoring::Tolerance;
use spotforge_scoring::verify::{VerifyError, verify};

use super::{Ended, OrtLibrary, exit};

#[derive(Args, Debug)]
pub(super) struct Verify {
    #[command(flatten)]
    library: OrtLibrary,
    /// Folder of a downloaded bundle
    #[arg(long)]
    bundle: PathBuf,
    /// `a` of `|measured - recorded| <= a + r * |recorded|`. Default: that of the pipeline's parity gate
    #[arg(long, default_value_t = 1e-5)]
    absolute: f64,
    /// `r` of the same
    #[arg(long, default_value_t = 1e-5)]
    relative: f64,
    /// Threads of the session
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Print the report as one JSON document
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Ended> {
        self.library.load()?;
        let tolerance = Tolerance {
            absolute: self.absolute,
            relative: self.relative,
        };
        let report = verify(&self.bundle, tolerance, self.threads).map_err(|error| match error {
            VerifyError::Bundle(_) | VerifyError::Arrays(_) | VerifyError::Session(_) => {
                Ended::new(exit::INVALID_INPUT, &error)
            }
        })?;
        if self.json {
            let text = serde_json::to_string(&report).map_err(|error| Ended::new(exit::INFRASTRUCTURE, &error))?;
            println!("{text}");
        } else if report.passed {
            println!(
                "Version {} holds: {}. Tree hash {}.",
                report.version, report.says, report.bundle_sha256
            );
        }
        if report.passed {
            return Ok(());
        }
        let says = format!(
            "Version {} does not score as it was recorded: {}.",
            report.version, report.says
        );
        Err(Ended {
            code: exit::GATE_REJECTED,
            says,
        })
    }
}
