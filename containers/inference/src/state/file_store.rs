//! The document as a file that several processes of one machine, or of one shared file system, follow.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{StateStore, StoreError, Stored, parse, text_of};
use crate::versions::DesiredState;

/// Written under a lock file beside it: compared by revision, written to another name, synced, renamed. A reader needs no lock.
#[derive(Clone, Debug)]
pub(crate) struct FileStore {
    path: PathBuf,
}

impl FileStore {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn unreachable(&self, error: &io::Error) -> StoreError {
        StoreError::Unreachable {
            place: self.place(),
            reason: error.to_string(),
        }
    }

    fn read_now(&self) -> Result<Option<Stored>, StoreError> {
        match fs::read(&self.path) {
            Ok(bytes) => {
                let state = parse(&bytes, &self.place())?;
                Ok(Some(Stored {
                    tag: state.revision.to_string(),
                    state,
                }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    fn write_now(&self, state: &DesiredState, tag: Option<&str>) -> Result<(), StoreError> {
        let folder = self
            .path
            .parent()
            .filter(|folder| *folder != Path::new(""))
            .unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| self.unreachable(&error))?;
        let lock = File::create(beside(&self.path, "lock")).map_err(|error| self.unreachable(&error))?;
        lock.lock().map_err(|error| self.unreachable(&error))?;
        if self.read_now()?.map(|stored| stored.tag).as_deref() != tag {
            return Err(StoreError::Conflict(self.place()));
        }
        replace(&self.path, folder, &text_of(state)).map_err(|error| self.unreachable(&error))
    }

    async fn in_background<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|error| StoreError::Unreachable {
                place: self.place(),
                reason: error.to_string(),
            })?
    }
}

#[async_trait]
impl StateStore for FileStore {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    async fn read(&self) -> Result<Option<Stored>, StoreError> {
        self.in_background(Self::read_now).await
    }

    async fn write(&self, state: &DesiredState, tag: Option<&str>) -> Result<(), StoreError> {
        let (state, tag) = (state.clone(), tag.map(str::to_owned));
        self.in_background(move |store| store.write_now(&state, tag.as_deref()))
            .await
    }
}

/// Whoever reads `path`, at any moment and after a power cut, finds the old text or the new one.
fn replace(path: &Path, folder: &Path, text: &[u8]) -> io::Result<()> {
    let written = beside(path, "new");
    let mut file = File::create(&written)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&written, path)?;
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::state::{ChangeError, change};
    use crate::versions::somebody;

    fn store() -> (tempfile::TempDir, FileStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper/desired.json");
        (folder, FileStore::new(path))
    }

    #[tokio::test]
    async fn there_is_nothing_at_first_and_then_what_was_written() {
        let (_folder, store) = store();
        assert_eq!(store.read().await.unwrap(), None);
        let state = DesiredState::created(3, somebody("start"));
        store.write(&state, None).await.unwrap();
        assert_eq!(store.read().await.unwrap().unwrap().state, state);
    }

    #[tokio::test]
    async fn a_write_that_names_another_revision_is_a_conflict_and_writes_nothing() {
        let (_folder, store) = store();
        let first = DesiredState::created(3, somebody("start"));
        store.write(&first, None).await.unwrap();
        for tag in [None, Some("7")] {
            let second = DesiredState::created(4, somebody("late"));
            assert!(matches!(store.write(&second, tag).await, Err(StoreError::Conflict(_))));
        }
        assert_eq!(store.read().await.unwrap().unwrap().state, first);
    }

    #[tokio::test]
    async fn a_file_that_is_no_document_is_named_with_what_is_wrong() {
        let (_folder, store) = store();
        fs::create_dir_all(store.path.parent().unwrap()).unwrap();
        fs::write(&store.path, "{\"schemaVersion\": 1}").unwrap();
        let error = store.read().await.unwrap_err().to_string();
        assert!(
            error.contains("desired.json") && error.contains("missing field"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn of_many_writers_at_once_none_loses_its_change_unseen() {
        let (_folder, file) = store();
        file.write(&DesiredState::created(1, somebody("start")), None)
            .await
            .unwrap();
        let store: Arc<dyn StateStore> = Arc::new(file);
        let writers = (2..12u64).map(|version| {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    let weight = crate::versions::Weight::default();
                    let by = somebody("race");
                    match change(&store, &by, |state, by| match state.candidate {
                        Some(other) => state.roll_back(other, by),
                        None => state.load(version, weight, 1, by),
                    })
                    .await
                    {
                        Ok(_) => return,
                        Err(ChangeError::Store(StoreError::Conflict(_))) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!(store.read().await.unwrap().unwrap().state.revision, 11);
    }
}
