//! Where the versions of a model lie, and how one of them comes to be a folder on this machine.

mod folder;
mod s3_download;
mod s3_prefix;

use std::path::{Path, PathBuf};

pub(crate) use folder::FolderSource;
pub(crate) use s3_prefix::S3Source;

/// Why a version, or the list of them, is not to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("There is no bundle in {place}. It has to hold {{version}}/bundle.json, or to be a bundle itself.")]
    Empty { place: String },
    #[error("There is no version {version} in {place}.")]
    NoSuchVersion { version: u64, place: String },
    #[error("{place} cannot be read: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("{place} is not what its bundle.json says: {reason}. It is fetched again with the next attempt.")]
    Broken { place: String, reason: String },
    #[error("The cache {} cannot be written: {reason}. Give another folder by --cache, with enough space.", folder.display())]
    Cache { folder: PathBuf, reason: String },
}

/// The versions of one model.
pub(crate) enum BundleSource {
    Folder(FolderSource),
    S3(S3Source),
}

impl BundleSource {
    /// The highest version that there is.
    pub(crate) async fn newest(&self) -> Result<u64, SourceError> {
        match self {
            Self::Folder(source) => source.newest().await,
            Self::S3(source) => source.newest().await,
        }
    }

    /// Whether there is such a version.
    pub(crate) async fn has(&self, version: u64) -> Result<bool, SourceError> {
        match self {
            Self::Folder(source) => source.has(version).await,
            Self::S3(source) => source.has(version).await,
        }
    }

    /// A folder on this machine with the version's files. Whoever uses it verifies it first.
    pub(crate) async fn fetch(&self, version: u64) -> Result<PathBuf, SourceError> {
        match self {
            Self::Folder(source) => source.fetch(version).await,
            Self::S3(source) => source.fetch(version).await,
        }
    }

    /// Throws away a fetched folder that turned out broken. False when it is not ours to throw away.
    pub(crate) async fn discard(&self, folder: &Path) -> bool {
        match self {
            Self::Folder(_) => false,
            Self::S3(_) => tokio::fs::remove_dir_all(folder).await.is_ok(),
        }
    }
}

/// A version as a folder's or a prefix's name: digits without a leading zero.
fn version_named(name: &str) -> Option<u64> {
    let version = name.parse().ok()?;
    (version > 0 && name == version_name(version)).then_some(version)
}

fn version_name(version: u64) -> String {
    version.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_positive_number_names_a_version() {
        assert_eq!(version_named("12"), Some(12));
        for name in ["", "0", "012", "+1", "1a", "-1", "99999999999999999999", "1.partial"] {
            assert_eq!(version_named(name), None, "{name}");
        }
    }
}
