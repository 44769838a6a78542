//! A loaded bundle that answers: a bounded queue, threads that each own a session, greedy micro-batches of like length.

mod errors;
mod feed;
mod job;
mod like_length;
mod model;
mod options;
mod queue;
mod waiting_line;
mod warm_up;
mod worker;

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use errors::{LoadError, PredictError, Refusal};
pub use job::{Pending, Timing};
pub use options::EngineOptions;

use self::feed::{EncodedRow, Encoder};
use self::job::Job;
use self::model::Model;
use self::queue::{Queue, Row};
use self::waiting_line::Limits;
use crate::bundle::{Bundle, BundlePreferred, VerifiedBundle};
use crate::prediction::{Input, Precision};

/// A bundle that is loaded and warm.
///
/// Requests wait in one queue; a worker takes what is there, the oldest row first and others of like length with it, as soon as its
/// session is free. Dropping the engine takes no more requests, and lets the threads answer what they have and end.
/// [`Engine::close`] does so and waits.
pub struct Engine {
    bundle: Arc<Bundle>,
    encoder: Arc<Encoder>,
    serving: &'static str,
    queue: Arc<Queue>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// Opens one session a worker, side by side, and answers once each has scored parity rows of the bundle.
    ///
    /// # Errors
    /// When the bundle has no such model, the model does not fit the bundle, or does not answer the bundle's own rows.
    pub fn start(bundle: VerifiedBundle, options: &EngineOptions) -> Result<Self, LoadError> {
        if let Some(name) = options.zero() {
            return Err(LoadError::Option { name });
        }
        let (serving, file) = model_of(&bundle, options.precision)?;
        let file = bundle.folder.join(Path::new(&file));
        let encoder = Arc::new(Encoder::of(&bundle)?);
        let warm: Arc<[EncodedRow]> = warm_up::rows(&bundle)?.into();
        let document = Arc::new(bundle.document);
        let limits = Limits {
            rows: options.max_batch_rows,
            tokens: options.max_batch_tokens,
        };
        let queue = Arc::new(Queue::new(options.queue_rows, limits, options.workers));

        let engine = Self {
            bundle: document,
            encoder,
            serving,
            queue,
            workers: Mutex::new(Vec::with_capacity(options.workers)),
        };
        let (ready, loaded) = channel();
        for index in 0..options.workers {
            engine.spawn(index, &file, options.threads_per_worker, &warm, ready.clone())?;
        }
        drop(ready);
        // Dropping the engine on the way out closes the queue, and the workers that did load end.
        let mut opened = 0;
        for worker in loaded {
            worker?;
            opened += 1;
        }
        if opened < options.workers {
            let reason = "a worker broke off while it opened it".to_owned();
            return Err(LoadError::Contract { model: file, reason });
        }
        Ok(engine)
    }

    fn spawn(
        &self,
        index: usize,
        file: &Path,
        threads: usize,
        warm: &Arc<[EncodedRow]>,
        ready: Sender<Result<(), LoadError>>,
    ) -> Result<(), LoadError> {
        let (queue, warm, file) = (Arc::clone(&self.queue), Arc::clone(warm), file.to_path_buf());
        let (bundle, encoder) = (Arc::clone(&self.bundle), Arc::clone(&self.encoder));
        let worker = thread::Builder::new().name(worker::thread_name(index)).spawn(move || {
            let opened = Model::open(&file, threads, bundle, encoder).and_then(|mut model| {
                warm_up::warm_up(&mut model, &warm)?;
                Ok(model)
            });
            drop(warm);
            match opened {
                Ok(mut model) => {
                    let _ = ready.send(Ok(())); // nobody listens any more when another worker failed
                    drop(ready);
                    worker::work(&queue, |rows| model.predict(rows));
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                    queue.worker_ends();
                }
            }
        });
        let worker = worker.map_err(|source| LoadError::Thread { source })?;
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        Ok(())
    }

    /// Takes a request: encodes its inputs on the caller's thread, so that what cannot be read is told at once, and lets them wait.
    /// A text costs microseconds, a picture milliseconds: an async caller decodes pictures where blocking is allowed.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing of it is scored. A full queue refuses before anything is encoded.
    pub fn submit(&self, inputs: Vec<Input>, deadline: Instant) -> Result<Pending, Refusal> {
        let submitted = Instant::now();
        let places = self.queue.reserve(inputs.len())?;
        let job = Arc::new(Job::new(inputs.len(), submitted, deadline));
        let mut rows = Vec::with_capacity(inputs.len());
        for (index, input) in inputs.iter().enumerate() {
            let encoded = self
                .encoder
                .encode(input)
                .map_err(|reason| Refusal::Invalid { index, reason })?;
            rows.push(Row {
                job: Arc::clone(&job),
                index,
                encoded,
            });
        }
        drop(inputs);
        places.fill(rows);
        Ok(Pending::new(job, Arc::downgrade(&self.queue)))
    }

    /// What the bundle's document says.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// `"fp32"` or `"int8"`: which of the bundle's models answers.
    #[must_use]
    pub fn serving(&self) -> &'static str {
        self.serving
    }

    /// How many rows wait, or are being encoded to wait.
    #[must_use]
    pub fn queued_rows(&self) -> usize {
        self.queue.rows()
    }

    /// Takes no more requests, scores what waits, and ends the threads. What still waits after `within` is answered with
    /// [`PredictError::Closed`]; a batch that is being scored then is finished. Blocks; answers how many rows were dropped.
    #[must_use = "rows may have been dropped"]
    pub fn close(self: Arc<Self>, within: Duration) -> usize {
        self.queue.close();
        let dropped = self.queue.drain(Instant::now() + within);
        let workers = std::mem::take(&mut *self.workers.lock().unwrap_or_else(PoisonError::into_inner));
        for worker in workers {
            let _ = worker.join(); // a thread that broke off has told the queue so
        }
        dropped
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// The name and the file of the model to serve.
fn model_of(bundle: &VerifiedBundle, precision: Precision) -> Result<(&'static str, String), LoadError> {
    let models = &bundle.document.models;
    let int8 = match precision {
        Precision::Fp32 => false,
        Precision::Int8 => true,
        Precision::Preferred => bundle.document.preferred == BundlePreferred::Int8,
    };
    match (int8, &models.int8) {
        (false, _) => Ok(("fp32", models.fp32.file.to_string())),
        (true, Some(model)) => Ok(("int8", model.file.to_string())),
        (true, None) => Err(LoadError::NoInt8 {
            folder: bundle.folder.clone(),
        }),
    }
}
