//! What a command works with: the opened server without its listeners, and where answers go.

use std::{pin::Pin, sync::Arc};

use anyhow::Context as _;

use super::{failure::Failure, output::Output};
use crate::{
    config::{self, Flags},
    server,
    service::Context,
    types::{audit::Actor, origin::Origin},
};

/// A command at work.
pub(super) struct Session<'a> {
    pub(super) ctx: Arc<Context>,
    pub(super) output: &'a Output,
    pub(super) origin: Origin,
}

impl Session<'_> {
    /// Who makes the changes.
    pub(super) const ACTOR: Actor = Actor::Operator;
}

type Work<'a> = Pin<Box<dyn Future<Output = anyhow::Result<()>> + 'a>>;

/// Opens the database of the configuration, runs `command` to its end and closes the database.
pub(super) fn block_on<'a>(
    flags: &Flags,
    output: &'a Output,
    command: impl FnOnce(Arc<Session<'a>>) -> Work<'a>,
) -> anyhow::Result<()> {
    let config = config::load_from_process(flags).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    runtime.block_on(async {
        let in_use = server::in_use::InUse::with_others(&config)?;
        let ctx = server::open::open(&config).await?;
        let origin = Origin::command_line(request_id(&ctx));
        let session = Arc::new(Session { ctx: Arc::clone(&ctx), output, origin });
        let done = command(session).await;
        ctx.db.close().await;
        drop(in_use);
        done
    })
}

/// The id that this command has in the audit log.
fn request_id(ctx: &Context) -> String {
    format!("cli-{:016x}", u64::from_be_bytes(ctx.random()))
}
