//! `spotforge-inference openapi`.

use super::{Ended, exit};
use crate::http::document;

pub(super) fn run() -> Result<(), Ended> {
    let text = document()
        .to_pretty_json()
        .map_err(|error| Ended::new(exit::INFRASTRUCTURE, &error))?;
    println!("{text}");
    Ok(())
}
