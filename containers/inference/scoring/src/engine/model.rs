//! A bundle's model in one session: a batch of rows in, logits out, checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session};
use ort::value::TensorElementType;

use super::errors::LoadError;
use super::feed::{EncodedRow, Encoder, FEEDS, Feed};
use crate::bundle::Bundle;
use crate::ordinal_decoding::{decode, logits_of, on_scale};
use crate::prediction::Prediction;
use crate::session::{SessionError, open};

/// The answer to one row, or why there is none.
pub(crate) type Predicted = Result<Prediction, String>;

const LOGITS: &str = "logits";

/// One session and what turns its logits into predictions. Each worker has its own.
pub(crate) struct Model {
    file: PathBuf,
    session: Session,
    feeds: Vec<(&'static str, Feed)>,
    only_logits: RunOptions<HasSelectedOutputs>,
    bundle: Arc<Bundle>,
    encoder: Arc<Encoder>,
    values: Vec<f64>,
}

impl Model {
    /// Opens the file and holds its inputs and outputs against what rows can be turned into.
    pub(crate) fn open(
        file: &Path,
        threads: usize,
        bundle: Arc<Bundle>,
        encoder: Arc<Encoder>,
    ) -> Result<Self, LoadError> {
        let session = open(file, threads)?;
        let does_not_fit = |reason: String| LoadError::Contract {
            model: file.to_path_buf(),
            reason,
        };
        let mut feeds = Vec::new();
        for input in session.inputs() {
            let known = FEEDS.iter().find(|(name, _)| *name == input.name());
            let suits = |feed| (feed == Feed::PixelValues) == matches!(*encoder, Encoder::Picture(_));
            let Some(&(name, feed)) = known.filter(|(_, feed)| suits(*feed)) else {
                return Err(does_not_fit(format!(
                    "nothing in the bundle gives its input {}",
                    input.name()
                )));
            };
            let wanted = if feed == Feed::PixelValues {
                TensorElementType::Float32
            } else {
                TensorElementType::Int64
            };
            if input.dtype().tensor_type() != Some(wanted) {
                return Err(does_not_fit(format!(
                    "its input {name} is {:?}, not {wanted:?}",
                    input.dtype()
                )));
            }
            feeds.push((name, feed));
        }
        let logits = session.outputs().iter().find(|output| output.name() == LOGITS);
        if logits.and_then(|output| output.dtype().tensor_type()) != Some(TensorElementType::Float32) {
            return Err(does_not_fit(format!("it has no float32 output {LOGITS}")));
        }
        let only_logits = RunOptions::new()
            .map_err(|error| SessionError::Model {
                path: file.to_path_buf(),
                reason: error.to_string(),
            })?
            .with_outputs(OutputSelector::no_default().with(LOGITS));
        let values = bundle.labels.iter().map(|label| label.value).collect();
        Ok(Self {
            file: file.to_path_buf(),
            session,
            feeds,
            only_logits,
            bundle,
            encoder,
            values,
        })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The predictions of the rows, in their order, or why there is none for one. The error says why there is none for any.
    pub(crate) fn predict(&mut self, rows: &[&EncodedRow]) -> Result<Vec<Predicted>, String> {
        let logits = self.logits(rows)?;
        let per_row = logits.len() / rows.len().max(1);
        Ok(rows
            .iter()
            .zip(logits.chunks_exact(per_row.max(1)))
            .map(|(row, logits)| self.prediction(row, logits))
            .collect())
    }

    fn logits(&mut self, rows: &[&EncodedRow]) -> Result<Vec<f32>, String> {
        let batch = self.encoder.batch(rows);
        let mut inputs = Vec::with_capacity(self.feeds.len());
        for &(name, feed) in &self.feeds {
            inputs.push((name, batch.input(feed).map_err(|error| error.to_string())?));
        }
        let outputs = self
            .session
            .run_with_options(inputs, &self.only_logits)
            .map_err(|error| error.to_string())?;
        let logits = outputs
            .get(LOGITS)
            .ok_or_else(|| format!("the model gave no {LOGITS}"))?;
        let (shape, logits) = logits.try_extract_tensor::<f32>().map_err(|error| error.to_string())?;
        let per_row = logits_of(self.bundle.labels.len(), self.bundle.head);
        let expected = [batch.rows, per_row].map(|length| i64::try_from(length).unwrap_or(i64::MAX));
        if shape[..] != expected {
            return Err(format!(
                "the model gave logits of the shape {:?} instead of {expected:?}",
                &shape[..]
            ));
        }
        Ok(logits.to_vec())
    }

    fn prediction(&self, row: &EncodedRow, logits: &[f32]) -> Predicted {
        if let Some((at, logit)) = logits.iter().enumerate().find(|(_, logit)| !logit.is_finite()) {
            return Err(format!("the model gave {logit} as logit {at}"));
        }
        let decoded = decode(logits, self.bundle.head);
        // A model has as many classes as the bundle has labels: its logits were counted.
        let label = self.bundle.labels.get(decoded.class_index);
        Ok(Prediction {
            class_index: decoded.class_index,
            name: label.map_or_else(String::new, |label| label.name.clone()),
            value: label.map_or(f64::NAN, |label| label.value),
            expected_score: decoded.expected_score,
            expected_value: on_scale(decoded.expected_score, &self.values),
            probabilities: decoded.probabilities,
            tokens: row.length(),
            truncated: row.truncated(),
        })
    }
}
