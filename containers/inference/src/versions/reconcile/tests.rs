use proptest::prelude::*;

use super::*;
use crate::versions::desired_state::tests::somebody;

fn desired(active: u64, candidate: Option<u64>, previous: Option<u64>, watch_seconds: u32) -> DesiredState {
    let mut state = DesiredState::created(active, somebody("start"));
    (state.candidate, state.previous, state.watch_seconds) = (candidate, previous, watch_seconds);
    state
}

/// A replica without engines: does what it is told, and loads what can be loaded.
#[derive(Debug, Default)]
struct Replica {
    known: BTreeMap<u64, Known>,
    route: Route,
    broken: Vec<u64>,
}

impl Replica {
    fn step(&mut self, desired: &DesiredState) -> Result<usize, TestCaseError> {
        let now = Moment::now();
        let before = self.route;
        for version in self
            .known
            .clone()
            .into_iter()
            .filter_map(|(v, known)| (known == Known::Loading).then_some(v))
        {
            let known = if self.broken.contains(&version) {
                Known::Failed { again: later() }
            } else {
                Known::Warm
            };
            self.known.insert(version, known);
        }
        let actions = reconcile(&View {
            desired,
            known: &self.known,
            route: self.route,
            breach: None,
            now,
        });
        for action in &actions {
            match action {
                Action::RollBack { .. } => prop_assert!(false, "nothing was found wanting"),
                Action::Load(version) => {
                    prop_assert!(
                        !self.known.values().any(|known| *known == Known::Loading),
                        "one at a time"
                    );
                    self.known.insert(*version, Known::Loading);
                }
                Action::Route(route) => self.route = *route,
                Action::Drop(version) => {
                    prop_assert!(self.known.remove(version).is_some());
                }
            }
        }
        let routed = [self.route.active, self.route.candidate.map(|(version, _)| version)];
        for version in routed.into_iter().flatten() {
            prop_assert_eq!(self.known.get(&version), Some(&Known::Warm), "who answers is warm");
        }
        prop_assert!(
            before.active.is_none() || self.route.active.is_some(),
            "who answers is never taken away"
        );
        let warm = self.known.values().filter(|known| **known == Known::Warm).count();
        prop_assert!(warm <= 4, "{warm} versions are warm");
        Ok(actions.len())
    }
}

fn later() -> Moment {
    serde_json::from_str("\"2999-01-01T00:00:00Z\"").unwrap()
}

fn state() -> impl Strategy<Value = DesiredState> {
    (
        1..6u64,
        prop::option::of(1..6u64),
        prop::option::of(1..6u64),
        prop::bool::ANY,
    )
        .prop_map(|(active, candidate, previous, watch)| {
            let other = |version: &u64| *version != active;
            desired(
                active,
                candidate.filter(other),
                previous.filter(other),
                if watch { 3600 } else { 0 },
            )
        })
}

proptest! {
    #[test]
    fn whatever_is_desired_who_answers_is_warm_and_never_taken_away(
        states in prop::collection::vec((state(), 0..6usize), 1..12), broken in prop::collection::vec(1..6u64, 0..4)
    ) {
        let mut replica = Replica { broken, ..Replica::default() };
        for (desired, steps) in states {
            for _ in 0..steps {
                replica.step(&desired)?;
            }
        }
    }

    #[test]
    fn a_replica_comes_to_rest_at_what_is_desired_wherever_it_was(before in state(), after in state(), steps in 0..6usize) {
        let mut replica = Replica::default();
        for _ in 0..steps {
            replica.step(&before)?;
        }
        let mut rested = false;
        for _ in 0..10 {
            rested = replica.step(&after)? == 0;
        }
        prop_assert!(rested, "ten steps are enough");
        prop_assert_eq!(replica.route.active, Some(after.active));
        prop_assert_eq!(replica.route.candidate.map(|(version, _)| version), after.candidate);
    }

    #[test]
    fn a_version_that_cannot_be_loaded_leaves_the_old_one_serving(before in 1..6u64, after in 1..6u64, steps in 4..12usize) {
        prop_assume!(before != after);
        let mut replica = Replica { broken: vec![after], ..Replica::default() };
        for _ in 0..3 {
            replica.step(&desired(before, None, None, 0))?;
        }
        for _ in 0..steps {
            replica.step(&desired(after, None, Some(before), 0))?;
        }
        prop_assert_eq!(replica.route.active, Some(before));
    }
}

#[test]
fn a_breach_within_the_window_rolls_back_the_candidate_or_what_was_just_promoted_and_nothing_after_it() {
    let breach = Breach::Drift {
        distance: 0.5,
        bound: 0.1,
        inputs: 50,
        paired: true,
    };
    let known = BTreeMap::from([(3, Known::Warm), (4, Known::Warm)]);
    let rolled_back = |desired: &DesiredState| {
        let view = View {
            desired,
            known: &known,
            route: Route::default(),
            breach: Some(&breach),
            now: Moment::now(),
        };
        reconcile(&view).into_iter().find_map(|action| match action {
            Action::RollBack { version, .. } => Some(version),
            _ => None,
        })
    };
    assert_eq!(rolled_back(&desired(3, Some(4), None, 60)), Some(4));
    assert_eq!(rolled_back(&desired(4, None, Some(3), 60)), Some(4));
    assert_eq!(rolled_back(&desired(4, None, Some(3), 0)), None);
    assert_eq!(rolled_back(&desired(4, None, None, 60)), None);
}

#[test]
fn the_version_before_stays_warm_within_the_window_and_goes_after_it() {
    let known = BTreeMap::from([(3, Known::Warm), (4, Known::Warm)]);
    let route = Route {
        active: Some(4),
        candidate: None,
    };
    let actions = |watch: u32| {
        let desired = desired(4, None, Some(3), watch);
        reconcile(&View {
            desired: &desired,
            known: &known,
            route,
            breach: None,
            now: Moment::now(),
        })
    };
    assert_eq!(actions(60), []);
    assert_eq!(actions(0), [Action::Drop(3)]);
}
