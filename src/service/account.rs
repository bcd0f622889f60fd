//! What users see and change about themselves: their sessions, and the apps they allowed something.

use std::sync::Arc;

use super::{Context, ServiceError, changes};
use crate::{
    identity::session::BrowserSession,
    protocol::{client::ClientMetadata, consent::Consent, grant::RevocationReason},
    store::{self, StoreError},
    types::{
        ClientId, UserId,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
    },
};

/// A user's live sessions, those used last first, and the apps that were allowed something.
#[derive(Debug)]
pub struct Overview {
    /// The sessions.
    pub sessions: Vec<BrowserSession>,
    /// What was allowed, and what the app says of itself.
    pub apps: Vec<(Consent, ClientMetadata)>,
}

/// The overview for the account page.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn overview(ctx: &Context, user: UserId) -> Result<Overview, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    let sessions = store::session::list_live(&mut reader.conn(), user, ctx.now()).await?;
    let apps = store::consent::list(&mut reader.conn(), user).await?;
    Ok(Overview { sessions, apps })
}

/// Takes back what `user` allowed `client`: the consent, and every grant with its tokens. `false` when
/// nothing was allowed.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn revoke_app(
    ctx: &Arc<Context>,
    user: UserId,
    client: ClientId,
    origin: &Origin,
) -> Result<bool, ServiceError> {
    let object = Object::Client(client.clone());
    let event =
        ctx.event(Actor::User(user), Action::ConsentRevoked, object, Outcome::Success, origin);
    let now = ctx.now();
    let revoked = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let deleted = store::consent::delete(tx, user, &client).await?;
                let reason = RevocationReason::Consent;
                let grants =
                    store::grant::revoke_by_user_and_client(tx, user, &client, reason, now).await?;
                let revoked = deleted || !grants.is_empty();
                if revoked {
                    store::audit_event::append(tx, event);
                }
                Ok::<bool, StoreError>(revoked)
            })
        })
        .await?;
    changes::follow(ctx).await?;
    Ok(revoked)
}
