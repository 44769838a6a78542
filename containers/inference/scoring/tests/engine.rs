//! An engine under load, in trouble and at its end: every request gets its own answer or a reason, and none waits for ever.

mod support;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spotforge_scoring::bundle::read;
use spotforge_scoring::{Engine, EngineOptions, Input, LoadError, Precision, PredictError, Refusal};
use support::{ask, copied, engine, fixture, one_worker, soon, texts, wait, with_runtime};

const MANY: usize = 300;

/// Enough work that what comes after it waits.
fn a_while(engine: &Engine) -> spotforge_scoring::Pending {
    let words = "the film was great and ".repeat(40);
    engine
        .submit(texts(std::iter::repeat_n(words.as_str(), MANY)), soon())
        .expect("the queue has room")
}

#[test]
fn callers_that_ask_at_once_each_get_their_own_answers_in_order() {
    let engine = engine(
        "text",
        &EngineOptions {
            workers: 2,
            precision: Precision::Fp32,
            ..EngineOptions::default()
        },
    );
    let words = [
        "good",
        "the film was superb",
        "an awful, dreadful story with dull acting",
        "plain",
    ];
    let (alone, _) = ask(&engine, texts(words)).expect("they are answered");
    thread::scope(|scope| {
        for turn in 0..8 {
            let (engine, alone) = (&engine, &alone);
            scope.spawn(move || {
                for _ in 0..20 {
                    let order = [turn % 4, (turn + 1) % 4, (turn + 3) % 4];
                    let (answered, _) = ask(engine, texts(order.map(|at| words[at]))).expect("they are answered");
                    for (at, prediction) in order.into_iter().zip(&answered) {
                        assert_eq!(
                            (prediction.class_index, prediction.tokens),
                            (alone[at].class_index, alone[at].tokens)
                        );
                        assert!((prediction.expected_score - alone[at].expected_score).abs() < 1e-5);
                    }
                }
            });
        }
    });
    assert_eq!(engine.queued_rows(), 0);
}

#[test]
fn a_full_queue_refuses_at_once_and_a_request_larger_than_it_for_good() {
    let engine = engine(
        "text",
        &EngineOptions {
            queue_rows: MANY,
            ..one_worker()
        },
    );
    let first = a_while(&engine);
    let refused = engine.submit(texts(std::iter::repeat_n("good", MANY)), soon()).err();
    assert_eq!(refused, Some(Refusal::Full));
    let refused = engine
        .submit(texts(std::iter::repeat_n("good", MANY + 1)), soon())
        .err();
    assert_eq!(
        refused,
        Some(Refusal::TooMany {
            rows: MANY + 1,
            limit: MANY
        })
    );
    assert_eq!(wait(first).map(|(answered, _)| answered.len()), Ok(MANY));
    assert!(ask(&engine, texts(["good"])).is_ok(), "there is room again");
}

#[test]
fn an_input_that_cannot_be_read_is_named_by_its_place() {
    let text = engine("text", &one_worker());
    let mixed = vec![
        Input::Text("good".to_owned()),
        Input::Picture(Bytes::from_static(b"\x89PNG")),
    ];
    let reason = "this model reads texts, and this is a picture".to_owned();
    assert_eq!(
        text.submit(mixed, soon()).err(),
        Some(Refusal::Invalid { index: 1, reason })
    );
    let image = engine("image", &one_worker());
    let reason = "this model reads pictures, and this is a text".to_owned();
    assert_eq!(
        image.submit(texts(["good"]), soon()).err(),
        Some(Refusal::Invalid { index: 0, reason })
    );
    let nothing = vec![Input::Picture(Bytes::new())];
    let reason = "neither a PNG nor a JPEG; send one of the two".to_owned();
    assert_eq!(
        image.submit(nothing, soon()).err(),
        Some(Refusal::Invalid { index: 0, reason })
    );
    assert_eq!(
        (text.queued_rows(), image.queued_rows()),
        (0, 0),
        "their places are given back"
    );
}

#[test]
fn a_word_that_breaks_the_model_fails_its_request_and_no_neighbour() {
    let engine = engine("faulty", &one_worker());
    let busy = a_while(&engine); // so that what follows lands in one batch
    let requests = ["good film", "poison film", "overboard film", "bad film"]
        .map(|text| engine.submit(texts([text]), soon()).expect("there is room"));
    assert!(wait(busy).is_ok());
    let [good, poison, overboard, bad] = requests.map(wait);
    assert!(good.is_ok() && bad.is_ok());
    assert_eq!(
        poison.err(),
        Some(PredictError::Failed("the model gave NaN as logit 0".to_owned()))
    );
    assert!(
        matches!(overboard, Err(PredictError::Failed(reason)) if reason.contains("indices element out of data bounds"))
    );
}

