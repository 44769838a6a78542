//! Everything between a bundle on disk and scores: verification, onnxruntime, encoding, micro-batching, decoding.
//!
//! No HTTP, no cloud, no async runtime. The way through: [`RuntimeLibrary::ensure_loaded`] once a process, [`bundle::read`],
//! [`Engine::start`], then [`Engine::submit`] for each request, whose [`Pending`] any executor can await.
//!
//! The answers are those of `spotforge_optimization.score`: same token ids, same pixels, same decoding.

pub mod arrays;
pub mod bundle;
mod comparison;
mod engine;
mod npz;
mod ordinal_decoding;
pub mod picture;
mod prediction;
mod runtime_library;
#[cfg(test)]
mod same_cases;
mod session;
mod text_encoding;
mod tolerance;
pub mod verify;

pub use engine::{Engine, EngineOptions, LoadError, Pending, PredictError, Refusal, Timing};
pub use prediction::{Input, Precision, Prediction};
pub use runtime_library::{RuntimeInfo, RuntimeLibrary, RuntimeLibraryError};
pub use tolerance::Tolerance;
