//! Whether the server can do its work.

use std::time::Duration;

use tokio::time::timeout;

use super::Context;

/// How long a write may take: as long as anybody waits for a connection. A database that was stopped
/// keeps its connections open and never answers.
const PATIENCE: Duration = Duration::from_secs(5);

/// The checks that fail now, by name: `database` when it cannot be written in time, `keys` when a
/// signing key is missing.
pub async fn failing(ctx: &Context) -> Vec<&'static str> {
    let mut failing = Vec::new();
    if !matches!(timeout(PATIENCE, ctx.db.check_writable()).await, Ok(Ok(()))) {
        failing.push("database");
    }
    if !ctx.keys.is_complete() {
        failing.push("keys");
    }
    failing
}
