//! Clients, as the endpoints look them up.

use std::sync::Arc;

use super::{Context, ServiceError};
use crate::{protocol::client::Client, store, types::ClientId};

/// The client of that id with its live secrets, from memory where memory can be believed.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn find(ctx: &Context, id: &ClientId) -> Result<Option<Arc<Client>>, ServiceError> {
    let caches = &ctx.caches;
    if let Some(client) = caches.recall(&caches.clients, id, ctx.clock.uptime()) {
        return Ok(Some(client));
    }
    let epoch = caches.epoch();
    let now = ctx.clock.now();
    let found = store::client::find(&mut ctx.db.reader().await?.conn(), id, now).await?;
    Ok(found.map(|client| {
        let client = Arc::new(client);
        caches.keep(&caches.clients, id, Arc::clone(&client), epoch);
        client
    }))
}
