//! Browser sessions.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_optional},
    row::{self, Id, row},
    statements::statements,
    user::{self, UserRow},
};
use crate::{
    identity::{session::BrowserSession, user::User},
    types::{Authentication, SessionId, Timestamp, TokenHash, UserId},
};

/// The columns of [`SessionRow`], of the table under the name `s`.
macro_rules! columns {
    () => {
        "s.id AS s_id, s.token_hash AS s_token_hash, s.user_id AS s_user_id,
         s.auth_time AS s_auth_time, s.acr AS s_acr, s.amr AS s_amr,
         s.created_at AS s_created_at, s.last_seen_at AS s_last_seen_at,
         s.idle_expires_at AS s_idle_expires_at, s.expires_at AS s_expires_at,
         s.ended_at AS s_ended_at, s.address AS s_address, s.user_agent AS s_user_agent"
    };
}

/// The id of the session `$id`, unless it has ended, with a lock that keeps it from ending until the commit
/// and others from nothing else.
macro_rules! share {
    ($id:literal) => {
        concat!("SELECT id FROM sessions WHERE id = ", $id, " AND ended_at IS NULL FOR SHARE")
    };
}

pub(super) use {columns, share};

statements! { "session";
    INSERT = "INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at,
                  last_seen_at, idle_expires_at, expires_at, ended_at, address, user_agent)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    FIND_LIVE = concat!("SELECT ", columns!(), ", ", user::columns!(), "
        FROM sessions s JOIN users u ON u.id = s.user_id
        WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2
            AND s.expires_at > $2 AND u.status = 'enabled'");
    FIND = concat!("SELECT ", columns!(), " FROM sessions s WHERE s.id = $1");
    IS_OPEN = "SELECT id FROM sessions WHERE id = $1 AND ended_at IS NULL";
    LIST_LIVE = concat!("SELECT ", columns!(), " FROM sessions s
        WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2
        ORDER BY s.last_seen_at DESC, s.id DESC");
    /// The sign keeps the engines from the index of the sessions that live: they would sort all of
    /// them for each page.
    PAGE = concat!("SELECT ", columns!(), " FROM sessions s
        WHERE s.id > $1 AND +s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2
        ORDER BY s.id LIMIT $3");
    PAGE_OF_USER = concat!("SELECT ", columns!(), " FROM sessions s
        WHERE s.id > $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2
            AND s.user_id = $4
        ORDER BY s.id LIMIT $3");
    TOUCH = "UPDATE sessions SET last_seen_at = $2, idle_expires_at = $3
             WHERE id = $1 AND ended_at IS NULL AND last_seen_at < $2";
    RENEW = "UPDATE sessions SET token_hash = $2, auth_time = $3, acr = $4, amr = $5,
                 last_seen_at = $6, idle_expires_at = $7, expires_at = $8, address = $9,
                 user_agent = $10
             WHERE id = $1 AND user_id = $11 AND ended_at IS NULL";
    END = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    END_ALL = "UPDATE sessions SET ended_at = $2
               WHERE user_id = $1 AND ended_at IS NULL RETURNING id";
    END_ALL_EXCEPT = "UPDATE sessions SET ended_at = $2
                      WHERE user_id = $1 AND ended_at IS NULL AND id <> $3 RETURNING id";
    END_OLDEST = "UPDATE sessions SET ended_at = $2
                  WHERE user_id = $1 AND ended_at IS NULL AND id NOT IN (
                      SELECT id FROM sessions
                      WHERE user_id = $1 AND ended_at IS NULL AND idle_expires_at > $2
                          AND expires_at > $2
                      ORDER BY CASE WHEN id = $4 THEN 0 ELSE 1 END, last_seen_at DESC, id DESC
                      LIMIT $3)
                  RETURNING id";
}

/// Adds a session.
pub async fn insert(tx: &mut Tx<'_>, session: &BrowserSession) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        session.id.uuid(),
        row::bytes(&session.token_hash),
        session.user_id.uuid(),
        session.authentication.auth_time.unix(),
        session.authentication.acr.as_str(),
        row::json("sessions.amr", &session.authentication.amr)?,
        session.created_at.unix(),
        session.last_seen_at.unix(),
        session.idle_expires_at.unix(),
        session.expires_at.unix(),
        row::seconds(session.ended_at),
        session.address.as_deref(),
        session.user_agent.as_deref(),
    )?;
    Ok(())
}

/// Lets the session go on under another cookie and a newer authentication; `false` when it has ended
/// meanwhile. The cookie of before opens nothing from then on.
pub async fn renew(tx: &mut Tx<'_>, session: &BrowserSession) -> Result<bool, StoreError> {
    let renewed = execute!(
        tx,
        RENEW,
        session.id.uuid(),
        row::bytes(&session.token_hash),
        session.authentication.auth_time.unix(),
        session.authentication.acr.as_str(),
        row::json("sessions.amr", &session.authentication.amr)?,
        session.last_seen_at.unix(),
        session.idle_expires_at.unix(),
        session.expires_at.unix(),
        session.address.as_deref(),
        session.user_agent.as_deref(),
        session.user_id.uuid(),
    )?;
    Ok(renewed > 0)
}

/// The session that this cookie opens at `now`, and its user. `None` when it has ended or expired,
/// or when the user is disabled.
pub async fn find_live(
    conn: &mut Conn<'_>,
    token_hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<(BrowserSession, User)>, StoreError> {
    let row =
        fetch_optional!(SessionWithUser, conn, FIND_LIVE, row::bytes(token_hash), now.unix())?;
    row.map(|row| Ok((row.session.try_into()?, row.user.try_into()?))).transpose()
}

/// The session of that id, live or not.
pub async fn find(
    conn: &mut Conn<'_>,
    id: SessionId,
) -> Result<Option<BrowserSession>, StoreError> {
    fetch_optional!(SessionRow, conn, FIND, id.uuid())?.map(BrowserSession::try_from).transpose()
}

/// The user's sessions that live at `now`, the last used one first.
pub async fn list_live(
    conn: &mut Conn<'_>,
    user_id: UserId,
    now: Timestamp,
) -> Result<Vec<BrowserSession>, StoreError> {
    let rows = fetch_all!(SessionRow, conn, LIST_LIVE, user_id.uuid(), now.unix())?;
    rows.into_iter().map(BrowserSession::try_from).collect()
}

/// At most `limit` sessions that live at `now`, of everybody or of one user, in the order of their ids
/// from the first one after `after`.
pub async fn page(
    conn: &mut Conn<'_>,
    user: Option<UserId>,
    after: Option<SessionId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<BrowserSession>, StoreError> {
    let (after, now) = (after.map_or(Uuid::nil(), SessionId::uuid), now.unix());
    let limit = i64::from(limit);
    let rows = match user {
        None => fetch_all!(SessionRow, conn, PAGE, after, now, limit)?,
        Some(user) => fetch_all!(SessionRow, conn, PAGE_OF_USER, after, now, limit, user.uuid())?,
    };
    rows.into_iter().map(BrowserSession::try_from).collect()
}

/// That a session was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTouch {
    /// Which.
    pub id: SessionId,
    /// When.
    pub last_seen_at: Timestamp,
    /// When it dies now unless it is used again.
    pub idle_expires_at: Timestamp,
}

/// Writes down that sessions were used. One that was used later, or has ended, stays as it is.
pub async fn touch(tx: &mut Tx<'_>, touches: &[SessionTouch]) -> Result<(), StoreError> {
    let mut touches = touches.to_vec();
    // Rows are locked in one order by everybody, so that no two batches wait for each other.
    touches.sort_unstable_by_key(|touch| touch.id);
    for touch in touches {
        let (last_seen_at, idle_expires_at) = (touch.last_seen_at, touch.idle_expires_at);
        execute!(tx, TOUCH, touch.id.uuid(), last_seen_at.unix(), idle_expires_at.unix())?;
    }
    Ok(())
}

/// Whether a session has not ended.
pub(super) async fn is_open(conn: &mut Conn<'_>, id: SessionId) -> Result<bool, StoreError> {
    Ok(fetch_optional!(Id, conn, IS_OPEN, id.uuid())?.is_some())
}

/// Ends a session; whether it ended now.
pub async fn end(tx: &mut Tx<'_>, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(execute!(tx, END, id.uuid(), now.unix())? > 0)
}

/// Ends the user's sessions, all or all but one; those that ended now.
pub async fn end_all(
    tx: &mut Tx<'_>,
    user_id: UserId,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let rows = match except {
        None => fetch_all!(Id, tx, END_ALL, user_id.uuid(), now.unix())?,
        Some(kept) => fetch_all!(Id, tx, END_ALL_EXCEPT, user_id.uuid(), now.unix(), kept.uuid())?,
    };
    Ok(ids(rows))
}

/// Ends the user's sessions beyond the `keep` that were used last; those that ended now. `newest` is
/// among those that stay, however many began in the same second.
pub async fn end_oldest(
    tx: &mut Tx<'_>,
    user_id: UserId,
    newest: SessionId,
    keep: u32,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let (user, keep) = (user_id.uuid(), i64::from(keep));
    let rows = fetch_all!(Id, tx, END_OLDEST, user, now.unix(), keep, newest.uuid())?;
    Ok(ids(rows))
}

fn ids(rows: Vec<Id>) -> Vec<SessionId> {
    rows.into_iter().map(|row| SessionId::from_uuid(row.id)).collect()
}

row! {
    struct SessionWithUser {
        #[sqlx(flatten)]
        session: SessionRow,
        #[sqlx(flatten)]
        user: UserRow,
    }
}

row! {
    /// A row of `sessions`, beside rows of other tables.
    #[expect(clippy::struct_field_names, reason = "columns that stand beside other tables'")]
    pub(super) struct SessionRow {
        s_id: Uuid,
        s_token_hash: Vec<u8>,
        s_user_id: Uuid,
        s_auth_time: i64,
        s_acr: String,
        s_amr: String,
        s_created_at: i64,
        s_last_seen_at: i64,
        s_idle_expires_at: i64,
        s_expires_at: i64,
        s_ended_at: Option<i64>,
        s_address: Option<String>,
        s_user_agent: Option<String>,
    }
}

impl TryFrom<SessionRow> for BrowserSession {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: SessionId::from_uuid(row.s_id),
            token_hash: row::hash("sessions.token_hash", row.s_token_hash)?,
            user_id: UserId::from_uuid(row.s_user_id),
            authentication: Authentication {
                auth_time: Timestamp::from_unix(row.s_auth_time),
                acr: row.s_acr,
                amr: row::document("sessions.amr", &row.s_amr)?,
            },
            created_at: Timestamp::from_unix(row.s_created_at),
            last_seen_at: Timestamp::from_unix(row.s_last_seen_at),
            idle_expires_at: Timestamp::from_unix(row.s_idle_expires_at),
            expires_at: Timestamp::from_unix(row.s_expires_at),
            ended_at: row::time(row.s_ended_at),
            address: row.s_address,
            user_agent: row.s_user_agent,
        })
    }
}
