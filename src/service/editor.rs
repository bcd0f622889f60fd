//! Who changes a row, and which version of it they have seen. RFC 9110 §13.1.1.

use super::{Context, ServiceError};
use crate::{
    store::{self, StoreError, Tx},
    types::{
        audit::Actor,
        version::{Version, Versioned},
    },
};

/// Somebody who changes a row. An [`Actor`] alone is one who takes the row as it is.
#[derive(Debug, Clone)]
pub struct Editor {
    /// Who.
    pub actor: Actor,
    /// The version that the change was made in the light of; `None` when it does not matter.
    pub seen: Option<Version>,
}

impl From<Actor> for Editor {
    fn from(actor: Actor) -> Self {
        Self { actor, seen: None }
    }
}

/// The row was written since the version that was seen. 412.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("somebody else changed it meanwhile: look at it again")]
pub struct Stale;

/// Makes sure that `seen` is the newest version, and stays so until the commit.
pub(super) async fn claim<E>(
    tx: &mut Tx<'_>,
    row: Versioned,
    seen: Option<Version>,
) -> Result<(), E>
where
    E: From<StoreError> + From<Stale>,
{
    match seen {
        Some(seen) if !store::version::claim(tx, &row, seen).await? => Err(Stale.into()),
        Some(_) | None => Ok(()),
    }
}

/// The version of a row; `None` when it is not there. Ask for it before the row itself.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn version(ctx: &Context, row: &Versioned) -> Result<Option<Version>, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    Ok(store::version::find(&mut reader.conn(), row).await?)
}
