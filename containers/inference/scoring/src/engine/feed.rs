//! Inputs to rows of numbers, and rows to the batch that a model is fed with.

use std::path::Path;

use ort::session::SessionInputValue;
use ort::value::TensorRef;

use super::errors::LoadError;
use crate::bundle::VerifiedBundle;
use crate::picture::PictureRules;
use crate::prediction::Input;
use crate::text_encoding::{EncodedText, TextEncoder};

/// The inputs that rows can be turned into: what an exported model may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// int64, (rows, length).
    InputIds,
    /// int64, (rows, length).
    AttentionMask,
    /// int64, (rows, length).
    TokenTypeIds,
    /// float32, (rows, 3, height, width).
    PixelValues,
}

pub(crate) const FEEDS: [(&str, Feed); 4] = [
    ("input_ids", Feed::InputIds),
    ("attention_mask", Feed::AttentionMask),
    ("token_type_ids", Feed::TokenTypeIds),
    ("pixel_values", Feed::PixelValues),
];

/// One input as numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EncodedRow {
    Text(EncodedText),
    /// Shape (3, height, width).
    Picture(Vec<f32>),
}

impl EncodedRow {
    /// How much there is in it: tokens of a text, 1 for a picture. Rows of like length make a batch.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.ids.len(),
            Self::Picture(_) => 1,
        }
    }

    pub(crate) fn truncated(&self) -> bool {
        matches!(self, Self::Text(EncodedText { truncated: true, .. }))
    }
}

/// Turns inputs into rows, by the rules of a bundle. Shared between threads.
pub(crate) enum Encoder {
    Text { encoder: Box<TextEncoder>, pad_id: i64 },
    Picture(PictureRules),
}

impl Encoder {
    pub(crate) fn of(bundle: &VerifiedBundle) -> Result<Self, LoadError> {
        let document = &bundle.document;
        let too_large = |what: &str| LoadError::Tokenizer {
            reason: format!("{what} is too large for this machine."),
        };
        if let Some(tokenizer) = &document.tokenizer {
            let file = bundle.folder.join(Path::new(&*tokenizer.file));
            let max_length = usize::try_from(tokenizer.max_length.get()).map_err(|_| too_large("maxLength"))?;
            let encoder = TextEncoder::open(&file, max_length).map_err(|reason| LoadError::Tokenizer {
                reason: format!("{reason}."),
            })?;
            Ok(Self::Text {
                encoder: Box::new(encoder),
                pad_id: tokenizer.pad_id,
            })
        } else if let Some(image) = &document.image {
            Ok(Self::Picture(
                PictureRules::try_from(image).map_err(|_| too_large("The picture size"))?,
            ))
        } else {
            Err(LoadError::Tokenizer {
                reason: "The bundle says neither how to read texts nor pictures.".to_owned(),
            })
        }
    }

    /// The error is the reason why this input cannot be scored.
    pub(crate) fn encode(&self, input: &Input) -> Result<EncodedRow, String> {
        match (self, input) {
            (Self::Text { encoder, .. }, Input::Text(text)) => encoder.encode(text).map(EncodedRow::Text),
            (Self::Picture(rules), Input::Picture(file)) => rules
                .pixels(file)
                .map(EncodedRow::Picture)
                .map_err(|error| error.to_string()),
            (Self::Text { .. }, Input::Picture(_)) => Err("this model reads texts, and this is a picture".to_owned()),
            (Self::Picture(_), Input::Text(_)) => Err("this model reads pictures, and this is a text".to_owned()),
        }
    }

    /// The arrays of a batch, padded on the right to its longest row.
    pub(crate) fn batch(&self, rows: &[&EncodedRow]) -> Batch {
        let mut batch = Batch {
            rows: rows.len(),
            ..Batch::default()
        };
        match self {
            Self::Text { pad_id, .. } => {
                let width = rows.iter().map(|row| row.length()).max().unwrap_or(0);
                batch.shape = vec![rows.len(), width];
                for row in rows {
                    if let EncodedRow::Text(text) = row {
                        let padding = width - text.ids.len();
                        batch.ids.extend(text.ids.iter().map(|&id| i64::from(id)));
                        batch.ids.extend(std::iter::repeat_n(*pad_id, padding));
                        batch.mask.extend(std::iter::repeat_n(1, text.ids.len()));
                        batch.mask.extend(std::iter::repeat_n(0, padding));
                        batch.type_ids.extend(text.type_ids.iter().map(|&id| i64::from(id)));
                        batch.type_ids.extend(std::iter::repeat_n(0, padding));
                    }
                }
            }
            Self::Picture(rules) => {
                batch.shape = vec![rows.len(), 3, rules.height, rules.width];
                for row in rows {
                    if let EncodedRow::Picture(pixels) = row {
                        batch.pixels.extend_from_slice(pixels);
                    }
                }
            }
        }
        batch
    }
}

/// The arrays that a model may ask for; of a text batch the first three, of pictures the last.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: usize,
    shape: Vec<usize>,
    ids: Vec<i64>,
    mask: Vec<i64>,
    type_ids: Vec<i64>,
    pixels: Vec<f32>,
}

impl Batch {
    /// A view of one array, without a copy.
    pub(crate) fn input(&self, feed: Feed) -> ort::Result<SessionInputValue<'_>> {
        let shape = self.shape.as_slice();
        match feed {
            Feed::InputIds => Ok(TensorRef::from_array_view((shape, self.ids.as_slice()))?.into()),
            Feed::AttentionMask => Ok(TensorRef::from_array_view((shape, self.mask.as_slice()))?.into()),
            Feed::TokenTypeIds => Ok(TensorRef::from_array_view((shape, self.type_ids.as_slice()))?.into()),
            Feed::PixelValues => Ok(TensorRef::from_array_view((shape, self.pixels.as_slice()))?.into()),
        }
    }
}
