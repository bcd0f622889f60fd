//! API keys.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_one, fetch_optional},
    row::{self, Number, row},
    statements::statements,
};
use crate::{
    identity::{
        AddressList,
        api_key::{ApiKey, Owner},
    },
    types::{Timestamp, UserId, change::Change, id::ApiKeyId},
};

statements! { "api_key";
    INSERT = "INSERT INTO api_keys (id, user_id, client_id, hash, name, permissions, addresses,
                  created_at, expires_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "SELECT id, user_id, client_id, hash, name, permissions, addresses, created_at,
                expires_at, last_used_at, revoked_at, successor_id
            FROM api_keys WHERE id = $1";
    LIST_USER = "SELECT id, user_id, client_id, hash, name, permissions, addresses, created_at,
                     expires_at, last_used_at, revoked_at, successor_id
                 FROM api_keys WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    LIST_CLIENT = "SELECT id, user_id, client_id, hash, name, permissions, addresses, created_at,
                       expires_at, last_used_at, revoked_at, successor_id
                   FROM api_keys WHERE client_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Changes nothing, and so makes others that count the owner's keys wait until the commit.
    HOLD_USER = "UPDATE users SET updated_at = updated_at WHERE id = $1";
    HOLD_CLIENT = "UPDATE clients SET updated_at = updated_at WHERE id = $1
                   AND status <> 'deleted'";
    COUNT_USER = "SELECT COUNT(*) AS number FROM api_keys
                  WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2";
    COUNT_CLIENT = "SELECT COUNT(*) AS number FROM api_keys
                    WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > $2";
    REVOKE = "UPDATE api_keys SET revoked_at = $2
              WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2";
    /// A key is succeeded once, and lives no longer than it would have.
    SUCCEED = "UPDATE api_keys SET successor_id = $2,
                   expires_at = CASE WHEN expires_at > $3 THEN $3 ELSE expires_at END
               WHERE id = $1 AND successor_id IS NULL AND revoked_at IS NULL AND expires_at > $4";
    TOUCH = "UPDATE api_keys SET last_used_at = $2
             WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
}

/// Adds a key.
///
/// # Errors
/// [`StoreError::MissingReference`] when there is no such owner.
pub async fn insert(tx: &mut Tx<'_>, key: &ApiKey) -> Result<(), StoreError> {
    let (user, client) = match &key.owner {
        Owner::User(id) => (Some(id.uuid()), None),
        Owner::Client(id) => (None, Some(id.as_str())),
    };
    let (permissions, addresses) = (key.permissions.to_string(), key.addresses.to_string());
    execute!(
        tx,
        INSERT,
        key.id.uuid(),
        user,
        client,
        row::bytes(&key.hash),
        key.name.as_str(),
        permissions.as_str(),
        addresses.as_str(),
        key.created_at.unix(),
        key.expires_at.unix(),
    )?;
    Ok(())
}

/// The key of that id, dead or alive.
pub async fn find(conn: &mut Conn<'_>, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
    fetch_optional!(KeyRow, conn, FIND, id.uuid())?.map(KeyRow::read).transpose()
}

/// At most `limit` keys of an owner, dead or alive, oldest first, from the first one after `after`.
pub async fn list(
    conn: &mut Conn<'_>,
    owner: &Owner,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ApiKey>, StoreError> {
    let (after, limit) = (after.map_or(Uuid::nil(), ApiKeyId::uuid), i64::from(limit));
    let rows = match owner {
        Owner::User(id) => fetch_all!(KeyRow, conn, LIST_USER, id.uuid(), after, limit)?,
        Owner::Client(id) => fetch_all!(KeyRow, conn, LIST_CLIENT, id.as_str(), after, limit)?,
    };
    rows.into_iter().map(KeyRow::read).collect()
}

/// How many keys of an owner live at `now`, counted alone until the commit; `None` when there is no
/// such owner.
pub async fn count_alone(
    tx: &mut Tx<'_>,
    owner: &Owner,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let held = match owner {
        Owner::User(id) => execute!(tx, HOLD_USER, id.uuid())?,
        Owner::Client(id) => execute!(tx, HOLD_CLIENT, id.as_str())?,
    };
    if held == 0 {
        return Ok(None);
    }
    let count = match owner {
        Owner::User(id) => fetch_one!(Number, tx, COUNT_USER, id.uuid(), now.unix())?,
        Owner::Client(id) => fetch_one!(Number, tx, COUNT_CLIENT, id.as_str(), now.unix())?,
    };
    Ok(Some(count.number))
}

/// Revokes a key; whether it was alive and was revoked now.
pub async fn revoke(tx: &mut Tx<'_>, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
    let revoked = execute!(tx, REVOKE, id.uuid(), now.unix())? > 0;
    note_if(tx, revoked, id, now);
    Ok(revoked)
}

/// Puts `successor` in the place of a key, which dies at `until` at the latest; whether it was alive
/// and had no successor yet.
pub async fn succeed(
    tx: &mut Tx<'_>,
    id: ApiKeyId,
    successor: ApiKeyId,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let taken = execute!(tx, SUCCEED, id.uuid(), successor.uuid(), until.unix(), now.unix())? > 0;
    note_if(tx, taken, id, now);
    Ok(taken)
}

/// Writes down when keys were used. One that was used later stays as it is.
pub async fn touch(tx: &mut Tx<'_>, uses: &[(ApiKeyId, Timestamp)]) -> Result<(), StoreError> {
    let mut uses = uses.to_vec();
    // Rows are locked in one order by everybody, so that no two batches wait for each other.
    uses.sort_unstable_by_key(|(id, _)| *id);
    for (id, at) in uses {
        execute!(tx, TOUCH, id.uuid(), at.unix())?;
    }
    Ok(())
}

fn note_if(tx: &mut Tx<'_>, changed: bool, id: ApiKeyId, now: Timestamp) {
    if changed {
        tx.note_change(Change::ApiKey(id), now);
    }
}

row! {
    struct KeyRow {
        id: Uuid,
        user_id: Option<Uuid>,
        client_id: Option<String>,
        hash: Vec<u8>,
        name: String,
        permissions: String,
        addresses: String,
        created_at: i64,
        expires_at: i64,
        last_used_at: Option<i64>,
        revoked_at: Option<i64>,
        successor_id: Option<Uuid>,
    }
}

impl KeyRow {
    fn read(self) -> Result<ApiKey, StoreError> {
        let owner = match (self.user_id, self.client_id) {
            (Some(id), None) => Owner::User(UserId::from_uuid(id)),
            (None, Some(id)) => Owner::Client(row::client_id("api_keys.client_id", &id)?),
            (None, None) | (Some(_), Some(_)) => return Err(row::corrupt("api_keys.user_id")),
        };
        Ok(ApiKey {
            id: ApiKeyId::from_uuid(self.id),
            owner,
            hash: row::hash("api_keys.hash", self.hash)?,
            name: self.name,
            permissions: row::scope("api_keys.permissions", &self.permissions)?,
            addresses: AddressList::parse(&self.addresses)
                .map_err(|_| row::corrupt("api_keys.addresses"))?,
            created_at: Timestamp::from_unix(self.created_at),
            expires_at: Timestamp::from_unix(self.expires_at),
            last_used_at: row::time(self.last_used_at),
            revoked_at: row::time(self.revoked_at),
            successor: self.successor_id.map(ApiKeyId::from_uuid),
        })
    }
}
