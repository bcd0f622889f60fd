//! `doorward serve`.

use anyhow::Context;

use super::failure::Failure;
use crate::{
    config::{self, Flags},
    server,
};

/// Runs the server until it is told to stop.
pub(super) fn run(flags: &Flags) -> anyhow::Result<()> {
    let config = config::load_from_process(flags).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    Ok(runtime.block_on(server::run(&config))?)
}
