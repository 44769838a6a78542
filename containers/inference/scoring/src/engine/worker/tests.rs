use std::future::Future as _;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::super::errors::Refusal;
use super::super::job::{Job, Pending};
use super::super::waiting_line::Limits;
use super::*;
use crate::prediction::Prediction;
use crate::text_encoding::EncodedText;

fn a_queue(capacity: usize) -> Arc<Queue> {
    Arc::new(Queue::new(capacity, Limits { rows: 8, tokens: 1000 }, 1))
}

fn a_row(first: u32) -> EncodedRow {
    EncodedRow::Text(EncodedText {
        ids: vec![first, 0],
        type_ids: vec![0; 2],
        truncated: false,
    })
}

fn first_id(row: &EncodedRow) -> u32 {
    match row {
        EncodedRow::Text(text) => text.ids[0],
        EncodedRow::Picture(_) => panic!("these are texts"),
    }
}

/// Answers each row with its first id; 13 breaks off, 14 fails.
fn predict(rows: &[&EncodedRow]) -> Result<Vec<Predicted>, String> {
    assert!(!rows.iter().any(|row| first_id(row) == 13), "an unlucky row");
    if rows.iter().any(|row| first_id(row) == 14) {
        return Err("an unhappy row".to_owned());
    }
    Ok(rows
        .iter()
        .map(|row| Ok(prediction(f64::from(first_id(row)))))
        .collect())
}

fn prediction(value: f64) -> Prediction {
    Prediction {
        class_index: 0,
        name: String::new(),
        value,
        expected_score: 0.0,
        expected_value: 0.0,
        probabilities: Vec::new(),
        tokens: 2,
        truncated: false,
    }
}

fn submit(queue: &Arc<Queue>, ids: &[u32], deadline: Instant) -> Result<Pending, Refusal> {
    let places = queue.reserve(ids.len())?;
    let job = Arc::new(Job::new(ids.len(), Instant::now(), deadline));
    let rows = ids.iter().enumerate();
    places.fill(
        rows.map(|(index, &id)| Row {
            job: Arc::clone(&job),
            index,
            encoded: a_row(id),
        })
        .collect(),
    );
    Ok(Pending::new(job, Arc::downgrade(queue)))
}

fn later() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// The values answered, once all is done.
fn values(pending: Pending) -> Result<Vec<f64>, PredictError> {
    let mut pending = std::pin::pin!(pending);
    match pending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome.map(|(answers, _)| answers.iter().map(|answer| answer.value).collect()),
        Poll::Pending => panic!("the worker has ended, and this has no answer"),
    }
}

#[test]
fn each_request_gets_its_own_answers_in_order() {
    let queue = a_queue(100);
    let requests: Vec<_> = (0..5_u32)
        .map(|at| submit(&queue, &[20 + at, 40 + at, 60 + at], later()))
        .collect();
    queue.close();
    work(&queue, predict);
    for (at, request) in requests.into_iter().enumerate() {
        let at = f64::from(u32::try_from(at).expect("a few"));
        assert_eq!(
            values(request.expect("there is room")),
            Ok(vec![20.0 + at, 40.0 + at, 60.0 + at])
        );
    }
}

#[test]
fn a_row_that_breaks_the_scoring_off_fails_its_request_and_no_neighbour() {
    let queue = a_queue(100);
    let [before, unlucky, unhappy, after] =
        [&[1][..], &[2, 13], &[14], &[3]].map(|ids| submit(&queue, ids, later()).expect("there is room"));
    queue.close();
    work(&queue, predict);
    assert_eq!((values(before), values(after)), (Ok(vec![1.0]), Ok(vec![3.0])));
    assert_eq!(
        values(unlucky),
        Err(PredictError::Failed("the scoring of the batch broke off".to_owned()))
    );
    assert_eq!(values(unhappy), Err(PredictError::Failed("an unhappy row".to_owned())));
}

