//! Whatever a caller sends, the server answers, and nothing panics.

use std::sync::OnceLock;

use axum::http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::bundles::{Model, versions};
use crate::support::{Running, ready};

/// As many inputs as the variable says, of all kinds together. Default: 2,000, which a debug build does in seconds; the bench asks for
/// 100,000 of a release.
const CASES: &str = "SPOTFORGE_FUZZ_CASES";
/// Sent on one connection one after the other, each costs some 100 µs.
const DEFAULT_CASES: u32 = 2_000;

struct Shared {
    runtime: tokio::runtime::Runtime,
    text: Running,
    image: Running,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let flags = [
            "--max-text-characters",
            "500",
            "--max-inputs",
            "5",
            "--max-body-bytes",
            "20000",
        ];
        let start = |model| {
            let root = versions(&[(1, model)]);
            runtime.block_on(ready(root.path(), &flags))
        };
        let (text, image) = (start(Model::Text), start(Model::Image));
        Shared { runtime, text, image }
    })
}

fn near_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[A-Za-z0-9+/]{0,40}={0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let key = prop_oneof![
            Just("text".to_owned()),
            Just("image".to_owned()),
            Just("inputs".to_owned()),
            ".{0,6}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn near_request() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        ".{0,60}".prop_map(Value::from),
        "\\PC{0,200}".prop_map(Value::from),
        near_json()
    ];
    let item = prop_oneof![4 => text.prop_map(|text| json!({ "text": text })), 1 => near_json()];
    prop_oneof![
        item.clone().prop_map(|item| item.to_string().into_bytes()),
        prop::collection::vec(item, 0..7).prop_map(|items| json!({ "inputs": items }).to_string().into_bytes()),
        near_json().prop_map(|value| value.to_string().into_bytes()),
    ]
}

/// A request that was one, with bytes put in, taken out or changed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    (
        near_request(),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..8),
    )
        .prop_map(|(mut bytes, edits)| {
            for (place, byte, edit) in edits {
                if bytes.is_empty() {
                    break;
                }
                let place = place.index(bytes.len());
                match edit {
                    0 => bytes[place] = byte,
                    1 => bytes.insert(place, byte),
                    _ => drop(bytes.remove(place)),
                }
            }
            bytes
        })
}

fn picture() -> impl Strategy<Value = Vec<u8>> {
    let file = prop::sample::select(
        std::fs::read_dir(crate::support::repository().join("test/fixtures/inference/pictures"))
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect::<Vec<_>>(),
    );
    (
        file,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut file, edits, end, cut)| {
            for (place, byte) in edits {
                let place = place.index(file.len());
                file[place] = byte;
            }
            if cut {
                file.truncate(end.index(file.len()));
            }
            file
        })
}

fn hold(strategy: impl Strategy<Value = Vec<u8>>, media: &str, of: fn(&Shared) -> &Running, share: u32) {
    let cases = std::env::var(CASES).map_or(DEFAULT_CASES, |cases| cases.parse().expect("a number of cases")) / share;
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let shared = shared();
    let running = of(shared);
    let held = TestRunner::new(config).run(&strategy, |body| {
        let reply = shared.runtime.block_on(running.client.try_send(
            Method::POST,
            "/v1/predict",
            &[("content-type", media)],
            body,
        ));
        let reply = reply.map_err(TestCaseError::fail)?;
        let status = reply.status.as_u16();
        prop_assert!([200, 400, 413, 422].contains(&status), "{:?}", reply);
        if status != 200 {
            reply.problem();
        }
        Ok(())
    });
    held.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        shared.runtime.block_on(running.client.metric("spotforge_panics_total")),
        0
    );
}

#[test]
fn random_bytes_are_answered() {
    hold(
        prop::collection::vec(any::<u8>(), 0..300),
        "application/json",
        |shared| &shared.text,
        4,
    );
}

#[test]
fn random_json_near_the_schema_is_answered() {
    hold(near_request(), "application/json", |shared| &shared.text, 4);
}

#[test]
fn requests_with_changed_bytes_are_answered() {
    hold(mutated(), "application/json", |shared| &shared.text, 4);
}

#[test]
fn pictures_with_changed_bytes_are_answered() {
    hold(picture(), "image/png", |shared| &shared.image, 4);
}
