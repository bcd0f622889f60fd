//! What every node must hear of, in the order of the commits.
//!
//! A sequence of the database would not do: it counts in the order of asking, so a transaction that
//! asked early and committed late would put its row behind a reader that had already passed. Here
//! the number comes from a head row that stays locked until the commit, so who sees a number sees
//! all lower ones, and none is missing. [`Tx`] writes its changes last, so the lock is short.

use super::{
    Conn, Engine, StoreError, Tx,
    db::{
        run::{execute, fetch_all, fetch_one},
        wake,
    },
    row::{self, Number, row},
    statements::{postgres_statements, statements},
};
use crate::types::{ApiKeyId, ClientId, GrantId, Timestamp, UserId, change::Change};

statements! { "change_log";
    /// Takes as many numbers as there are changes; the last of them.
    ADVANCE = "UPDATE change_head SET seq = seq + $1 WHERE id = 1 RETURNING seq AS number";
    INSERT = "INSERT INTO change_log (seq, topic, key, at) VALUES ($1, $2, $3, $4)";
    TAIL = "SELECT seq, topic, key FROM change_log WHERE seq > $1 ORDER BY seq LIMIT $2";
    HEAD = "SELECT seq AS number FROM change_head WHERE id = 1";
}

postgres_statements! { "change_log";
    /// As many numbers as there are changes, and the changes: a JSON array of topic, key and time. Every
    /// node that listens is told when this commits. PostgreSQL lets those who tell commit one after the
    /// other; they do so anyway, since each holds the head.
    APPEND = concat!("WITH head AS (
            UPDATE change_head SET seq = seq + $1 WHERE id = 1 RETURNING seq - $1 AS before),
        noted AS (INSERT INTO change_log (seq, topic, key, at)
        SELECT head.before + change.place, change.entry ->> 0, decode(change.entry ->> 1, 'hex'),
            CAST(change.entry ->> 2 AS BIGINT)
        FROM head, json_array_elements(CAST(CAST($2 AS TEXT) AS JSON))
            WITH ORDINALITY AS change (entry, place))
        SELECT pg_notify('", wake::channel!(), "', '')");
}

/// Tells every node of a change once the transaction commits. The verbs of the store do so themselves.
pub fn append(tx: &mut Tx<'_>, change: Change, now: Timestamp) {
    tx.note_change(change, now);
}

/// Writes the changes of a transaction that is about to commit.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    changes: &[(Change, Timestamp)],
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    if conn.engine() == Engine::Postgres {
        let rows: Vec<_> = changes
            .iter()
            .map(|(change, at)| {
                let (topic, key) = columns(change);
                (topic, hexadecimal(&key), at.unix())
            })
            .collect();
        execute!(conn, APPEND, count, row::json("change_log", &rows)?)?;
        return Ok(());
    }
    let last = fetch_one!(Number, conn, ADVANCE, count)?.number;
    for (seq, (change, at)) in (last - count + 1..).zip(changes) {
        let (topic, key) = columns(change);
        execute!(conn, INSERT, seq, topic, key, at.unix())?;
    }
    Ok(())
}

/// At most `limit` changes after the one numbered `after`, in the order of their commits. When the
/// first is not the very next one, those between have expired: everything must count as changed.
pub async fn tail(
    conn: &mut Conn<'_>,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Change)>, StoreError> {
    let rows = fetch_all!(ChangeRow, conn, TAIL, after, i64::from(limit))?;
    rows.into_iter().map(|row| Ok((row.seq, Change::try_from(row)?))).collect()
}

/// The number of the last change; zero before the first.
pub async fn head(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    Ok(fetch_one!(Number, conn, HEAD)?.number)
}

/// Bytes as JSON can hold them.
fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn columns(change: &Change) -> (&'static str, Vec<u8>) {
    match change {
        Change::Client(id) => ("client", id.as_str().as_bytes().to_vec()),
        Change::SigningKeys => ("signing_keys", Vec::new()),
        Change::User(id) => ("user", id.uuid().as_bytes().to_vec()),
        Change::Roles => ("roles", Vec::new()),
        Change::Grant(id) => ("grant", id.uuid().as_bytes().to_vec()),
        Change::AccessToken(hash) => ("access_token", hash.as_bytes().to_vec()),
        Change::ApiKey(id) => ("api_key", id.uuid().as_bytes().to_vec()),
        Change::Epoch => ("epoch", Vec::new()),
    }
}

row! {
    struct ChangeRow {
        seq: i64,
        topic: String,
        key: Vec<u8>,
    }
}

impl TryFrom<ChangeRow> for Change {
    type Error = StoreError;

    fn try_from(row: ChangeRow) -> Result<Self, Self::Error> {
        let uuid =
            |key: &[u8]| uuid::Uuid::from_slice(key).map_err(|_| row::corrupt("change_log.key"));
        match row.topic.as_str() {
            "client" => {
                let text =
                    String::from_utf8(row.key).map_err(|_| row::corrupt("change_log.key"))?;
                ClientId::try_from(text)
                    .map(Self::Client)
                    .map_err(|_| row::corrupt("change_log.key"))
            }
            "signing_keys" => Ok(Self::SigningKeys),
            "roles" => Ok(Self::Roles),
            "user" => uuid(&row.key).map(UserId::from_uuid).map(Self::User),
            "grant" => uuid(&row.key).map(GrantId::from_uuid).map(Self::Grant),
            "access_token" => row::hash("change_log.key", row.key).map(Self::AccessToken),
            "api_key" => uuid(&row.key).map(ApiKeyId::from_uuid).map(Self::ApiKey),
            "epoch" => Ok(Self::Epoch),
            _ => Err(row::corrupt("change_log.topic")),
        }
    }
}
