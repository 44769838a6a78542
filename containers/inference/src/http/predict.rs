//! `POST /v1/predict`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::observe::AnsweredBy;
use super::predict_request::{Media, Requested, read};
use super::problem::{Failure, FieldProblem, Problem};
use super::request_id::RequestId;
use crate::versions::{Answer, DispatchError, LoadedVersion};

/// The body of a request: `inputs`, or a single input without the array around it.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "the shape is documented here and read by hand, to say all that is wrong with it"
)]
pub(crate) struct PredictRequest {
    /// Scored in this order.
    inputs: Option<Vec<PredictInput>>,
    text: Option<String>,
    image: Option<String>,
}

/// Either a text or a picture, as the model reads.
#[derive(ToSchema)]
#[expect(dead_code, reason = "see PredictRequest")]
pub(crate) struct PredictInput {
    text: Option<String>,
    /// A PNG or JPEG file in base64.
    image: Option<String>,
}

/// The answer to a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PredictResponse<'a> {
    /// One for each input, in its order.
    predictions: Vec<PredictedInput<'a>>,
    model: AnsweringModel<'a>,
    timing: AnswerTiming,
    request_id: &'a str,
}

/// The answer to one input.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PredictedInput<'a> {
    class: PredictedClass<'a>,
    score: PredictedScore,
    /// By class, lowest first.
    probabilities: Vec<ClassProbability<'a>>,
    /// Whether the text was longer than the model reads, and its end was not seen.
    truncated: bool,
}

/// The median class.
#[derive(Serialize, ToSchema)]
pub(crate) struct PredictedClass<'a> {
    index: usize,
    name: &'a str,
    value: f64,
}

/// The expectation over all classes.
#[derive(Serialize, ToSchema)]
pub(crate) struct PredictedScore {
    /// In classes, 0 … K−1.
    expected: f64,
    /// On the scale of the labels' values, linear between neighbours.
    value: f64,
}

/// The probability of one class.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClassProbability<'a> {
    name: &'a str,
    probability: f64,
}

/// Which model answered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnsweringModel<'a> {
    tenant: &'a str,
    name: &'a str,
    version: u64,
    /// `fp32` or `int8`.
    precision: &'a str,
    bundle_sha256: &'a str,
}

/// Where the time went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerTiming {
    /// Until a session was free.
    queue_ms: f64,
    /// In the model.
    inference_ms: f64,
    /// All of it, from the request's first byte on.
    total_ms: f64,
    /// Rows that were scored together.
    batch_rows: usize,
}

/// Scores one text or picture, or several. A PNG or JPEG may also be the body itself.
#[utoipa::path(
    post,
    path = "/v1/predict",
    tag = "predict",
    request_body(content(
        (PredictRequest = "application/json"),
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/jpeg"),
    )),
    responses(
        (status = 200, description = "A prediction for each input", body = PredictResponse),
        (status = 400, description = "The body is no JSON", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor a picture", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Unknown keys, or inputs that cannot be scored; each is named", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "The model failed", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not ready, or as much to do as can be queued; see Retry-After", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "No answer in time", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn predict(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(|| RequestId::of(request.headers()));
    let Requested { inputs, listed } = match inputs_of(&app, request, started + app.timeout).await {
        Ok(requested) => requested,
        Err(failure) => return failure.into_response(),
    };
    let rows = inputs.len();
    match app.dispatcher.answer(inputs, started + app.timeout).await {
        Ok(answer) => {
            count(&app, &answer.by, rows, false);
            let mut response = json(&answer, started.elapsed(), &id);
            response.extensions_mut().insert(AnsweredBy {
                version: answer.by.version(),
                rows,
            });
            response
        }
        Err((error, by)) => {
            let refused = matches!(
                error,
                DispatchError::Invalid { .. } | DispatchError::TooMany { .. } | DispatchError::Full
            );
            if let Some(by) = by.as_ref().filter(|_| !refused) {
                tracing::warn!(event = "not-answered", version = by.version(), why = %error, request_id = id.as_str());
                count(&app, by, rows, true);
            }
            let mut response = failure_of(&app, error, listed).into_response();
            if let Some(by) = by {
                response.extensions_mut().insert(AnsweredBy {
                    version: by.version(),
                    rows,
                });
            }
            response
        }
    }
}

async fn inputs_of(app: &App, request: Request, deadline: Instant) -> Result<Requested, Failure> {
    let media = Media::of(request.headers())?;
    let body = tokio::time::timeout_at(deadline.into(), Bytes::from_request(request, &()))
        .await
        .map_err(|_| Failure::BodyTooSlow(app.timeout.as_millis()))?
        .map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Failure::BodyTooLarge(app.limits.body_bytes)
            } else {
                Failure::BodyUnreadable
            }
        })?;
    read(media, body, &app.limits)
}

fn count(app: &App, by: &LoadedVersion, rows: usize, failed: bool) {
    if let Some(consumption) = &app.consumption {
        consumption.count(&by.facts, rows, failed);
    }
}

fn failure_of(app: &App, error: DispatchError, listed: bool) -> Failure {
    match error {
        DispatchError::NotReady => Failure::NotReady("no version of the model is loaded yet.".to_owned()),
        DispatchError::Full => Failure::Busy,
        DispatchError::DeadlineExceeded => Failure::TimedOut(app.timeout.as_millis()),
        DispatchError::Failed(_) => Failure::Internal,
        DispatchError::TooMany { limit } => {
            Failure::InvalidRequest(vec![FieldProblem::new("inputs", format!("at most {limit} inputs"))])
        }
        DispatchError::Invalid { index, picture, reason } => {
            let field = if picture { "image" } else { "text" };
            let field = if listed {
                format!("inputs[{index}].{field}")
            } else {
                field.to_owned()
            };
            Failure::InvalidRequest(vec![FieldProblem::new(field, reason)])
        }
    }
}

fn json(answer: &Answer, total: Duration, id: &RequestId) -> Response {
    let facts = &answer.by.facts;
    let ms = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
    let predictions = answer.predictions.iter().map(|prediction| PredictedInput {
        class: PredictedClass {
            index: prediction.class_index,
            name: &prediction.name,
            value: prediction.value,
        },
        score: PredictedScore {
            expected: prediction.expected_score,
            value: prediction.expected_value,
        },
        probabilities: facts
            .labels
            .iter()
            .zip(&prediction.probabilities)
            .map(|(label, probability)| ClassProbability {
                name: &label.name,
                probability: *probability,
            })
            .collect(),
        truncated: prediction.truncated,
    });
    let body = serde_json::to_vec(&PredictResponse {
        predictions: predictions.collect(),
        model: AnsweringModel {
            tenant: &facts.tenant,
            name: &facts.name,
            version: facts.version,
            precision: facts.precision,
            bundle_sha256: &facts.bundle_sha256,
        },
        timing: AnswerTiming {
            queue_ms: ms(answer.timing.queue),
            inference_ms: ms(answer.timing.inference),
            total_ms: ms(total),
            batch_rows: answer.timing.batch_rows,
        },
        request_id: id.as_str(),
    });
    match body {
        Ok(body) => {
            let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (headers, Body::from(body)).into_response()
        }
        Err(_) => Failure::Internal.into_response(),
    }
}
