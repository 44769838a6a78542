//! The running server: real sockets, real onnxruntime, real models.

mod aws;
mod command_line;
mod health;
mod malformed;
mod overload;
mod predict;
mod rollback;
mod rollout;
mod shutdown;
mod support;
mod swaps;
