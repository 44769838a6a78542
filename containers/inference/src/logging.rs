//! The log: one JSON object a line on standard output.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log for the process. `filter` as `tracing-subscriber` reads it, for example `info` or `spotforge_inference=debug`.
///
/// # Errors
/// A sentence, when the filter cannot be read or there is a log already.
pub fn start(filter: &str) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| format!("--log {filter:?} is no filter: {error}"))?;
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_current_span(false);
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(lines.with_span_list(false));
    registry.try_init().map_err(|error| error.to_string())
}
