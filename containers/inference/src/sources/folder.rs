//! Versions in a folder of this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use spotforge_scoring::bundle::DOCUMENT;

use super::{SourceError, version_name, version_named};

/// `{root}/{version}/bundle.json`, or `{root}/bundle.json` for a single version.
#[derive(Clone)]
pub(crate) struct FolderSource {
    root: PathBuf,
}

/// As much of `bundle.json` as tells its version; it is verified when it is loaded.
#[derive(Deserialize)]
struct Numbered {
    version: u64,
}

impl FolderSource {
    /// Looks in `root/tenant/name` when a model is given and that exists, else in `root` itself.
    pub(crate) fn new(root: PathBuf, model: Option<&str>) -> Self {
        let of_model = model.map(|model| root.join(model)).filter(|folder| folder.is_dir());
        Self {
            root: of_model.unwrap_or(root),
        }
    }

    pub(crate) async fn newest(&self) -> Result<u64, SourceError> {
        self.in_background(|source| {
            let versions = source.versions()?;
            versions.into_iter().max().ok_or_else(|| SourceError::Empty {
                place: source.root.display().to_string(),
            })
        })
        .await
    }

    pub(crate) async fn has(&self, version: u64) -> Result<bool, SourceError> {
        self.in_background(move |source| Ok(source.versions()?.contains(&version)))
            .await
    }

    pub(crate) async fn fetch(&self, version: u64) -> Result<PathBuf, SourceError> {
        self.in_background(move |source| {
            if !source.versions()?.contains(&version) {
                return Err(SourceError::NoSuchVersion {
                    version,
                    place: source.root.display().to_string(),
                });
            }
            let folder = source.root.join(version_name(version));
            Ok(if folder.join(DOCUMENT).is_file() {
                folder
            } else {
                source.root
            })
        })
        .await
    }

    fn versions(&self) -> Result<Vec<u64>, SourceError> {
        let unreachable = |error: &io::Error| SourceError::Unreachable {
            place: self.root.display().to_string(),
            reason: error.to_string(),
        };
        if let Some(version) = version_inside(&self.root) {
            return Ok(vec![version]);
        }
        let mut versions = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(|error| unreachable(&error))? {
            let entry = entry.map_err(|error| unreachable(&error))?;
            let version = entry.file_name().to_str().and_then(version_named);
            versions.extend(version.filter(|_| entry.path().join(DOCUMENT).is_file()));
        }
        Ok(versions)
    }

    async fn in_background<T: Send + 'static>(
        &self,
        work: impl FnOnce(Self) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let source = self.clone();
        let unreachable = |error: tokio::task::JoinError| SourceError::Unreachable {
            place: self.root.display().to_string(),
            reason: error.to_string(),
        };
        tokio::task::spawn_blocking(move || work(source))
            .await
            .map_err(unreachable)?
    }
}

fn version_inside(folder: &Path) -> Option<u64> {
    let document = fs::read(folder.join(DOCUMENT)).ok()?;
    serde_json::from_slice::<Numbered>(&document)
        .ok()
        .map(|document| document.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_versions(names: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for name in names {
            fs::create_dir_all(root.path().join(name)).unwrap();
            fs::write(root.path().join(name).join(DOCUMENT), "{\"version\": 9}").unwrap();
        }
        root
    }

    #[tokio::test]
    async fn the_newest_version_is_the_highest_number_not_the_last_name() {
        let root = with_versions(&["9", "10", "2.partial"]);
        fs::create_dir_all(root.path().join("11")).unwrap();
        let source = FolderSource::new(root.path().to_owned(), None);
        assert_eq!(
            source.newest().await.unwrap(),
            10,
            "11 has no document, so it does not exist"
        );
        assert!(source.has(9).await.unwrap() && !source.has(11).await.unwrap());
        assert!(matches!(
            source.fetch(11).await,
            Err(SourceError::NoSuchVersion { version: 11, .. })
        ));
    }

    #[tokio::test]
    async fn a_folder_that_is_a_bundle_itself_holds_its_one_version() {
        let root = with_versions(&["."]);
        let source = FolderSource::new(root.path().to_owned(), None);
        assert_eq!(source.newest().await.unwrap(), 9);
        assert_eq!(source.fetch(9).await.unwrap(), root.path());
    }

    #[tokio::test]
    async fn a_models_own_folder_is_found_by_its_name() {
        let root = with_versions(&["acme/sentiment/3", "acme/other/8"]);
        let source = FolderSource::new(root.path().to_owned(), Some("acme/sentiment"));
        assert_eq!(source.newest().await.unwrap(), 3);
    }

    #[tokio::test]
    async fn an_empty_folder_says_what_it_has_to_hold() {
        let root = with_versions(&[]);
        let error = FolderSource::new(root.path().to_owned(), None)
            .newest()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("{version}/bundle.json"), "{error}");
    }
}
