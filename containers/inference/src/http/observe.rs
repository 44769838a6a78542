//! Around every request: its id, its line in the log, its count, and its failure as a document.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::app::App;
use super::problem::{Failure, KEPT};
use super::request_id::{REQUEST_ID, RequestId, trace_of};

/// A response carries it to say which version answered.
#[derive(Clone, Copy)]
pub(crate) struct AnsweredBy {
    pub(crate) version: u64,
    pub(crate) rows: usize,
}

/// Nothing of the inputs is logged, and of the path only the route that it matched.
pub(crate) async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let trace = trace_of(request.headers()).map(|(trace, span)| (trace.to_owned(), span.to_owned()));
    let method = request.method().clone();
    let route = route_of(request.extensions().get::<MatchedPath>());
    request.extensions_mut().insert(id.clone());

    let mut response = next.run(request).await;

    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let mut document = failure.response(id.as_str());
        for name in KEPT {
            if let Some(value) = response.headers().get(&name) {
                document.headers_mut().insert(name, value.clone());
            }
        }
        *document.extensions_mut() = std::mem::take(response.extensions_mut());
        response = document;
    }
    response.headers_mut().insert(REQUEST_ID, id.header());

    let answered = response.extensions().get::<AnsweredBy>().copied();
    let (status, seconds) = (response.status(), started.elapsed().as_secs_f64());
    app.metrics
        .request(route, status.as_u16(), answered.map_or(0, |answered| answered.version));
    if route == super::PREDICT && status == StatusCode::OK {
        app.metrics.predicted(seconds);
    }
    tracing::info!(
        event = "request",
        method = method.as_str(),
        route,
        status = status.as_u16(),
        version = answered.map(|answered| answered.version),
        rows = answered.map(|answered| answered.rows),
        ms = seconds * 1e3,
        request_id = id.as_str(),
        trace_id = trace.as_ref().map(|(trace, _)| trace.as_str()),
        parent_span_id = trace.as_ref().map(|(_, span)| span.as_str()),
    );
    response
}

/// One of the routes that exist: what a caller makes up becomes no label of a metric.
fn route_of(matched: Option<&MatchedPath>) -> &'static str {
    let matched = matched.map(MatchedPath::as_str);
    super::ROUTES
        .iter()
        .find(|route| matched == Some(**route))
        .copied()
        .unwrap_or("(none)")
}
