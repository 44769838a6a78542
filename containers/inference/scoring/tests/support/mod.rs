//! What the tests of this crate share: the repository's fixtures, onnxruntime, and a way to wait for a future.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::fmt::Write as _;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use spotforge_scoring::{Engine, EngineOptions, Input, Pending, RuntimeLibrary, bundle};

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .canonicalize()
        .expect("the repository is there")
}

pub fn fixture(path: &str) -> PathBuf {
    repository().join("test/fixtures/inference").join(path)
}

/// Where the environment says, else where the repository's set-up has onnxruntime's wheel.
pub fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH") {
        return path.into();
    }
    let wheel = repository().join(".venv/lib/python3.11/site-packages/onnxruntime/capi");
    std::fs::read_dir(&wheel)
        .expect("onnxruntime's wheel is installed in .venv, or ORT_DYLIB_PATH is set")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("libonnxruntime.so.1.31."))
        })
        .expect("the wheel holds libonnxruntime.so.1.31.*")
}

pub fn with_runtime() {
    RuntimeLibrary::ensure_loaded(&library()).expect("onnxruntime 1.31 is in .venv, or ORT_DYLIB_PATH is set");
}

/// One worker, so that what is tested happens in one order.
pub fn one_worker() -> EngineOptions {
    EngineOptions {
        workers: 1,
        ..EngineOptions::default()
    }
}

pub fn engine(name: &str, options: &EngineOptions) -> Arc<Engine> {
    with_runtime();
    let bundle = bundle::read(&fixture(name)).expect("the fixture is a bundle");
    Arc::new(Engine::start(bundle, options).expect("the fixture loads"))
}

pub fn texts<'text>(texts: impl IntoIterator<Item = &'text str>) -> Vec<Input> {
    texts.into_iter().map(|text| Input::Text(text.to_owned())).collect()
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

pub type Answer = <Pending as Future>::Output;

pub fn ask(engine: &Engine, inputs: Vec<Input>) -> Answer {
    wait(engine.submit(inputs, soon()).expect("the queue has room"))
}

/// Awaits on this thread.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// A copy of a fixture that a test may change.
pub fn copied(name: &str) -> tempfile::TempDir {
    let to = tempfile::tempdir().expect("a temporary folder");
    copy(&fixture(name), to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("the fixture can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

pub fn json(path: &str) -> serde_json::Value {
    let text = std::fs::read(fixture(path)).expect("the fixture is there");
    serde_json::from_slice(&text).expect("the fixture is JSON")
}

/// Writes the hashes of a bundle's changed file into its document, so that they hold.
pub fn released_again(folder: &Path, changed: &str) {
    let path = folder.join("bundle.json");
    let mut document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("it is there")).expect("it is JSON");
    let bytes = std::fs::read(folder.join(changed)).expect("it is there");
    let files = document["files"].as_array_mut().expect("an array");
    let listed = files
        .iter_mut()
        .find(|file| file["path"] == changed)
        .expect("it is listed");
    listed["bytes"] = bytes.len().into();
    listed["sha256"] = sha256(&bytes).into();
    let mut lines: Vec<_> = files
        .iter()
        .map(|file| {
            (
                file["path"].as_str().expect("a path"),
                file["sha256"].as_str().expect("a hash"),
            )
        })
        .collect();
    lines.sort_unstable();
    let mut tree = String::new();
    for (path, hash) in lines {
        writeln!(tree, "{hash}  {path}").expect("a String takes it");
    }
    document["bundleSha256"] = sha256(tree.as_bytes()).into();
    std::fs::write(path, document.to_string()).expect("it can be written");
}

pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let mut text = String::new();
    for byte in sha2::Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("a String takes it");
    }
    text
}

/// The same for a model's file, which the document names twice.
pub fn released_again_with_model(folder: &Path, model: &str) {
    let file = format!("{model}/model.onnx");
    released_again(folder, &file);
    let path = folder.join("bundle.json");
    let mut document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("it is there")).expect("it is JSON");
    let bytes = std::fs::read(folder.join(&file)).expect("it is there");
    document["models"][model]["bytes"] = bytes.len().into();
    document["models"][model]["sha256"] = sha256(&bytes).into();
    std::fs::write(path, document.to_string()).expect("it can be written");
}
