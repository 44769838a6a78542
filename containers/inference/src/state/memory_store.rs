//! The document of a server that shares its state with nobody.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{StateStore, StoreError, Stored};
use crate::versions::DesiredState;

/// Lives and ends with the process.
#[derive(Default)]
pub(crate) struct MemoryStore(Mutex<Option<DesiredState>>);

#[async_trait]
impl StateStore for MemoryStore {
    fn place(&self) -> String {
        "in this process's memory".to_owned()
    }

    async fn read(&self) -> Result<Option<Stored>, StoreError> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(state.map(|state| Stored {
            tag: state.revision.to_string(),
            state,
        }))
    }

    async fn write(&self, state: &DesiredState, tag: Option<&str>) -> Result<(), StoreError> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stored.as_ref().map(|stored| stored.revision.to_string()).as_deref() != tag {
            return Err(StoreError::Conflict(self.place()));
        }
        *stored = Some(state.clone());
        Ok(())
    }
}
