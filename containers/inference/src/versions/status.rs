//! What a replica publishes of itself: the document it follows, and how far it is with each version.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::Serialize;
use utoipa::ToSchema;

use super::desired_state::DesiredState;
use super::facts::Facts;

/// How far a replica is with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// Being fetched, verified or warmed up.
    Loading,
    /// Ready to answer.
    Warm,
    /// It could not be loaded; it is tried again.
    Failed,
}

/// A version as one replica knows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionStatus {
    pub(crate) version: u64,
    pub(crate) stage: Stage,
    /// Why it could not be loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// Milliseconds from the first byte fetched to the last warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bundle: Option<Facts>,
}

/// The last that the follower published.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    pub(crate) desired: Option<DesiredState>,
    pub(crate) versions: BTreeMap<u64, VersionStatus>,
    /// Why the document could not be read when it was last tried.
    pub(crate) trouble: Option<String>,
}

/// Where the follower publishes.
#[derive(Default)]
pub(crate) struct Board(ArcSwap<Status>);

impl Board {
    pub(crate) fn read(&self) -> Arc<Status> {
        self.0.load_full()
    }

    pub(crate) fn publish(&self, status: Status) {
        self.0.store(Arc::new(status));
    }
}
