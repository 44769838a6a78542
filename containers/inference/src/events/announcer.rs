//! Puts finished minutes on the bus, and goes on trying while the bus refuses them.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use tokio::sync::watch;

use super::consumption::{Consumed, Consumption};
use crate::aws::reason_of;
use crate::metrics::Metrics;

const SOURCE: &str = "spotforge.inference";
const DETAIL_TYPE: &str = "Consumption Recorded";
/// What one call of `PutEvents` takes.
const ENTRIES: usize = 10;
const POLL: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often the last minutes are tried when the server stops.
const LAST_ATTEMPTS: usize = 3;

/// Announces what was consumed.
pub(crate) struct Announcer {
    pub(crate) client: Client,
    pub(crate) bus: String,
    pub(crate) consumption: Arc<Consumption>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Announcer {
    /// Announces every finished minute until `stop` says so, and then what is left.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut wait = POLL;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            wait = if self.announce(false).await {
                POLL
            } else {
                (wait * 2).min(LONGEST_WAIT)
            };
        }
        for _ in 0..LAST_ATTEMPTS {
            if self.announce(true).await {
                return;
            }
        }
        tracing::error!(
            event = "consumption-lost",
            "The bus did not take the last minutes' consumption."
        );
    }

    /// Whether the bus took everything that was ready.
    async fn announce(&self, all: bool) -> bool {
        loop {
            let (taken, given_up) = self.consumption.take(ENTRIES, all);
            if given_up > 0 {
                self.metrics.events("given-up", given_up);
                tracing::error!(event = "consumption-lost", minutes = given_up);
            }
            if taken.is_empty() {
                return true;
            }
            let count = taken.len();
            let refused = self.put(taken).await;
            self.metrics.events("sent", count - refused.len());
            if !refused.is_empty() {
                self.metrics.events("refused", refused.len());
                self.consumption.put_back(refused);
                return false;
            }
        }
    }

    /// Answers what the bus did not take.
    async fn put(&self, consumed: Vec<Consumed>) -> Vec<Consumed> {
        let entries = consumed.iter().map(|consumed| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.bus)
                .source(SOURCE)
                .detail_type(DETAIL_TYPE)
                .detail(serde_json::to_string(consumed).unwrap_or_else(|error| unreachable!("plain data: {error}")))
                .time(DateTime::from_millis(consumed.minute.millis()))
                .build()
        });
        match self
            .client
            .put_events()
            .set_entries(Some(entries.collect()))
            .send()
            .await
        {
            Err(error) => {
                tracing::warn!(event = "bus-refused", why = reason_of(&error));
                consumed
            }
            Ok(answer) => {
                let errors = answer
                    .entries()
                    .iter()
                    .map(aws_sdk_eventbridge::types::PutEventsResultEntry::error_code);
                let refused: Vec<Consumed> = consumed
                    .into_iter()
                    .zip(errors)
                    .filter_map(|(entry, error)| error.map(|_| entry))
                    .collect();
                if let Some(entry) = refused.first() {
                    tracing::warn!(event = "bus-refused", about = entry.event_id);
                }
                refused
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_event_goes_by_the_names_that_its_subscribers_know() {
        let event: Value = serde_json::from_str(include_str!(
            "../../../../test/fixtures/inference/consumption-recorded.json"
        ))
        .unwrap();
        assert_eq!(
            (event["source"].as_str(), event["detail-type"].as_str()),
            (Some(SOURCE), Some(DETAIL_TYPE))
        );
    }
}
