//! From a version's number to an engine that is warm.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use spotforge_scoring::{Engine, EngineOptions, bundle};

use super::facts::{Facts, model_of, version_of};
use super::measurements::Measurements;
use super::serving::LoadedVersion;
use crate::sources::{BundleSource, SourceError};

/// Loads versions of one model.
pub(crate) struct Loader {
    source: Arc<BundleSource>,
    options: EngineOptions,
    /// `tenant/name`; that of the first bundle that was loaded when none was given.
    model: Mutex<Option<String>>,
}

/// Why a version is not loaded. Whatever it is, the version that answers goes on answering.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailure {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Bundle(#[from] bundle::BundleError),
    #[error(transparent)]
    Engine(#[from] spotforge_scoring::LoadError),
    #[error("The bundle in {folder} says that it is version {found}; version {expected} was asked for.")]
    OtherVersion { folder: String, found: u64, expected: u64 },
    #[error("The bundle in {folder} is of the model {found}; this server serves {expected}.")]
    OtherModel {
        folder: String,
        found: String,
        expected: String,
    },
    #[error("Loading stopped unexpectedly: {0}")]
    Panicked(String),
}

impl Loader {
    pub(crate) fn new(source: Arc<BundleSource>, options: EngineOptions, model: Option<String>) -> Self {
        Self {
            source,
            options,
            model: Mutex::new(model),
        }
    }

    pub(crate) fn source(&self) -> &BundleSource {
        &self.source
    }

    /// Fetches, verifies, opens and warms up. The work is done on a blocking thread, never where requests are handled.
    pub(crate) async fn load(self: Arc<Self>, version: u64) -> Result<LoadedVersion, LoadFailure> {
        let started = Instant::now();
        let folder = self.source.fetch(version).await?;
        let opened = self.open(&folder, version).await;
        let (engine, facts) = match opened {
            // A cache may have been damaged since it was filled: what it holds is fetched once more.
            Err(LoadFailure::Bundle(error)) if self.source.discard(&folder).await => {
                tracing::warn!(event = "cache-discarded", version, why = %error);
                let folder = self.source.fetch(version).await?;
                self.open(&folder, version).await?
            }
            opened => opened?,
        };
        Ok(LoadedVersion {
            facts,
            engine: Arc::new(engine),
            measurements: Measurements::default(),
            load_time: started.elapsed(),
        })
    }

    async fn open(self: &Arc<Self>, folder: &Path, version: u64) -> Result<(Engine, Facts), LoadFailure> {
        let (this, folder) = (self.clone(), folder.to_owned());
        tokio::task::spawn_blocking(move || this.open_now(&folder, version))
            .await
            .map_err(|error| LoadFailure::Panicked(error.to_string()))?
    }

    fn open_now(&self, folder: &Path, version: u64) -> Result<(Engine, Facts), LoadFailure> {
        let verified = bundle::read(folder)?;
        let shown = || folder.display().to_string();
        let found = version_of(&verified.document);
        if found != version {
            return Err(LoadFailure::OtherVersion {
                folder: shown(),
                found,
                expected: version,
            });
        }
        let found = model_of(&verified.document);
        let expected = self.model.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(LoadFailure::OtherModel {
                folder: shown(),
                found,
                expected,
            });
        }
        let engine = Engine::start(verified, &self.options)?;
        self.model
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(found);
        let facts = Facts::of(engine.bundle(), engine.serving());
        Ok((engine, facts))
    }
}