#[test]
fn a_deadline_that_passes_in_the_queue_is_told_and_a_dropped_request_makes_room() {
    let engine = engine("text", &one_worker());
    let busy = a_while(&engine);
    let late = engine.submit(texts(["good"]), Instant::now()).expect("there is room");
    let waiting = engine.queued_rows();
    let gone = engine.submit(texts(["good", "bad"]), soon()).expect("there is room");
    drop(gone);
    assert!(engine.queued_rows() <= waiting);
    assert_eq!(wait(late).err(), Some(PredictError::DeadlineExceeded));
    assert!(wait(busy).is_ok());
}

#[test]
fn closing_scores_what_waits_and_refuses_what_comes() {
    let engine = engine(
        "text",
        &EngineOptions {
            workers: 2,
            ..EngineOptions::default()
        },
    );
    let waiting = a_while(&engine);
    assert_eq!(Arc::clone(&engine).close(Duration::from_mins(1)), 0);
    assert_eq!(wait(waiting).map(|(answered, _)| answered.len()), Ok(MANY));
    assert_eq!(engine.submit(texts(["good"]), soon()).err(), Some(Refusal::Closed));
}

#[test]
fn closing_without_patience_answers_the_rest_with_closed() {
    let engine = engine("text", &one_worker());
    let waiting = a_while(&engine);
    let dropped = Arc::clone(&engine).close(Duration::ZERO);
    assert!(dropped > 0 && dropped <= MANY);
    assert_eq!(wait(waiting).err(), Some(PredictError::Closed));
}

#[test]
fn dropping_an_engine_still_answers_what_it_took() {
    let engine = engine("text", &one_worker());
    let waiting = a_while(&engine);
    drop(engine);
    assert_eq!(wait(waiting).map(|(answered, _)| answered.len()), Ok(MANY));
}

#[test]
fn batches_keep_to_their_limits_and_say_their_size() {
    let engine = engine(
        "text",
        &EngineOptions {
            max_batch_rows: 4,
            ..one_worker()
        },
    );
    let (answered, timing) = wait(a_while(&engine)).expect("they are answered");
    assert_eq!((answered.len(), timing.batch_rows), (MANY, 4));
    assert!(timing.inference > Duration::ZERO);
}

fn start(name: &str, options: &EngineOptions) -> Result<Engine, LoadError> {
    with_runtime();
    Engine::start(read(&fixture(name)).expect("the fixture is a bundle"), options)
}

#[test]
fn a_bundle_without_int8_serves_fp32_and_says_so_when_asked_for_int8() {
    assert_eq!(
        start("image", &one_worker()).map(|engine| engine.serving()).ok(),
        Some("fp32")
    );
    let refused = start(
        "image",
        &EngineOptions {
            precision: Precision::Int8,
            ..one_worker()
        },
    );
    assert!(matches!(refused.err(), Some(LoadError::NoInt8 { .. })));
}

#[test]
fn an_option_of_zero_is_refused_by_its_name() {
    let refused = start(
        "text",
        &EngineOptions {
            queue_rows: 0,
            ..one_worker()
        },
    )
    .err()
    .expect("it is refused");
    assert_eq!(refused.to_string(), "The option queue_rows is 0; give at least 1.");
}

#[test]
fn a_model_that_is_none_or_another_kinds_does_not_start() {
    with_runtime();
    let folder = copied("text");
    std::fs::write(folder.path().join("int8/model.onnx"), "not a model").expect("it can be written");
    support::released_again_with_model(folder.path(), "int8");
    let refused = Engine::start(read(folder.path()).expect("its hashes hold"), &one_worker()).err();
    let said = refused.expect("it is no model").to_string();
    assert!(
        said.contains("int8/model.onnx is no model that onnxruntime opens"),
        "{said}"
    );

    let folder = copied("text");
    std::fs::copy(fixture("image/fp32/model.onnx"), folder.path().join("fp32/model.onnx")).expect("it can be copied");
    support::released_again_with_model(folder.path(), "fp32");
    let bundle = read(folder.path()).expect("its hashes hold");
    let refused = Engine::start(
        bundle,
        &EngineOptions {
            precision: Precision::Fp32,
            ..one_worker()
        },
    )
    .err();
    let said = refused.expect("it is a picture model").to_string();
    assert!(
        said.contains("nothing in the bundle gives its input pixel_values"),
        "{said}"
    );
}
