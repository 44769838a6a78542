//! The HTTP side: routes, limits, problem documents.

mod admin_token;
mod app;
mod health;
mod models;
mod observe;
mod predict;
mod predict_request;
mod problem;
mod request_id;
mod router;
mod versions;

pub(crate) use admin_token::AdminToken;
pub(crate) use app::App;
pub(crate) use predict_request::Limits;
pub(crate) use router::{document, router};

const PREDICT: &str = "/v1/predict";
/// All routes, as they are matched.
const ROUTES: [&str; 9] = [
    PREDICT,
    "/v1/models",
    "/v1/versions/{version}/load",
    "/v1/versions/{version}/promote",
    "/v1/versions/{version}/rollback",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
];
