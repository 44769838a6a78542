//! Parity in the runtime that serves: a bundle's own rows, scored here in FP32, against what the pipeline recorded.

use std::path::Path;

use serde::Serialize;
use thiserror::Error;

use crate::bundle::{self, BundleError};
use crate::comparison::compare;
pub use crate::comparison::{Mismatch, MismatchKind, WorstElement};
use crate::npz::{NpzError, read};
use crate::session::{SessionError, open, run_once};
use crate::tolerance::Tolerance;

/// What the verification of a bundle found. Its hashes held, or there would be no report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// Whether nothing differs.
    pub passed: bool,
    /// The outcome in a sentence.
    pub says: String,
    /// The tree hash of the bundle's files, as recomputed.
    pub bundle_sha256: String,
    /// The bundle's version.
    pub version: u64,
    /// How many rows were scored.
    pub rows: usize,
    /// How many values were compared.
    pub elements: usize,
    /// The largest `|measured - expected|`; null in JSON when it is not finite.
    pub max_abs: f64,
    /// The largest difference as a multiple of what is allowed.
    pub max_ratio: f64,
    /// Names first, then dtypes and shapes, then values.
    pub mismatches: Vec<Mismatch>,
}

/// Why a bundle could not be verified at all.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum VerifyError {
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Arrays(#[from] NpzError),
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Recomputes every hash of the bundle in `folder`, scores its parity inputs in FP32 as one batch, as they were recorded, and holds the
/// outputs against those recorded, element by element: `|a - b| <= absolute + relative * |b|`.
///
/// # Errors
/// When the bundle is not what was released, or its model does not run. What differs is in the report, not an error.
pub fn verify(folder: &Path, tolerance: Tolerance, threads: usize) -> Result<VerifyReport, VerifyError> {
    let document = bundle::read(folder)?.document;
    let inputs = read(&folder.join(&*document.parity.inputs))?;
    let expected = read(&folder.join(&*document.parity.expected))?;
    let rows = expected
        .first()
        .and_then(|(_, array)| array.shape().first().copied())
        .unwrap_or(0);
    let mut session = open(&folder.join(&*document.models.fp32.file), threads)?;
    let measured = run_once(&mut session, inputs)?;
    let listed: Vec<String> = document.outputs.iter().map(|output| output.name.clone()).collect();
    let mut found = compare(&expected, &measured, &listed, tolerance);
    if u64::try_from(rows) != Ok(document.parity.rows.get()) {
        let says = format!(
            "expected.npz holds {rows} rows, bundle.json lists {}",
            document.parity.rows
        );
        let kind = MismatchKind::Shape;
        found.mismatches.push(Mismatch {
            kind,
            output: "parity".to_owned(),
            says,
            count: 0,
            worst: Vec::new(),
        });
    }
    let passed = found.mismatches.is_empty();
    let says = if passed {
        format!("all {} values of {rows} rows agree", found.elements)
    } else {
        let all: Vec<&str> = found.mismatches.iter().map(|mismatch| mismatch.says.as_str()).collect();
        let Tolerance { absolute, relative } = tolerance;
        format!(
            "{} (allowed is {absolute} + {relative} * |the recorded value|)",
            all.join("; ")
        )
    };
    Ok(VerifyReport {
        passed,
        says,
        bundle_sha256: document.bundle_sha256.to_string(),
        version: document.version.get(),
        rows,
        elements: found.elements,
        max_abs: found.max_abs,
        max_ratio: found.max_ratio,
        mismatches: found.mismatches,
    })
}
