//! The server answers what `spotforge_optimization.score` answers: held against what Python recorded.

mod support;

use std::path::Path;

use bytes::Bytes;
use serde_json::Value;
use spotforge_scoring::{EngineOptions, Input, Precision, Prediction};
use support::{ask, engine, fixture, json, one_worker};

// Python's numpy and Rust's libm may differ in the last bits of an exponential, batches in the last bits of float32.
const WITHIN: f64 = 2e-5;

// Two decoders' bytes differ by 3 of 255 at most (`pictures.rs`), which this model of random weights makes much of.
const OF_A_JPEG: f64 = 0.02;

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("an array")
        .iter()
        .map(|each| each.as_f64().expect("a number"))
        .collect()
}

fn assert_answers(recorded: &Value, answered: &Prediction, within: f64) {
    let text = &recorded["text"];
    assert_eq!(recorded["index"], answered.class_index, "class of {text}");
    assert_eq!(recorded["name"], answered.name.as_str(), "name of {text}");
    assert_eq!(recorded["value"].as_f64(), Some(answered.value), "value of {text}");
    let scores = [
        ("expected_score", answered.expected_score),
        ("expected_value", answered.expected_value),
    ];
    for (name, score) in scores {
        let expected = recorded[name].as_f64().expect("a number");
        assert!(
            (score - expected).abs() <= within,
            "{name} of {text}: {score} instead of {expected}"
        );
    }
    let probabilities = floats(&recorded["probabilities"]);
    assert_eq!(probabilities.len(), answered.probabilities.len());
    for (expected, share) in probabilities.iter().zip(&answered.probabilities) {
        assert!(
            (share - expected).abs() <= within,
            "a probability of {text}: {share} instead of {expected}"
        );
    }
}

fn recorded_texts(recorded: &[Value]) -> Vec<Input> {
    recorded
        .iter()
        .map(|each| Input::Text(each["text"].as_str().expect("a text").to_owned()))
        .collect()
}

#[test]
fn texts_get_pythons_scores_in_one_request_of_all() {
    let scores = json("expected-scores.json");
    let recorded = scores["text"]["fp32"].as_array().expect("an array");
    let engine = engine(
        "text",
        &EngineOptions {
            precision: Precision::Fp32,
            ..EngineOptions::default()
        },
    );
    assert_eq!(engine.serving(), "fp32");
    let (answered, _) = ask(&engine, recorded_texts(recorded)).expect("all are answered");
    assert_eq!(answered.len(), recorded.len());
    for (expected, prediction) in recorded.iter().zip(&answered) {
        assert_answers(expected, prediction, WITHIN);
    }
}

#[test]
fn int8_answers_as_in_python_row_by_row() {
    let scores = json("expected-scores.json");
    let recorded = scores["text"]["int8"].as_array().expect("an array");
    let engine = engine("text", &one_worker());
    assert_eq!(engine.serving(), "int8", "the bundle prefers it");
    for (expected, input) in recorded.iter().zip(recorded_texts(recorded)) {
        let (answered, _) = ask(&engine, vec![input]).expect("it is answered");
        assert_answers(expected, &answered[0], WITHIN);
    }
}

#[test]
fn png_pictures_get_pythons_scores_and_jpegs_nearly() {
    let scores = json("expected-scores.json");
    let engine = engine("image", &one_worker());
    for expected in scores["image"].as_array().expect("an array") {
        let file = expected["text"].as_str().expect("a path");
        let bytes = Bytes::from(std::fs::read(fixture(file)).expect("the picture is there"));
        let (answered, _) = ask(&engine, vec![Input::Picture(bytes)]).expect("it is answered");
        let within = if Path::new(file).extension().is_some_and(|extension| extension == "jpg") {
            OF_A_JPEG
        } else {
            WITHIN
        };
        assert_answers(expected, &answered[0], within);
        assert_eq!((answered[0].tokens, answered[0].truncated), (1, false));
    }
}

#[test]
fn a_long_text_is_said_to_have_lost_its_end() {
    let engine = engine("text", &one_worker());
    let inputs = support::texts(["good film", &"the film was great and ".repeat(40)]);
    let (answered, timing) = ask(&engine, inputs).expect("both are answered");
    assert_eq!((answered[0].tokens, answered[0].truncated), (4, false));
    assert_eq!((answered[1].tokens, answered[1].truncated), (24, true));
    assert!(timing.batch_rows >= 1);
}

#[test]
fn no_inputs_have_no_predictions() {
    let engine = engine("text", &one_worker());
    assert_eq!(ask(&engine, Vec::new()).map(|(answered, _)| answered), Ok(Vec::new()));
}
