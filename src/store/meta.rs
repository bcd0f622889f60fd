//! Named values of the installation: the check of the master key, the epoch.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_one, fetch_optional},
    row::row,
    statements::statements,
};

statements! { "meta";
    FIND = "SELECT value FROM meta WHERE name = $1";
    SET = "INSERT INTO meta (name, value) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    /// Another value at each call: SQLite writes no page whose bytes stay the same.
    PROBE = "INSERT INTO meta AS m (name, value) VALUES ('write_probe', $1)
             ON CONFLICT (name) DO UPDATE SET value = CASE WHEN m.value = $1 THEN $2 ELSE $1 END";
    /// Returns the value that stands, whoever set it.
    SET_IF_ABSENT = "INSERT INTO meta AS m (name, value) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET value = m.value RETURNING value";
}

/// The value of that name.
pub async fn find(conn: &mut Conn<'_>, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(fetch_optional!(ValueRow, conn, FIND, name)?.map(|row| row.value))
}

/// Sets a value, whatever stood there.
pub async fn set(tx: &mut Tx<'_>, name: &str, value: &[u8]) -> Result<(), StoreError> {
    execute!(tx, SET, name, value)?;
    Ok(())
}

/// Writes something that was not there before, to see whether a write succeeds.
pub(super) async fn probe(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    execute!(tx, PROBE, [0_u8].as_slice(), [1_u8].as_slice())?;
    Ok(())
}

/// Sets a value unless one stands; returned is the one that stands.
pub async fn set_if_absent(
    tx: &mut Tx<'_>,
    name: &str,
    value: &[u8],
) -> Result<Vec<u8>, StoreError> {
    Ok(fetch_one!(ValueRow, tx, SET_IF_ABSENT, name, value)?.value)
}

row! {
    struct ValueRow {
        value: Vec<u8>,
    }
}
