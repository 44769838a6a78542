//! Texts to token ids with the bundle's tokenizer file, as every stage of the pipeline encodes them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tokenizers::{PostProcessor, Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy};

/// Token ids and segment ids of one text, unpadded, special tokens included; both are of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedText {
    pub(crate) ids: Vec<u32>,
    pub(crate) type_ids: Vec<u32>,
    pub(crate) truncated: bool,
}

pub(crate) struct TextEncoder {
    tokenizer: Tokenizer,
}

impl TextEncoder {
    /// `max_length` counts the special tokens. The error is a sentence about the file.
    pub(crate) fn open(file: &Path, max_length: usize) -> Result<Self, String> {
        let says = |error: &dyn std::fmt::Display| format!("{} is no usable tokenizer file: {error}", file.display());
        let mut tokenizer = Tokenizer::from_file(file).map_err(|error| says(&error))?;
        let special = tokenizer
            .get_post_processor()
            .map_or(0, |processor| processor.added_tokens(false));
        if max_length < special {
            return Err(says(&format!(
                "it adds {special} special tokens, maxLength is {max_length}"
            )));
        }
        // Padding is this crate's, by the batch: whatever the file asks for is left out.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams {
                direction: TruncationDirection::Right,
                max_length,
                strategy: TruncationStrategy::LongestFirst,
                stride: 0,
            }))
            .map_err(|error| says(&error))?;
        Ok(Self { tokenizer })
    }

    /// The error is the reason why this text has no tokens.
    pub(crate) fn encode(&self, text: &str) -> Result<EncodedText, String> {
        // The text is a stranger's: a tokenizer that trips over it costs the request, not the process.
        let encoding = catch_unwind(AssertUnwindSafe(|| self.tokenizer.encode_fast(text, true)))
            .map_err(|_| "the tokenizer gave up on the text".to_owned())?
            .map_err(|error| format!("the tokenizer refuses the text: {error}"))?;
        if encoding.get_ids().is_empty() {
            return Err("the text has no token".to_owned());
        }
        Ok(EncodedText {
            ids: encoding.get_ids().to_vec(),
            type_ids: encoding.get_type_ids().to_vec(),
            truncated: !encoding.get_overflowing().is_empty(),
        })
    }
}

#[cfg(test)]
mod tests;
