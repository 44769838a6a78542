use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::same_cases::the_same_cases_at_every_run;

const HEADS: [(&str, BundleHead); 4] = [
    ("cumulative-link", BundleHead::CumulativeLink),
    ("coral", BundleHead::Coral),
    ("corn", BundleHead::Corn),
    ("cross-entropy", BundleHead::CrossEntropy),
];

#[allow(
    clippy::cast_possible_truncation,
    reason = "they were float32 when they were written"
)]
fn floats(value: &Value) -> Vec<f32> {
    doubles(value).into_iter().map(|each| each as f32).collect()
}

fn doubles(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("an array")
        .iter()
        .map(|each| each.as_f64().expect("a number"))
        .collect()
}

#[test]
fn every_head_decodes_as_in_python() {
    let golden = include_str!("../../../../../test/fixtures/inference/expected-decoding.json");
    let cases: Vec<Value> = serde_json::from_str(golden).expect("the fixture is JSON");
    for case in &cases {
        let head = HEADS
            .iter()
            .find(|(name, _)| case["head"] == *name)
            .expect("a known head")
            .1;
        let decoded = decode(&floats(&case["logits"]), head);
        assert_eq!(case["index"], decoded.class_index, "{case}");
        let score = case["expectedScore"].as_f64().expect("a number");
        assert!(
            (decoded.expected_score - score).abs() <= 1e-12,
            "{} for {case}",
            decoded.expected_score
        );
        let expected = doubles(&case["probabilities"]);
        assert_eq!(expected.len(), decoded.probabilities.len(), "{case}");
        for (one, other) in decoded.probabilities.iter().zip(expected) {
            assert!((one - other).abs() <= 1e-12, "{one} instead of {other} for {case}");
        }
    }
    assert_eq!(
        cases.len(),
        4 * 3 * 11,
        "four heads, three numbers of classes, eleven rows each"
    );
}

#[test]
fn a_model_of_seven_classes_has_six_logits_but_seven_with_cross_entropy() {
    assert_eq!(HEADS.map(|(_, head)| logits_of(7, head)), [6, 6, 6, 7]);
}

#[test]
fn a_logit_of_zero_does_not_exceed_a_half() {
    assert_eq!(decode(&[0.0, 0.0], BundleHead::Coral).class_index, 0);
}

#[test]
fn scores_lie_between_neighbouring_values_and_stop_at_the_ends() {
    let values = [-2.0, -1.0, 0.0, 1.5, 4.0];
    let cases = [
        (-0.5, -2.0),
        (0.0, -2.0),
        (0.5, -1.5),
        (2.0, 0.0),
        (2.5, 0.75),
        (3.5, 2.75),
        (4.0, 4.0),
        (9.0, 4.0),
    ];
    for (score, expected) in cases {
        assert!((on_scale(score, &values) - expected).abs() < 1e-12, "{score}");
    }
}

fn a_head() -> impl Strategy<Value = BundleHead> {
    prop::sample::select(HEADS.map(|(_, head)| head).to_vec())
}

proptest! {
    #![proptest_config(the_same_cases_at_every_run())]

    #[test]
    fn probabilities_sum_to_one_and_their_mean_is_the_score(
        head in a_head(),
        logits in prop::collection::vec(-60.0_f32..60.0, 1..8),
    ) {
        let decoded = decode(&logits, head);
        let classes = if head == BundleHead::CrossEntropy { logits.len() } else { logits.len() + 1 };
        prop_assert_eq!(decoded.probabilities.len(), classes);
        prop_assert!((decoded.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let mean: f64 = decoded.probabilities.iter().zip(0_u32..).map(|(share, class)| share * f64::from(class)).sum();
        prop_assert!((mean - decoded.expected_score).abs() < 1e-9);
        prop_assert!(decoded.class_index < classes);
    }

    #[test]
    fn any_finite_logits_decode_to_finite_numbers(head in a_head(), logits in prop::collection::vec(prop::num::f32::NORMAL, 1..8)) {
        let decoded = decode(&logits, head);
        prop_assert!(decoded.expected_score.is_finite());
        prop_assert!(decoded.probabilities.iter().all(|share| share.is_finite()));
    }

    #[test]
    fn a_higher_logit_never_lowers_the_score(
        head in prop::sample::select(vec![BundleHead::CumulativeLink, BundleHead::Coral, BundleHead::Corn]),
        logits in prop::collection::vec(-20.0_f32..20.0, 1..8),
        at in any::<prop::sample::Index>(),
        by in 0.0_f32..10.0,
    ) {
        let mut raised = logits.clone();
        raised[at.index(logits.len())] += by;
        prop_assert!(decode(&raised, head).expected_score >= decode(&logits, head).expected_score - 1e-12);
    }

    #[test]
    fn the_scale_keeps_the_order_of_scores(one in 0.0_f64..4.0, other in 0.0_f64..4.0) {
        let values = [-2.0, -1.0, 0.0, 1.5, 4.0];
        prop_assert_eq!(one < other, on_scale(one, &values) < on_scale(other, &values));
    }
}
