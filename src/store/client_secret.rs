//! Client secrets: hashes, and two live ones while a secret is rotated.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all},
    row::{self, row},
    statements::statements,
};
use crate::{
    protocol::client::ClientSecret,
    types::{ClientId, Timestamp, change::Change, id::ClientSecretId},
};

statements! { "client_secret";
    INSERT = "INSERT INTO client_secrets (id, client_id, hash, sealed, created_at, expires_at)
              VALUES ($1, $2, $3, $4, $5, $6)";
    LIST = "SELECT id, client_id, hash, sealed, created_at, expires_at FROM client_secrets
            WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2)
            ORDER BY created_at, id";
    LIST_RANGE = "SELECT id, client_id, hash, sealed, created_at, expires_at FROM client_secrets
                  WHERE client_id > $1 AND client_id <= $2
                      AND (expires_at IS NULL OR expires_at > $3)
                  ORDER BY client_id, created_at, id";
    EXPIRE = "UPDATE client_secrets SET expires_at = $3
              WHERE client_id = $1 AND id = $2 AND (expires_at IS NULL OR expires_at > $3)";
    EXPIRE_OTHERS = "UPDATE client_secrets SET expires_at = $3
                     WHERE client_id = $1 AND id <> $2 AND (expires_at IS NULL OR expires_at > $3)";
}

/// Adds a secret to a client.
///
/// # Errors
/// [`StoreError::MissingReference`] when there is no such client.
pub async fn insert(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    secret: &ClientSecret,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        secret.id.uuid(),
        client_id.as_str(),
        row::bytes(&secret.hash),
        secret.sealed.as_deref(),
        secret.created_at.unix(),
        row::seconds(secret.expires_at),
    )?;
    tx.note_change(Change::Client(client_id.clone()), now);
    Ok(())
}

/// The secrets that live at `now`, oldest first.
pub async fn list(
    conn: &mut Conn<'_>,
    client_id: &ClientId,
    now: Timestamp,
) -> Result<Vec<ClientSecret>, StoreError> {
    let rows = fetch_all!(SecretRow, conn, LIST, client_id.as_str(), now.unix())?;
    rows.into_iter().map(|row| row.read().map(|(_, secret)| secret)).collect()
}

/// The secrets that live at `now` of all clients after `after` up to and with `last`.
pub(super) async fn list_range(
    conn: &mut Conn<'_>,
    after: &str,
    last: &ClientId,
    now: Timestamp,
) -> Result<Vec<(ClientId, ClientSecret)>, StoreError> {
    let rows = fetch_all!(SecretRow, conn, LIST_RANGE, after, last.as_str(), now.unix())?;
    rows.into_iter().map(SecretRow::read).collect()
}

/// Lets a secret die at `at`, never later than before; whether that changed anything.
pub async fn expire(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    id: ClientSecretId,
    at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let expired = execute!(tx, EXPIRE, client_id.as_str(), id.uuid(), at.unix())?;
    note_if(tx, expired > 0, client_id, now);
    Ok(expired > 0)
}

/// Lets all secrets but `keep` die at `at`, none later than before; how many that changed.
pub async fn expire_others(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    keep: ClientSecretId,
    at: Timestamp,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let expired = execute!(tx, EXPIRE_OTHERS, client_id.as_str(), keep.uuid(), at.unix())?;
    note_if(tx, expired > 0, client_id, now);
    Ok(expired)
}

fn note_if(tx: &mut Tx<'_>, changed: bool, client_id: &ClientId, now: Timestamp) {
    if changed {
        tx.note_change(Change::Client(client_id.clone()), now);
    }
}

row! {
    struct SecretRow {
        id: Uuid,
        client_id: String,
        hash: Vec<u8>,
        sealed: Option<Vec<u8>>,
        created_at: i64,
        expires_at: Option<i64>,
    }
}

impl SecretRow {
    fn read(self) -> Result<(ClientId, ClientSecret), StoreError> {
        let client_id = row::client_id("client_secrets.client_id", &self.client_id)?;
        let secret = ClientSecret {
            id: ClientSecretId::from_uuid(self.id),
            hash: row::hash("client_secrets.hash", self.hash)?,
            sealed: self.sealed,
            created_at: Timestamp::from_unix(self.created_at),
            expires_at: row::time(self.expires_at),
        };
        Ok((client_id, secret))
    }
}
