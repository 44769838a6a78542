//! What the tests of the running server share: bundles with real models, a server on a free port, a client.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod bundles;
pub(crate) mod client;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use spotforge_inference::serve::{ServeOptions, Server};
use spotforge_scoring::RuntimeLibrary;

use self::client::Client;

pub(crate) const TOKEN: &str = "s3cret";

/// The server's knobs without its command.
#[derive(Parser)]
struct Knobs {
    #[command(flatten)]
    options: ServeOptions,
}

/// A server in this process, on a free port, and a client of it.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) client: Client,
}

/// Starts a server with `bundles` and more flags, quick to follow and to end.
pub(crate) async fn start(bundles: &str, flags: &[&str]) -> Running {
    RuntimeLibrary::ensure_loaded(&library()).expect("onnxruntime loads");
    let quick = [
        "--port",
        "0",
        "--poll-ms",
        "50",
        "--drain-wait-seconds",
        "0",
        "--workers",
        "1",
        "--precision",
        "fp32",
    ];
    let given: Vec<&str> = ["test", "--bundles", bundles].iter().chain(flags).copied().collect();
    let missing = quick
        .chunks(2)
        .filter(|pair| !flags.contains(&pair[0]))
        .flatten()
        .copied();
    let mut options = Knobs::parse_from(given.iter().copied().chain(missing)).options;
    options.admin_token = Some(TOKEN.to_owned());
    let server = Server::start(options).await.expect("the server starts");
    let client = Client::new(server.address());
    Running { server, client }
}

/// Starts a server and waits until it is ready.
pub(crate) async fn ready(bundles: &Path, flags: &[&str]) -> Running {
    let running = start(bundles.to_str().expect("a path of this test"), flags).await;
    running.client.until_ready().await;
    running
}

/// onnxruntime: where the environment says, else where the repository's set-up puts it.
pub(crate) fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("ORT_DYLIB_PATH") {
        return path.into();
    }
    let wheel = repository().join(".venv/lib/python3.11/site-packages/onnxruntime/capi");
    let names = std::fs::read_dir(&wheel).expect("onnxruntime's wheel is installed in .venv, or ORT_DYLIB_PATH is set");
    names
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("libonnxruntime.so.1.31"))
        })
        .expect("the wheel holds libonnxruntime.so.1.31.*")
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the repository is there")
}

/// Asks again and again until `good` is true of the answer; fails after `within`.
pub(crate) async fn eventually<T, F: Future<Output = T>>(
    what: &str,
    within: Duration,
    mut ask: impl FnMut() -> F,
    good: impl Fn(&T) -> bool,
) -> T
where
    T: std::fmt::Debug,
{
    let started = std::time::Instant::now();
    loop {
        let found = ask().await;
        if good(&found) {
            return found;
        }
        assert!(
            started.elapsed() < within,
            "{what} did not come within {within:?}; last seen: {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
