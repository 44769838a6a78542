//! `spotforge-inference serve`.

use std::time::Duration;

use clap::Args;

use super::{Ended, OrtLibrary, exit};
use crate::logging;
use crate::serve::{ServeOptions, Server, stop_signal};

/// Not a flag: a command line can be read by every process of the machine.
const ADMIN_TOKEN: &str = "SPOTFORGE_ADMIN_TOKEN";
/// Threads for loading, for files and for pictures; each ends when it has nothing to do.
const MAX_BLOCKING_THREADS: usize = 8;
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Models are opened there.
const STACK_BYTES: usize = 2 * 1024 * 1024;

#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    library: OrtLibrary,
    #[command(flatten)]
    options: ServeOptions,
    /// What is logged, as `tracing-subscriber` reads it. Default info: a line a request, without anything of its inputs
    #[arg(long, env = "SPOTFORGE_LOG", default_value = "info")]
    log: String,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Ended> {
        self.library.load()?;
        logging::start(&self.log).map_err(|error| Ended::new(exit::CONFIG, &error))?;
        let options = ServeOptions {
            admin_token: std::env::var(ADMIN_TOKEN).ok(),
            ..self.options
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.requests.http_threads.get())
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .thread_stack_size(STACK_BYTES)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(|error| Ended::new(exit::INFRASTRUCTURE, &error))?;
        let drained = runtime.block_on(async {
            let stop = stop_signal().map_err(|error| Ended::new(exit::INFRASTRUCTURE, &error))?;
            let server = Server::start(options)
                .await
                .map_err(|error| Ended::new(exit::CONFIG, &error))?;
            stop.await;
            Ok::<bool, Ended>(server.stop().await)
        })?;
        // A version that is still being loaded keeps nobody waiting.
        runtime.shutdown_timeout(LAST_WAIT);
        if drained {
            Ok(())
        } else {
            Err(Ended::new(
                exit::INFRASTRUCTURE,
                &"The server ended before every request was answered: the time to drain was up.",
            ))
        }
    }
}
