//! `GET /v1/models`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use crate::versions::{DesiredState, VersionStatus};

/// Which versions this replica serves and knows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Models {
    /// Names this replica.
    replica: String,
    /// The version that answers here; absent while none is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<u64>,
    /// The version that is tried here.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<u64>,
    /// Percent of the requests that the candidate answers.
    weight: u8,
    /// Where the desired state is kept.
    state: String,
    /// What is desired, once it has been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    desired: Option<DesiredState>,
    /// Why the desired state cannot be read now; the last one holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    versions: Vec<VersionStatus>,
}

/// What this replica serves, what is desired, and how far it is with each version, with the facts of each loaded bundle.
#[utoipa::path(get, path = "/v1/models", tag = "versions", responses((status = 200, description = "What is served here", body = Models)))]
pub(crate) async fn models(State(app): State<Arc<App>>) -> Json<Models> {
    let (serving, status) = (app.switch.serving(), app.board.read());
    Json(Models {
        replica: app.replica.clone(),
        active: serving.active.as_ref().map(|active| active.version()),
        candidate: serving.candidate.as_ref().map(|(candidate, _)| candidate.version()),
        weight: serving.candidate.as_ref().map_or(0, |(_, weight)| weight.percent()),
        state: app.store.place(),
        desired: status.desired.clone(),
        trouble: status.trouble.clone(),
        versions: status.versions.values().cloned().collect(),
    })
}
