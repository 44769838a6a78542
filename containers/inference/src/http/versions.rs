//! `POST /v1/versions/{version}/load`, `…/promote`, `…/rollback`: they write the desired state, and every replica follows it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::admin_token::authorize;
use super::app::App;
use super::predict_request::{comes_as, unknown_keys, unsupported, wrong_type};
use super::problem::{Failure, FieldProblem, Problem};
use crate::moment::Moment;
use crate::state::change;
use crate::versions::{Attribution, DesiredState, Stage, Status, Weight};

/// A reason of one paragraph.
const MAX_WHY: usize = 500;

/// The body of a load; all of it may be left away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoadRequest {
    /// Percent of the requests that the version is to answer; 0, the default: it gets copies, and its answers are compared and dropped.
    #[schema(minimum = 0, maximum = 100)]
    weight: Option<u8>,
    /// For how long a bound that is passed rolls back by itself, now and after the promotion. The server's `--watch-seconds` by default.
    watch_seconds: Option<u32>,
    /// For the document's history.
    why: Option<String>,
}

/// The body of a promotion or rollback; all of it may be left away.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeRequest {
    /// For the document's history.
    why: Option<String>,
}

type Version = Result<Path<u64>, PathRejection>;
type Changed = Result<Json<DesiredState>, Failure>;

/// Makes a version the candidate: every replica loads it, verifies it, warms it up and tries it.
#[utoipa::path(post, path = "/v1/versions/{version}/load", tag = "versions", params(("version" = u64, Path)), request_body = LoadRequest,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The desired state", body = DesiredState),
        (status = 401, description = "Another token, or none", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The server has no token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is active, or another one is candidate", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body is not as expected", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desired state cannot be written now", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn load(State(app): State<Arc<App>>, version: Version, headers: HeaderMap, body: Bytes) -> Changed {
    authorize(app.admin.as_ref(), &headers)?;
    let version = number(version)?;
    let request: LoadRequest = parse(&headers, &body, &["weight", "watchSeconds", "why"])?;
    let weight = Weight::try_from(request.weight.unwrap_or(0))
        .map_err(|rule| Failure::InvalidRequest(vec![FieldProblem::new("weight", rule)]))?;
    let watch_seconds = request.watch_seconds.unwrap_or(app.watch_seconds);
    match app.loader.source().has(version).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::VersionNotFound(version)),
        Err(error) => {
            tracing::error!(event = "source-unreadable", version, why = %error);
            return Err(Failure::StateUnavailable);
        }
    }
    changed(&app, request.why, |state, by| {
        state.load(version, weight, watch_seconds, by)
    })
    .await
}

/// Makes the candidate active. Every replica switches once it is warm there.
#[utoipa::path(post, path = "/v1/versions/{version}/promote", tag = "versions", params(("version" = u64, Path)), request_body = ChangeRequest,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The desired state", body = DesiredState),
        (status = 401, description = "Another token, or none", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The server has no token", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is not the candidate, or not warm on this replica", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body is not as expected", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desired state cannot be written now", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn promote(State(app): State<Arc<App>>, version: Version, headers: HeaderMap, body: Bytes) -> Changed {
    authorize(app.admin.as_ref(), &headers)?;
    let version = number(version)?;
    let request: ChangeRequest = parse(&headers, &body, &["why"])?;
    let status = app.board.read();
    let is_candidate = status
        .desired
        .as_ref()
        .is_some_and(|desired| desired.candidate == Some(version));
    if let Some(why) = is_candidate.then(|| why_not_warm(&status, version)).flatten() {
        return Err(Failure::NotWarm(version, why));
    }
    changed(&app, request.why, |state, by| state.promote(version, by)).await
}

/// Drops the candidate, or makes the version before the active one active again.
#[utoipa::path(post, path = "/v1/versions/{version}/rollback", tag = "versions", params(("version" = u64, Path)), request_body = ChangeRequest,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The desired state", body = DesiredState),
        (status = 401, description = "Another token, or none", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The server has no token", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is neither candidate nor active, or there is nothing to return to", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body is not as expected", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The desired state cannot be written now", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn rollback(
    State(app): State<Arc<App>>,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
) -> Changed {
    authorize(app.admin.as_ref(), &headers)?;
    let version = number(version)?;
    let request: ChangeRequest = parse(&headers, &body, &["why"])?;
    changed(&app, request.why, |state, by| state.roll_back(version, by)).await
}

async fn changed(
    app: &App,
    why: Option<String>,
    decide: impl Fn(&DesiredState, Attribution) -> Result<Option<DesiredState>, crate::versions::Illegal>,
) -> Changed {
    let why = why.unwrap_or_else(|| "No reason was given.".to_owned());
    if why.chars().count() > MAX_WHY {
        let rule = format!("at most {MAX_WHY} characters");
        return Err(Failure::InvalidRequest(vec![FieldProblem::new("why", rule)]));
    }
    let by = Attribution {
        at: Moment::now(),
        by: format!("administrator, through {}", app.replica),
        why,
    };
    let (state, _) = change(&app.store, &by, decide).await?;
    app.nudge.notify_one();
    Ok(Json(state))
}

fn why_not_warm(status: &Status, version: u64) -> Option<String> {
    match status.versions.get(&version) {
        Some(known) if known.stage == Stage::Warm => None,
        Some(known) if known.stage == Stage::Failed => Some(known.why.clone().unwrap_or_default()),
        _ => Some("it is being loaded. Try again in a moment.".to_owned()),
    }
}

fn number(version: Version) -> Result<u64, Failure> {
    let rule = || Failure::InvalidRequest(vec![FieldProblem::new("version", "a whole number from 1 on")]);
    version
        .ok()
        .map(|Path(version)| version)
        .filter(|version| *version > 0)
        .ok_or_else(rule)
}

/// An empty body is an empty object.
fn parse<T: Default + for<'de> Deserialize<'de>>(
    headers: &HeaderMap,
    body: &Bytes,
    known: &[&str],
) -> Result<T, Failure> {
    if body.is_empty() {
        return Ok(T::default());
    }
    if !comes_as(headers, "application/json") {
        return Err(unsupported(headers, "Content-Type: application/json"));
    }
    let value: Value = serde_json::from_slice(body).map_err(|_| Failure::MalformedJson)?;
    let mut problems = Vec::new();
    match &value {
        Value::Object(fields) => fields_problems(fields, known, &mut problems),
        other => problems.push(wrong_type("(body)", "a JSON object", other)),
    }
    if problems.is_empty() {
        return serde_json::from_value(value)
            .map_err(|error| Failure::InvalidRequest(vec![FieldProblem::new("(body)", error.to_string())]));
    }
    Err(Failure::InvalidRequest(problems))
}

fn fields_problems(fields: &Map<String, Value>, known: &[&str], problems: &mut Vec<FieldProblem>) {
    unknown_keys("", fields, known, problems);
    let whole = |value: &Value, most: u64| value.is_null() || value.as_u64().is_some_and(|number| number <= most);
    for (key, value) in fields {
        match key.as_str() {
            "weight" if !whole(value, 100) => {
                problems.push(FieldProblem::new("weight", "a whole number from 0 to 100"));
            }
            "watchSeconds" if !whole(value, u64::from(u32::MAX)) => {
                problems.push(FieldProblem::new("watchSeconds", "a whole number of seconds"));
            }
            "why" if !(value.is_null() || value.is_string()) => problems.push(wrong_type("why", "a text", value)),
            _ => {}
        }
    }
}
