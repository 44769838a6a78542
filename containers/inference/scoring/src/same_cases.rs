//! How property tests of this crate draw their cases.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// The same cases at every run: a test that fails fails again.
pub(crate) fn the_same_cases_at_every_run() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
