//! Versions made of the repository's fixtures: real bundles with real models, numbered as a test needs them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::repository;

/// What a version answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Model {
    /// As the text fixture.
    Text,
    /// As the picture fixture.
    Image,
    /// Other scores for the same texts.
    Drifted,
    /// The same scores, much later.
    Slow,
    /// Fails on the word `overboard`; scores other texts as the text fixture.
    Faulty,
    /// A file whose bytes are not what the document lists.
    Broken,
}

/// A text on which [`Model::Faulty`] fails.
pub(crate) const FATAL: &str = "overboard";

/// A folder of versions.
pub(crate) fn versions(versions: &[(u64, Model)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    for (version, model) in versions {
        release(root.path(), *version, *model);
    }
    root
}

/// Adds a version to a folder, its document last, as the pipeline does.
pub(crate) fn release(root: &Path, version: u64, model: Model) -> PathBuf {
    let fixtures = repository().join("test/fixtures/inference");
    let from = fixtures.join(match model {
        Model::Image => "image",
        Model::Faulty => "faulty",
        _ => "text",
    });
    let to = root.join(version.to_string());
    copy(&from, &to);
    let mut document: Value = serde_json::from_slice(&fs::read(from.join("bundle.json")).unwrap()).unwrap();
    document["version"] = json!(version);
    let other =
        |name: &str| fs::read(repository().join("containers/inference/tests/server/models").join(name)).unwrap();
    match model {
        Model::Drifted => replace_fp32(&to, &mut document, &other("drifted.onnx")),
        Model::Slow => replace_fp32(&to, &mut document, &other("slow.onnx")),
        Model::Broken => fs::write(to.join("fp32/model.onnx"), "not what is listed").unwrap(),
        Model::Text | Model::Image | Model::Faulty => {}
    }
    fs::write(to.join("bundle.json"), serde_json::to_vec_pretty(&document).unwrap()).unwrap();
    to
}

fn replace_fp32(folder: &Path, document: &mut Value, model: &[u8]) {
    let path = "fp32/model.onnx";
    fs::write(folder.join(path), model).unwrap();
    let hash = hex(&Sha256::digest(model));
    let listed = document["files"].as_array_mut().unwrap();
    let file = listed.iter_mut().find(|file| file["path"] == path).unwrap();
    (file["sha256"], file["bytes"]) = (json!(hash), json!(model.len()));
    let mut lines: Vec<(String, String)> = listed
        .iter()
        .map(|file| {
            (
                file["path"].as_str().unwrap().to_owned(),
                file["sha256"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    lines.sort();
    let tree = lines
        .iter()
        .fold(String::new(), |tree, (path, hash)| tree + hash + "  " + path + "\n");
    document["models"]["fp32"]["sha256"] = json!(hash);
    document["models"]["fp32"]["bytes"] = json!(model.len());
    document["bundleSha256"] = json!(hex(&Sha256::digest(tree)));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "bundle.json" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
