//! An owner's keys with what they allow, for people.

use super::{ApiKeyError, MAX_PAGE, list, live};
use crate::{
    identity::api_key::{ApiKey, Owner},
    service::{Context, access_model},
};

/// The keys of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The keys, newest first, dead ones among them for some days.
    pub keys: Vec<Listed>,
    /// How many of them live.
    pub live: usize,
}

/// A key, and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: ApiKey,
    /// What it names, in the order of the names.
    pub permissions: Vec<Named>,
}

/// A permission that a key names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The permission, or `roles` or `groups`.
    pub permission: String,
    /// The words of whoever made the API.
    pub description: Option<String>,
    /// Whether the owner holds it at this moment: if not, the key does not allow it either.
    pub is_held: bool,
}

/// The keys of `owner`, at most [`MAX_PAGE`].
///
/// # Errors
/// [`ApiKeyError::NoOwner`], or a failure of the service.
pub async fn overview(ctx: &Context, owner: &Owner) -> Result<Overview, ApiKeyError> {
    let holder = live::owner(ctx, owner).await?.ok_or(ApiKeyError::NoOwner)?;
    let model = access_model::current(ctx).await?;
    let now = ctx.now();
    let keys = list(ctx, owner, None, MAX_PAGE).await?;
    let live = keys.iter().filter(|key| key.is_live(now)).count();
    let listed = |key: ApiKey| {
        let held = holder.held(&model, &key.permissions);
        let named = |permission: &str| Named {
            permission: permission.to_owned(),
            description: model.apis.description(permission).map(str::to_owned),
            is_held: held.contains(permission),
        };
        Listed { permissions: key.permissions.iter().map(named).collect(), key }
    };
    Ok(Overview { keys: keys.into_iter().rev().map(listed).collect(), live })
}
