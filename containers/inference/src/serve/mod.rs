//! The running server: everything put together, and taken apart again without a lost request.

mod options;
mod shutdown;

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub use options::{PrecisionName, RequestOptions, RolloutOptions, ScoringOptions, ServeOptions, ShutdownOptions};
pub use shutdown::stop_signal;

use crate::aws::{self, S3Location};
use crate::events::{Announcer, Consumption};
use crate::http::{AdminToken, App, router};
use crate::metrics::Metrics;
use crate::sources::{BundleSource, FolderSource, S3Source};
use crate::state::{FileStore, MemoryStore, S3Store, StateStore};
use crate::versions::{Board, Dispatcher, Follower, FollowerOptions, Loader, Switch};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else has the port, or it may not be opened.
    #[error("{address} cannot be listened on: {source}. Choose another --host or --port.")]
    #[allow(missing_docs)]
    Listen { address: String, source: std::io::Error },
    /// The file of the administrator's token is not there.
    #[error("--admin-token-file {path} cannot be read: {source}.")]
    #[allow(missing_docs)]
    Token { path: String, source: std::io::Error },
    /// An address that is neither a folder, a file nor one of S3.
    #[error("{option} {found} is no address. Give a path, or s3://bucket/… .")]
    #[allow(missing_docs)]
    Address { option: &'static str, found: String },
}

/// A server that listens. It answers predictions as soon as its first version is warm.
pub struct Server {
    address: SocketAddr,
    app: Arc<App>,
    shutdown: ShutdownOptions,
    stop_accepting: watch::Sender<bool>,
    stop_following: watch::Sender<bool>,
    http: JoinHandle<std::io::Result<()>>,
    follower: JoinHandle<()>,
    announcer: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and begins to follow the desired state. onnxruntime's library has to be loaded before.
    ///
    /// # Errors
    /// When an option cannot be used; a model that cannot be loaded is none: `/readyz` says so, and it is tried again.
    pub async fn start(options: ServeOptions) -> Result<Self, StartError> {
        let address = SocketAddr::new(options.host, options.port);
        let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen {
            address: address.to_string(),
            source,
        })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: address.to_string(),
            source,
        })?;

        let admin = admin_token(&options)?;
        let cloud = if uses_aws(&options) {
            Some(aws::load_config().await)
        } else {
            None
        };
        let store = store(&options, cloud.as_ref())?;
        let source = Arc::new(source(&options, cloud.as_ref())?);
        let metrics = Arc::new(Metrics::new());
        let (switch, board, nudge) = (
            Arc::<Switch>::default(),
            Arc::<Board>::default(),
            Arc::new(Notify::new()),
        );
        let loader = Arc::new(Loader::new(source, options.scoring.engine(), options.model.clone()));
        let (stop_following, stopped) = watch::channel(false);

        let follower = Follower {
            store: store.clone(),
            loader: loader.clone(),
            switch: switch.clone(),
            board: board.clone(),
            metrics: metrics.clone(),
            nudge: nudge.clone(),
            options: FollowerOptions {
                replica: options.replica_name(),
                poll: Duration::from_millis(options.rollout.poll_ms),
                bounds: options.rollout.bounds(),
            },
        };
        let announcer = options
            .event_bus
            .clone()
            .zip(cloud.as_ref())
            .map(|(bus, cloud)| Announcer {
                client: aws_sdk_eventbridge::Client::new(cloud),
                bus,
                consumption: Arc::new(Consumption::new(options.replica_name())),
                metrics: metrics.clone(),
            });
        let app = Arc::new(App {
            dispatcher: Dispatcher::new(switch.clone(), metrics.clone(), options.scoring.queue_rows.get()),
            switch,
            board,
            store,
            loader,
            metrics,
            consumption: announcer.as_ref().map(|announcer| announcer.consumption.clone()),
            nudge,
            admin,
            limits: options.requests.limits(),
            timeout: Duration::from_millis(options.requests.timeout_ms),
            watch_seconds: options.rollout.watch_seconds,
            replica: options.replica_name(),
            draining: AtomicBool::new(false),
        });
        let (stop_accepting, closed) = watch::channel(false);
        let served = axum::serve(listener.tap_nodelay(), router(app.clone()))
            .with_graceful_shutdown(shutdown::told(closed))
            .into_future();
        tracing::info!(event = "listening", address = %address, replica = app.replica, state = app.store.place());
        Ok(Self {
            address,
            app,
            shutdown: options.shutdown,
            stop_accepting,
            follower: tokio::spawn(follower.run(stopped.clone())),
            announcer: announcer.map(|announcer| tokio::spawn(announcer.run(stopped))),
            stop_following,
            http: tokio::spawn(served),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Turns `/readyz` to 503, waits for load balancers to see it, closes the door, and ends when the last request under way is
    /// answered, or its time is up. False in the second case.
    pub async fn stop(self) -> bool {
        self.app.draining.store(true, Ordering::Relaxed);
        tracing::info!(event = "draining");
        tokio::time::sleep(Duration::from_secs(self.shutdown.drain_wait_seconds)).await;
        let _ = self.stop_accepting.send(true);
        let within = Duration::from_secs(self.shutdown.drain_seconds);
        let drained = tokio::time::timeout(within, self.http).await.is_ok();
        let _ = self.stop_following.send(true);
        let _ = self.follower.await;
        if let Some(announcer) = self.announcer {
            let _ = announcer.await;
        }
        tracing::info!(event = "stopped", drained);
        drained
    }
}

trait TapNodelay {
    fn tap_nodelay(self) -> impl axum::serve::Listener<Addr = SocketAddr, Io = tokio::net::TcpStream>;
}

impl TapNodelay for TcpListener {
    /// An answer goes out at once: it is small, and nothing follows that it could wait for.
    fn tap_nodelay(self) -> impl axum::serve::Listener<Addr = SocketAddr, Io = tokio::net::TcpStream> {
        use axum::serve::ListenerExt;
        self.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        })
    }
}