#[test]
fn a_model_that_answers_too_few_rows_is_an_error_not_a_mix_up() {
    let queue = a_queue(100);
    let request = submit(&queue, &[1, 2], later()).expect("there is room");
    queue.close();
    work(&queue, |rows| {
        Ok(rows.iter().skip(1).map(|_| Ok(prediction(1.0))).collect())
    });
    assert_eq!(
        values(request),
        Err(PredictError::Failed(
            "the model gave 0 predictions for 1 rows".to_owned()
        ))
    );
}

#[test]
fn a_request_whose_deadline_has_passed_is_never_scored() {
    let queue = a_queue(100);
    let late = submit(&queue, &[1, 2], Instant::now()).expect("there is room");
    let intime = submit(&queue, &[3], later()).expect("there is room");
    queue.close();
    let mut scored = Vec::new();
    work(&queue, |rows| {
        scored.extend(rows.iter().map(|row| first_id(row)));
        predict(rows)
    });
    assert_eq!(values(late), Err(PredictError::DeadlineExceeded));
    assert_eq!((values(intime), scored), (Ok(vec![3.0]), vec![3]));
}

#[test]
fn the_rows_of_a_caller_that_has_gone_make_room_and_are_never_scored() {
    let queue = a_queue(3);
    let gone = submit(&queue, &[1, 2], later()).expect("there is room");
    assert_eq!(submit(&queue, &[3, 4], later()).err(), Some(Refusal::Full));
    drop(gone);
    assert_eq!(queue.rows(), 0);
    let stays = submit(&queue, &[3, 4], later()).expect("there is room again");
    queue.close();
    let mut scored = Vec::new();
    work(&queue, |rows| {
        scored.extend(rows.iter().map(|row| first_id(row)));
        predict(rows)
    });
    assert_eq!((values(stays), scored), (Ok(vec![3.0, 4.0]), vec![3, 4]));
}

#[test]
fn places_that_were_reserved_and_not_filled_are_given_back() {
    let queue = a_queue(2);
    let places = queue.reserve(2).expect("there is room");
    assert_eq!(queue.reserve(1).err(), Some(Refusal::Full));
    drop(places);
    assert!(queue.reserve(2).is_ok());
}

#[test]
fn a_closed_queue_takes_no_more_but_what_was_promised() {
    let queue = a_queue(10);
    let places = queue.reserve(1).expect("there is room");
    queue.close();
    assert_eq!(submit(&queue, &[1], later()).err(), Some(Refusal::Closed));
    let job = Arc::new(Job::new(1, Instant::now(), later()));
    places.fill(vec![Row {
        job: Arc::clone(&job),
        index: 0,
        encoded: a_row(5),
    }]);
    let promised = Pending::new(job, Arc::downgrade(&queue));
    work(&queue, predict);
    assert_eq!(values(promised), Ok(vec![5.0]));
}

#[test]
fn what_waits_beyond_the_patience_of_a_closing_is_answered_with_closed() {
    let queue = a_queue(10);
    let waiting = submit(&queue, &[1, 2, 3], later()).expect("there is room");
    queue.close();
    assert_eq!(queue.drain(Instant::now()), 3);
    assert_eq!(values(waiting), Err(PredictError::Closed));
}

#[test]
fn nobody_waits_for_ever_when_the_last_worker_has_ended() {
    let queue = a_queue(10);
    let waiting = submit(&queue, &[1], later()).expect("there is room");
    let places = queue.reserve(1).expect("there is room");
    queue.worker_ends();
    assert_eq!(
        values(waiting),
        Err(PredictError::Failed("the last worker has ended".to_owned()))
    );
    let job = Arc::new(Job::new(1, Instant::now(), later()));
    places.fill(vec![Row {
        job: Arc::clone(&job),
        index: 0,
        encoded: a_row(5),
    }]);
    let late = Pending::new(job, Arc::downgrade(&queue));
    assert_eq!(
        values(late),
        Err(PredictError::Failed("the last worker has ended".to_owned()))
    );
}
