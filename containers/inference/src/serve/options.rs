//! Every knob of the server, by flag and environment, with the reason for its default.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use spotforge_scoring::{EngineOptions, Precision};

use crate::http::Limits;
use crate::versions::Bounds;

/// The knobs of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Where the versions lie: a folder or `s3://bucket/prefix/` that holds `{version}/bundle.json`, or a folder that is a bundle itself
    #[arg(long, env = "SPOTFORGE_BUNDLES")]
    pub bundles: String,
    /// The model to serve, as `tenant/name`. Bundles of another one are refused, and versions are looked for below that path. Default: what the first bundle says
    #[arg(long, env = "SPOTFORGE_MODEL", value_parser = model)]
    pub model: Option<String>,
    /// The desired state that all replicas follow: a file or `s3://bucket/key`. Default: this process's memory, which no other replica sees
    #[arg(long, env = "SPOTFORGE_STATE")]
    pub state: Option<String>,
    /// Where versions from S3 are kept. Several servers of one machine may share it. Default: below the machine's temporary folder, which always is there
    #[arg(long, env = "SPOTFORGE_CACHE")]
    pub cache: Option<PathBuf>,
    /// Where to listen. Default 127.0.0.1: nobody outside of the machine gets in unless you say so
    #[arg(long, env = "SPOTFORGE_HOST", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// The port; 0 takes a free one, which the log's line `listening` names. Default 8080, as is usual behind a load balancer
    #[arg(long, env = "SPOTFORGE_PORT", default_value_t = 8080)]
    pub port: u16,
    /// Names this replica in the history of the desired state and in events. Default: the host's name and the process id
    #[arg(long, env = "SPOTFORGE_REPLICA")]
    pub replica: Option<String>,
    /// File with the bearer token that may change versions, read once at start. Instead of it: the variable `SPOTFORGE_ADMIN_TOKEN`. Without either nobody may
    #[arg(long, env = "SPOTFORGE_ADMIN_TOKEN_FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// The token itself: by environment only, since a command line can be read by every process of the machine
    #[arg(skip)]
    pub admin_token: Option<String>,
    /// `EventBridge` bus for one event a minute and version with what was served. Default: none
    #[arg(long, env = "SPOTFORGE_EVENT_BUS")]
    pub event_bus: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub scoring: ScoringOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub requests: RequestOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub rollout: RolloutOptions,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub shutdown: ShutdownOptions,
}

/// How models are run.
#[derive(Args, Clone, Debug)]
pub struct ScoringOptions {
    /// Threads that each own a session. Default: one a core, the most that can compute at once
    #[arg(long, env = "SPOTFORGE_WORKERS")]
    pub workers: Option<NonZeroUsize>,
    /// Threads inside each session. Default 1: two requests on two cores beat one request on both under load
    #[arg(long, env = "SPOTFORGE_THREADS_PER_WORKER", default_value = "1")]
    pub threads_per_worker: NonZeroUsize,
    /// Rows that may wait; more are refused at once with 503. Default 512: a few seconds of work for one core, beyond which an answer comes too late
    #[arg(long, env = "SPOTFORGE_QUEUE_ROWS", default_value = "512")]
    pub queue_rows: NonZeroUsize,
    /// Rows of one batch. Default 16: beyond it a core gains nothing more, and the first row waits for the last
    #[arg(long, env = "SPOTFORGE_MAX_BATCH_ROWS", default_value = "16")]
    pub max_batch_rows: NonZeroUsize,
    /// Rows times the longest length of one batch, in tokens. Default 1024: eight rows of 128 tokens, beyond which only memory grows
    #[arg(long, env = "SPOTFORGE_MAX_BATCH_TOKENS", default_value = "1024")]
    pub max_batch_tokens: NonZeroUsize,
    /// Which of a bundle's models to serve. Default: the one that the bundle prefers, INT8 when its gate passed
    #[arg(long, env = "SPOTFORGE_PRECISION", value_enum, default_value_t = PrecisionName::Preferred)]
    pub precision: PrecisionName,
}

/// A model of a bundle, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// The one that the bundle prefers.
    Preferred,
    /// The reference model.
    Fp32,
    /// The quantised model.
    Int8,
}

/// What requests may ask for.
#[derive(Args, Clone, Debug)]
pub struct RequestOptions {
    /// Bytes of a body. Default 4 MiB: 64 texts of 20,000 characters, or a picture of 3 MB in base64
    #[arg(long, env = "SPOTFORGE_MAX_BODY_BYTES", default_value_t = 4 * 1024 * 1024)]
    pub max_body_bytes: usize,
    /// Inputs of one request. Default 64: an eighth of the queue, so that one caller does not fill it
    #[arg(long, env = "SPOTFORGE_MAX_INPUTS", default_value_t = 64)]
    pub max_inputs: usize,
    /// Characters of a text. Default 20,000: many times what a model reads; more is a mistake
    #[arg(long, env = "SPOTFORGE_MAX_TEXT_CHARACTERS", default_value_t = 20_000)]
    pub max_text_characters: usize,
    /// Milliseconds until a request is given up with 504. Default 10,000: longer than a full queue takes, shorter than load balancers wait
    #[arg(long, env = "SPOTFORGE_TIMEOUT_MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout_ms: u64,
    /// Threads that handle HTTP. Default 1: parsing and tokenising cost a fraction of the model, and every thread more takes turns with the sessions
    #[arg(long, env = "SPOTFORGE_HTTP_THREADS", default_value = "1")]
    pub http_threads: NonZeroUsize,
}

