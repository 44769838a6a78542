//! What a caller asks to be scored: the body of `POST /v1/predict`, read and held against the limits.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use spotforge_scoring::Input;

use super::problem::{Failure, FieldProblem};

/// As many problems as a reader reads.
const MAX_PROBLEMS: usize = 50;
const MAX_NAME: usize = 100;
const IMAGE_RULE: &str = "a PNG or JPEG file in base64";
const MEDIA_TYPES: &str = "Content-Type: application/json, image/png or image/jpeg";

/// What one request may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) body_bytes: usize,
    pub(crate) inputs: usize,
    pub(crate) text_characters: usize,
}

/// How the body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Picture,
}

impl Media {
    /// # Errors
    /// `UnsupportedMediaType` when the body comes as something else.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Failure> {
        if comes_as(headers, "application/json") {
            Ok(Self::Json)
        } else if comes_as(headers, "image/png") || comes_as(headers, "image/jpeg") {
            Ok(Self::Picture)
        } else {
            Err(unsupported(headers, MEDIA_TYPES))
        }
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    let found = headers.get(CONTENT_TYPE)?;
    Some(found.to_str().unwrap_or("something that is no text"))
}

/// Whether the body is of this media type, whatever its parameters.
pub(crate) fn comes_as(headers: &HeaderMap, media_type: &str) -> bool {
    content_type(headers)
        .and_then(|found| found.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// The refusal of a body that comes as something else.
pub(crate) fn unsupported(headers: &HeaderMap, expected: &'static str) -> Failure {
    let found = content_type(headers).map_or_else(|| "without a content type".to_owned(), shortened);
    Failure::UnsupportedMediaType { expected, found }
}

/// The body in the shape that needs no explanation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    inputs: Option<Vec<Item>>,
    text: Option<String>,
    image: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    text: Option<String>,
    image: Option<String>,
}

/// What a request asks for.
#[derive(Debug)]
pub(crate) struct Requested {
    /// In the order given.
    pub(crate) inputs: Vec<Input>,
    /// Whether they came in a list, which is how a problem with one of them names it.
    pub(crate) listed: bool,
}

/// Reads a body.
///
/// # Errors
/// `MalformedJson`, or `InvalidRequest` naming every field that is not as expected.
pub(crate) fn read(media: Media, body: Bytes, limits: &Limits) -> Result<Requested, Failure> {
    match media {
        Media::Picture if body.is_empty() => Err(Failure::EmptyBody("a PNG or JPEG file")),
        Media::Picture => Ok(Requested {
            inputs: vec![Input::Picture(body)],
            listed: false,
        }),
        Media::Json if body.is_empty() => Err(Failure::EmptyBody("a JSON object")),
        Media::Json => match serde_json::from_slice(&body)
            .ok()
            .and_then(|body| accepted(body, limits))
        {
            Some(requested) => Ok(requested),
            // Read once more, slowly, to say everything that is wrong with it.
            None => Err(explained(&body, limits)),
        },
    }
}

fn accepted(body: Body, limits: &Limits) -> Option<Requested> {
    match body {
        Body {
            inputs: Some(items),
            text: None,
            image: None,
        } => {
            if items.is_empty() || items.len() > limits.inputs {
                return None;
            }
            let inputs = items
                .into_iter()
                .map(|item| input(item, limits))
                .collect::<Option<_>>()?;
            Some(Requested { inputs, listed: true })
        }
        Body {
            inputs: None,
            text,
            image,
        } => {
            let inputs = vec![input(Item { text, image }, limits)?];
            Some(Requested { inputs, listed: false })
        }
        Body { .. } => None,
    }
}

fn input(item: Item, limits: &Limits) -> Option<Input> {
    match item {
        Item {
            text: Some(text),
            image: None,
        } => fits(&text, limits).then_some(Input::Text(text)),
        Item {
            text: None,
            image: Some(image),
        } => decoded(&image).map(Input::Picture),
        Item { .. } => None,
    }
}

fn fits(text: &str, limits: &Limits) -> bool {
    text.len() <= limits.text_characters || text.chars().count() <= limits.text_characters
}

fn decoded(image: &str) -> Option<Bytes> {
    STANDARD
        .decode(image)
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .map(Bytes::from)
}

/// What keeps `body` from being accepted.
fn explained(body: &[u8], limits: &Limits) -> Failure {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Failure::MalformedJson;
    };
    let mut problems = Vec::new();
    match value {
        Value::Object(fields) => body_problems(&fields, limits, &mut problems),
        other => problems.push(wrong_type("(body)", "a JSON object", &other)),
    }
    if problems.is_empty() {
        problems.push(FieldProblem::new("(body)", "no key twice"));
    }
    problems.truncate(MAX_PROBLEMS);
    Failure::InvalidRequest(problems)
}

