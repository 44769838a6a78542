//! The decision of one replica: from what is desired and what it has loaded, what it is to do next. Pure.

use std::collections::BTreeMap;

use super::desired_state::{DesiredState, Weight};
use super::verdict::Breach;
use crate::moment::Moment;

/// What a replica knows of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Loading,
    Warm,
    /// It could not be loaded; worth another try from `again` on.
    Failed {
        again: Moment,
    },
}

/// Who answers requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) active: Option<u64>,
    pub(crate) candidate: Option<(u64, Weight)>,
}

/// What a replica sees when it decides.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) desired: &'a DesiredState,
    pub(crate) known: &'a BTreeMap<u64, Known>,
    pub(crate) route: Route,
    /// What was found wanting about the version that is being watched.
    pub(crate) breach: Option<&'a Breach>,
    pub(crate) now: Moment,
}

/// What a replica does next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Write to the document that this version is rolled back.
    RollBack { version: u64, breach: Breach },
    /// Load, verify and warm up.
    Load(u64),
    /// Switch who answers, atomically.
    Route(Route),
    /// Let go of a version once its last request has ended, or forget that it failed.
    Drop(u64),
}

/// The version that a passed bound would roll back, and the one it is held against; `None` outside of the window.
pub(crate) fn watched(desired: &DesiredState, now: Moment) -> Option<(u64, u64)> {
    let pair = match desired.candidate {
        Some(candidate) => Some((candidate, desired.active)),
        None => desired.previous.map(|previous| (desired.active, previous)),
    };
    pair.filter(|_| desired.watching(now))
}

/// What is to be done. Applied, it leads in finitely many steps to what is desired; the version that answers is never taken away
/// before another one is warm in its place, and a version that cannot be loaded takes nothing away.
pub(crate) fn reconcile(view: &View<'_>) -> Vec<Action> {
    let View {
        desired,
        known,
        route,
        breach,
        now,
    } = view;
    let mut actions = Vec::new();
    let watched = watched(desired, *now);
    if let (Some(breach), Some((version, _))) = (*breach, watched) {
        actions.push(Action::RollBack {
            version,
            breach: breach.clone(),
        });
    }

    let warm = |version: u64| known.get(&version) == Some(&Known::Warm);
    let busy = known.values().any(|known| *known == Known::Loading);
    // One after the other: two models that warm up at once take the cores from the requests.
    let next = [Some(desired.active), desired.candidate]
        .into_iter()
        .flatten()
        .find(|version| match known.get(version) {
            None => true,
            Some(Known::Failed { again }) => again <= now,
            Some(Known::Loading | Known::Warm) => false,
        });
    if let (false, Some(version)) = (busy, next) {
        actions.push(Action::Load(version));
    }

    let active = [Some(desired.active), route.active]
        .into_iter()
        .flatten()
        .find(|version| warm(*version));
    let candidate = desired
        .candidate
        .filter(|version| warm(*version) && active.is_some() && active != Some(*version));
    let to = Route {
        active,
        candidate: candidate.map(|version| (version, desired.weight)),
    };
    if to != *route {
        actions.push(Action::Route(to));
    }

    // Kept warm while it may have to answer again at once.
    let previous = desired
        .previous
        .filter(|_| watched.is_some() && desired.candidate.is_none());
    let wanted = [Some(desired.active), desired.candidate, previous, active];
    let loose = known
        .iter()
        .filter(|(version, known)| **known != Known::Loading && !wanted.contains(&Some(**version)));
    actions.extend(loose.map(|(version, _)| Action::Drop(*version)));
    actions
}

#[cfg(test)]
mod tests;
