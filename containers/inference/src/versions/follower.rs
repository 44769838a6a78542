//! The task of a replica that follows the document: reads it, decides, loads, switches, lets go, and rolls back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::desired_state::{Attribution, DesiredState};
use super::letting_go::{close, let_go};
use super::loader::{LoadFailure, Loader};
use super::progress::{Entry, Progress, millis};
use super::reconcile::{Action, Route, View, reconcile, watched};
use super::serving::{LoadedVersion, Serving, Switch};
use super::status::Board;
use super::verdict::{Bounds, Breach, judge};
use crate::metrics::Metrics;
use crate::moment::Moment;
use crate::state::{StateStore, StoreError, change};

/// The first wait before a version that could not be loaded is tried again; it doubles up to the longest.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_mins(1);

/// What a follower is told at start.
pub(crate) struct FollowerOptions {
    /// Names this replica in the document's history.
    pub(crate) replica: String,
    pub(crate) poll: Duration,
    pub(crate) bounds: Bounds,
}

/// Follows the document for one replica.
pub(crate) struct Follower {
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) loader: Arc<Loader>,
    pub(crate) switch: Arc<Switch>,
    pub(crate) board: Arc<Board>,
    pub(crate) metrics: Arc<Metrics>,
    /// Somebody knows that the document has changed.
    pub(crate) nudge: Arc<Notify>,
    pub(crate) options: FollowerOptions,
}

type Loaded = (u64, Result<LoadedVersion, LoadFailure>);
type Loads = mpsc::UnboundedSender<Loaded>;

