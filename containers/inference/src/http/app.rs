//! What every handler has at hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::admin_token::AdminToken;
use super::predict_request::Limits;
use crate::events::Consumption;
use crate::metrics::Metrics;
use crate::state::StateStore;
use crate::versions::{Board, Dispatcher, Loader, Switch};

/// The server, as its handlers see it.
pub(crate) struct App {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) switch: Arc<Switch>,
    pub(crate) board: Arc<Board>,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) loader: Arc<Loader>,
    pub(crate) metrics: Arc<Metrics>,
    /// Absent without a bus to announce it on.
    pub(crate) consumption: Option<Arc<Consumption>>,
    /// Wakes the follower.
    pub(crate) nudge: Arc<Notify>,
    pub(crate) admin: Option<AdminToken>,
    pub(crate) limits: Limits,
    pub(crate) timeout: Duration,
    pub(crate) watch_seconds: u32,
    /// Names this replica in the document's history.
    pub(crate) replica: String,
    pub(crate) draining: AtomicBool,
}

impl App {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
