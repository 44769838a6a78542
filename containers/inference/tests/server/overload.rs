//! More work than there is time for.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bundles::{Model, versions};
use crate::support::{eventually, ready};

fn texts(count: usize) -> String {
    json!({"inputs": vec![json!({"text": "the film was superb"}); count]}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_answers_503_at_once_and_what_was_taken_is_answered() {
    let root = versions(&[(1, Model::Slow)]);
    let flags = ["--queue-rows", "16", "--max-batch-rows", "1", "--timeout-ms", "60000"];
    let running = ready(root.path(), &flags).await;
    let requests = (0..12).map(|_| {
        let client = running.client.clone();
        tokio::spawn(async move {
            let started = Instant::now();
            (client.predict(texts(8)).await, started.elapsed())
        })
    });
    let (mut answered, mut refused) = (0, 0);
    for request in requests.collect::<Vec<_>>() {
        let (reply, took) = request.await.unwrap();
        if reply.status == 200 {
            answered += 1;
        } else {
            refused += 1;
            assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "1"));
            assert_eq!(reply.problem()["type"], "urn:spotforge:problem:busy");
            assert!(took < Duration::from_millis(1500), "at once, not after {took:?}");
        }
    }
    assert!(answered >= 2 && refused >= 6, "{answered} answered, {refused} refused");
    assert_eq!(running.client.text("good").await.status, 200, "there is room again");
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_inputs_than_the_queue_holds_are_refused_for_good() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &["--queue-rows", "4"]).await;
    assert_eq!(running.client.predict(texts(5)).await.fields(), ["inputs"]);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_time_is_up_is_a_504_and_its_rows_are_skipped() {
    let root = versions(&[(1, Model::Slow)]);
    let running = ready(root.path(), &["--max-batch-rows", "1", "--timeout-ms", "150"]).await;
    let started = Instant::now();
    let reply = running.client.predict(texts(60)).await;
    assert_eq!(reply.status, 504, "{reply:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(reply.problem()["type"], "urn:spotforge:problem:timed-out");
    assert_eq!(running.client.metric("spotforge_skipped_rows_total").await, 60);
    let emptied = |rows: &u64| *rows == 0;
    eventually(
        "an empty queue",
        Duration::from_secs(1),
        || running.client.metric("spotforge_queue_rows"),
        emptied,
    )
    .await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_caller_that_hung_up_are_skipped() {
    let root = versions(&[(1, Model::Slow)]);
    let running = ready(root.path(), &["--max-batch-rows", "1", "--timeout-ms", "60000"]).await;
    let gone = tokio::time::timeout(Duration::from_millis(200), running.client.predict(texts(60))).await;
    assert!(gone.is_err(), "it is not answered that fast");
    let skipped = |rows: &u64| *rows == 60;
    eventually(
        "skipped rows",
        Duration::from_secs(3),
        || running.client.metric("spotforge_skipped_rows_total"),
        skipped,
    )
    .await;
    let reply = running.client.text("good").await;
    assert_eq!(reply.status, 200);
    let queue: &Value = &reply.json()["timing"]["queueMs"];
    assert!(
        queue.as_f64().unwrap() < 1500.0,
        "nobody waits for who has gone: {queue}"
    );
    running.server.stop().await;
}
