//! The document that says which versions every replica is to serve, and the changes that may be made to it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::moment::Moment;

/// How many changes the document remembers.
const HISTORY: usize = 20;
const SCHEMA_VERSION: u8 = 1;

/// What every replica of one model is to serve. Written by compare-and-set, so that of two writers one wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DesiredState {
    #[schema(value_type = u8, minimum = 1, maximum = 1)]
    schema_version: SchemaVersion,
    /// Grows by one with every change.
    pub(crate) revision: u64,
    /// The version whose answers callers get.
    pub(crate) active: u64,
    /// The version that is being tried.
    #[schema(required = true)]
    pub(crate) candidate: Option<u64>,
    /// Percent of the requests that the candidate answers; 0: it gets copies, and its answers are compared and dropped.
    #[schema(value_type = u8, minimum = 0, maximum = 100)]
    pub(crate) weight: Weight,
    /// The version that was active before the last promotion; what a rollback of the active one returns to.
    #[schema(required = true)]
    pub(crate) previous: Option<u64>,
    /// When the candidate came, or when the active version was promoted.
    pub(crate) started_at: Moment,
    /// For how long after `startedAt` a bound that is passed rolls back by itself.
    pub(crate) watch_seconds: u32,
    /// The last 20 changes, oldest first.
    pub(crate) history: Vec<Change>,
}

/// A change that was made to the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Change {
    /// When.
    pub(crate) at: Moment,
    /// The document's revision that the change made.
    pub(crate) revision: u64,
    /// What was done.
    #[serde(rename = "change")]
    pub(crate) kind: Kind,
    /// The version that it was done to.
    pub(crate) version: u64,
    /// The replica that wrote it, and for whom.
    pub(crate) by: String,
    /// The reason that was given or measured.
    pub(crate) why: String,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The document was made, with the newest version active.
    Created,
    /// A version became candidate, or the candidate's weight was changed.
    Load,
    /// The candidate became active.
    Promote,
    /// The candidate was dropped, or the version before the active one became active again.
    Rollback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct SchemaVersion;

impl TryFrom<u8> for SchemaVersion {
    type Error = String;
    fn try_from(found: u8) -> Result<Self, String> {
        (found == SCHEMA_VERSION).then_some(Self).ok_or_else(|| {
            format!("schemaVersion is {found}; this server knows {SCHEMA_VERSION}: use the release that wrote it")
        })
    }
}

impl From<SchemaVersion> for u8 {
    fn from(_: SchemaVersion) -> Self {
        SCHEMA_VERSION
    }
}

/// A whole percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub(crate) struct Weight(u8);

impl Weight {
    /// The number of percent.
    #[must_use]
    pub(crate) fn percent(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Weight {
    type Error = String;
    fn try_from(percent: u8) -> Result<Self, String> {
        (percent <= 100)
            .then_some(Self(percent))
            .ok_or_else(|| "a weight is a whole number from 0 to 100".to_owned())
    }
}

impl From<Weight> for u8 {
    fn from(weight: Weight) -> Self {
        weight.0
    }
}

/// Who changes the document, when and why.
#[derive(Clone, Debug)]
pub(crate) struct Attribution {
    pub(crate) at: Moment,
    pub(crate) by: String,
    pub(crate) why: String,
}

/// A change that the document does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Illegal {
    #[error("Version {0} is active already: there is nothing to load.")]
    AlreadyActive(u64),
    #[error("Version {0} is the candidate. Promote it or roll it back before another one is loaded.")]
    OtherCandidate(u64),
    #[error("Version {0} is not the candidate. Load it first: POST /v1/versions/{0}/load.")]
    NotCandidate(u64),
    #[error("Version {0} is neither the candidate nor active: there is nothing to roll back.")]
    NotServed(u64),
    #[error(
        "Version {0} is active and no version before it is known, so there is nothing to return to. Load another one."
    )]
    NothingBefore(u64),
}

/// `None` when the document says so already.
type Next = Result<Option<DesiredState>, Illegal>;

impl DesiredState {
    /// The first document: `active` alone.
    pub(crate) fn created(active: u64, attribution: Attribution) -> Self {
        let state = Self {
            schema_version: SchemaVersion,
            revision: 0,
            active,
            candidate: None,
            weight: Weight::default(),
            previous: None,
            started_at: attribution.at,
            watch_seconds: 0,
            history: Vec::new(),
        };
        state.changed(Kind::Created, active, attribution)
    }

    /// `version` becomes candidate, or, when it is, gets another weight or window.
    pub(crate) fn load(&self, version: u64, weight: Weight, watch_seconds: u32, attribution: Attribution) -> Next {
        if self.active == version {
            return Err(Illegal::AlreadyActive(version));
        }
        if let Some(other) = self.candidate.filter(|other| *other != version) {
            return Err(Illegal::OtherCandidate(other));
        }
        if self.candidate.is_some() && self.weight == weight && self.watch_seconds == watch_seconds {
            return Ok(None);
        }
        let next = Self {
            candidate: Some(version),
            weight,
            watch_seconds,
            started_at: attribution.at,
            ..self.clone()
        };
        Ok(Some(next.changed(Kind::Load, version, attribution)))
    }

    /// The candidate becomes active.
    pub(crate) fn promote(&self, version: u64, attribution: Attribution) -> Next {
        if self.active == version {
            return Ok(None);
        }
        if self.candidate != Some(version) {
            return Err(Illegal::NotCandidate(version));
        }
        let next = Self {
            active: version,
            candidate: None,
            weight: Weight::default(),
            previous: Some(self.active),
            started_at: attribution.at,
            ..self.clone()
        };
        Ok(Some(next.changed(Kind::Promote, version, attribution)))
    }

    /// The candidate is dropped, or the version before the active one becomes active again.
    pub(crate) fn roll_back(&self, version: u64, attribution: Attribution) -> Next {
        let mut next = self.clone();
        if self.candidate == Some(version) {
            next.candidate = None;
        } else if self.active == version {
            next.active = self.previous.ok_or(Illegal::NothingBefore(version))?;
            // Were it kept, a second rollback would bring back what was just found wanting.
            next.previous = None;
            next.candidate = self.candidate.filter(|candidate| *candidate != next.active);
        } else {
            return Err(Illegal::NotServed(version));
        }
        if next.candidate.is_none() {
            next.weight = Weight::default();
            next.watch_seconds = 0;
        }
        next.started_at = attribution.at;
        Ok(Some(next.changed(Kind::Rollback, version, attribution)))
    }

    /// Whether `now` lies in the window in which a passed bound rolls back.
    pub(crate) fn watching(&self, now: Moment) -> bool {
        self.started_at.until(now).as_secs() < u64::from(self.watch_seconds)
    }

    /// What a document written by hand may get wrong; `None` when it holds together.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        if self.candidate == Some(self.active) {
            Some("candidate and active are the same version")
        } else if self.previous == Some(self.active) {
            Some("previous and active are the same version")
        } else if self.candidate.is_none() && self.weight.percent() > 0 {
            Some("there is a weight, but no candidate")
        } else if self.revision == 0 {
            Some("revision counts from 1")
        } else {
            None
        }
    }

    fn changed(mut self, kind: Kind, version: u64, Attribution { at, by, why }: Attribution) -> Self {
        self.revision += 1;
        self.history.push(Change {
            at,
            revision: self.revision,
            kind,
            version,
            by,
            why,
        });
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
        self
    }
}

#[cfg(test)]
pub(crate) mod tests;
