//! The end of a version that nobody is sent to any more.

use std::sync::Arc;
use std::time::Duration;

use super::serving::LoadedVersion;

/// How often a version that was let go of is looked at for requests that still hold it.
const RELEASE_POLL: Duration = Duration::from_millis(20);
/// What a version that is let go of may take to end, once nobody holds it: its queue is empty then.
const CLOSE: Duration = Duration::from_secs(5);

/// Closes a version, beside everything else, once the last request that holds it has ended.
pub(super) fn let_go(version: Arc<LoadedVersion>) {
    tokio::spawn(async move {
        while Arc::strong_count(&version) > 1 {
            tokio::time::sleep(RELEASE_POLL).await;
        }
        let number = version.version();
        close(version).await;
        tracing::info!(event = "model-dropped", version = number);
    });
}

/// Answers what waits, and ends the version's threads.
pub(super) async fn close(version: Arc<LoadedVersion>) {
    let engine = version.engine.clone();
    drop(version);
    let dropped = tokio::task::spawn_blocking(move || engine.close(CLOSE))
        .await
        .unwrap_or(0);
    if dropped > 0 {
        tracing::warn!(event = "rows-dropped", rows = dropped);
    }
}
