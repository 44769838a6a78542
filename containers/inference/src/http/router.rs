//! The routes, the layers around them, and the document that describes them.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::app::App;
use super::observe::observe;
use super::problem::Failure;
use super::{health, models, predict, versions};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Spotforge inference",
        description = "Scores texts or pictures with a released model. Errors are problem documents (RFC 9457); unknown keys are refused."
    ),
    modifiers(&AdminScheme)
)]
struct Description;

struct AdminScheme;

impl Modify for AdminScheme {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("admin", scheme);
    }
}

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(predict::predict))
        .routes(routes!(models::models))
        .routes(routes!(versions::load))
        .routes(routes!(versions::promote))
        .routes(routes!(versions::rollback))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// The description of all routes, made from their code.
pub(crate) fn document() -> OpenApi {
    routes().into_openapi()
}

/// All of the server's routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let (router, document) = routes().split_for_parts();
    let document = Arc::new(document);
    let metrics = app.metrics.clone();
    router
        .route("/openapi.json", get(async move || Json((*document).clone())))
        .fallback(async |request: Request| Failure::RouteNotFound(named(&request)))
        .method_not_allowed_fallback(async |request: Request| {
            Failure::MethodNotAllowed(request.method().as_str().chars().take(20).collect())
        })
        .layer(DefaultBodyLimit::max(app.limits.body_bytes))
        .layer(CatchPanicLayer::custom(move |_: Box<dyn Any + Send>| -> Response {
            metrics.panicked();
            tracing::error!(event = "panicked");
            Failure::Internal.into_response()
        }))
        .layer(from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

fn named(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri().path())
        .chars()
        .take(100)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::ROUTES;

    #[test]
    fn the_document_describes_every_route_but_itself() {
        let document = serde_json::to_value(document()).unwrap();
        let described: BTreeSet<&str> = document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let routes: BTreeSet<&str> = ROUTES.into_iter().filter(|route| *route != "/openapi.json").collect();
        assert_eq!(described, routes);
        assert_eq!(document["components"]["securitySchemes"]["admin"]["scheme"], "bearer");
    }
}
