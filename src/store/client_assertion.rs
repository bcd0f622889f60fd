//! The `jti` of client assertions: each is accepted once. RFC 7523 §3.

use super::{
    StoreError, Tx,
    db::run::fetch_optional,
    row::{self, Hash},
    statements::statements,
};
use crate::{
    protocol::client_auth::AssertionUse,
    types::{Redeemed, Timestamp},
};

statements! { "client_assertion";
    /// The one winner of any race: no two statements find the hash absent. A row that has expired
    /// and was not deleted yet counts as absent.
    CONSUME = "INSERT INTO client_assertions AS a (hash, expires_at) VALUES ($1, $2)
               ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at
                   WHERE a.expires_at <= $3
               RETURNING hash";
}

/// Uses an assertion up; `None` when it was used before. It is remembered until it expires, from
/// when on the assertion itself is no longer valid.
pub async fn consume(
    tx: &mut Tx<'_>,
    assertion: AssertionUse,
    now: Timestamp,
) -> Result<Option<Redeemed<AssertionUse>>, StoreError> {
    let (bytes, until) = (row::bytes(&assertion.hash), assertion.expires_at.unix());
    let taken = fetch_optional!(Hash, tx, CONSUME, bytes, until, now.unix())?;
    Ok(taken.map(|_| Redeemed::by_store(assertion)))
}
