//! Clients, as the endpoints look them up.

use std::sync::Arc;

use super::{Context, ServiceError};
use crate::{protocol::client::Client, store, types::ClientId};

/// The client of that id with its live secrets, from memory where memory can be believed.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn find(ctx: &Context, id: &ClientId) -> Result<Option<Arc<Client>>, ServiceError> {
    let read = async {
        store::client::find(&mut ctx.db.reader().await?.conn(), id, ctx.clock.now()).await
    };
    Ok(ctx.caches.recall_or(&ctx.caches.clients, id, ctx.clock.uptime(), read).await?)
}
