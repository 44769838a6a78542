//! A thread that scores batch after batch. What goes wrong with a batch costs that batch, never the thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use super::errors::PredictError;
use super::feed::EncodedRow;
use super::job::Batch;
use super::model::Predicted;
use super::queue::{Queue, Row, Taken};

/// Works until the queue is closed and empty. `predict` answers each row, or says why it could answer none.
pub(crate) fn work(queue: &Queue, mut predict: impl FnMut(&[&EncodedRow]) -> Result<Vec<Predicted>, String>) {
    let _leaving = Leaving(queue);
    while let Some(Taken { rows, expired }) = queue.take() {
        for job in expired {
            job.fail(PredictError::DeadlineExceeded);
        }
        let taken = Instant::now();
        let alone = rows.len() == 1;
        match attempt(&mut predict, &rows) {
            Ok(predicted) => settle(queue, taken, rows, predicted),
            Err(reason) if alone => settle(queue, taken, rows, vec![Err(reason)]),
            // One row must not fail its neighbours: each is tried alone.
            Err(_) => {
                for row in rows {
                    let row = vec![row];
                    let predicted = attempt(&mut predict, &row).unwrap_or_else(|reason| vec![Err(reason)]);
                    settle(queue, taken, row, predicted);
                }
            }
        }
    }
}

fn attempt(
    predict: &mut impl FnMut(&[&EncodedRow]) -> Result<Vec<Predicted>, String>,
    rows: &[Row],
) -> Result<Vec<Predicted>, String> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let encoded: Vec<&EncodedRow> = rows.iter().map(|row| &row.encoded).collect();
    let predicted = catch_unwind(AssertUnwindSafe(|| predict(&encoded)))
        .unwrap_or_else(|_| Err("the scoring of the batch broke off".to_owned()))?;
    match predicted.len() {
        count if count == rows.len() => Ok(predicted),
        count => Err(format!("the model gave {count} predictions for {} rows", rows.len())),
    }
}

fn settle(queue: &Queue, taken: Instant, rows: Vec<Row>, predicted: Vec<Predicted>) {
    let batch = Batch {
        taken,
        done: Instant::now(),
        rows: rows.len(),
    };
    for (row, predicted) in rows.into_iter().zip(predicted) {
        match predicted {
            Ok(prediction) => row.job.answer(row.index, prediction, batch),
            Err(reason) => {
                row.job.fail(PredictError::Failed(reason));
                queue.give_up(&row.job); // what else it asked is of no use to its caller
            }
        }
    }
}

/// However the thread ends, the queue learns of it.
struct Leaving<'queue>(&'queue Queue);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.worker_ends();
    }
}

/// The name of a worker's thread, as `top -H` shows it.
pub(crate) fn thread_name(index: usize) -> String {
    format!("scoring-{index}")
}

#[cfg(test)]
mod tests;
