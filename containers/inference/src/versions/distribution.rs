//! Two small histograms: of latencies, for a percentile, and of scores, for the distance between two models' answers.

use std::time::Duration;

/// Bounds grow by this factor, which is how exact a percentile is.
const GROWTH: f64 = 1.1;
const SMALLEST_SECONDS: f64 = 0.000_1;
/// 0.1 ms × 1.1^145 is about 100 s: longer than any request may take.
const LATENCY_BUCKETS: usize = 146;
const SCORE_BUCKETS: usize = 100;

/// How many values fell into each of some buckets.
#[derive(Clone, Debug)]
struct Histogram<const BUCKETS: usize> {
    counts: Box<[u32; BUCKETS]>,
    total: u32,
}

impl<const BUCKETS: usize> Default for Histogram<BUCKETS> {
    fn default() -> Self {
        Self {
            counts: Box::new([0; BUCKETS]),
            total: 0,
        }
    }
}

impl<const BUCKETS: usize> Histogram<BUCKETS> {
    /// What lies beyond the last bucket counts as in it.
    fn record(&mut self, bucket: usize) {
        let count = &mut self.counts[bucket.min(BUCKETS - 1)];
        *count = count.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts.iter()) {
            *mine = mine.saturating_add(*theirs);
        }
        self.total = self.total.saturating_add(other.total);
    }
}

/// Latencies in buckets that grow by a tenth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Histogram<LATENCY_BUCKETS>);

impl Latencies {
    pub(crate) fn record(&mut self, latency: Duration) {
        let growths = (latency.as_secs_f64() / SMALLEST_SECONDS).max(1.0).log(GROWTH).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 145: a cast of a float saturates"
        )]
        self.0.record(growths as usize);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.total
    }

    /// The latency that 95 % are not above, at most a tenth too high; zero when there is none.
    pub(crate) fn p95(&self) -> Duration {
        let rank = (u64::from(self.0.total) * 95).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in self.0.counts.iter().enumerate() {
            seen += u64::from(*count);
            if *count > 0 && seen >= rank {
                #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "0 to 145")]
                return Duration::from_secs_f64(SMALLEST_SECONDS * GROWTH.powi(bucket as i32));
            }
        }
        Duration::ZERO
    }
}

/// Scores, each as a share of the scale from 0 (lowest class) to 1 (highest).
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores(Histogram<SCORE_BUCKETS>);

impl Scores {
    pub(crate) fn record(&mut self, share: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "0 to 99"
        )]
        self.0.record((share.clamp(0.0, 1.0) * SCORE_BUCKETS as f64) as usize);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.total
    }

    /// The Wasserstein-1 distance: the area between the two cumulative distributions, 0 to 1. It is the smallest mean difference of
    /// scores that any pairing of the two sets of inputs could have, so one bound serves it and the mean difference on equal inputs.
    pub(crate) fn distance(&self, other: &Self) -> f64 {
        let (old, new) = (&self.0, &other.0);
        if old.total == 0 || new.total == 0 {
            return 0.0;
        }
        let (mut mine, mut theirs, mut area) = (0.0, 0.0, 0.0);
        for (a, b) in old.counts.iter().zip(new.counts.iter()) {
            mine += f64::from(*a) / f64::from(old.total);
            theirs += f64::from(*b) / f64::from(new.total);
            area += f64::abs(mine - theirs);
        }
        #[expect(clippy::cast_precision_loss, reason = "100")]
        let width = 1.0 / SCORE_BUCKETS as f64;
        area * width
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scores(shares: &[f64]) -> Scores {
        let mut scores = Scores::default();
        for share in shares {
            scores.record(*share);
        }
        scores
    }

    proptest! {
        #[test]
        fn the_percentile_is_the_sorted_one_and_at_most_a_tenth_above(mut micros in prop::collection::vec(100..90_000_000u64, 1..300)) {
            let mut latencies = Latencies::default();
            for micros in &micros {
                latencies.record(Duration::from_micros(*micros));
            }
            micros.sort_unstable();
            let exact = Duration::from_micros(micros[(micros.len() * 95).div_ceil(100) - 1]);
            let found = latencies.p95();
            prop_assert!(found.as_secs_f64() >= exact.as_secs_f64() * 0.999, "{found:?} {exact:?}");
            prop_assert!(found.as_secs_f64() <= exact.as_secs_f64() * 1.101, "{found:?} {exact:?}");
        }

        #[test]
        fn the_distance_is_symmetric_zero_to_itself_and_at_most_the_mean_difference_on_equal_inputs(
            pairs in prop::collection::vec((0.0..=1.0f64, 0.0..=1.0f64), 1..200)
        ) {
            let (old, new): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let (old, new) = (scores(&old), scores(&new));
            #[expect(clippy::cast_precision_loss, reason = "at most 200")]
            let paired = pairs.iter().map(|(a, b)| (a - b).abs()).sum::<f64>() / pairs.len() as f64;
            prop_assert!((old.distance(&new) - new.distance(&old)).abs() < 1e-9);
            prop_assert!(old.distance(&old) < 1e-9);
            prop_assert!(old.distance(&new) <= paired + 0.011, "a bucket is 0.01 wide");
        }
    }

    #[test]
    fn answers_that_moved_by_a_fifth_of_the_scale_lie_a_fifth_apart() {
        let old = scores(&[0.105, 0.205, 0.305]);
        let new = scores(&[0.305, 0.405, 0.505]);
        assert!((old.distance(&new) - 0.2).abs() < 1e-9);
    }
}
