//! New versions that do worse than the old one: each is taken back by itself, for the reason that it is.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::bundles::{FATAL, Model, release, versions};
use crate::support::{Running, eventually, ready};

const TEXTS: [&str; 4] = [
    "the film was superb",
    "horrible weak bad",
    "a plain film",
    "great nice wonderful music",
];
const FLAGS: [&str; 2] = ["--rollback-samples", "20"];
/// For what is not about scores: which texts fall to a candidate is chance.
const ANY_DRIFT: [&str; 4] = ["--rollback-samples", "20", "--rollback-drift", "1"];

async fn ask(running: &Running, texts: &[&str], times: usize) {
    for number in 0..times {
        running.client.text(texts[number % texts.len()]).await;
    }
}

async fn tried(running: &Running, version: u64) {
    let trying = |models: &Value| models["candidate"] == version;
    eventually(
        "the candidate",
        Duration::from_secs(10),
        || running.client.models(),
        trying,
    )
    .await;
}

/// Waits until the document says that `version` was rolled back, and why.
async fn rolled_back(running: &Running, version: u64) -> String {
    let last = |models: &Value| {
        models["desired"]["history"]
            .as_array()
            .and_then(|history| history.last().cloned())
    };
    let back = |models: &Value| {
        last(models).is_some_and(|change| change["change"] == "rollback" && change["version"] == version)
    };
    let models = eventually(
        "the rollback",
        Duration::from_secs(10),
        || running.client.models(),
        back,
    )
    .await;
    last(&models).unwrap()["why"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirrored_candidate_that_answers_otherwise_is_rolled_back_and_no_caller_saw_it() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &FLAGS).await;
    release(root.path(), 2, Model::Drifted);
    running.client.change(2, "load", json!({"watchSeconds": 300})).await;
    tried(&running, 2).await;
    for number in 0..60 {
        let answer = running.client.text(TEXTS[number % 4]).await.json();
        assert_eq!(answer["model"]["version"], 1);
    }
    let why = rolled_back(&running, 2).await;
    assert!(why.contains("drifted") && why.contains("both versions"), "{why}");
    assert_eq!(
        running
            .client
            .metric("spotforge_rollbacks_total{reason=\"drift\"}")
            .await,
        1
    );
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_with_a_weight_that_fails_is_rolled_back_and_every_caller_got_an_answer() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &ANY_DRIFT).await;
    release(root.path(), 2, Model::Faulty);
    ask(&running, &TEXTS, 30).await;
    running
        .client
        .change(2, "load", json!({"weight": 50, "watchSeconds": 300}))
        .await;
    tried(&running, 2).await;
    for number in 0..80 {
        let text = if number % 8 < 2 { FATAL } else { TEXTS[number % 4] };
        assert_eq!(running.client.text(text).await.status, 200);
    }
    let why = rolled_back(&running, 2).await;
    assert!(why.contains("error rate"), "{why}");
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_is_slow_is_rolled_back() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &ANY_DRIFT).await;
    release(root.path(), 2, Model::Slow);
    ask(&running, &TEXTS, 60).await;
    running
        .client
        .change(2, "load", json!({"weight": 50, "watchSeconds": 300}))
        .await;
    tried(&running, 2).await;
    ask(&running, &TEXTS, 60).await;
    let why = rolled_back(&running, 2).await;
    assert!(why.contains("p95 latency"), "{why}");
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_version_that_answers_otherwise_gives_its_place_back_to_the_one_before() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &FLAGS).await;
    ask(&running, &TEXTS, 240).await;
    release(root.path(), 2, Model::Drifted);
    running.client.change(2, "load", json!({"watchSeconds": 300})).await;
    tried(&running, 2).await;
    assert_eq!(
        running
            .client
            .change(2, "promote", json!({"why": "in a hurry"}))
            .await
            .status,
        200
    );
    running.client.until_active(2, Duration::from_secs(5)).await;
    ask(&running, &TEXTS, 240).await;
    let why = rolled_back(&running, 2).await;
    assert!(
        why.contains("drifted") && why.contains("inputs of each version"),
        "{why}"
    );
    running.client.until_active(1, Duration::from_secs(5)).await;
    running.server.stop().await;
}

/// Version 2 of this kind takes the place of version 1, which `asked` requests have measured.
async fn promoted(root: &std::path::Path, model: Model, asked: usize) -> Running {
    let running = ready(root, &ANY_DRIFT).await;
    ask(&running, &TEXTS, asked).await;
    release(root, 2, model);
    running.client.change(2, "load", json!({"watchSeconds": 300})).await;
    tried(&running, 2).await;
    running.client.change(2, "promote", json!({"why": "in a hurry"})).await;
    running.client.until_active(2, Duration::from_secs(5)).await;
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_version_that_fails_gives_its_place_back_to_the_one_before() {
    let root = versions(&[(1, Model::Text)]);
    let running = promoted(root.path(), Model::Faulty, 60).await;
    for _ in 0..30 {
        running.client.text(FATAL).await;
    }
    let why = rolled_back(&running, 2).await;
    assert!(why.contains("error rate"), "{why}");
    running.client.until_active(1, Duration::from_secs(5)).await;
    assert_eq!(running.client.text(FATAL).await.status, 200);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_version_that_is_slow_gives_its_place_back_to_the_one_before() {
    let root = versions(&[(1, Model::Text)]);
    let running = promoted(root.path(), Model::Slow, 60).await;
    ask(&running, &TEXTS, 60).await;
    let why = rolled_back(&running, 2).await;
    assert!(why.contains("p95 latency"), "{why}");
    running.client.until_active(1, Duration::from_secs(5)).await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_that_see_it_one_writes_the_rollback_and_both_follow() {
    let root = versions(&[(1, Model::Text)]);
    let state = root.path().join("desired.json").display().to_string();
    let flags = ["--rollback-samples", "20", "--state", state.as_str()];
    let (one, two) = (ready(root.path(), &flags).await, ready(root.path(), &flags).await);
    release(root.path(), 2, Model::Drifted);
    one.client.change(2, "load", json!({"watchSeconds": 300})).await;
    tokio::join!(tried(&one, 2), tried(&two, 2));
    tokio::join!(ask(&one, &TEXTS, 60), ask(&two, &TEXTS, 60));
    tokio::join!(rolled_back(&one, 2), rolled_back(&two, 2));
    assert_eq!(one.client.models().await["desired"]["revision"], 3);
    let name = "spotforge_rollbacks_total{reason=\"drift\"}";
    assert_eq!(one.client.metric(name).await + two.client.metric(name).await, 1);
    one.server.stop().await;
    two.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_the_window_nothing_is_rolled_back_by_itself() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &FLAGS).await;
    release(root.path(), 2, Model::Drifted);
    running.client.change(2, "load", json!({"watchSeconds": 0})).await;
    tried(&running, 2).await;
    ask(&running, &TEXTS, 60).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(running.client.models().await["candidate"], 2);
    running.server.stop().await;
}
