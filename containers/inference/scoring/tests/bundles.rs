//! A folder is taken as a bundle when every byte of it is what its document says, and only then.

mod support;

use std::fs;
use std::path::Path;

use spotforge_scoring::bundle::{BundleError, read};
use support::{copied, fixture};

fn refused(change: impl FnOnce(&Path)) -> BundleError {
    let folder = copied("text");
    change(folder.path());
    read(folder.path()).expect_err("a changed bundle is refused")
}

#[test]
fn the_fixtures_are_bundles() {
    for name in ["text", "image", "faulty"] {
        let bundle = read(&fixture(name)).expect("it is one");
        assert_eq!(bundle.folder, fixture(name));
    }
}

#[test]
fn one_flipped_bit_of_any_file_is_found() {
    for file in [
        "fp32/model.onnx",
        "int8/model.onnx",
        "tokenizer.json",
        "parity/inputs.npz",
        "parity/expected.npz",
    ] {
        let error = refused(|folder| {
            let mut bytes = fs::read(folder.join(file)).expect("it is there");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(folder.join(file), bytes).expect("it can be written");
        });
        assert!(
            matches!(&error, BundleError::Hash { path, .. } if path.ends_with(file)),
            "{error}"
        );
        assert!(error.to_string().ends_with("Download the bundle again."), "{error}");
    }
}

#[test]
fn a_file_that_is_missing_longer_or_shorter_is_found_before_any_hash() {
    let error = refused(|folder| fs::remove_file(folder.join("parity/inputs.npz")).expect("it can be removed"));
    assert!(
        matches!(&error, BundleError::Missing { listed, .. } if listed == "parity/inputs.npz"),
        "{error}"
    );
    let error = refused(|folder| fs::write(folder.join("tokenizer.json"), "{}").expect("it can be written"));
    assert!(matches!(&error, BundleError::Size { found: 2, .. }), "{error}");
}

#[test]
fn a_file_or_folder_that_nobody_listed_is_refused() {
    let error =
        refused(|folder| fs::write(folder.join("fp32/model.onnx.data"), "more weights").expect("it can be written"));
    assert!(
        matches!(&error, BundleError::NotListed { path } if path.ends_with("fp32/model.onnx.data")),
        "{error}"
    );
    let error = refused(|folder| fs::create_dir(folder.join("empty")).expect("it can be made"));
    assert!(
        matches!(&error, BundleError::NotListed { path } if path.ends_with("empty")),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_refused_even_to_the_same_bytes() {
    let error = refused(|folder| {
        let file = folder.join("tokenizer.json");
        fs::remove_file(&file).expect("it can be removed");
        std::os::unix::fs::symlink(fixture("text/tokenizer.json"), file).expect("a link can be made");
    });
    assert!(
        matches!(&error, BundleError::NotAFile { path } if path.ends_with("tokenizer.json")),
        "{error}"
    );
}

#[test]
fn a_document_whose_own_hashes_disagree_is_refused() {
    let bundle = fs::read_to_string(fixture("text/bundle.json")).expect("it is there");
    let document: serde_json::Value = serde_json::from_str(&bundle).expect("it is JSON");
    let tree = document["bundleSha256"].as_str().expect("a hash");
    let error = refused(|folder| {
        fs::write(folder.join("bundle.json"), bundle.replace(tree, &"0".repeat(64))).expect("it can be written");
    });
    assert!(
        matches!(&error, BundleError::TreeHash { listed, .. } if *listed == "0".repeat(64)),
        "{error}"
    );

    let mut other = document.clone();
    other["models"]["fp32"]["sha256"] = serde_json::Value::from("0".repeat(64));
    let error = refused(|folder| fs::write(folder.join("bundle.json"), other.to_string()).expect("it can be written"));
    assert!(
        matches!(&error, BundleError::ModelHash { file, .. } if file == "fp32/model.onnx"),
        "{error}"
    );

    let mut twice = document;
    let first = twice["files"][0].clone();
    twice["files"].as_array_mut().expect("an array").push(first);
    let error = refused(|folder| fs::write(folder.join("bundle.json"), twice.to_string()).expect("it can be written"));
    assert!(matches!(&error, BundleError::ListedTwice { .. }), "{error}");
}

#[test]
fn a_folder_without_a_document_is_no_bundle() {
    let error = refused(|folder| fs::remove_file(folder.join("bundle.json")).expect("it can be removed"));
    assert!(
        error.to_string().ends_with("Give the folder of a downloaded bundle."),
        "{error}"
    );
    assert!(matches!(
        read(Path::new("/nowhere")),
        Err(BundleError::NoDocument { .. })
    ));
}