impl Follower {
    /// Follows until `stop` says so; then nobody answers any more, and every version's queue has been drained or dropped.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let (loads, mut loaded) = mpsc::unbounded_channel();
        let mut progress = Progress::default();
        loop {
            self.step(&mut progress, &loads).await;
            tokio::select! {
                () = tokio::time::sleep(self.options.poll) => {}
                () = self.nudge.notified() => {}
                Some(outcome) = loaded.recv() => self.loaded(&mut progress, outcome),
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        self.switch.set(Serving::default());
        for entry in std::mem::take(&mut progress.entries).into_values() {
            if let Entry::Warm(version) = entry {
                close(version).await;
            }
        }
    }

    async fn step(&self, progress: &mut Progress, loads: &Loads) {
        self.read(progress).await;
        if let Some(desired) = progress.desired.clone() {
            let now = Moment::now();
            let breach = watched(&desired, now).and_then(|pair| self.judge(progress, pair));
            let known = progress.known();
            let view = View {
                desired: &desired,
                known: &known,
                route: progress.route,
                breach: breach.as_ref(),
                now,
            };
            for action in reconcile(&view) {
                match action {
                    Action::RollBack { version, breach } => self.roll_back(&desired, version, &breach).await,
                    Action::Load(version) => self.load(progress, version, loads.clone()),
                    Action::Route(route) => self.route(progress, &desired, route),
                    Action::Drop(version) => {
                        if let Some(Entry::Warm(version)) = progress.entries.remove(&version) {
                            let_go(version);
                        }
                    }
                }
            }
            if self.switch.serving().revision != desired.revision {
                self.switch.set(Serving {
                    revision: desired.revision,
                    ..(*self.switch.serving()).clone()
                });
                self.metrics.state_revision(desired.revision);
            }
        }
        self.board.publish(progress.status());
    }

    /// Reads the document; makes it when there is none. While it cannot be read, the last one holds.
    async fn read(&self, progress: &mut Progress) {
        let outcome = match self.store.read().await {
            Ok(None) => self.create().await,
            Ok(Some(stored)) => Ok(Some(stored.state)),
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(Some(state)) => {
                progress.trouble = None;
                if progress.desired.as_ref() != Some(&state) {
                    tracing::info!(
                        event = "state-read",
                        revision = state.revision,
                        active = state.active,
                        candidate = state.candidate,
                        weight = state.weight.percent(),
                    );
                    progress.desired = Some(state);
                }
            }
            Ok(None) => {}
            Err(why) => {
                self.metrics.state_failure();
                if progress.trouble.as_ref() != Some(&why) {
                    tracing::error!(event = "state-unreadable", why);
                }
                progress.trouble = Some(why);
            }
        }
    }

    async fn create(&self) -> Result<Option<DesiredState>, String> {
        let newest = self.loader.source().newest().await.map_err(|error| error.to_string())?;
        let why = "There was no desired state: the newest version is active.".to_owned();
        let state = DesiredState::created(newest, self.attribution(why));
        match self.store.write(&state, None).await {
            Ok(()) => Ok(Some(state)),
            // Another replica was faster: its document is read with the next step.
            Err(StoreError::Conflict(_)) => {
                self.nudge.notify_one();
                Ok(None)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn attribution(&self, why: String) -> Attribution {
        Attribution {
            at: Moment::now(),
            by: self.options.replica.clone(),
            why,
        }
    }

    /// Holds the watched version against the old one; `None` when this replica has not served both.
    fn judge(&self, progress: &Progress, (new, old): (u64, u64)) -> Option<Breach> {
        let new = progress.warm(new)?;
        let baseline = progress.baseline(new.version(), old)?;
        judge(&baseline, &new.measurements.reading(), &self.options.bounds)
    }

    /// Writes the rollback, unless the document has changed since it was judged. Of several replicas that see it, one wins.
    async fn roll_back(&self, judged: &DesiredState, version: u64, breach: &Breach) {
        let by = self.attribution(format!("Rolled back by itself: {breach}."));
        let changed = change(&self.store, &by, |state, by| {
            if state.revision == judged.revision {
                state.roll_back(version, by)
            } else {
                Ok(None)
            }
        })
        .await;
        match changed {
            Ok((state, true)) => {
                self.metrics.rolled_back(breach.name());
                tracing::error!(event = "rolled-back", version, revision = state.revision, why = %breach);
                self.nudge.notify_one();
            }
            Ok((_, false)) => {}
            Err(error) => tracing::error!(event = "rollback-not-written", version, why = %error),
        }
    }

    fn load(&self, progress: &mut Progress, version: u64, loads: Loads) {
        let failures = progress.failures(version);
        progress.entries.insert(version, Entry::Loading { failures });
        let loader = self.loader.clone();
        tokio::spawn(async move {
            let outcome = loader.load(version).await;
            // Nobody listens once the replica stops; the engine ends with the message.
            let _ = loads.send((version, outcome));
        });
    }

    fn loaded(&self, progress: &mut Progress, (version, outcome): Loaded) {
        let failures = progress.failures(version);
        let entry = match outcome {
            Ok(loaded) => {
                self.metrics.model_loaded(true);
                tracing::info!(
                    event = "model-loaded",
                    version,
                    precision = loaded.facts.precision,
                    bundle_sha256 = loaded.facts.bundle_sha256,
                    load_ms = millis(loaded.load_time),
                );
                Entry::Warm(Arc::new(loaded))
            }
            Err(error) => {
                self.metrics.model_loaded(false);
                let why = error.to_string();
                tracing::error!(event = "model-load-failed", version, why);
                let wait = FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LONGEST_RETRY);
                Entry::Failed {
                    again: Moment::now().after(wait),
                    failures: failures + 1,
                    why,
                }
            }
        };
        progress.entries.insert(version, entry);
    }

    fn route(&self, progress: &mut Progress, desired: &DesiredState, route: Route) {
        let warm = |version: u64| progress.warm(version);
        let active = route.active.and_then(warm);
        let candidate = route
            .candidate
            .and_then(|(version, weight)| Some((warm(version)?, weight)));
        if route.active != progress.route.active {
            // What is measured from here on is about who answers now; what was measured until here is what it is held against.
            let before = progress.route.active.and_then(warm);
            progress.baseline = before.map(|before| (before.version(), before.measurements.reading()));
            if let Some(active) = &active {
                active.measurements.reset();
            }
        }
        tracing::info!(
            event = "switched",
            revision = desired.revision,
            active = route.active,
            before = progress.route.active,
            candidate = route.candidate.map(|(version, _)| version),
            weight = route.candidate.map(|(_, weight)| weight.percent()),
        );
        self.switch.set(Serving {
            revision: desired.revision,
            active,
            candidate,
        });
        self.metrics.state_revision(desired.revision);
        progress.route = route;
    }
}
