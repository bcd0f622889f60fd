//! The epoch of the database: begun anew when a backup was restored, known to every node.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{Context, ServiceError, changes};
use crate::{
    store::{self, StoreError, epoch::Ended},
    types::{
        Timestamp,
        audit::{Action, Actor, Object, Outcome},
        epoch::DatabaseEpoch,
        origin::Origin,
    },
};

/// The epoch as this node knows it.
#[derive(Debug)]
pub struct CurrentEpoch(AtomicI64);

/// No epoch begins here.
const FIRST: i64 = i64::MIN;

impl Default for CurrentEpoch {
    fn default() -> Self {
        Self(AtomicI64::new(FIRST))
    }
}

impl CurrentEpoch {
    /// The epoch.
    #[must_use]
    pub fn get(&self) -> DatabaseEpoch {
        match self.0.load(Ordering::SeqCst) {
            FIRST => DatabaseEpoch::FIRST,
            began => DatabaseEpoch::since(Timestamp::from_unix(began)),
        }
    }

    fn set(&self, epoch: DatabaseEpoch) {
        self.0.store(epoch.began().map_or(FIRST, Timestamp::unix), Ordering::SeqCst);
    }
}

/// Reads the epoch from the database.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn reload(ctx: &Context) -> Result<(), ServiceError> {
    let epoch = store::epoch::find(&mut ctx.db.reader().await?.conn()).await?;
    ctx.epoch.set(epoch);
    Ok(())
}

/// Begins a new epoch, after a backup was restored. Every browser session and authorization code ends;
/// access tokens, client assertions and rotating refresh tokens from before it are refused. What stays are
/// users, clients, consents, grants, and the refresh tokens of clients that authenticate. Returned is the
/// epoch and how much ended.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer; then nothing has changed.
pub async fn begin(
    ctx: &Context,
    actor: Actor,
    origin: &Origin,
) -> Result<(DatabaseEpoch, Ended), ServiceError> {
    let now = ctx.now();
    let mut event = ctx.event(actor, Action::EpochBegun, Object::Server, Outcome::Success, origin);
    let begun = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                // A clock that was put back does not bring back what an epoch has ended.
                let former = store::epoch::find(tx).await?;
                let began = former.began().map_or(now, |former| former.max(now));
                let ended = store::epoch::begin(tx, began, now).await?;
                for (name, count) in
                    [("sessions", ended.sessions), ("authorization_codes", ended.codes)]
                {
                    event.detail.insert(name.to_owned(), count.into());
                }
                store::audit_event::append(tx, event);
                Ok::<_, StoreError>((DatabaseEpoch::since(began), ended))
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(begun)
}
