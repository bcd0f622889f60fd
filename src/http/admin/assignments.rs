//! Who holds which role. Giving is the same however often it is asked, and so is taking.

use std::collections::BTreeSet;

use super::{
    answer::Answer,
    call::Call,
    problem::Problem,
    refusal::{self, Subject},
};
use crate::{
    identity::role,
    service::roles::{self, HolderName},
    types::UserId,
};

/// What is done with a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Give,
    Take,
}

async fn change(call: &Call, change: Change, holder: &HolderName) -> Result<Answer, Problem> {
    let role = call.second_name();
    let (held, none) = (BTreeSet::from([role.to_owned()]), BTreeSet::new());
    // Taking as well: whoever could take what they may not give would have power over its holders.
    Call::refuse_beyond(call.caller.beyond(role::Subject { roles: &held, groups: &none }))?;
    let (ctx, actor, origin) = (call.ctx(), call.actor(), &call.origin);
    let changed = match change {
        Change::Give => roles::grant(ctx, role, holder, actor, origin).await,
        Change::Take => roles::revoke(ctx, role, holder, actor, origin).await,
    };
    changed.map_err(|error| refusal::access(&error, Subject::Assignment, origin))?;
    Ok(Answer::done())
}

/// A user by id alone: a username could have the form of another user's id.
fn user(call: &Call) -> Result<HolderName, Problem> {
    Ok(HolderName::User(call.id::<UserId>()?.to_string()))
}

pub(super) async fn give_user(call: Call) -> Result<Answer, Problem> {
    change(&call, Change::Give, &user(&call)?).await
}

pub(super) async fn take_from_user(call: Call) -> Result<Answer, Problem> {
    change(&call, Change::Take, &user(&call)?).await
}

pub(super) async fn give_client(call: Call) -> Result<Answer, Problem> {
    change(&call, Change::Give, &HolderName::Client(call.name().to_owned())).await
}

pub(super) async fn take_from_client(call: Call) -> Result<Answer, Problem> {
    change(&call, Change::Take, &HolderName::Client(call.name().to_owned())).await
}

pub(super) async fn give_group(call: Call) -> Result<Answer, Problem> {
    change(&call, Change::Give, &HolderName::Group(call.name().to_owned())).await
}

pub(super) async fn take_from_group(call: Call) -> Result<Answer, Problem> {
    change(&call, Change::Take, &HolderName::Group(call.name().to_owned())).await
}