fn admin_token(options: &ServeOptions) -> Result<Option<AdminToken>, StartError> {
    if let Some(path) = &options.admin_token_file {
        let token = std::fs::read_to_string(path).map_err(|source| StartError::Token {
            path: path.display().to_string(),
            source,
        })?;
        return Ok(AdminToken::new(&token));
    }
    Ok(options.admin_token.as_deref().and_then(AdminToken::new))
}

fn uses_aws(options: &ServeOptions) -> bool {
    let s3 = |address: &str| address.starts_with("s3://");
    s3(&options.bundles) || options.state.as_deref().is_some_and(s3) || options.event_bus.is_some()
}

fn store(options: &ServeOptions, cloud: Option<&SdkConfig>) -> Result<Arc<dyn StateStore>, StartError> {
    let Some(state) = &options.state else {
        return Ok(Arc::<MemoryStore>::default());
    };
    let unknown = || StartError::Address {
        option: "--state",
        found: state.clone(),
    };
    if state.starts_with("s3://") {
        let at = S3Location::parse(state)
            .filter(|at| !at.key.is_empty())
            .ok_or_else(unknown)?;
        let cloud = cloud.ok_or_else(unknown)?;
        return Ok(Arc::new(S3Store::new(aws::s3(cloud), at)));
    }
    Ok(Arc::new(FileStore::new(local_path(state).ok_or_else(unknown)?.into())))
}

fn source(options: &ServeOptions, cloud: Option<&SdkConfig>) -> Result<BundleSource, StartError> {
    let unknown = || StartError::Address {
        option: "--bundles",
        found: options.bundles.clone(),
    };
    let model = options.model.as_deref();
    if options.bundles.starts_with("s3://") {
        let at = S3Location::parse(&options.bundles).ok_or_else(unknown)?;
        let cloud = cloud.ok_or_else(unknown)?;
        return Ok(BundleSource::S3(S3Source::new(
            aws::s3(cloud),
            at,
            model,
            options.cache_folder(),
        )));
    }
    let folder = local_path(&options.bundles).ok_or_else(unknown)?;
    Ok(BundleSource::Folder(FolderSource::new(folder.into(), model)))
}

/// A path, also with `file:` or `file://` before it; `None` for another scheme.
fn local_path(address: &str) -> Option<&str> {
    let path = address
        .strip_prefix("file://")
        .or_else(|| address.strip_prefix("file:"))
        .unwrap_or(address);
    (!path.is_empty() && !path.contains("://")).then_some(path)
}
