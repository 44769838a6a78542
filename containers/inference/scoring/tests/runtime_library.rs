//! A library that is missing, something else or of another version is one sentence with what to do; never a crash.

mod support;

use std::fs;
use std::path::Path;

use spotforge_scoring::{RuntimeLibrary, RuntimeLibraryError};
use support::library;

fn refused(path: &Path) -> RuntimeLibraryError {
    let error = RuntimeLibrary::ensure_loaded(path).expect_err("it is refused");
    let said = error.to_string();
    assert!(
        said.starts_with("Set ORT_DYLIB_PATH to libonnxruntime.so of onnxruntime 1.31"),
        "{said}"
    );
    assert!(!said.trim_end_matches('.').contains(". "), "one sentence: {said}");
    error
}

#[test]
fn what_is_not_there_or_no_library_is_refused_before_it_is_loaded() {
    assert!(matches!(
        refused(Path::new("/nowhere/libonnxruntime.so")),
        RuntimeLibraryError::Missing { .. }
    ));
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(
        refused(folder.path()),
        RuntimeLibraryError::NotOnnxruntime { .. }
    ));
    let text = folder.path().join("libonnxruntime.so");
    fs::write(&text, "not a library").expect("it can be written");
    assert!(matches!(refused(&text), RuntimeLibraryError::NotOnnxruntime { .. }));
    let this = std::env::current_exe().expect("this test");
    assert!(matches!(refused(&this), RuntimeLibraryError::NotOnnxruntime { .. }));
}

#[test]
fn another_version_is_refused_before_it_is_loaded() {
    let mut bytes = fs::read(library()).expect("onnxruntime is there");
    let tag = b"VERS_1.31.";
    for at in 0..bytes.len() - tag.len() {
        if bytes[at..].starts_with(tag) {
            bytes[at..at + tag.len()].copy_from_slice(b"VERS_1.30.");
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("libonnxruntime.so");
    fs::write(&other, bytes).expect("it can be written");
    assert!(matches!(refused(&other), RuntimeLibraryError::WrongVersion { found, .. } if found.starts_with("1.30.")));
}

#[test]
fn the_right_one_is_loaded_once_and_another_file_then_refused() {
    let first = RuntimeLibrary::ensure_loaded(&library()).expect("onnxruntime is there");
    assert!(first.version.starts_with("1.31."), "{first:?}");
    assert_eq!(RuntimeLibrary::ensure_loaded(&library()).expect("it is loaded"), first);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("libonnxruntime.so");
    fs::copy(library(), &copy).expect("it can be copied");
    let error = RuntimeLibrary::ensure_loaded(&copy).expect_err("a process loads one");
    assert!(matches!(error, RuntimeLibraryError::AnotherIsLoaded { .. }), "{error}");
}
