//! Health, readiness, metrics, the description, and the list of versions.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::support::bundles::{Model, versions};
use crate::support::{TOKEN, eventually, ready, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_usable_version_is_alive_not_ready_and_says_why() {
    let root = versions(&[(3, Model::Broken)]);
    let running = start(root.path().to_str().unwrap(), &[]).await;
    assert_eq!(running.client.get("/healthz").await.json()["status"], "ok");
    let says = |reply: &crate::support::client::Reply| reply.text.contains("could not be loaded");
    let reply = eventually(
        "the reason",
        Duration::from_secs(5),
        || running.client.get("/readyz"),
        says,
    )
    .await;
    assert_eq!(reply.status, 503);
    let detail = reply.problem()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("version 3") && detail.contains("fp32/model.onnx"),
        "{detail}"
    );
    let predict = running.client.text("good").await;
    assert_eq!((predict.status.as_u16(), predict.header("retry-after")), (503, "2"));
    assert_eq!(predict.problem()["type"], "urn:spotforge:problem:not-ready");
    assert!(running.client.metric("spotforge_model_load_failures_total").await >= 1);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_folder_is_a_reason_too_and_the_first_release_is_picked_up() {
    let root = versions(&[]);
    let running = start(root.path().to_str().unwrap(), &[]).await;
    let says = |reply: &crate::support::client::Reply| reply.text.contains("{version}/bundle.json");
    eventually(
        "the reason",
        Duration::from_secs(5),
        || running.client.get("/readyz"),
        says,
    )
    .await;
    crate::support::bundles::release(root.path(), 1, Model::Text);
    running.client.until_ready().await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_version_is_served_and_readiness_names_it_with_the_revision() {
    let root = versions(&[(9, Model::Text), (10, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    assert_eq!(
        running.client.get("/readyz").await.json(),
        json!({"status": "ready", "version": 10, "stateRevision": 1})
    );
    let models = running.client.models().await;
    assert_eq!(
        (&models["active"], &models["desired"]["history"][0]["change"]),
        (&json!(10), &json!("created"))
    );
    let loaded = &models["versions"][0];
    assert_eq!(
        (loaded["stage"].as_str(), loaded["bundle"]["task"].as_str()),
        (Some("warm"), Some("text-ordinal"))
    );
    assert_eq!(
        loaded["bundle"]["labels"][3],
        json!({"index": 3, "value": 1.5, "name": "1.5"})
    );
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_another_model_is_refused() {
    let root = versions(&[(1, Model::Text)]);
    let running = start(root.path().to_str().unwrap(), &["--model", "acme/other"]).await;
    let says = |reply: &crate::support::client::Reply| reply.text.contains("acme/tiny-text");
    eventually(
        "the reason",
        Duration::from_secs(5),
        || running.client.get("/readyz"),
        says,
    )
    .await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_requests_by_status_and_version() {
    let root = versions(&[(4, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    running.client.text("good").await;
    running.client.predict("{").await;
    running.client.get("/no/such/path").await;
    let reply = running.client.get("/metrics").await;
    assert!(reply.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        r#"spotforge_requests_total{route="/v1/predict",status="200",version="4"} 1"#,
        r#"spotforge_requests_total{route="/v1/predict",status="400",version="0"} 1"#,
        r#"spotforge_requests_total{route="(none)",status="404",version="0"} 1"#,
        "spotforge_predict_latency_seconds_count 1",
        "spotforge_batch_rows_count 1",
        "spotforge_model_loads_total 1",
        "spotforge_state_revision 1",
        "spotforge_panics_total 0",
    ] {
        assert!(reply.text.contains(line), "{line} is missing in\n{}", reply.text);
    }
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_served_and_names_what_a_prediction_holds() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    let document = running.client.get("/openapi.json").await.json();
    let answer: &Value =
        &document["paths"]["/v1/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(answer["$ref"], "#/components/schemas/PredictResponse");
    let fields = document["components"]["schemas"]["PredictResponse"]["properties"]
        .as_object()
        .unwrap();
    assert!(
        fields.contains_key("predictions") && fields.contains_key("requestId"),
        "{fields:?}"
    );
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_changed_with_the_token_alone_and_what_makes_no_sense_is_refused() {
    let root = versions(&[(1, Model::Text), (2, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    let client = &running.client;
    let post = async |path: &str, headers: &[(&str, &str)], body: &str| {
        client.send(Method::POST, path, headers, body.to_owned()).await
    };
    let bare = post("/v1/versions/1/load", &[], "").await;
    assert_eq!((bare.status.as_u16(), bare.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(
        post("/v1/versions/1/load", &[("authorization", "Bearer wrong")], "")
            .await
            .status,
        401
    );

    let token = format!("Bearer {TOKEN}");
    let json_with_token = [("authorization", token.as_str()), ("content-type", "application/json")];
    assert_eq!(post("/v1/versions/99/load", &json_with_token, "").await.status, 404);
    assert_eq!(
        post("/v1/versions/x/load", &json_with_token, "").await.fields(),
        ["version"]
    );
    assert_eq!(post("/v1/versions/1/load", &json_with_token, "{").await.status, 400);
    assert_eq!(
        post("/v1/versions/1/load", &json_with_token, r#"{"wait": 1, "weight": 101}"#)
            .await
            .fields(),
        ["wait", "weight"]
    );
    assert_eq!(
        post(
            "/v1/versions/1/load",
            &[json_with_token[0], ("content-type", "text/plain")],
            "x"
        )
        .await
        .status,
        415
    );
    assert_eq!(client.change(2, "load", json!({})).await.status, 409, "it is active");
    assert_eq!(
        client.change(1, "promote", json!({})).await.status,
        409,
        "it is no candidate"
    );
    assert_eq!(
        client.change(2, "rollback", json!({})).await.status,
        409,
        "there is nothing before it"
    );
    assert_eq!(
        client
            .send(Method::GET, "/v1/versions/1/load", &[], Body::empty())
            .await
            .status,
        405
    );
    assert_eq!(client.models().await["desired"]["revision"], 1, "nothing was written");
    running.server.stop().await;
}
