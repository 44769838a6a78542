//! `bundle.json` against the committed JSON Schema: whole, and with a path to what is wrong.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static SCHEMA: &str = include_str!("../../../../../contracts/bundle.schema.json");

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the committed schema is JSON, a test reads it");
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("the committed schema is a schema, a test builds it")
});

/// Every way in which the document breaks the schema, as `path: what is wrong`; empty when it holds.
pub(crate) fn problems(document: &Value) -> Vec<String> {
    VALIDATOR
        .iter_errors(document)
        .map(|error| {
            let path = error.instance_path().to_string();
            format!("{}: {error}", if path.is_empty() { "/" } else { &path })
        })
        .collect()
}
