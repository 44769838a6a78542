//! Versions that come and go while requests are answered: one replica, and three that follow one document.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::bundles::{FATAL, Model, release, versions};
use crate::support::{Running, eventually, ready, start};

const FOLLOW: Duration = Duration::from_secs(5);

fn state_of(root: &Path) -> String {
    root.join("desired.json").display().to_string()
}

async fn replicas(root: &Path, count: usize) -> Vec<Running> {
    let state = state_of(root);
    let mut replicas = Vec::new();
    for number in 0..count {
        let name = format!("replica-{number}");
        replicas.push(ready(root, &["--state", &state, "--replica", &name, "--poll-ms", "1000"]).await);
    }
    replicas
}

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_follow_one_document_within_five_seconds_and_one_that_starts_in_mid_promotion_takes_its_state() {
    let root = versions(&[(1, Model::Text)]);
    let mut replicas = replicas(root.path(), 2).await;
    release(root.path(), 2, Model::Text);
    let document = replicas[0]
        .client
        .change(2, "load", json!({"weight": 50, "watchSeconds": 60, "why": "retrained"}))
        .await;
    assert_eq!(document.status, 200, "{document:?}");
    assert_eq!(document.json()["candidate"], 2);

    let state = state_of(root.path());
    let late = ready(
        root.path(),
        &["--state", &state, "--replica", "replica-late", "--poll-ms", "1000"],
    )
    .await;
    assert_eq!(
        late.client.get("/readyz").await.json()["version"],
        1,
        "the newest version is not the active one"
    );
    replicas.push(late);
    for replica in &replicas {
        let trying = |models: &Value| models["candidate"] == 2 && models["weight"] == 50;
        eventually("the candidate", FOLLOW, || replica.client.models(), trying).await;
    }

    assert_eq!(replicas[1].client.change(2, "promote", json!({})).await.status, 200);
    for replica in &replicas {
        replica.client.until_active(2, FOLLOW).await;
        assert_eq!(replica.client.get("/readyz").await.json()["stateRevision"], 3);
        assert_eq!(replica.client.text("good").await.json()["model"]["version"], 2);
    }
    assert_eq!(
        replicas[2]
            .client
            .change(2, "rollback", json!({"why": "a complaint"}))
            .await
            .status,
        200
    );
    for replica in &replicas {
        replica.client.until_active(1, FOLLOW).await;
    }
    let document: Value = serde_json::from_slice(&fs::read(state_of(root.path())).unwrap()).unwrap();
    let changes: Vec<&str> = document["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["change"].as_str().unwrap())
        .collect();
    assert_eq!(changes, ["created", "load", "promote", "rollback"]);
    assert_eq!(document["history"][3]["why"], "a complaint");
    assert!(document["history"][3]["by"].as_str().unwrap().contains("replica-late"));
    for replica in replicas {
        replica.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_answers_its_weight_of_the_requests_and_one_without_weight_none() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    release(root.path(), 2, Model::Text);
    let count = async || {
        let mut new = 0;
        for _ in 0..100 {
            let reply = running.client.text("the film was superb").await;
            assert_eq!(reply.status, 200);
            new += u32::from(reply.json()["model"]["version"] == 2);
        }
        new
    };
    running.client.change(2, "load", json!({})).await;
    let trying = |models: &Value| models["candidate"] == 2;
    eventually("the candidate", FOLLOW, || running.client.models(), trying).await;
    assert_eq!(count().await, 0);
    let compared = |copies: &u64| *copies >= 50;
    let name = "spotforge_mirrored_requests_total{outcome=\"compared\"}";
    eventually("the comparison", FOLLOW, || running.client.metric(name), compared).await;

    running.client.change(2, "load", json!({"weight": 30})).await;
    let weighs = |models: &Value| models["weight"] == 30;
    eventually("the weight", FOLLOW, || running.client.models(), weighs).await;
    assert_eq!(count().await, 30);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_candidate_fails_to_answer_the_active_version_answers() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &["--rollback-samples", "100000"]).await;
    release(root.path(), 2, Model::Faulty);
    running.client.change(2, "load", json!({"weight": 100})).await;
    let trying = |models: &Value| models["candidate"] == 2;
    eventually("the candidate", FOLLOW, || running.client.models(), trying).await;
    assert_eq!(running.client.text("good").await.json()["model"]["version"], 2);
    let reply = running.client.text(FATAL).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.json()["model"]["version"]),
        (200, &json!(1))
    );
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_loaded_never_takes_the_old_one_away() {
    let root = versions(&[(1, Model::Text)]);
    let state = state_of(root.path());
    let running = ready(root.path(), &["--state", &state]).await;
    release(root.path(), 2, Model::Broken);
    assert_eq!(running.client.change(2, "load", json!({})).await.status, 200);
    let failed = |models: &Value| models["versions"][1]["stage"] == "failed";
    let models = eventually("the failure", FOLLOW, || running.client.models(), failed).await;
    assert!(
        models["versions"][1]["why"].as_str().unwrap().contains("bytes"),
        "{models}"
    );
    assert!(running.client.metric("spotforge_model_load_failures_total").await >= 1);
    let refused = running.client.change(2, "promote", json!({})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()["type"].as_str()),
        (409, Some("urn:spotforge:problem:version-not-warm"))
    );

    // Another replica, where it did load, has promoted it.
    let mut document: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    (document["active"], document["previous"], document["candidate"]) = (json!(2), json!(1), Value::Null);
    document["revision"] = json!(document["revision"].as_u64().unwrap() + 1);
    fs::write(&state, document.to_string()).unwrap();
    let followed = |models: &Value| models["desired"]["active"] == 2;
    let models = eventually("the document", FOLLOW, || running.client.models(), followed).await;
    assert_eq!(models["active"], 1);
    assert_eq!(running.client.get("/readyz").await.json()["version"], 1);
    assert_eq!(running.client.text("good").await.json()["model"]["version"], 1);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_read_changes_nothing_and_is_told() {
    let root = versions(&[(1, Model::Text)]);
    let state = state_of(root.path());
    let running = ready(root.path(), &["--state", &state]).await;
    fs::write(&state, "{").unwrap();
    let told = |models: &Value| {
        models["trouble"]
            .as_str()
            .is_some_and(|trouble| trouble.contains("desired.json"))
    };
    eventually("the trouble", FOLLOW, || running.client.models(), told).await;
    assert_eq!(running.client.text("good").await.status, 200);
    let refused = running.client.change(1, "rollback", json!({})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()["type"].as_str()),
        (503, Some("urn:spotforge:problem:state-unavailable"))
    );
    running.server.stop().await;

    let fresh = start(root.path().to_str().unwrap(), &["--state", &state]).await;
    let says = |reply: &crate::support::client::Reply| reply.text.contains("desired.json");
    eventually("the reason", FOLLOW, || fresh.client.get("/readyz"), says).await;
    fresh.server.stop().await;
}
