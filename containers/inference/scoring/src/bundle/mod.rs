//! A bundle as a folder: its document held against the schema, its files against their hashes, before anything is executed.

mod document;
mod error;
mod files;
mod schema;
mod tree_hash;

use std::fs;
use std::path::{Path, PathBuf};

pub use document::{
    Bundle, BundleHead, BundlePreferred, BundleTask, BundledImage, BundledImageResample, BundledLabel, BundledModel,
    BundledTokenizer,
};
pub use error::BundleError;

/// The document of a bundle. A folder without it is no bundle.
pub const DOCUMENT: &str = "bundle.json";

// A document of a few kilobytes; nobody's folder makes the server read a gigabyte of JSON.
const MAX_DOCUMENT_BYTES: u64 = 4 * 1024 * 1024;
const SHOWN_PROBLEMS: usize = 5;

/// A bundle whose every byte is what its document says.
#[derive(Clone, Debug)]
pub struct VerifiedBundle {
    /// The folder that holds `bundle.json`.
    pub folder: PathBuf,
    /// What `bundle.json` says.
    pub document: Bundle,
}

/// Reads and verifies a bundle: the schema, its own consistency, files listed exactly, sizes, SHA-256 of each, tree hash.
/// Nothing of it is executed, nothing outside `folder` is read.
///
/// # Errors
/// [`BundleError`] says what is wrong, where, and what to do.
pub fn read(folder: &Path) -> Result<VerifiedBundle, BundleError> {
    let path = folder.join(DOCUMENT);
    let cannot_read = |source| BundleError::Unreadable {
        path: path.clone(),
        source,
    };
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(BundleError::NoDocument {
                folder: folder.to_path_buf(),
            });
        }
        Err(error) => return Err(cannot_read(error)),
        Ok(found) if !found.is_file() || found.len() > MAX_DOCUMENT_BYTES => {
            return Err(BundleError::NotADocument {
                path,
                limit: MAX_DOCUMENT_BYTES,
            });
        }
        Ok(_) => {}
    }
    let text = fs::read(&path).map_err(cannot_read)?;
    let document = parse(&text, &path)?;
    files::verify(folder, &document)?;
    Ok(VerifiedBundle {
        folder: folder.to_path_buf(),
        document,
    })
}

/// The document alone, held against the schema and against itself.
fn parse(text: &[u8], path: &Path) -> Result<Bundle, BundleError> {
    let broken = |problems: Vec<String>| BundleError::Schema {
        path: path.to_path_buf(),
        problems,
    };
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| broken(vec![error.to_string()]))?;
    let mut problems = schema::problems(&value);
    if !problems.is_empty() {
        let further = problems.len().saturating_sub(SHOWN_PROBLEMS);
        problems.truncate(SHOWN_PROBLEMS);
        if further > 0 {
            problems.push(format!("and {further} more"));
        }
        return Err(broken(problems));
    }
    let document: Bundle = serde_json::from_value(value).map_err(|error| broken(vec![error.to_string()]))?;
    let problems = contradictions(&document);
    if problems.is_empty() {
        Ok(document)
    } else {
        Err(broken(problems))
    }
}

/// What a schema cannot say: fields that must fit each other.
fn contradictions(document: &Bundle) -> Vec<String> {
    let mut problems = Vec::new();
    match document.task {
        BundleTask::TextOrdinal if document.tokenizer.is_none() => {
            problems.push("/tokenizer: missing, the task is text-ordinal".to_owned());
        }
        BundleTask::ImageOrdinal if document.image.is_none() => {
            problems.push("/image: missing, the task is image-ordinal".to_owned());
        }
        BundleTask::TextOrdinal | BundleTask::ImageOrdinal => {}
    }
    if document.preferred == BundlePreferred::Int8 && document.models.int8.is_none() {
        problems.push("/preferred: int8, but /models/int8 is missing".to_owned());
    }
    for (position, label) in document.labels.iter().enumerate() {
        if usize::try_from(label.index) != Ok(position) {
            problems.push(format!(
                "/labels/{position}/index: {}, expected {position}",
                label.index
            ));
        }
    }
    let mut named = vec![("/models/fp32/file", document.models.fp32.file.to_string())];
    named.extend(
        document
            .models
            .int8
            .as_ref()
            .map(|model| ("/models/int8/file", model.file.to_string())),
    );
    named.extend(
        document
            .tokenizer
            .as_ref()
            .map(|tokenizer| ("/tokenizer/file", tokenizer.file.to_string())),
    );
    named.push(("/parity/inputs", document.parity.inputs.to_string()));
    named.push(("/parity/expected", document.parity.expected.to_string()));
    for (path, file) in named {
        if !document.files.iter().any(|listed| *listed.path == file) {
            problems.push(format!("{path}: {file} is not among /files"));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
