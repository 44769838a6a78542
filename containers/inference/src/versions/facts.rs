//! What callers and operators are told about a loaded bundle.

use serde::Serialize;
use spotforge_scoring::bundle::Bundle;
use utoipa::ToSchema;

/// What a model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Task {
    TextOrdinal,
    ImageOrdinal,
}

/// A class, as the bundle names it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Label {
    /// 0 is the lowest class.
    pub(crate) index: usize,
    /// Its value on the scale of the labels.
    pub(crate) value: f64,
    pub(crate) name: String,
}

/// The facts of one bundle that is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) task: Task,
    /// Which of its models answers: `fp32` or `int8`.
    pub(crate) precision: &'static str,
    pub(crate) bundle_sha256: String,
    pub(crate) experiment_id: String,
    pub(crate) created_at: String,
    pub(crate) labels: Vec<Label>,
}

impl Facts {
    pub(crate) fn of(bundle: &Bundle, precision: &'static str) -> Self {
        let labels = bundle.labels.iter().enumerate();
        Self {
            tenant: bundle.tenant.to_string(),
            name: bundle.name.to_string(),
            version: version_of(bundle),
            task: if bundle.tokenizer.is_some() {
                Task::TextOrdinal
            } else {
                Task::ImageOrdinal
            },
            precision,
            bundle_sha256: bundle.bundle_sha256.to_string(),
            experiment_id: bundle.experiment_id.to_string(),
            created_at: bundle.created_at.to_string(),
            labels: labels
                .map(|(index, label)| Label {
                    index,
                    value: label.value,
                    name: label.name.clone(),
                })
                .collect(),
        }
    }
}

/// `tenant/name`, as a bundle says it.
pub(crate) fn model_of(bundle: &Bundle) -> String {
    format!("{}/{}", bundle.tenant.as_str(), bundle.name.as_str())
}

pub(crate) fn version_of(bundle: &Bundle) -> u64 {
    bundle.version.get()
}
