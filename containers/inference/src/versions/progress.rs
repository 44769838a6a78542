//! How far a replica is: with each version, and with the document.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::desired_state::DesiredState;
use super::measurements::Window;
use super::reconcile::{Known, Route};
use super::serving::LoadedVersion;
use super::status::{Stage, Status, VersionStatus};
use crate::moment::Moment;

/// A version as the follower holds it.
pub(super) enum Entry {
    Loading { failures: u32 },
    Warm(Arc<LoadedVersion>),
    Failed { again: Moment, failures: u32, why: String },
}

/// What lives as long as the follower.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) entries: BTreeMap<u64, Entry>,
    pub(super) route: Route,
    pub(super) desired: Option<DesiredState>,
    /// Why the document could not be read when it was last tried.
    pub(super) trouble: Option<String>,
    /// What the version before the active one did until it was replaced.
    pub(super) baseline: Option<(u64, Window)>,
}

impl Progress {
    pub(super) fn known(&self) -> BTreeMap<u64, Known> {
        let known = |entry: &Entry| match entry {
            Entry::Loading { .. } => Known::Loading,
            Entry::Warm(_) => Known::Warm,
            Entry::Failed { again, .. } => Known::Failed { again: *again },
        };
        self.entries
            .iter()
            .map(|(version, entry)| (*version, known(entry)))
            .collect()
    }

    pub(super) fn warm(&self, version: u64) -> Option<Arc<LoadedVersion>> {
        match self.entries.get(&version) {
            Some(Entry::Warm(loaded)) => Some(loaded.clone()),
            _ => None,
        }
    }

    /// How often in a row the version could not be loaded.
    pub(super) fn failures(&self, version: u64) -> u32 {
        match self.entries.get(&version) {
            Some(Entry::Loading { failures } | Entry::Failed { failures, .. }) => *failures,
            _ => 0,
        }
    }

    /// What the version before `new` did, as far as this replica has seen it.
    pub(super) fn baseline(&self, new: u64, old: u64) -> Option<Window> {
        match &self.baseline {
            Some((version, window)) if *version == old && self.route.active == Some(new) => Some(window.clone()),
            _ if self.route.active == Some(old) => self.warm(old).map(|old| old.measurements.reading()),
            _ => None,
        }
    }

    pub(super) fn status(&self) -> Status {
        let versions = self
            .entries
            .iter()
            .map(|(version, entry)| (*version, status_of(*version, entry)));
        Status {
            desired: self.desired.clone(),
            versions: versions.collect(),
            trouble: self.trouble.clone(),
        }
    }
}

fn status_of(version: u64, entry: &Entry) -> VersionStatus {
    let blank = VersionStatus {
        version,
        stage: Stage::Loading,
        why: None,
        load_ms: None,
        bundle: None,
    };
    match entry {
        Entry::Loading { .. } => blank,
        Entry::Failed { why, .. } => VersionStatus {
            stage: Stage::Failed,
            why: Some(why.clone()),
            ..blank
        },
        Entry::Warm(loaded) => VersionStatus {
            stage: Stage::Warm,
            load_ms: Some(millis(loaded.load_time)),
            bundle: Some(loaded.facts.clone()),
            ..blank
        },
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
