//! The size of tokens: they travel in headers, and a header that is too long breaks an app in ways that
//! nobody understands. So a token that would be too long is refused in plain words, and one that comes
//! near is written to the audit log, once an hour for each app and user.

use super::{Context, ServiceError, audit_log, hourly::Hourly};
use crate::{
    protocol::error::{ErrorCode, OAuthError},
    types::{
        ClientId, UserId,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
    },
};

/// Whose large tokens were noted lately.
#[derive(Debug)]
pub struct Noted(Hourly<(ClientId, Option<UserId>, Action)>);

impl Default for Noted {
    fn default() -> Self {
        Self(Hourly::new(10_000))
    }
}

/// Whether a signed token may be sent.
///
/// # Errors
/// `invalid_request` when it is longer than `max_token_bytes`.
pub(super) async fn check(
    ctx: &Context,
    token: &str,
    client: &ClientId,
    user: Option<UserId>,
    origin: &Origin,
) -> Result<(), ServiceError> {
    let most = ctx.protocol.max_token_bytes;
    if token.len() <= most / 4 * 3 {
        return Ok(());
    }
    if token.len() <= most {
        let kind = (Action::TokenLarge, Outcome::Success);
        return note(ctx, kind, token.len(), client, user, origin).await;
    }
    note(ctx, (Action::TokenTooLarge, Outcome::Refused), token.len(), client, user, origin).await?;
    let detail = format!("{} bytes, of {most} allowed", token.len());
    Err(OAuthError::new(
        ErrorCode::InvalidRequest,
        "the token would be larger than this server allows: ask for less scope, or for one resource",
    )
    .with_detail(detail)
    .into())
}

async fn note(
    ctx: &Context,
    (action, outcome): (Action, Outcome),
    bytes: usize,
    client: &ClientId,
    user: Option<UserId>,
    origin: &Origin,
) -> Result<(), ServiceError> {
    if !ctx.large_tokens.0.is_news((client.clone(), user, action)) {
        return Ok(());
    }
    let object = user.map_or_else(|| Object::Client(client.clone()), Object::User);
    let mut event = ctx.event(Actor::Client(client.clone()), action, object, outcome, origin);
    event.detail.insert("bytes".to_owned(), bytes.into());
    audit_log::append(ctx, event).await
}
