//! The form of a new key: it makes one key, however often it is sent.
//!
//! The id of the key is drawn when the form is shown, and travels in it. Ids are unique, so that a
//! second press of the button, or a reload of the page that shows the key, meets the key that is there.

use uuid::Uuid;

use crate::{
    service::Context,
    types::{ApiKeyId, TokenHash},
};

/// A new id, sealed for the form that `browser` is shown: base64url without padding.
#[must_use]
pub fn draw(ctx: &Context, browser: &TokenHash) -> String {
    let id = ApiKeyId::new(ctx.now(), ctx.random());
    let plain = id.uuid();
    ctx.vault.api_key_forms.seal_text(ctx.random(), browser.as_bytes(), plain.as_bytes())
}

/// The id of a form that [`draw`] made for the same `browser`.
#[must_use]
pub fn id(ctx: &Context, browser: &TokenHash, sealed: &str) -> Option<ApiKeyId> {
    let plain = ctx.vault.api_key_forms.open_text(browser.as_bytes(), sealed).ok()?;
    Uuid::from_slice(&plain).ok().map(ApiKeyId::from_uuid)
}
