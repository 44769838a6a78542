use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::same_cases::the_same_cases_at_every_run;

const MAX_LENGTH: usize = 24;

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../test/fixtures/inference")
        .join(file)
}

fn word_piece(max_length: usize) -> TextEncoder {
    TextEncoder::open(&fixture("text/tokenizer.json"), max_length).expect("the fixture is a tokenizer file")
}

#[test]
fn awkward_texts_have_pythons_ids_by_words_and_by_bytes() {
    let text = std::fs::read_to_string(fixture("expected-tokens.json")).expect("the fixture is there");
    let recorded: Value = serde_json::from_str(&text).expect("the fixture is JSON");
    for kind in ["wordPiece", "byteLevel"] {
        let file = fixture(recorded[kind]["file"].as_str().expect("a path"));
        let encoder = TextEncoder::open(&file, MAX_LENGTH).expect("the fixture is a tokenizer file");
        let texts = recorded["texts"].as_array().expect("an array");
        for (text, expected) in texts.iter().zip(recorded[kind]["ids"].as_array().expect("an array")) {
            let ids: Vec<u32> = expected
                .as_array()
                .expect("an array")
                .iter()
                .map(|id| u32::try_from(id.as_u64().expect("an id")).expect("a small one"))
                .collect();
            let text = text.as_str().expect("a text");
            assert_eq!(
                encoder.encode(text).map(|encoded| encoded.ids),
                Ok(ids),
                "{kind}: {text:?}"
            );
        }
    }
}

#[test]
fn the_files_own_padding_and_truncation_are_left_out() {
    // The file asks for 40 ids, padded on the left, cut to 12 from the left.
    let encoded = word_piece(MAX_LENGTH).encode("good film").expect("it has tokens");
    assert_eq!(
        (encoded.ids.len(), encoded.type_ids, encoded.truncated),
        (4, vec![0; 4], false)
    );
}

#[test]
fn a_maximum_below_the_special_tokens_is_refused_with_a_sentence() {
    let refused = TextEncoder::open(&fixture("text/tokenizer.json"), 1)
        .err()
        .expect("two special tokens do not fit");
    assert!(
        refused.ends_with("is no usable tokenizer file: it adds 2 special tokens, maxLength is 1"),
        "{refused}"
    );
}

#[test]
fn a_file_that_is_no_tokenizer_is_refused_with_its_path() {
    let refused = TextEncoder::open(&fixture("text/bundle.json"), 8)
        .err()
        .expect("a bundle is no tokenizer");
    assert!(
        refused.contains("text/bundle.json is no usable tokenizer file"),
        "{refused}"
    );
}

proptest! {
    #![proptest_config(the_same_cases_at_every_run())]

    #[test]
    fn any_text_has_at_most_max_length_ids_special_tokens_at_both_ends(text in any::<String>(), max_length in 2..40_usize) {
        let encoder = word_piece(max_length);
        let encoded = encoder.encode(&text).expect("every text has the special tokens");
        prop_assert!(encoded.ids.len() <= max_length);
        prop_assert_eq!(encoded.ids.len(), encoded.type_ids.len());
        prop_assert_eq!((encoded.ids[0], encoded.ids[encoded.ids.len() - 1]), (2, 3));
        prop_assert!(!encoded.truncated || encoded.ids.len() == max_length);
    }
}
