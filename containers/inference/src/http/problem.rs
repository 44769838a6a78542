//! Every way in which a request can fail, and the one table from it to a problem document (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::ChangeError;
use crate::versions::Illegal;

/// What was wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    pub(crate) field: String,
    pub(crate) expected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<String>,
}

impl FieldProblem {
    pub(crate) fn new(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            expected: expected.into(),
            found: None,
        }
    }
}

/// An error as its reader gets it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    r#type: String,
    title: String,
    status: u16,
    /// What happened, and what to do.
    detail: String,
    /// The request id to quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// Why a request is not answered as it hoped.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("The body is not JSON. Check quotes, commas and braces; the encoding must be UTF-8.")]
    MalformedJson,
    #[error("The body is empty; {0} is expected.")]
    EmptyBody(&'static str),
    #[error("The body could not be read to its end.")]
    BodyUnreadable,
    #[error("This route wants the token of the server's administrator: Authorization: Bearer … .")]
    Unauthorized,
    #[error(
        "Versions cannot be changed: the server has no administrator's token. Start it with SPOTFORGE_ADMIN_TOKEN or --admin-token-file."
    )]
    Forbidden,
    #[error("There is no {0}. The routes are described in /openapi.json.")]
    RouteNotFound(String),
    #[error("There is no version {0}. Release it first; GET /v1/models lists what is loaded.")]
    VersionNotFound(u64),
    #[error("{0} is not among the methods of this path; the header Allow names them.")]
    MethodNotAllowed(String),
    #[error("The body did not arrive within {0} ms. Send it faster, or less of it.")]
    BodyTooSlow(u128),
    #[error("{0}")]
    IllegalTransition(Illegal),
    #[error("Version {0} is not warm on this replica yet, so it cannot be promoted: {1}")]
    NotWarm(u64, String),
    #[error("The body has more than {0} bytes. Send fewer or smaller inputs a request.")]
    BodyTooLarge(usize),
    #[error("The body must come as {expected}, not {found}.")]
    UnsupportedMediaType { expected: &'static str, found: String },
    #[error("{}", listed(.0))]
    InvalidRequest(Vec<FieldProblem>),
    #[error("Something went wrong on our side. Quote the request id when you report it.")]
    Internal,
    #[error("The server has as much to do as it can queue. Try again in a moment.")]
    Busy,
    #[error("The server is not ready: {0}")]
    NotReady(String),
    #[error("The desired state cannot be read or written now. Try again in a moment.")]
    StateUnavailable,
    #[error("There was no answer within {0} ms. Try again, with fewer inputs a request.")]
    TimedOut(u128),
}

fn listed(problems: &[FieldProblem]) -> String {
    problems
        .iter()
        .map(|problem| format!("{}: {}", problem.field, problem.expected))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A row of the table: the problem's kind, its title, the status, and after how many seconds to try again.
type Outcome = (&'static str, &'static str, StatusCode, Option<u16>);

impl Failure {
    fn outcome(&self) -> Outcome {
        match self {
            Self::MalformedJson | Self::EmptyBody(_) => {
                ("malformed-json", "Malformed JSON", StatusCode::BAD_REQUEST, None)
            }
            Self::BodyUnreadable => ("body-unreadable", "Body unreadable", StatusCode::BAD_REQUEST, None),
            Self::Unauthorized => ("unauthorized", "Unauthorized", StatusCode::UNAUTHORIZED, None),
            Self::Forbidden => ("forbidden", "Forbidden", StatusCode::FORBIDDEN, None),
            Self::RouteNotFound(_) => ("route-not-found", "Route not found", StatusCode::NOT_FOUND, None),
            Self::VersionNotFound(_) => ("version-not-found", "Version not found", StatusCode::NOT_FOUND, None),
            Self::MethodNotAllowed(_) => (
                "method-not-allowed",
                "Method not allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                None,
            ),
            Self::BodyTooSlow(_) => ("body-too-slow", "Body too slow", StatusCode::REQUEST_TIMEOUT, None),
            Self::IllegalTransition(_) => ("illegal-transition", "Illegal transition", StatusCode::CONFLICT, None),
            Self::NotWarm(..) => ("version-not-warm", "Version not warm", StatusCode::CONFLICT, Some(2)),
            Self::BodyTooLarge(_) => ("body-too-large", "Body too large", StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::UnsupportedMediaType { .. } => (
                "unsupported-media-type",
                "Unsupported media type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                None,
            ),
            Self::InvalidRequest(_) => (
                "invalid-request",
                "Invalid request",
                StatusCode::UNPROCESSABLE_ENTITY,
                None,
            ),
            Self::Internal => ("internal", "Internal error", StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::Busy => ("busy", "Busy", StatusCode::SERVICE_UNAVAILABLE, Some(1)),
            Self::NotReady(_) => ("not-ready", "Not ready", StatusCode::SERVICE_UNAVAILABLE, Some(2)),
            Self::StateUnavailable => (
                "state-unavailable",
                "State unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                Some(2),
            ),
            Self::TimedOut(_) => ("timed-out", "Timed out", StatusCode::GATEWAY_TIMEOUT, None),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.outcome().2
    }

    /// The document for a request. `extra` headers of the response that carried the failure are kept.
    pub(crate) fn response(self, request_id: &str) -> Response {
        let (kind, title, status, retry_after) = self.outcome();
        let detail = self.to_string();
        let problem = Problem {
            r#type: format!("urn:spotforge:problem:{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            instance: Some(format!("urn:spotforge:request:{request_id}")),
            errors: if let Self::InvalidRequest(errors) = self {
                errors
            } else {
                Vec::new()
            },
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Carries the failure to where the request id is known; there it becomes a document.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A header that a response without a document had and that its document keeps.
pub(crate) const KEPT: [HeaderName; 1] = [header::ALLOW];

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Illegal(illegal) => Self::IllegalTransition(illegal),
            ChangeError::Absent => Self::NotReady("it has not read the desired state yet.".to_owned()),
            ChangeError::Store(error) => {
                tracing::error!(event = "state-not-written", why = %error);
                Self::StateUnavailable
            }
        }
    }
}
