//! Whether a new version does worse than the old one by more than is allowed.

use std::time::Duration;

use super::measurements::Window;

/// How much worse than the old version a new one may do before it is rolled back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How far the share of failed requests may lie above the old version's.
    pub(crate) error_rate: f64,
    /// How many times the old version's p95 latency …
    pub(crate) p95_ratio: f64,
    /// … and how far above it, since a multiple of next to nothing is noise.
    pub(crate) p95_floor: Duration,
    /// Mean difference of the expected score, as a share of the scale.
    pub(crate) drift: f64,
    /// Requests (for drift: inputs) of each version below which nothing is judged.
    pub(crate) samples: u32,
}

/// Why a version was found wanting.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Breach {
    ErrorRate {
        new: f64,
        old: f64,
        bound: f64,
        requests: u64,
    },
    Latency {
        new: Duration,
        old: Duration,
        ratio: f64,
        requests: u32,
    },
    Drift {
        distance: f64,
        bound: f64,
        inputs: u64,
        paired: bool,
    },
}

impl Breach {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ErrorRate { .. } => "error-rate",
            Self::Latency { .. } => "latency",
            Self::Drift { .. } => "drift",
        }
    }
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ErrorRate {
                new,
                old,
                bound,
                requests,
            } => write!(
                f,
                "error rate {new:.3} over {requests} requests against {old:.3} of the old version; {bound:.3} more is allowed"
            ),
            Self::Latency {
                new,
                old,
                ratio,
                requests,
            } => write!(
                f,
                "p95 latency {:.1} ms over {requests} requests against {:.1} ms of the old version; {ratio:.2} times is allowed",
                new.as_secs_f64() * 1e3,
                old.as_secs_f64() * 1e3,
            ),
            Self::Drift {
                distance,
                bound,
                inputs,
                paired,
            } => write!(
                f,
                "scores drifted by {distance:.3} of the scale over {inputs} {}; {bound:.3} is allowed",
                if *paired {
                    "inputs that both versions scored"
                } else {
                    "inputs of each version"
                }
            ),
        }
    }
}

/// The first bound that `new` passes against `old`; `None` while it holds them, or too little is known.
pub(crate) fn judge(old: &Window, new: &Window, bounds: &Bounds) -> Option<Breach> {
    let enough = u64::from(bounds.samples);
    if new.requests >= enough && new.error_rate() > old.error_rate() + bounds.error_rate {
        return Some(Breach::ErrorRate {
            new: new.error_rate(),
            old: old.error_rate(),
            bound: bounds.error_rate,
            requests: new.requests,
        });
    }
    if new.latencies.count() >= bounds.samples && old.latencies.count() >= bounds.samples {
        let (slow, before) = (new.latencies.p95(), old.latencies.p95());
        if slow > before.mul_f64(bounds.p95_ratio) && slow > before + bounds.p95_floor {
            let requests = new.latencies.count();
            return Some(Breach::Latency {
                new: slow,
                old: before,
                ratio: bounds.p95_ratio,
                requests,
            });
        }
    }
    if new.paired.inputs >= enough {
        let distance = new.paired.mean();
        let breach = Breach::Drift {
            distance,
            bound: bounds.drift,
            inputs: new.paired.inputs,
            paired: true,
        };
        return (distance > bounds.drift).then_some(breach);
    }
    let inputs = new.scores.count().min(old.scores.count());
    let distance = old.scores.distance(&new.scores);
    let bound = bounds.drift + chance(new.scores.count(), old.scores.count());
    let breach = Breach::Drift {
        distance,
        bound,
        inputs: u64::from(inputs),
        paired: false,
    };
    (inputs >= bounds.samples && distance > bound).then_some(breach)
}

