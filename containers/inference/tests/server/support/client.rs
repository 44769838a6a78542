//! A client of one server.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::{TOKEN, eventually};

#[derive(Clone)]
pub(crate) struct Client {
    http: Http<HttpConnector, Body>,
    address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The document of an answer that has to be a problem.
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        assert_eq!(
            problem["instance"],
            format!("urn:spotforge:request:{}", self.header("x-request-id")),
            "{self:?}"
        );
        problem
    }

    /// The fields that a 422 names.
    pub(crate) fn fields(&self) -> Vec<String> {
        assert_eq!(self.status, 422, "{self:?}");
        let errors = self.problem()["errors"].clone();
        errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            http: Http::builder(TokioExecutor::new()).build_http(),
            address,
        }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        self.try_send(method, path, headers, body)
            .await
            .expect("the server answers")
    }

    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Result<Reply, String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(body.into()).map_err(|error| error.to_string())?;
        let response = self.http.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(Body::new(body), usize::MAX)
            .await
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())?;
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            text,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn predict(&self, body: impl Into<Body>) -> Reply {
        self.send(
            Method::POST,
            "/v1/predict",
            &[("content-type", "application/json")],
            body,
        )
        .await
    }

    pub(crate) async fn text(&self, text: &str) -> Reply {
        self.predict(json!({ "text": text }).to_string()).await
    }

    /// Changes a version with the administrator's token.
    pub(crate) async fn change(&self, version: u64, verb: &str, body: Value) -> Reply {
        let token = format!("Bearer {TOKEN}");
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        self.send(
            Method::POST,
            &format!("/v1/versions/{version}/{verb}"),
            &headers,
            body.to_string(),
        )
        .await
    }

    pub(crate) async fn models(&self) -> Value {
        self.get("/v1/models").await.json()
    }

    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").await.text;
        let line = text
            .lines()
            .find(|line| line.starts_with(name) && !line.starts_with('#'));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    }

    pub(crate) async fn until_ready(&self) {
        let within = Duration::from_secs(20);
        eventually("readiness", within, || self.get("/readyz"), |reply| reply.status == 200).await;
    }

    /// Waits until this replica answers with `active`.
    pub(crate) async fn until_active(&self, active: u64, within: Duration) {
        eventually(
            "the switch",
            within,
            || self.models(),
            |models| models["active"] == active,
        )
        .await;
    }

    /// Waits until `version` is warm here.
    pub(crate) async fn until_warm(&self, version: u64, within: Duration) {
        let warm = |models: &Value| {
            models["versions"]
                .as_array()
                .unwrap()
                .iter()
                .any(|known| known["version"] == version && known["stage"] == "warm")
        };
        eventually("the version", within, || self.models(), warm).await;
    }
}
