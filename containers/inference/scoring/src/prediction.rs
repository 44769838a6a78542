//! What goes into a model and what comes out, in the words of a bundle.

use bytes::Bytes;

/// One row: a text for a text model, the bytes of a PNG or JPEG for a picture model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// UTF-8, any length; cut to the bundle's `maxLength` tokens.
    Text(String),
    /// A whole PNG or JPEG file. Its EXIF rotation is not applied, as in training.
    Picture(Bytes),
}

/// The answer to one [`Input`].
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The median class, `0 … K-1`: how many `P(y > k)` exceed 0.5.
    pub class_index: usize,
    /// The class's name in the bundle.
    pub name: String,
    /// The class's value in the bundle.
    pub value: f64,
    /// E\[y\] in classes, `0 … K-1`.
    pub expected_score: f64,
    /// `expected_score` on the scale of the labels' values, linear between neighbours.
    pub expected_value: f64,
    /// `P(y = c)` by class, lowest first. Never negative, but with the head `coral`, whose biases nothing keeps in order.
    pub probabilities: Vec<f64>,
    /// How many tokens the model saw, special tokens included; 1 for a picture.
    pub tokens: usize,
    /// Whether the text was longer than the bundle's `maxLength` and lost its end.
    pub truncated: bool,
}

/// Which of a bundle's models to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// The one that the bundle prefers: INT8 when its gate passed and it was worth it.
    #[default]
    Preferred,
    /// The reference model; every bundle has it.
    Fp32,
    /// The quantised model; absent when it failed its gate.
    Int8,
}
