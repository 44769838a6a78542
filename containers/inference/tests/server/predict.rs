//! `POST /v1/predict`: answers, and every way to ask wrongly.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::bundles::{FATAL, Model, versions};
use crate::support::{ready, repository};

fn expected(model: &str, precision: Option<&str>) -> Vec<Value> {
    let text = fs::read(repository().join("test/fixtures/inference/expected-scores.json")).unwrap();
    let scores: Value = serde_json::from_slice(&text).unwrap();
    let scores = precision.map_or(&scores[model], |precision| &scores[model][precision]);
    scores.as_array().unwrap().clone()
}

/// Of one language's answer to the other's.
const EXACT: f64 = 1e-4;
/// Two decoders of JPEG round some bytes otherwise.
const JPEG: f64 = 0.03;

fn close(found: &Value, expected: &Value, within: f64) {
    let (a, b) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((a - b).abs() <= within * (1.0 + b.abs()), "{a} is not {b}");
}

fn same(prediction: &Value, expected: &Value) {
    let file = Path::new(expected["text"].as_str().unwrap());
    let within = if file.extension() == Some(OsStr::new("jpg")) {
        JPEG
    } else {
        EXACT
    };
    assert_eq!(prediction["class"]["index"], expected["index"], "{expected}");
    assert_eq!(prediction["class"]["name"], expected["name"]);
    close(&prediction["class"]["value"], &expected["value"], within);
    close(&prediction["score"]["expected"], &expected["expected_score"], within);
    close(&prediction["score"]["value"], &expected["expected_value"], within);
    let probabilities = prediction["probabilities"].as_array().unwrap();
    let listed = expected["probabilities"].as_array().unwrap();
    assert_eq!(probabilities.len(), listed.len());
    for (found, expected) in probabilities.iter().zip(listed) {
        close(&found["probability"], expected, within);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_answered_as_python_answers_it_with_the_version_and_the_timing() {
    let root = versions(&[(7, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    for expected in expected("text", Some("fp32")) {
        let reply = running.client.text(expected["text"].as_str().unwrap()).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let answer = reply.json();
        same(&answer["predictions"][0], &expected);
        assert_eq!(answer["model"]["version"], 7);
        assert_eq!(answer["model"]["precision"], "fp32");
        assert_eq!(
            (answer["model"]["tenant"].as_str(), answer["model"]["name"].as_str()),
            (Some("acme"), Some("tiny-text"))
        );
        assert_eq!(answer["model"]["bundleSha256"].as_str().unwrap().len(), 64);
        assert_eq!(answer["requestId"], reply.header("x-request-id"));
        for key in ["queueMs", "inferenceMs", "totalMs"] {
            assert!(answer["timing"][key].as_f64().unwrap() >= 0.0);
        }
        assert_eq!(answer["timing"]["batchRows"], 1);
    }
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_texts_are_answered_in_their_order_and_a_cut_one_says_so() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    let expected = expected("text", Some("fp32"));
    let inputs: Vec<Value> = expected.iter().map(|score| json!({"text": score["text"]})).collect();
    let answer = running
        .client
        .predict(json!({ "inputs": inputs }).to_string())
        .await
        .json();
    let predictions = answer["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), expected.len());
    for (prediction, expected) in predictions.iter().zip(&expected) {
        same(prediction, expected);
        let words = expected["text"].as_str().unwrap().split(' ').count();
        if words > 60 {
            assert_eq!(prediction["truncated"], true);
        } else if words < 5 && expected["text"].as_str().unwrap().len() < 20 {
            assert_eq!(prediction["truncated"], false);
        }
    }
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preferred_int8_model_is_served_unless_another_one_is_asked_for() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &["--precision", "preferred"]).await;
    let expected = expected("text", Some("int8"));
    let answer = running.client.text(expected[0]["text"].as_str().unwrap()).await.json();
    same(&answer["predictions"][0], &expected[0]);
    assert_eq!(answer["model"]["precision"], "int8");
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_scored_in_base64_or_as_the_body_itself() {
    let root = versions(&[(1, Model::Image)]);
    let running = ready(root.path(), &[]).await;
    for expected in expected("image", None) {
        let file = fs::read(
            repository()
                .join("test/fixtures/inference")
                .join(expected["text"].as_str().unwrap()),
        )
        .unwrap();
        let inside = running
            .client
            .predict(json!({"image": STANDARD.encode(&file)}).to_string())
            .await;
        same(&inside.json()["predictions"][0], &expected);
        let media = if expected["text"].as_str().unwrap().ends_with("png") {
            "image/png"
        } else {
            "image/jpeg"
        };
        let itself = running
            .client
            .send(Method::POST, "/v1/predict", &[("content-type", media)], file)
            .await;
        same(&itself.json()["predictions"][0], &expected);
    }
    let broken = running
        .client
        .send(
            Method::POST,
            "/v1/predict",
            &[("content-type", "image/png")],
            "no picture",
        )
        .await;
    assert_eq!(broken.fields(), ["image"]);
    let text = running.client.text("a text for a model of pictures").await;
    assert_eq!(text.fields(), ["text"]);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_ask_wrongly_has_its_status_and_names_what_is_wrong() {
    let root = versions(&[(1, Model::Text)]);
    let flags = [
        "--max-body-bytes",
        "2000",
        "--max-inputs",
        "3",
        "--max-text-characters",
        "100",
    ];
    let running = ready(root.path(), &flags).await;
    let client = &running.client;
    let post = async |media: &str, body: &str| {
        client
            .send(Method::POST, "/v1/predict", &[("content-type", media)], body.to_owned())
            .await
    };

    let malformed = post("application/json", "{\"text\": ").await;
    assert_eq!(
        (malformed.status.as_u16(), malformed.problem()["type"].as_str()),
        (400, Some("urn:spotforge:problem:malformed-json"))
    );
    assert_eq!(post("application/json", "").await.status, 400);
    let media = post("text/plain", "good").await;
    assert_eq!(media.status, 415);
    assert!(media.problem()["detail"].as_str().unwrap().contains("text/plain"));
    let large = post("application/json", &json!({"text": "x".repeat(3000)}).to_string()).await;
    assert_eq!(large.status, 413);
    assert!(large.problem()["detail"].as_str().unwrap().contains("2000 bytes"));

    let long = json!({"text": "x".repeat(101)}).to_string();
    assert_eq!(post("application/json", &long).await.fields(), ["text"]);
    let many = json!({"inputs": [{"text": "a"}, {"text": "a"}, {"text": "a"}, {"text": "a"}]}).to_string();
    assert_eq!(post("application/json", &many).await.fields(), ["inputs"]);
    let unknown = post(
        "application/json",
        r#"{"inputs": [{"text": "a", "tag": 1}], "top_k": 3}"#,
    )
    .await;
    assert_eq!(unknown.fields(), ["top_k", "inputs[0].tag"]);
    let picture = json!({"inputs": [{"text": "a"}, {"image": STANDARD.encode("x")}]}).to_string();
    assert_eq!(post("application/json", &picture).await.fields(), ["inputs[1].image"]);

    let method = client.get("/v1/predict").await;
    assert_eq!(
        (method.status.as_u16(), method.header("allow")),
        (405, "POST"),
        "{method:?}"
    );
    method.problem();
    let path = client.get("/v2/predict").await;
    assert_eq!(path.status, 404);
    assert!(path.problem()["detail"].as_str().unwrap().contains("GET /v2/predict"));
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_is_a_500_that_shows_nothing_of_the_inside() {
    let root = versions(&[(1, Model::Faulty)]);
    let running = ready(root.path(), &[]).await;
    let reply = running.client.text(FATAL).await;
    assert_eq!(reply.status, 500);
    let detail = reply.problem()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("request id") && !detail.contains("Gather"), "{detail}");
    assert_eq!(
        running.client.text("good").await.status,
        200,
        "the next request is answered"
    );
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_request_id_is_kept_and_an_unfit_one_replaced() {
    let root = versions(&[(1, Model::Text)]);
    let running = ready(root.path(), &[]).await;
    let send = async |id: &str| {
        running
            .client
            .send(Method::GET, "/healthz", &[("x-request-id", id)], Body::empty())
            .await
            .header("x-request-id")
            .to_owned()
    };
    assert_eq!(send("order-17.a").await, "order-17.a");
    let made = send("not good").await;
    assert_eq!(made.len(), 36, "{made}");
    running.server.stop().await;
}
