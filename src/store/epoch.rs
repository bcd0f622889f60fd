//! A new epoch of the database: what a restored backup must not bring back to life goes.

use super::{Conn, StoreError, Tx, db::run::execute, meta, row, statements::statements};
use crate::types::{Timestamp, change::Change, epoch::DatabaseEpoch};

statements! { "epoch";
    END_SESSIONS = "UPDATE sessions SET ended_at = $1 WHERE ended_at IS NULL";
    DELETE_CODES = "DELETE FROM authorization_codes";
    DELETE_LINKS = "DELETE FROM bootstrap_links";
    SKIP = "UPDATE change_head SET seq = seq + $1 WHERE id = 1";
}

/// The value of [`meta`] that holds the beginning: seconds since 1970, 8 bytes, big-endian.
const NAME: &str = "epoch";

/// How many numbers of the change log are left out: more than were given between any backup and its
/// restore. A node that was further than the restored log finds a gap there, and forgets everything.
const SKIPPED: i64 = 1 << 32;

/// How much ended with the epoch before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// Browser sessions.
    pub sessions: u64,
    /// Authorization codes, used or not.
    pub codes: u64,
}

/// The present epoch.
pub async fn find(conn: &mut Conn<'_>) -> Result<DatabaseEpoch, StoreError> {
    let Some(value) = meta::find(conn, NAME).await? else { return Ok(DatabaseEpoch::FIRST) };
    let bytes = value.try_into().map_err(|_| row::corrupt("meta.value"))?;
    Ok(DatabaseEpoch::since(Timestamp::from_unix(i64::from_be_bytes(bytes))))
}

/// Begins the epoch of `began`: ends what works once and what could have been revoked after the
/// backup, and lets every node forget what it remembers.
pub async fn begin(tx: &mut Tx<'_>, began: Timestamp, now: Timestamp) -> Result<Ended, StoreError> {
    meta::set(tx, NAME, &began.unix().to_be_bytes()).await?;
    let ended = Ended {
        sessions: execute!(tx, END_SESSIONS, now.unix())?,
        codes: execute!(tx, DELETE_CODES)?,
    };
    execute!(tx, DELETE_LINKS)?;
    // Last, since whoever appends to the log locks this row last.
    execute!(tx, SKIP, SKIPPED)?;
    tx.note_change(Change::Epoch, now);
    Ok(ended)
}
