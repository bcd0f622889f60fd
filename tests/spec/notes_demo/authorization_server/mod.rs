//! What the demo's API asks of the authorization server: to ban users of the issuer that is tested.

use std::sync::Arc;

use doorward::service::Context;

#[path = "../../../../examples/demo/authorization_server/users.rs"]
mod users;

/// Where the demo's own server keeps what its users module needs.
mod registrations {
    pub(super) use crate::actors::issuer::origin;
}

pub(crate) use users::{BanError, Users};

/// The users behind `ctx`.
pub(crate) fn users_of(ctx: &Arc<Context>) -> Users {
    Users::new(ctx)
}
