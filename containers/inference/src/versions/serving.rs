//! Which loaded versions answer requests now, switched atomically.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use spotforge_scoring::Engine;

use super::desired_state::Weight;
use super::facts::Facts;
use super::measurements::Measurements;

/// A version whose engine is warm.
pub(crate) struct LoadedVersion {
    pub(crate) facts: Facts,
    pub(crate) engine: Arc<Engine>,
    pub(crate) measurements: Measurements,
    /// Fetching, verifying, opening and warming up.
    pub(crate) load_time: Duration,
}

impl LoadedVersion {
    pub(crate) fn version(&self) -> u64 {
        self.facts.version
    }

    /// An expected score in classes, as a share of the scale from the lowest class to the highest.
    pub(crate) fn share(&self, expected_score: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a handful of classes; a bundle has at least two"
        )]
        let steps = (self.facts.labels.len() - 1) as f64;
        expected_score / steps
    }
}

/// Who answers.
#[derive(Clone, Default)]
pub(crate) struct Serving {
    /// The revision of the document that this follows; 0 before the first one was read.
    pub(crate) revision: u64,
    pub(crate) active: Option<Arc<LoadedVersion>>,
    pub(crate) candidate: Option<(Arc<LoadedVersion>, Weight)>,
}

/// The one place that says who answers. Readers take no lock.
#[derive(Default)]
pub(crate) struct Switch {
    serving: ArcSwap<Serving>,
    turn: AtomicU64,
}

/// Who answers one request, and who gets a copy of it.
pub(crate) struct Assignment {
    pub(crate) to: Arc<LoadedVersion>,
    /// Answers when a candidate does not.
    pub(crate) fallback: Option<Arc<LoadedVersion>>,
    pub(crate) mirror: Option<Arc<LoadedVersion>>,
}

impl Switch {
    pub(crate) fn serving(&self) -> Arc<Serving> {
        self.serving.load_full()
    }

    pub(crate) fn set(&self, serving: Serving) {
        self.serving.store(Arc::new(serving));
    }

    /// Takes the next request's turn; `None` when no version is loaded.
    pub(crate) fn assign(&self) -> Option<Assignment> {
        let serving = self.serving.load();
        let active = serving.active.clone()?;
        Some(match &serving.candidate {
            None => Assignment {
                to: active,
                fallback: None,
                mirror: None,
            },
            Some((candidate, weight)) if weight.percent() == 0 => Assignment {
                to: active,
                fallback: None,
                mirror: Some(candidate.clone()),
            },
            Some((candidate, weight)) => {
                if falls_to_candidate(self.turn.fetch_add(1, Ordering::Relaxed), *weight) {
                    Assignment {
                        to: candidate.clone(),
                        fallback: Some(active),
                        mirror: None,
                    }
                } else {
                    Assignment {
                        to: active,
                        fallback: None,
                        mirror: None,
                    }
                }
            }
        })
    }
}

/// Spreads the candidate's share evenly: of any hundred requests in a row, exactly `weight` fall to it.
fn falls_to_candidate(turn: u64, weight: Weight) -> bool {
    let weight = u64::from(weight.percent());
    let place = turn % 100;
    (place + 1) * weight / 100 > place * weight / 100
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn of_any_hundred_requests_in_a_row_exactly_the_weight_falls_to_the_candidate(start in 0..1_000_000u64, percent in 0..=100u8) {
            let weight = Weight::try_from(percent).unwrap();
            let fallen = (start..start + 100).filter(|turn| falls_to_candidate(*turn, weight)).count();
            prop_assert_eq!(fallen, usize::from(percent));
        }
    }
}
