//! Requests under way while versions are swapped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::bundles::{Model, release, versions};
use crate::support::{eventually, ready};

const SWAPS: u64 = 50;
const CALLERS: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_swaps_lose_no_request_and_leave_one_version_loaded() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &["--poll-ms", "20", "--rollback-samples", "1000000"]).await;
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let callers = (0..CALLERS).map(|caller| {
        let (client, over, answered) = (running.client.clone(), over.clone(), answered.clone());
        tokio::spawn(async move {
            let mut lost = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let body = json!({"text": format!("the film was superb {caller}")}).to_string();
                match client
                    .try_send(
                        axum::http::Method::POST,
                        "/v1/predict",
                        &[("content-type", "application/json")],
                        body,
                    )
                    .await
                {
                    Ok(reply) if reply.status == 200 => {
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(reply) => lost.push(format!("{reply:?}")),
                    Err(error) => lost.push(error),
                }
            }
            lost
        })
    });
    let callers: Vec<_> = callers.collect();
    for version in 2..=SWAPS + 1 {
        release(root.path(), version, Model::Text);
        let weight = if version % 2 == 0 { 0 } else { 50 };
        let loaded = running
            .client
            .change(version, "load", json!({"weight": weight, "watchSeconds": 0}))
            .await;
        assert_eq!(loaded.status, 200, "{loaded:?}");
        running.client.until_warm(version, Duration::from_secs(30)).await;
        let promoted = running.client.change(version, "promote", json!({})).await;
        assert_eq!(promoted.status, 200, "{promoted:?}");
        running.client.until_active(version, Duration::from_secs(10)).await;
    }
    over.store(true, Ordering::Relaxed);
    for caller in callers {
        let lost = caller.await.unwrap();
        assert!(lost.is_empty(), "{} lost, such as {}", lost.len(), lost[0]);
    }
    assert!(
        answered.load(Ordering::Relaxed) > SWAPS,
        "requests were answered all the while"
    );
    let alone = |models: &Value| models["versions"].as_array().unwrap().len() == 1;
    eventually("one version", Duration::from_secs(5), || running.client.models(), alone).await;
    running.server.stop().await;
}
