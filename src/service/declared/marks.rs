//! Which objects were made under the name of an owner: kinds and ids, kept with the named values of
//! the installation. An id is never given away again, so no mark comes to mean another object.

use std::collections::BTreeSet;

use super::state::Kind;
use crate::{
    service::{Context, ServiceError},
    store,
};

/// What was made, as kinds and ids.
pub(super) type Marks = BTreeSet<(String, String)>;

/// Whether a mark is set or taken away.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Set,
    Clear,
}

fn name(owner: &str) -> String {
    format!("declared.{owner}")
}

fn parse(value: Option<Vec<u8>>) -> Result<Marks, ServiceError> {
    value.map_or_else(
        || Ok(Marks::new()),
        |bytes| serde_json::from_slice(&bytes).map_err(ServiceError::internal),
    )
}

/// What was made under that name.
pub(super) async fn read(ctx: &Context, owner: &str) -> Result<Marks, ServiceError> {
    let mut reader = ctx.db.reader().await?;
    parse(store::meta::find(&mut reader.conn(), &name(owner)).await?)
}

/// Remembers that the object was made under that name, or forgets it.
pub(super) async fn write(
    ctx: &Context,
    owner: &str,
    kind: Kind,
    id: &str,
    mark: Mark,
) -> Result<(), ServiceError> {
    let (name, entry) = (name(owner), (kind.as_str().to_owned(), id.to_owned()));
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                // Two commands under one name come one after the other.
                store::administration::lock(tx).await?;
                let mut marks = parse(store::meta::find(tx, &name).await?)?;
                match mark {
                    Mark::Set => marks.insert(entry),
                    Mark::Clear => marks.remove(&entry),
                };
                let value = serde_json::to_vec(&marks).map_err(ServiceError::internal)?;
                store::meta::set(tx, &name, &value).await?;
                Ok::<_, ServiceError>(())
            })
        })
        .await
}
