//! Codes and refresh token families that this node gave or used a moment ago, and what stands behind
//! them. Most codes are redeemed within seconds and most families used every few minutes, so that the
//! database need not be asked what it was just told.
//!
//! It is a first look, from which nothing is refused: the statement that uses up the code or the family
//! finds it as it was remembered, and what stands behind it alive, or declines; and then what the database
//! says is judged.

use std::sync::Arc;

use super::{Context, ServiceError, access_token, cache::Epoch};
use crate::{
    identity::session::BrowserSession,
    protocol::grant::{
        Access, Grant, authorization_code::AuthorizationCode, refresh_token::RefreshFamily,
    },
    store::behind::Behind,
    types::{FamilyId, TokenHash},
};

/// Where what is judged comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// From memory, once; only a yes counts.
    Memory,
    /// From the database.
    Database,
}

/// The looks at one code or family: what makes another one necessary in the end is another redemption or
/// rotation in between.
pub const LOOKS: [Look; 5] =
    [Look::Memory, Look::Database, Look::Database, Look::Database, Look::Database];

/// A code as it was given.
#[derive(Debug, Clone)]
pub struct GivenCode {
    /// The code.
    pub code: AuthorizationCode,
    /// The grant it stands for.
    pub grant: Arc<Grant>,
    /// The session it was given in.
    pub session: BrowserSession,
}

/// A family as it was left.
#[derive(Debug, Clone)]
pub struct UsedFamily {
    family: RefreshFamily,
    grant: Arc<Grant>,
}

/// Remembers a code that was written since `epoch`.
pub(super) fn keep_code(ctx: &Context, given: GivenCode, epoch: Epoch) {
    let hash = given.code.hash;
    ctx.caches.keep(&ctx.caches.codes, &hash, Arc::new(given), epoch);
}

/// Remembers a family that was written since `epoch`. One that lives no longer than its session is not
/// remembered, since the session may end at any moment.
pub(super) fn keep_family(ctx: &Context, family: RefreshFamily, grant: &Arc<Grant>, epoch: Epoch) {
    if matches!(grant.access, Access::Offline) {
        let id = family.id;
        let used = UsedFamily { family, grant: Arc::clone(grant) };
        ctx.caches.keep(&ctx.caches.families, &id, Arc::new(used), epoch);
    }
}

/// The code, if it is remembered, and what stands behind it. It is remembered no more.
pub(super) async fn take_code(
    ctx: &Context,
    hash: &TokenHash,
) -> Result<Option<(AuthorizationCode, Behind)>, ServiceError> {
    let Some(given) = ctx.caches.take(&ctx.caches.codes, hash, ctx.clock.uptime()) else {
        return Ok(None);
    };
    let GivenCode { code, grant, session } = Arc::unwrap_or_clone(given);
    Ok(behind(ctx, grant, Some(session)).await?.map(|behind| (code, behind)))
}

/// The family, if it is remembered, and what stands behind it. It is remembered no more.
pub(super) async fn take_family(
    ctx: &Context,
    id: FamilyId,
) -> Result<Option<(RefreshFamily, Behind)>, ServiceError> {
    let Some(used) = ctx.caches.take(&ctx.caches.families, &id, ctx.clock.uptime()) else {
        return Ok(None);
    };
    let UsedFamily { family, grant } = Arc::unwrap_or_clone(used);
    Ok(behind(ctx, grant, None).await?.map(|behind| (family, behind)))
}

/// With the user as a node may believe that they are.
async fn behind(
    ctx: &Context,
    grant: Arc<Grant>,
    session: Option<BrowserSession>,
) -> Result<Option<Behind>, ServiceError> {
    let user = access_token::live_user(ctx, grant.user_id).await?;
    Ok(user.map(|user| Behind { grant, user, session }))
}
