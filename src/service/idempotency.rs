//! Requests that must not be carried out twice, though they are sent twice. A key belongs to one
//! caller and one address; of it and of the request the database holds hashes.

use std::{sync::Arc, time::Duration};

use super::{Context, ServiceError};
use crate::{
    store::{self, StoreError, idempotency_key::Taken},
    types::{TokenHash, audit::Actor, digest::sha256},
};

/// How long an answer is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

/// How long a request may be in progress before its key counts as free: longer than any request takes.
const IN_PROGRESS: Duration = Duration::from_mins(10);

/// What to do with a request.
#[derive(Debug)]
pub enum Attempt {
    /// Carry it out, then [`finish`] or [`give_up`].
    First(Ticket),
    /// It was carried out: the status and the `Location` of its answer.
    Replay {
        /// The status.
        status: u16,
        /// The address of what was made.
        location: Option<String>,
    },
    /// It is being carried out at this moment. 409.
    InProgress,
    /// The key was used for another request. 422.
    OtherRequest,
}

/// The right to carry out the request of a key.
#[derive(Debug)]
pub struct Ticket(TokenHash);

/// Takes `key`, which `actor` sent with `body` to `address`.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer: nothing is carried out then.
pub async fn begin(
    ctx: &Arc<Context>,
    actor: &Actor,
    address: &str,
    key: &str,
    body: &[u8],
) -> Result<Attempt, ServiceError> {
    // Texts with their lengths: no two different requests spell the same.
    let spelled = serde_json::to_vec(&(actor.to_string(), address, key));
    let spelled = spelled.map_err(ServiceError::internal)?;
    let hash = TokenHash::from_bytes(sha256(&spelled));
    let request = TokenHash::from_bytes(sha256(body));
    let now = ctx.now();
    let until = now.plus(IN_PROGRESS);
    let taken = ctx.db.write(move |tx| {
        Box::pin(async move { store::idempotency_key::take(tx, &hash, &request, now, until).await })
    });
    Ok(match taken.await? {
        Taken::Now => Attempt::First(Ticket(hash)),
        Taken::Before { request: asked, .. } if asked != request => Attempt::OtherRequest,
        Taken::Before { answer: None, .. } => Attempt::InProgress,
        Taken::Before { answer: Some((status, location)), .. } => {
            Attempt::Replay { status, location }
        }
    })
}

/// Remembers the answer of a request that was carried out.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn finish(
    ctx: &Arc<Context>,
    ticket: Ticket,
    status: u16,
    location: Option<String>,
) -> Result<(), ServiceError> {
    let until = ctx.now().plus(REMEMBERED);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let location = location.as_deref();
                store::idempotency_key::answer(tx, &ticket.0, status, location, until).await
            })
        })
        .await
        .map_err(|error: StoreError| error.into())
}

/// Gives the key of a request back that was refused: a better one may use it.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn give_up(ctx: &Arc<Context>, ticket: Ticket) -> Result<(), ServiceError> {
    ctx.db
        .write(move |tx| {
            Box::pin(async move { store::idempotency_key::give_back(tx, &ticket.0).await })
        })
        .await
        .map_err(|error: StoreError| error.into())
}
