//! Why a folder is not taken as a bundle.

use std::path::PathBuf;

use thiserror::Error;

const AGAIN: &str = "Download the bundle again";

/// What is wrong with a bundle, where, and what to do.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum BundleError {
    #[error("{} holds no bundle.json, and a bundle without it does not exist. Give the folder of a downloaded bundle.", .folder.display())]
    NoDocument { folder: PathBuf },
    #[error("{} is no regular file of at most {limit} bytes. {AGAIN}.", .path.display())]
    NotADocument { path: PathBuf, limit: u64 },
    #[error("{} cannot be read: {source}. Check its permissions and the disk.", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} breaks the bundle's schema at {}. Release the model again, or serve it with the version that it was made for.", .path.display(), .problems.join("; "))]
    Schema { path: PathBuf, problems: Vec<String> },
    #[error("The bundle lists {path} more than once. {AGAIN}.")]
    ListedTwice { path: String },
    #[error("The bundle lists {listed}, and {} is not there. {AGAIN}.", .path.display())]
    Missing { listed: String, path: PathBuf },
    #[error("{} is not listed in bundle.json. Remove it, or download the bundle again into an empty folder.", .path.display())]
    NotListed { path: PathBuf },
    #[error("{} is neither a regular file nor a folder; a bundle holds no links. {AGAIN} into an empty folder.", .path.display())]
    NotAFile { path: PathBuf },
    #[error("{} has {found} bytes, the bundle lists {listed}. {AGAIN}.", .path.display())]
    Size { path: PathBuf, found: u64, listed: u64 },
    #[error("{} has the SHA-256 {found}, the bundle lists {listed}. {AGAIN}.", .path.display())]
    Hash {
        path: PathBuf,
        found: String,
        listed: String,
    },
    #[error("{file} has the SHA-256 {listed} in /files and {model} in /models. {AGAIN}.")]
    ModelHash {
        file: String,
        listed: String,
        model: String,
    },
    #[error("The tree hash of the bundle's files is {found}, bundle.json says {listed}. {AGAIN}.")]
    TreeHash { found: String, listed: String },
}
