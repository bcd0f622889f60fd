//! Clients and what they registered.

use std::collections::HashMap;

use super::{
    Conn, StoreError, Tx, client_secret,
    db::run::{execute, fetch_all, fetch_optional},
    row::{self, row},
    statements::statements,
};
use crate::{
    protocol::client::{Client, ClientMetadata},
    types::{ClientId, Status, Timestamp, change::Change},
};

/// The columns of [`ClientRow`], of the table under the name `c`.
macro_rules! columns {
    () => {
        "c.id, c.status, c.metadata, c.created_at, c.updated_at,
         (SELECT string_agg(r.name, '\n') FROM role_clients a JOIN roles r ON r.id = a.role_id
          WHERE a.client_id = c.id) AS roles"
    };
}

statements! { "client";
    INSERT = "INSERT INTO clients (id, status, metadata, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5)";
    FIND = concat!("SELECT ", columns!(), " FROM clients c
                    WHERE c.id = $1 AND c.status <> 'deleted'");
    LIST = concat!("SELECT ", columns!(), " FROM clients c
                    WHERE c.id > $1 AND c.status <> 'deleted' ORDER BY c.id LIMIT $2");
    UPDATE = "UPDATE clients SET metadata = $2, updated_at = $3, version = version + 1
              WHERE id = $1 AND status <> 'deleted'";
    SET_STATUS = "UPDATE clients SET status = $2, updated_at = $3, version = version + 1
                  WHERE id = $1 AND status <> $2 AND status <> 'deleted'";
    /// The row stays, so that the client_id is never given to another client.
    DELETE = "UPDATE clients SET status = 'deleted', metadata = '{}', updated_at = $2
              WHERE id = $1 AND status <> 'deleted'";
    DELETE_SECRETS = "DELETE FROM client_secrets WHERE client_id = $1";
    DELETE_ROLES = "DELETE FROM role_clients WHERE client_id = $1";
    DELETE_API_KEYS = "DELETE FROM api_keys WHERE client_id = $1";
    DELETE_CONSENTS = "DELETE FROM consents WHERE client_id = $1";
    DELETE_GRANTS = "DELETE FROM grants WHERE client_id = $1";
}

/// Adds a client with its secrets, and without roles.
///
/// # Errors
/// [`StoreError::Conflict`] when a client has that `client_id`, or ever had it.
pub async fn insert(tx: &mut Tx<'_>, client: &Client) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        client.id.as_str(),
        client.status.as_str(),
        row::json("clients.metadata", &client.metadata)?,
        client.created_at.unix(),
        client.updated_at.unix(),
    )?;
    for secret in &client.secrets {
        client_secret::insert(tx, &client.id, secret, client.created_at).await?;
    }
    tx.note_change(Change::Client(client.id.clone()), client.created_at);
    Ok(())
}

/// The client of that `client_id`, with the secrets that live at `now`.
pub async fn find(
    conn: &mut Conn<'_>,
    id: &ClientId,
    now: Timestamp,
) -> Result<Option<Client>, StoreError> {
    let Some(row) = fetch_optional!(ClientRow, conn, FIND, id.as_str())? else {
        return Ok(None);
    };
    let mut client = Client::try_from(row)?;
    client.secrets = client_secret::list(conn, id, now).await?;
    Ok(Some(client))
}

/// At most `limit` clients in the order of their `client_id`, from the first one after `after`, with
/// the secrets that live at `now`.
pub async fn list(
    conn: &mut Conn<'_>,
    after: Option<&ClientId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Client>, StoreError> {
    let after = after.map_or("", ClientId::as_str);
    let rows = fetch_all!(ClientRow, conn, LIST, after, i64::from(limit))?;
    let mut clients: Vec<Client> =
        rows.into_iter().map(Client::try_from).collect::<Result<_, _>>()?;
    let Some(last) = clients.last() else { return Ok(clients) };
    let mut secrets: HashMap<ClientId, Vec<_>> = HashMap::new();
    for (id, secret) in client_secret::list_range(conn, after, &last.id, now).await? {
        secrets.entry(id).or_default().push(secret);
    }
    for client in &mut clients {
        client.secrets = secrets.remove(&client.id).unwrap_or_default();
    }
    Ok(clients)
}

/// Replaces the metadata; whether the client exists.
pub async fn update(
    tx: &mut Tx<'_>,
    id: &ClientId,
    metadata: &ClientMetadata,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let metadata = row::json("clients.metadata", metadata)?;
    let updated = execute!(tx, UPDATE, id.as_str(), metadata, now.unix())?;
    note_if(tx, updated > 0, id, now);
    Ok(updated > 0)
}

/// Enables or disables the client; whether the status changed now.
pub async fn set_status(
    tx: &mut Tx<'_>,
    id: &ClientId,
    status: Status,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = execute!(tx, SET_STATUS, id.as_str(), status.as_str(), now.unix())?;
    note_if(tx, updated > 0, id, now);
    Ok(updated > 0)
}

/// Deletes the client with its secrets, roles, consents, keys and grants; whether it was there. The
/// `client_id` stays taken: a token that was issued to it never speaks for another client.
pub async fn delete(tx: &mut Tx<'_>, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
    if execute!(tx, DELETE, id.as_str(), now.unix())? == 0 {
        return Ok(false);
    }
    for statement in [DELETE_SECRETS, DELETE_ROLES, DELETE_API_KEYS, DELETE_CONSENTS, DELETE_GRANTS]
    {
        execute!(tx, statement, id.as_str())?;
    }
    note_if(tx, true, id, now);
    Ok(true)
}

fn note_if(tx: &mut Tx<'_>, changed: bool, id: &ClientId, now: Timestamp) {
    if changed {
        tx.note_change(Change::Client(id.clone()), now);
    }
}

row! {
    struct ClientRow {
        id: String,
        status: String,
        metadata: String,
        created_at: i64,
        updated_at: i64,
        roles: Option<String>,
    }
}

/// Without the secrets, which have a table of their own.
impl TryFrom<ClientRow> for Client {
    type Error = StoreError;

    fn try_from(row: ClientRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row::client_id("clients.id", &row.id)?,
            status: row::status("clients.status", &row.status)?,
            created_at: Timestamp::from_unix(row.created_at),
            updated_at: Timestamp::from_unix(row.updated_at),
            metadata: row::document("clients.metadata", &row.metadata)?,
            secrets: Vec::new(),
            roles: row::lines(row.roles.as_deref()),
        })
    }
}
