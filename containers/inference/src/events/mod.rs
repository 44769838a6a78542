//! Which version served how many requests, minute by minute, for the audit trail.

mod announcer;
mod consumption;

pub(crate) use announcer::Announcer;
pub(crate) use consumption::Consumption;
