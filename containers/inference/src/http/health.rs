//! `GET /healthz`, `GET /readyz`, `GET /metrics`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::problem::{Failure, Problem};
use crate::versions::Stage;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The process answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(value_type = String)]
    status: &'static str,
}

/// The replica answers requests.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ready {
    #[schema(value_type = String)]
    status: &'static str,
    /// The version that answers.
    version: u64,
    /// Revision of the desired state that is followed.
    state_revision: u64,
}

/// Answers as long as the process does.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "The process answers", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests should come here: the active version is warm and the server is not shutting down.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "Requests are answered", body = Ready),
    (status = 503, description = "They are not, and why", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<Json<Ready>, Failure> {
    if app.is_draining() {
        return Err(Failure::NotReady("it is shutting down.".to_owned()));
    }
    let serving = app.switch.serving();
    match &serving.active {
        Some(active) => Ok(Json(Ready {
            status: "ready",
            version: active.version(),
            state_revision: serving.revision,
        })),
        None => Err(Failure::NotReady(why_nothing_is_loaded(&app))),
    }
}

/// Prometheus' text.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let queued = app
        .switch
        .serving()
        .active
        .as_ref()
        .map_or(0, |active| active.engine.queued_rows());
    ([(CONTENT_TYPE, OPEN_METRICS)], app.metrics.text(queued))
}

fn why_nothing_is_loaded(app: &App) -> String {
    let status = app.board.read();
    if let (None, Some(trouble)) = (&status.desired, &status.trouble) {
        return trouble.clone();
    }
    let Some(desired) = &status.desired else {
        return "it has not read the desired state yet.".to_owned();
    };
    match status.versions.get(&desired.active) {
        Some(version) if version.stage == Stage::Failed => {
            let why = version.why.as_deref().unwrap_or("the log says why");
            format!("version {} could not be loaded: {why}", desired.active)
        }
        _ => format!("version {} is being loaded.", desired.active),
    }
}
