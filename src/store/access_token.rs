//! Opaque access tokens. RFC 6749 §1.4.

use sqlx::{FromRow, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::{
        run::{execute, fetch_optional},
        sqlite::{Cursor, Read},
    },
    grant::{self, GrantRow},
    row::{self, row},
    statements::statements,
};
use crate::{
    protocol::grant::{Grant, access_token::AccessTokenRecord},
    types::{GrantId, Timestamp, TokenHash, UserId, change::Change},
};

/// The columns of [`TokenRow`], of the table under the name `t`.
macro_rules! columns {
    () => {
        "t.hash, t.client_id, t.grant_id, t.user_id, t.scope, t.audience, t.issued_at,
         t.expires_at, t.revoked_at"
    };
}

/// The token of that hash and those other columns, in `$` placeholders of a statement for PostgreSQL,
/// once for each row of `taken`; none when the hash is NULL.
macro_rules! insert_for_taken {
    ($hash:literal, $others:literal) => {
        concat!(
            "INSERT INTO access_tokens (hash, client_id, grant_id, user_id, scope, audience,
                 issued_at, expires_at)
             SELECT ",
            $hash,
            ", ",
            $others,
            " FROM taken WHERE CAST(",
            $hash,
            " AS BYTEA) IS NOT NULL"
        )
    };
}
pub(super) use insert_for_taken;

statements! { "access_token";
    INSERT = "INSERT INTO access_tokens (hash, client_id, grant_id, user_id, scope, audience,
                  issued_at, expires_at, revoked_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = concat!("SELECT ", columns!(), " FROM access_tokens t WHERE t.hash = $1");
    /// What the token hangs from is live as well: the client, and where there is one the grant and
    /// the user.
    FIND_ACTIVE = concat!("SELECT ", columns!(), ", ", grant::columns!(), "
        FROM access_tokens t
        JOIN clients c ON c.id = t.client_id
        LEFT JOIN grants g ON g.id = t.grant_id
        LEFT JOIN users u ON u.id = t.user_id
        WHERE t.hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND c.status = 'enabled'
            AND (t.grant_id IS NULL OR (g.id IS NOT NULL AND g.revoked_at IS NULL))
            AND (t.user_id IS NULL OR u.status = 'enabled')");
    REVOKE = "UPDATE access_tokens SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL";
}

/// Adds a token.
///
/// # Errors
/// [`StoreError::MissingReference`] when the client, the grant or the user is gone.
pub async fn insert(tx: &mut Tx<'_>, token: &AccessTokenRecord) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        row::bytes(&token.hash),
        token.client_id.as_str(),
        token.grant_id.map(GrantId::uuid),
        token.user_id.map(UserId::uuid),
        token.scope.to_string(),
        row::json("access_tokens.audience", &token.audience)?,
        token.issued_at.unix(),
        token.expires_at.unix(),
        row::seconds(token.revoked_at),
    )?;
    Ok(())
}

/// What [`insert_for_taken`] binds: all empty when there is no token.
#[derive(Default)]
pub(super) struct Bound<'a> {
    pub(super) hash: Option<&'a [u8]>,
    pub(super) client_id: Option<&'a str>,
    pub(super) grant_id: Option<Uuid>,
    pub(super) user_id: Option<Uuid>,
    pub(super) scope: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) issued_at: Option<i64>,
    pub(super) expires_at: Option<i64>,
}

impl<'a> Bound<'a> {
    pub(super) fn of(token: Option<&'a AccessTokenRecord>) -> Result<Self, StoreError> {
        let Some(token) = token else { return Ok(Self::default()) };
        Ok(Self {
            hash: Some(row::bytes(&token.hash)),
            client_id: Some(token.client_id.as_str()),
            grant_id: token.grant_id.map(GrantId::uuid),
            user_id: token.user_id.map(UserId::uuid),
            scope: Some(token.scope.to_string()),
            audience: Some(row::json("access_tokens.audience", &token.audience)?),
            issued_at: Some(token.issued_at.unix()),
            expires_at: Some(token.expires_at.unix()),
        })
    }
}

/// The token of that hash, in whatever state it is.
pub async fn find(
    conn: &mut Conn<'_>,
    hash: &TokenHash,
) -> Result<Option<AccessTokenRecord>, StoreError> {
    fetch_optional!(TokenRow, conn, FIND, row::bytes(hash))?
        .map(AccessTokenRecord::try_from)
        .transpose()
}

/// The token and the grant it hangs from, when everything lives at `now`: the token, its grant, its
/// user and its client.
pub async fn find_active(
    conn: &mut Conn<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<(AccessTokenRecord, Option<Grant>)>, StoreError> {
    let row = fetch_optional!(TokenWithGrant, conn, FIND_ACTIVE, row::bytes(hash), now.unix())?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.token.try_into()?, row.grant.map(Grant::try_from).transpose()?)))
}

/// Revokes a token; whether it was revoked now.
pub async fn revoke(tx: &mut Tx<'_>, hash: &TokenHash, now: Timestamp) -> Result<bool, StoreError> {
    let revoked = execute!(tx, REVOKE, row::bytes(hash), now.unix())? > 0;
    if revoked {
        tx.note_change(Change::AccessToken(*hash), now);
    }
    Ok(revoked)
}

struct TokenWithGrant {
    token: TokenRow,
    grant: Option<GrantRow>,
}

/// The outer join leaves the grant's columns empty where there is none.
impl FromRow<'_, PgRow> for TokenWithGrant {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let token = TokenRow::from_row(row)?;
        let grant = match row.try_get::<Option<Uuid>, _>("g_id")? {
            Some(_) => Some(GrantRow::from_row(row)?),
            None => None,
        };
        Ok(Self { token, grant })
    }
}

impl Read for TokenWithGrant {
    fn read(cursor: &mut Cursor<'_, '_>, column: &'static str) -> rusqlite::Result<Self> {
        let token = TokenRow::read(cursor, column)?;
        let grant = match cursor.peek::<Option<Uuid>>("g_id")? {
            Some(_) => Some(GrantRow::read(cursor, column)?),
            None => None,
        };
        Ok(Self { token, grant })
    }
}

row! {
    struct TokenRow {
        hash: Vec<u8>,
        client_id: String,
        grant_id: Option<Uuid>,
        user_id: Option<Uuid>,
        scope: String,
        audience: String,
        issued_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
    }
}

impl TryFrom<TokenRow> for AccessTokenRecord {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, Self::Error> {
        Ok(Self {
            hash: row::hash("access_tokens.hash", row.hash)?,
            client_id: row::client_id("access_tokens.client_id", &row.client_id)?,
            grant_id: row.grant_id.map(GrantId::from_uuid),
            user_id: row.user_id.map(UserId::from_uuid),
            scope: row::scope("access_tokens.scope", &row.scope)?,
            audience: row::document("access_tokens.audience", &row.audience)?,
            issued_at: Timestamp::from_unix(row.issued_at),
            expires_at: Timestamp::from_unix(row.expires_at),
            revoked_at: row::time(row.revoked_at),
        })
    }
}
