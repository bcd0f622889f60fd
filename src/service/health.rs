//! Whether the server can do its work.

use super::Context;

/// The checks that fail now, by name: `database` when it cannot be written, `keys` when a signing key
/// is missing.
pub async fn failing(ctx: &Context) -> Vec<&'static str> {
    let mut failing = Vec::new();
    if ctx.db.check_writable().await.is_err() {
        failing.push("database");
    }
    if !ctx.keys.is_complete() {
        failing.push("keys");
    }
    failing
}
