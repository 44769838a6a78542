//! Blue/green by bundle: which versions are desired, which are loaded, and who answers.

mod desired_state;
mod dispatch;
mod distribution;
mod facts;
mod follower;
mod letting_go;
mod loader;
mod measurements;
mod mirror;
mod progress;
mod reconcile;
mod serving;
mod status;
mod verdict;

pub(crate) use desired_state::{Attribution, DesiredState, Illegal, Weight};
pub(crate) use dispatch::{Answer, DispatchError, Dispatcher};
pub(crate) use facts::Facts;
pub(crate) use follower::{Follower, FollowerOptions};
pub(crate) use loader::Loader;
pub(crate) use serving::{LoadedVersion, Switch};
pub(crate) use status::{Board, Stage, Status, VersionStatus};
pub(crate) use verdict::Bounds;

#[cfg(test)]
pub(crate) use desired_state::tests::somebody;
#[cfg(test)]
pub(crate) use facts::{Label, Task};
