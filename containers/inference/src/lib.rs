//! The inference server: HTTP in front of [`spotforge_scoring`], blue/green by bundle, and the command line.

mod aws;
pub mod commands;
mod events;
mod http;
pub mod logging;
mod metrics;
mod moment;
pub mod serve;
mod sources;
mod state;
mod versions;