/// How far the scores of two samples of one distribution may lie apart by chance, but for one time in a thousand: the inequality of
/// Dvoretzky, Kiefer, Wolfowitz and Massart bounds how far a sample's cumulative distribution lies from the true one, and on a scale
/// from 0 to 1 the area between two of them is no larger than their largest distance.
fn chance(inputs: u32, others: u32) -> f64 {
    let within = |inputs: u32| (f64::ln(2.0 / 0.000_5) / (2.0 * f64::from(inputs.max(1)))).sqrt();
    within(inputs) + within(others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::versions::measurements::Measurements;

    const BOUNDS: Bounds = Bounds {
        error_rate: 0.02,
        p95_ratio: 1.5,
        p95_floor: Duration::from_millis(10),
        drift: 0.1,
        samples: 20,
    };

    fn window(requests: u32, latency: Duration, share: f64) -> Window {
        let measurements = Measurements::default();
        for _ in 0..requests {
            measurements.answered(latency, [share].into_iter());
        }
        measurements.reading()
    }

    #[test]
    fn a_version_that_does_as_well_is_kept() {
        let old = window(100, Duration::from_millis(20), 0.5);
        assert_eq!(
            judge(&old, &window(100, Duration::from_millis(21), 0.52), &BOUNDS),
            None
        );
    }

    #[test]
    fn each_bound_is_judged_on_its_own() {
        let old = window(1000, Duration::from_millis(20), 0.3);
        let failing = Measurements::default();
        (0..20).for_each(|_| failing.failed());
        assert_eq!(judge(&old, &failing.reading(), &BOUNDS).unwrap().name(), "error-rate");
        assert_eq!(
            judge(&old, &window(20, Duration::from_millis(40), 0.3), &BOUNDS)
                .unwrap()
                .name(),
            "latency"
        );
        assert_eq!(
            judge(&old, &window(200, Duration::from_millis(20), 0.9), &BOUNDS)
                .unwrap()
                .name(),
            "drift"
        );
    }

    #[test]
    fn too_few_samples_judge_nothing() {
        let old = window(100, Duration::from_millis(1), 0.5);
        assert_eq!(judge(&old, &window(19, Duration::from_secs(1), 1.0), &BOUNDS), None);
        assert_eq!(
            judge(
                &window(3, Duration::from_millis(1), 0.5),
                &window(50, Duration::from_secs(1), 1.0),
                &BOUNDS
            ),
            None
        );
    }

    #[test]
    fn a_distance_that_chance_explains_is_no_drift_until_there_are_enough_inputs() {
        let (old, new) = (
            window(50, Duration::from_millis(1), 0.5),
            window(50, Duration::from_millis(1), 0.65),
        );
        assert_eq!(judge(&old, &new, &BOUNDS), None);
        let (old, new) = (
            window(9000, Duration::from_millis(1), 0.5),
            window(9000, Duration::from_millis(1), 0.65),
        );
        assert_eq!(judge(&old, &new, &BOUNDS).unwrap().name(), "drift");
    }

    #[test]
    fn a_multiple_of_next_to_nothing_is_no_breach() {
        let old = window(100, Duration::from_micros(300), 0.5);
        assert_eq!(judge(&old, &window(100, Duration::from_millis(3), 0.5), &BOUNDS), None);
    }

    #[test]
    fn equal_inputs_tell_of_a_drift_that_the_distributions_hide() {
        let (old, new) = (Measurements::default(), Measurements::default());
        for row in 0..50 {
            let (a, b) = if row % 2 == 0 { (0.0, 1.0) } else { (1.0, 0.0) };
            old.answered(Duration::from_millis(1), [a].into_iter());
            new.answered(Duration::from_millis(1), [b].into_iter());
            new.compared([(a, b)].into_iter());
        }
        assert!(old.reading().scores.distance(&new.reading().scores) < 0.05);
        let breach = judge(&old.reading(), &new.reading(), &BOUNDS).unwrap();
        assert_eq!(
            (breach.name(), breach.to_string().contains("both versions")),
            ("drift", true)
        );
    }
}