fn body_problems(fields: &Map<String, Value>, limits: &Limits, problems: &mut Vec<FieldProblem>) {
    unknown_keys("", fields, &["inputs", "text", "image"], problems);
    let Some(inputs) = fields.get("inputs") else {
        return item_problems("", fields, limits, problems);
    };
    for key in ["text", "image"].into_iter().filter(|key| fields.contains_key(*key)) {
        problems.push(FieldProblem::new(key, "nothing beside inputs; put it into inputs"));
    }
    match inputs {
        Value::Array(items) if items.is_empty() || items.len() > limits.inputs => problems.push(FieldProblem {
            found: Some(items.len().to_string()),
            ..FieldProblem::new("inputs", format!("1 to {} inputs", limits.inputs))
        }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("inputs[{index}]");
                match item {
                    Value::Object(fields) => {
                        unknown_keys(&format!("{path}."), fields, &["text", "image"], problems);
                        item_problems(&format!("{path}."), fields, limits, problems);
                    }
                    other => problems.push(wrong_type(&path, "an object with text or image", other)),
                }
            }
        }
        other => problems.push(wrong_type("inputs", "an array of objects with text or image", other)),
    }
}

fn item_problems(prefix: &str, fields: &Map<String, Value>, limits: &Limits, problems: &mut Vec<FieldProblem>) {
    let text_rule = format!("a text of at most {} characters", limits.text_characters);
    match (fields.get("text"), fields.get("image")) {
        (Some(_), Some(_)) => problems.push(FieldProblem::new(
            format!("{prefix}image"),
            "either text or image, not both",
        )),
        (None, None) => {
            let field = if prefix.is_empty() {
                "(body)"
            } else {
                prefix.trim_end_matches('.')
            };
            problems.push(FieldProblem::new(field, "text or image"));
        }
        (Some(Value::String(text)), None) if fits(text, limits) => {}
        (Some(Value::String(text)), None) => problems.push(FieldProblem {
            found: Some(format!("{} characters", text.chars().count())),
            ..FieldProblem::new(format!("{prefix}text"), text_rule)
        }),
        (Some(other), None) => problems.push(wrong_type(&format!("{prefix}text"), &text_rule, other)),
        (None, Some(Value::String(image))) if decoded(image).is_some() => {}
        (None, Some(Value::String(_))) => problems.push(FieldProblem::new(format!("{prefix}image"), IMAGE_RULE)),
        (None, Some(other)) => problems.push(wrong_type(&format!("{prefix}image"), IMAGE_RULE, other)),
    }
}

/// One problem for each key that is not among `known`.
pub(super) fn unknown_keys(
    prefix: &str,
    fields: &Map<String, Value>,
    known: &[&str],
    problems: &mut Vec<FieldProblem>,
) {
    let unknown = fields
        .keys()
        .filter(|key| !known.contains(&key.as_str()))
        .take(MAX_PROBLEMS);
    problems.extend(
        unknown.map(|key| FieldProblem::new(format!("{prefix}{}", shortened(key)), "no such field; remove it")),
    );
}

pub(super) fn wrong_type(field: &str, expected: &str, found: &Value) -> FieldProblem {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    FieldProblem {
        found: Some(found.to_owned()),
        ..FieldProblem::new(field, expected)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests;
