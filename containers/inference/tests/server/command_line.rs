//! The commands that do not serve.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::bundles::{Model, release};
use crate::support::{library, repository};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spotforge-inference"));
    command
        .args(arguments)
        .env("ORT_DYLIB_PATH", library())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_bundle_that_scores_as_it_was_recorded_is_verified() {
    for name in ["text", "image"] {
        let folder = repository().join("test/fixtures/inference").join(name);
        let output = run(&["verify", "--json", "--bundle", folder.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["passed"], true, "{report}");
    }
}

#[test]
fn a_bundle_that_scores_otherwise_ends_with_the_gates_exit_code_and_a_broken_one_with_that_of_bad_input() {
    let root = tempfile::tempdir().unwrap();
    let verify = |model: Model| {
        let folder = release(root.path(), 1, model);
        let output = run(&["verify", "--bundle", folder.to_str().unwrap()]);
        (output.status.code(), text(&output.stderr))
    };
    let (code, says) = verify(Model::Drifted);
    assert!(code == Some(66) && says.contains("logits"), "{code:?} {says}");
    let (code, says) = verify(Model::Broken);
    assert!(code == Some(64) && says.contains("fp32/model.onnx"), "{code:?} {says}");
}

#[test]
fn a_model_answers_arrays_with_arrays() {
    let root = tempfile::tempdir().unwrap();
    let bundle = repository().join("test/fixtures/inference/text");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (model, inputs) = (
        path(&bundle.join("fp32/model.onnx")),
        path(&bundle.join("parity/inputs.npz")),
    );
    let outputs = root.path().join("outputs.npz");
    let output = run(&["answer", "--model", &model, &inputs, &path(&outputs)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(outputs.metadata().unwrap().len() > 100);
    let missing = run(&["answer", "--model", "/nowhere.onnx", &inputs, &path(&outputs)]);
    assert!(
        missing.status.code() == Some(64) && text(&missing.stderr).contains("/nowhere.onnx"),
        "{missing:?}"
    );
}

#[test]
fn the_description_is_printed_without_a_server_or_a_library() {
    let output = Command::new(env!("CARGO_BIN_EXE_spotforge-inference"))
        .arg("openapi")
        .env_clear()
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["paths"]["/v1/predict"]["post"].is_object());
}
