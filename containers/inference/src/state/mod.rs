//! Where the document of desired state is kept.

mod file_store;
mod memory_store;
mod s3_store;

use std::sync::Arc;

use async_trait::async_trait;

pub(crate) use file_store::FileStore;
pub(crate) use memory_store::MemoryStore;
pub(crate) use s3_store::S3Store;

use crate::versions::{Attribution, DesiredState, Illegal};

/// A document and the tag that a write has to name to replace exactly it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) state: DesiredState,
    pub(crate) tag: String,
}

/// Why a document was not read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Somebody else wrote it first: read again and decide again.
    #[error("The desired state {0} was changed by somebody else at the same time.")]
    Conflict(String),
    #[error("The desired state {place} cannot be reached: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("The desired state {place} is not a document that this server understands: {reason}")]
    Invalid { place: String, reason: String },
}

/// A place for one document with compare-and-set.
#[async_trait]
pub(crate) trait StateStore: Send + Sync {
    /// Where the document lies, for the reader of an error.
    fn place(&self) -> String;

    /// `None` when there is no document yet.
    async fn read(&self) -> Result<Option<Stored>, StoreError>;

    /// Writes `state` if what is stored still has `tag` (`None`: if nothing is stored).
    async fn write(&self, state: &DesiredState, tag: Option<&str>) -> Result<(), StoreError>;
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("There is no desired state yet: the server is still starting.")]
    Absent,
}

/// How often a change is decided anew because somebody else wrote in between.
const ATTEMPTS: usize = 5;

/// Reads, decides and writes; decides again when somebody else wrote in between. Answers the document as it is then, and whether
/// this call changed it.
pub(crate) async fn change(
    store: &Arc<dyn StateStore>,
    by: &Attribution,
    decide: impl Fn(&DesiredState, Attribution) -> Result<Option<DesiredState>, Illegal>,
) -> Result<(DesiredState, bool), ChangeError> {
    for attempt in 1.. {
        let stored = store.read().await?.ok_or(ChangeError::Absent)?;
        let Some(next) = decide(&stored.state, by.clone())? else {
            return Ok((stored.state, false));
        };
        match store.write(&next, Some(&stored.tag)).await {
            Ok(()) => return Ok((next, true)),
            Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("the last attempt returns")
}

fn parse(bytes: &[u8], place: &str) -> Result<DesiredState, StoreError> {
    let invalid = |reason: String| StoreError::Invalid {
        place: place.to_owned(),
        reason,
    };
    let state: DesiredState = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    match state.contradiction() {
        Some(contradiction) => Err(invalid(contradiction.to_owned())),
        None => Ok(state),
    }
}

fn text_of(state: &DesiredState) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(state).unwrap_or_else(|error| unreachable!("plain data: {error}"));
    text.push(b'\n');
    text
}
