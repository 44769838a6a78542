//! Against an S3 and an EventBridge that answer over HTTP. Runs where `AWS_ENDPOINT_URL` names one (with credentials and a region
//! beside it, as every AWS tool reads them), and says so where not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_s3::primitives::ByteStream;
use axum::http::Method;
use serde_json::{Value, json};

use crate::support::bundles::{Model, release, versions};
use crate::support::{Running, eventually, repository, start};

struct Cloud {
    endpoint: String,
    config: aws_config::SdkConfig,
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// A new bucket; `None` when the environment names no endpoint.
async fn cloud() -> Option<Cloud> {
    let Ok(endpoint) = std::env::var("AWS_ENDPOINT_URL") else {
        eprintln!("skipped: AWS_ENDPOINT_URL names no S3 to test with");
        return None;
    };
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build(),
    );
    let bucket = format!("releases-{}", uuid::Uuid::now_v7().simple());
    s3.create_bucket()
        .bucket(&bucket)
        .send()
        .await
        .expect("the bucket is made");
    Some(Cloud {
        endpoint,
        config,
        s3,
        bucket,
    })
}

impl Cloud {
    /// Uploads a version, its document last, as the pipeline does.
    async fn release(&self, version: u64, model: Model) {
        let root = tempfile::tempdir().unwrap();
        let folder = release(root.path(), version, model);
        let mut files = files_of(&folder);
        files.sort_by_key(|path| path.ends_with("bundle.json"));
        for path in files {
            let key = format!(
                "bundles/acme/tiny-text/{version}/{}",
                path.strip_prefix(&folder).unwrap().display()
            );
            let body = ByteStream::from(fs::read(&path).unwrap());
            self.s3
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .body(body)
                .send()
                .await
                .expect("the file is stored");
        }
    }

