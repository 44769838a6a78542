//! Counts requests by minute and version until they are announced.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use uuid::Uuid;

use crate::moment::Moment;
use crate::versions::Facts;

/// What the bus keeps waiting for: a day of minutes. Beyond it the oldest are given up, so that a bus that is down costs no memory.
pub(crate) const MAX_WAITING: usize = 1440;

/// What one version did in one minute on one replica.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consumed {
    schema_version: u8,
    /// Drawn when the minute begins: the same event, put twice, has it twice; a server that starts anew under its old name has others.
    pub(crate) event_id: String,
    tenant: String,
    model: String,
    version: u64,
    bundle_sha256: String,
    replica: String,
    /// The start of the minute.
    pub(crate) minute: Moment,
    /// Requests that were answered or that failed; what was refused is not among them.
    requests: u64,
    /// Their inputs.
    rows: u64,
    /// Requests that failed.
    errors: u64,
}

/// Counters of the current minute, and finished minutes that wait for the bus.
pub(crate) struct Consumption {
    replica: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: BTreeMap<(Moment, u64), Consumed>,
    waiting: VecDeque<Consumed>,
}

impl Consumption {
    pub(crate) fn new(replica: String) -> Self {
        Self {
            replica,
            state: Mutex::default(),
        }
    }

    pub(crate) fn count(&self, facts: &Facts, rows: usize, failed: bool) {
        self.count_at(Moment::now(), facts, rows, failed);
    }

    fn count_at(&self, now: Moment, facts: &Facts, rows: usize, failed: bool) {
        let minute = now.minute();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let consumed = state
            .current
            .entry((minute, facts.version))
            .or_insert_with(|| Consumed {
                schema_version: 1,
                event_id: Uuid::now_v7().to_string(),
                tenant: facts.tenant.clone(),
                model: facts.name.clone(),
                version: facts.version,
                bundle_sha256: facts.bundle_sha256.clone(),
                replica: self.replica.clone(),
                minute,
                requests: 0,
                rows: 0,
                errors: 0,
            });
        consumed.requests += 1;
        consumed.rows += rows as u64;
        consumed.errors += u64::from(failed);
    }

    /// Up to `most` finished minutes, oldest first; with `all`, the current one too. Answers also how many were given up.
    pub(crate) fn take(&self, most: usize, all: bool) -> (Vec<Consumed>, usize) {
        self.take_at(Moment::now(), most, all)
    }

    fn take_at(&self, now: Moment, most: usize, all: bool) -> (Vec<Consumed>, usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let current = std::mem::take(&mut state.current);
        for (key, consumed) in current {
            if all || key.0 < now.minute() {
                state.waiting.push_back(consumed);
            } else {
                state.current.insert(key, consumed);
            }
        }
        let surplus = state.waiting.len().saturating_sub(MAX_WAITING);
        state.waiting.drain(..surplus);
        let most = most.min(state.waiting.len());
        (state.waiting.drain(..most).collect(), surplus)
    }

    /// Puts back what the bus did not take, in its old place.
    pub(crate) fn put_back(&self, refused: Vec<Consumed>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for consumed in refused.into_iter().rev() {
            state.waiting.push_front(consumed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::versions::{Label, Task};

    fn facts(version: u64) -> Facts {
        Facts {
            tenant: "acme".to_owned(),
            name: "sentiment".to_owned(),
            version,
            task: Task::TextOrdinal,
            precision: "fp32",
            bundle_sha256: "ab".to_owned(),
            experiment_id: String::new(),
            created_at: String::new(),
            labels: vec![Label {
                index: 0,
                value: 0.0,
                name: "low".to_owned(),
            }],
        }
    }

    fn minute(number: u64) -> Moment {
        serde_json::from_str::<Moment>("\"2026-11-29T12:00:30Z\"")
            .unwrap()
            .after(Duration::from_secs(60 * number))
    }

    #[test]
    fn requests_are_counted_by_minute_and_version_and_a_minute_is_taken_once_it_is_over() {
        let consumption = Consumption::new("replica-1".to_owned());
        consumption.count_at(minute(0), &facts(3), 2, false);
        consumption.count_at(minute(0), &facts(3), 1, true);
        consumption.count_at(minute(0), &facts(4), 1, false);
        assert_eq!(consumption.take_at(minute(0), 10, false), (vec![], 0));
        let (taken, _) = consumption.take_at(minute(1), 10, false);
        assert_eq!(
            taken
                .iter()
                .map(|c| (c.version, c.requests, c.rows, c.errors))
                .collect::<Vec<_>>(),
            [(3, 2, 3, 1), (4, 1, 1, 0)]
        );
        assert_eq!(consumption.take_at(minute(2), 10, true), (vec![], 0));
    }

    #[test]
    fn a_minute_is_written_as_the_contract_of_its_event_has_it() {
        let consumption = Consumption::new("replica-1".to_owned());
        let facts = Facts {
            bundle_sha256: "ab".repeat(32),
            ..facts(3)
        };
        consumption.count_at(minute(0), &facts, 2, false);
        consumption.count_at(minute(0), &facts, 1, true);
        let (taken, _) = consumption.take_at(minute(1), 10, false);
        let mut event: serde_json::Value = serde_json::from_str(include_str!(
            "../../../../test/fixtures/inference/consumption-recorded.json"
        ))
        .unwrap();
        event["detail"]["eventId"] = taken[0].event_id.as_str().into();
        assert_eq!(serde_json::to_value(&taken[0]).unwrap(), event["detail"]);
    }

    #[test]
    fn a_server_that_starts_anew_within_the_minute_puts_no_double() {
        let ids = [(), ()].map(|()| {
            let consumption = Consumption::new("replica-1".to_owned());
            consumption.count_at(minute(0), &facts(3), 1, false);
            consumption.take_at(minute(1), 10, false).0.remove(0).event_id
        });
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn what_was_refused_comes_back_in_its_order_and_the_oldest_goes_when_there_is_too_much() {
        let consumption = Consumption::new("r".to_owned());
        for number in 0..MAX_WAITING as u64 + 5 {
            consumption.count_at(minute(number), &facts(1), 1, false);
        }
        let (taken, given_up) = consumption.take_at(minute(9999), 2, false);
        assert_eq!((taken.len(), given_up, taken[0].minute), (2, 5, minute(5).minute()));
        consumption.put_back(taken.clone());
        assert_eq!(consumption.take_at(minute(9999), 2, false).0, taken);
    }
}
