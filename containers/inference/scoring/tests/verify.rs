//! Parity in the runtime that serves, and any model as a function from arrays to arrays.

mod support;

use std::fs::{self, File};

use ndarray::{Array2, Array3};
use ndarray_npy::{NpzReader, NpzWriter};
use spotforge_scoring::Tolerance;
use spotforge_scoring::arrays::{AnswerError, SessionError, answer};
use spotforge_scoring::verify::{MismatchKind, verify};
use support::{copied, fixture, with_runtime};

const GATE: Tolerance = Tolerance {
    absolute: 1e-5,
    relative: 1e-5,
};

#[test]
fn a_released_bundle_agrees_with_what_was_recorded() {
    with_runtime();
    for (name, elements) in [("text", 80), ("image", 50)] {
        let report = verify(&fixture(name), GATE, 1).expect("it is a bundle");
        assert!(report.passed, "{}", report.says);
        assert_eq!((report.elements, report.mismatches.len()), (elements, 0));
        assert!(report.max_ratio <= 1.0);
        assert_eq!(
            report.says,
            format!("all {elements} values of {} rows agree", report.rows)
        );
    }
}

#[test]
fn a_bundle_that_was_tampered_with_is_an_error_not_a_report() {
    with_runtime();
    let folder = copied("text");
    fs::write(folder.path().join("parity/expected.npz"), "not what was released").expect("it can be written");
    let error = verify(folder.path(), GATE, 1).expect_err("its hashes do not hold");
    assert!(
        error.to_string().contains("parity/expected.npz has 21 bytes"),
        "{error}"
    );
}

/// The fixture with other recorded outputs, under hashes that hold.
fn recorded(outputs: impl FnOnce(&mut NpzWriter<File>)) -> tempfile::TempDir {
    let folder = copied("text");
    let path = folder.path().join("parity/expected.npz");
    let mut writer = NpzWriter::new(File::create(&path).expect("it can be made"));
    outputs(&mut writer);
    writer.finish().expect("it can be finished");
    support::released_again(folder.path(), "parity/expected.npz");
    folder
}

fn logits() -> Array2<f32> {
    let file = File::open(fixture("text/parity/expected.npz")).expect("it is there");
    NpzReader::new(file)
        .expect("an archive")
        .by_name("logits")
        .expect("it has logits")
}

#[test]
fn every_value_beyond_the_tolerance_is_counted_and_the_worst_are_named_with_both_numbers() {
    with_runtime();
    let mut changed = logits();
    let truth = changed[[3, 1]];
    changed[[3, 1]] += 0.5;
    changed[[7, 2]] += 0.001;
    changed[[9, 0]] = f32::NAN;
    let folder = recorded(|writer| writer.add_array("logits", &changed).expect("it can be added"));
    let report = verify(folder.path(), GATE, 1).expect("its hashes hold");
    assert!(!report.passed);
    assert_eq!(report.mismatches.len(), 1);
    let mismatch = &report.mismatches[0];
    assert_eq!(
        (mismatch.kind, mismatch.output.as_str(), mismatch.count),
        (MismatchKind::Values, "logits", 3)
    );
    let worst: Vec<_> = mismatch.worst.iter().map(|worst| worst.index.clone()).collect();
    assert_eq!(worst, [vec![9, 0], vec![3, 1], vec![7, 2]], "the furthest first");
    assert!((mismatch.worst[1].measured - f64::from(truth)).abs() < 1e-5);
    assert!((mismatch.worst[1].delta - 0.5).abs() < 1e-5);
    let json = serde_json::to_value(&report).expect("a report is JSON");
    assert_eq!(
        json["mismatches"][0]["worst"][0]["delta"],
        serde_json::Value::Null,
        "JSON has no infinity"
    );
}

#[test]
fn names_then_shapes_are_told_and_what_can_be_compared_still_is() {
    with_runtime();
    let folder = recorded(|writer| {
        writer.add_array("cache", &logits()).expect("it can be added");
        writer
            .add_array("logits", &Array3::<f64>::zeros((20, 4, 1)))
            .expect("it can be added");
    });
    let report = verify(folder.path(), GATE, 1).expect("its hashes hold");
    let kinds: Vec<_> = report
        .mismatches
        .iter()
        .map(|mismatch| (mismatch.kind, mismatch.says.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (MismatchKind::Missing, "the output cache is missing"),
            (MismatchKind::Dtype, "logits is float32 instead of float64"),
            (
                MismatchKind::Shape,
                "logits has the shape [20, 4] instead of [20, 4, 1]"
            ),
        ]
    );
}

#[test]
fn any_model_answers_an_archive_with_an_archive_and_ignores_what_it_does_not_ask_for() {
    with_runtime();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (given, answered) = (folder.path().join("inputs.npz"), folder.path().join("outputs.npz"));
    let mut recorded =
        NpzReader::new(File::open(fixture("text/parity/inputs.npz")).expect("it is there")).expect("an archive");
    let mut writer = NpzWriter::new_compressed(File::create(&given).expect("it can be made"));
    for name in recorded.names().expect("it has names") {
        let array: Array2<i64> = recorded.by_name(&name).expect("it has it");
        writer.add_array(name, &array).expect("it can be added");
    }
    writer
        .add_array("pixel_values", &Array3::<f32>::zeros((1, 2, 3)))
        .expect("it can be added");
    writer.finish().expect("it can be finished");

    let outputs = answer(&fixture("text/fp32/model.onnx"), &given, &answered, 1).expect("the model runs");
    assert_eq!(outputs.len(), 1);
    assert_eq!(
        (outputs[0].name.as_str(), outputs[0].dtype, outputs[0].shape.clone()),
        ("logits", "float32", vec![20, 4])
    );
    let mut archive = NpzReader::new(File::open(&answered).expect("it was written")).expect("an archive");
    let measured: Array2<f32> = archive.by_name("logits").expect("it has logits");
    let furthest = (&measured - &logits())
        .iter()
        .fold(0.0_f32, |most, apart| most.max(apart.abs()));
    assert!(furthest < 1e-5, "{furthest}");
}

#[test]
fn an_input_that_is_missing_and_a_file_that_is_no_model_are_named() {
    with_runtime();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("outputs.npz");
    let error = answer(
        &fixture("text/fp32/model.onnx"),
        &fixture("image/parity/inputs.npz"),
        &out,
        1,
    )
    .expect_err("no ids");
    assert_eq!(
        error.to_string(),
        "The model asks for the input input_ids, which is not among the arrays: pixel_values."
    );
    let error = answer(
        &fixture("text/tokenizer.json"),
        &fixture("image/parity/inputs.npz"),
        &out,
        1,
    )
    .expect_err("no model");
    assert!(
        matches!(error, AnswerError::Session(SessionError::Model { .. })),
        "{error}"
    );
    let error =
        answer(&fixture("text/fp32/model.onnx"), &fixture("text/bundle.json"), &out, 1).expect_err("no archive");
    assert!(matches!(error, AnswerError::Arrays(_)), "{error}");
    assert!(!out.exists());
}