    async fn start(&self, cache: &Path, flags: &[&str]) -> Running {
        let (bundles, state) = (
            format!("s3://{}/bundles/", self.bucket),
            format!("s3://{}/state/desired.json", self.bucket),
        );
        let cache = cache.to_str().unwrap();
        let all = [
            "--model",
            "acme/tiny-text",
            "--state",
            state.as_str(),
            "--cache",
            cache,
            "--poll-ms",
            "500",
        ];
        let running = start(&bundles, &[all.as_slice(), flags].concat()).await;
        running.client.until_ready().await;
        running
    }
}

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_come_from_s3_and_two_replicas_follow_a_document_there() {
    let Some(cloud) = cloud().await else { return };
    cloud.release(1, Model::Text).await;
    let (cache, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = cloud.start(cache.path(), &[]).await;
    let two = cloud.start(other.path(), &[]).await;
    cloud.release(2, Model::Text).await;
    assert_eq!(one.client.change(7, "load", json!({})).await.status, 404);
    assert_eq!(
        one.client
            .change(2, "load", json!({"weight": 20, "watchSeconds": 0}))
            .await
            .status,
        200
    );
    for replica in [&one, &two] {
        replica.client.until_warm(2, Duration::from_secs(5)).await;
    }
    // Two administrators at once: If-Match lets one change after the other through, and none is lost.
    let (first, second) = tokio::join!(
        two.client.change(2, "promote", json!({})),
        one.client.change(2, "promote", json!({}))
    );
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    for replica in [&one, &two] {
        replica.client.until_active(2, Duration::from_secs(5)).await;
        assert_eq!(replica.client.text("good").await.json()["model"]["version"], 2);
        assert_eq!(replica.client.models().await["desired"]["revision"], 3);
    }
    one.server.stop().await;
    two.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_was_damaged_or_left_half_full_is_filled_again() {
    let Some(cloud) = cloud().await else { return };
    cloud.release(1, Model::Text).await;
    let cache = tempfile::tempdir().unwrap();
    let running = cloud.start(cache.path(), &[]).await;
    running.server.stop().await;
    let model = files_of(cache.path())
        .into_iter()
        .find(|path| path.ends_with("fp32/model.onnx"))
        .unwrap();
    fs::write(&model, "damaged").unwrap();
    let running = cloud.start(cache.path(), &[]).await;
    assert_eq!(running.client.text("good").await.status, 200);
    running.server.stop().await;

    let folder = model.parent().unwrap().parent().unwrap().to_owned();
    let partial = folder.with_file_name(format!("{}.partial", folder.file_name().unwrap().to_str().unwrap()));
    fs::remove_file(folder.join("bundle.json")).unwrap();
    fs::remove_file(folder.join("tokenizer.json")).unwrap();
    fs::rename(&folder, &partial).unwrap();
    let running = cloud.start(cache.path(), &[]).await;
    assert_eq!(running.client.text("good").await.status, 200);
    assert!(!partial.exists() && folder.exists());
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_not_what_the_document_lists_is_never_loaded() {
    let Some(cloud) = cloud().await else { return };
    cloud.release(1, Model::Text).await;
    cloud.release(2, Model::Broken).await;
    let cache = tempfile::tempdir().unwrap();
    let bundles = format!("s3://{}/bundles/acme/tiny-text", cloud.bucket);
    let running = start(&bundles, &["--cache", cache.path().to_str().unwrap()]).await;
    let says = |reply: &crate::support::client::Reply| reply.text.contains("are listed");
    eventually(
        "the reason",
        Duration::from_secs(10),
        || running.client.get("/readyz"),
        says,
    )
    .await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_consumed_is_put_on_the_bus_at_the_latest_when_the_server_ends() {
    let Some(cloud) = cloud().await else { return };
    let name = format!("bus-{}", uuid::Uuid::now_v7().simple());
    let events = aws_sdk_eventbridge::Client::new(&cloud.config);
    events
        .create_event_bus()
        .name(&name)
        .send()
        .await
        .expect("the bus is made");
    let queue = sqs(&cloud.endpoint, "CreateQueue", json!({ "QueueName": name })).await["QueueUrl"].clone();
    let attributes = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
    let arn = sqs(&cloud.endpoint, "GetQueueAttributes", attributes).await["Attributes"]["QueueArn"]
        .as_str()
        .unwrap()
        .to_owned();
    // The event that TypeScript holds against its contract.
    let known = fs::read(repository().join("test/fixtures/inference/consumption-recorded.json")).unwrap();
    let known: Value = serde_json::from_slice(&known).unwrap();
    let pattern = json!({"source": [known["source"]], "detail-type": [known["detail-type"]]}).to_string();
    events
        .put_rule()
        .name("all")
        .event_bus_name(&name)
        .event_pattern(pattern)
        .send()
        .await
        .expect("the rule is made");
    let target = aws_sdk_eventbridge::types::Target::builder()
        .id("queue")
        .arn(arn)
        .build()
        .unwrap();
    events
        .put_targets()
        .rule("all")
        .event_bus_name(&name)
        .targets(target)
        .send()
        .await
        .expect("the target is set");

    let root = versions(&[(3, Model::Text)]);
    let running = start(
        root.path().to_str().unwrap(),
        &["--event-bus", &name, "--replica", "replica-1"],
    )
    .await;
    running.client.until_ready().await;
    running.client.text("good").await;
    running
        .client
        .predict(json!({"inputs": [{"text": "a"}, {"text": "b"}]}).to_string())
        .await;
    running.server.stop().await;

    let received = sqs(
        &cloud.endpoint,
        "ReceiveMessage",
        json!({"QueueUrl": queue, "WaitTimeSeconds": 5, "MaxNumberOfMessages": 10}),
    )
    .await;
    let messages = received["Messages"]
        .as_array()
        .unwrap_or_else(|| panic!("no event: {received}"))
        .clone();
    let details: Vec<Value> = messages
        .iter()
        .map(|message| serde_json::from_str::<Value>(message["Body"].as_str().unwrap()).unwrap()["detail"].clone())
        .collect();
    let fields = |detail: &Value| detail.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(fields(&details[0]), fields(&known["detail"]));
    let sum = |key: &str| details.iter().map(|detail| detail[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("requests"), sum("rows"), sum("errors")), (2, 3, 0), "{details:?}");
    assert_eq!(
        (&details[0]["version"], &details[0]["tenant"], &details[0]["replica"]),
        (&json!(3), &json!("acme"), &json!("replica-1"))
    );
}

/// One call of SQS, which this product's server does not use and so brings no client for.
async fn sqs(endpoint: &str, action: &str, body: Value) -> Value {
    let address = endpoint
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .replace("localhost", "127.0.0.1");
    let client = crate::support::client::Client::new(address.parse().expect("an endpoint of this machine"));
    let target = format!("AmazonSQS.{action}");
    let credential =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0";
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", target.as_str()),
        ("authorization", credential),
    ];
    let reply = client.send(Method::POST, "/", &headers, body.to_string()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    if reply.text.is_empty() {
        Value::Null
    } else {
        reply.json()
    }
}
