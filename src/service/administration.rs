//! The last administrator stays: what would leave the server without one is refused, on every node and
//! under any race.

use std::collections::BTreeSet;

use super::access_model::{self, AccessModel};
use crate::{
    identity::role::{Subject, built_in, decide},
    store::{self, StoreError, Tx},
    types::UserId,
};

/// The change would leave nobody who can administer the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is the last administrator: give the role `admin` to somebody else first, who is enabled"
)]
pub struct LastAdministrator;

/// The lock on the question who administers the server, held until the transaction ends.
#[derive(Debug)]
pub struct Guard {
    had_administrator: bool,
}

/// How many holders of a role are looked at in one go.
const PAGE: u32 = 100;

impl Guard {
    /// Takes the lock; before anything is written.
    pub(super) async fn take(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        store::administration::lock(tx).await?;
        Ok(Self { had_administrator: has_administrator(tx).await? })
    }

    /// Whether the change may be committed. A server that had no administrator is not kept from being
    /// without one.
    pub(super) async fn check<E>(self, tx: &mut Tx<'_>) -> Result<(), E>
    where
        E: From<StoreError> + From<LastAdministrator>,
    {
        if self.had_administrator && !has_administrator(tx).await? {
            return Err(LastAdministrator.into());
        }
        Ok(())
    }
}

/// Whether an enabled user holds every permission that changes something about the server.
async fn has_administrator(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let model = access_model::read(tx).await?;
    let relevant: BTreeSet<&str> = built_in::of_an_administrator()
        .flat_map(|permission| model.roles.with_permission(permission))
        .map(|role| role.name.as_str())
        .collect();
    let mut partly = Vec::new();
    for name in relevant {
        let alone = BTreeSet::from([name.to_owned()]);
        if !administers(&model, &alone, &BTreeSet::new()) {
            partly.push(name);
        } else if store::administration::has_holder(tx, name).await? {
            return Ok(true);
        }
    }
    // Nobody holds a role that is enough by itself: several together can be.
    for name in partly {
        if somebody_administers(tx, &model, name).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn somebody_administers(
    tx: &mut Tx<'_>,
    model: &AccessModel,
    role: &str,
) -> Result<bool, StoreError> {
    let mut after: Option<UserId> = None;
    loop {
        let page = store::administration::holders(tx, role, after, PAGE).await?;
        for id in &page {
            let Some(user) = store::user::find(tx, *id).await? else { continue };
            if administers(model, &user.roles, &user.groups) {
                return Ok(true);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = Some(*last),
            Some(_) | None => return Ok(false),
        }
    }
}

fn administers(model: &AccessModel, roles: &BTreeSet<String>, groups: &BTreeSet<String>) -> bool {
    let subject = Subject { roles, groups };
    let mut needed = built_in::of_an_administrator().peekable();
    needed.peek().is_some()
        && needed.all(|permission| decide(subject, permission, &model.roles).is_granted())
}