/// How versions come and go.
#[derive(Args, Clone, Debug)]
pub struct RolloutOptions {
    /// Milliseconds between two looks at the desired state. Default 1000: a change is followed within 5 s, loading included
    #[arg(long, env = "SPOTFORGE_POLL_MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(10..))]
    pub poll_ms: u64,
    /// Seconds after a load or promotion in which a passed bound rolls back by itself, unless the load says otherwise. Default 600: enough requests to judge by, even of a quiet service
    #[arg(long, env = "SPOTFORGE_WATCH_SECONDS", default_value_t = 600)]
    pub watch_seconds: u32,
    /// Roll back when the share of failed requests lies by more than this above the old version's. Default 0.02: two requests of a hundred
    #[arg(long, env = "SPOTFORGE_ROLLBACK_ERROR_RATE", default_value_t = 0.02)]
    pub rollback_error_rate: f64,
    /// Roll back when the p95 latency is more than this many times the old version's, and 10 ms above it. Default 1.5: more than the noise of a shared machine
    #[arg(long, env = "SPOTFORGE_ROLLBACK_P95_RATIO", default_value_t = 1.5)]
    pub rollback_p95_ratio: f64,
    /// Roll back when expected scores move by more than this share of the scale. Default 0.1: a retrained model moves them by a few hundredths
    #[arg(long, env = "SPOTFORGE_ROLLBACK_DRIFT", default_value_t = 0.1)]
    pub rollback_drift: f64,
    /// Requests of each version below which nothing is judged. Default 100: below it, two failed requests pass the bound
    #[arg(long, env = "SPOTFORGE_ROLLBACK_SAMPLES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub rollback_samples: u32,
}

/// How the server ends.
#[derive(Args, Clone, Debug)]
pub struct ShutdownOptions {
    /// Seconds between the first sign in /readyz and the closed door. Default 5: load balancers that ask every few seconds have looked elsewhere by then
    #[arg(long, env = "SPOTFORGE_DRAIN_WAIT_SECONDS", default_value_t = 5)]
    pub drain_wait_seconds: u64,
    /// Seconds for the requests that are under way. Default 60: six times as long as one may take
    #[arg(long, env = "SPOTFORGE_DRAIN_SECONDS", default_value_t = 60)]
    pub drain_seconds: u64,
}

impl ServeOptions {
    pub(super) fn replica_name(&self) -> String {
        self.replica
            .clone()
            .unwrap_or_else(|| format!("{}-{}", host_name(), std::process::id()))
    }

    pub(super) fn cache_folder(&self) -> PathBuf {
        self.cache
            .clone()
            .unwrap_or_else(|| std::env::temp_dir().join("spotforge-bundles"))
    }
}

impl ScoringOptions {
    pub(super) fn engine(&self) -> EngineOptions {
        let defaults = EngineOptions::default();
        EngineOptions {
            workers: self.workers.map_or(defaults.workers, NonZeroUsize::get),
            threads_per_worker: self.threads_per_worker.get(),
            queue_rows: self.queue_rows.get(),
            max_batch_rows: self.max_batch_rows.get(),
            max_batch_tokens: self.max_batch_tokens.get(),
            precision: match self.precision {
                PrecisionName::Preferred => Precision::Preferred,
                PrecisionName::Fp32 => Precision::Fp32,
                PrecisionName::Int8 => Precision::Int8,
            },
        }
    }
}

impl RequestOptions {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            body_bytes: self.max_body_bytes,
            inputs: self.max_inputs,
            text_characters: self.max_text_characters,
        }
    }
}

impl RolloutOptions {
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            error_rate: self.rollback_error_rate,
            p95_ratio: self.rollback_p95_ratio,
            p95_floor: Duration::from_millis(10),
            drift: self.rollback_drift,
            samples: self.rollback_samples,
        }
    }
}

fn model(text: &str) -> Result<String, String> {
    let name = |part: &str, more: &str| {
        (2..=31).contains(&part.len())
            && part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
    };
    match text.split_once('/') {
        Some((tenant, model)) if name(tenant, "") && name(model, "-") => Ok(text.to_owned()),
        _ => Err(
            "expected tenant/name: 2 to 31 of a-z and 0-9 each (the name also -), starting with a letter".to_owned(),
        ),
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "replica".to_owned()
    } else {
        name.to_owned()
    }
}
