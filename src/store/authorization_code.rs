//! Authorization codes. RFC 6749 §4.1.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    grant::{self, GrantRow},
    row::{self, Number, row},
    statements::statements,
};
use crate::{
    protocol::grant::{
        Grant,
        authorization_code::{AuthorizationCode, MAX_FAILURES},
    },
    types::{GrantId, Redeemed, Timestamp, TokenHash},
};

/// The columns of [`CodeRow`], without the table's name: `RETURNING` of SQLite knows none.
macro_rules! columns {
    () => {
        "hash, flow_id, grant_id, client_id, redirect_uri, code_challenge, nonce,
         issued_at, expires_at, consumed_at, failures"
    };
}

statements! { "authorization_code";
    INSERT = "INSERT INTO authorization_codes (hash, flow_id, grant_id, client_id, redirect_uri,
                  code_challenge, nonce, issued_at, expires_at, consumed_at, failures)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FIND = concat!("SELECT c.*, ", grant::columns!(), "
        FROM (SELECT ", columns!(), " FROM authorization_codes WHERE hash = $1) c
        JOIN grants g ON g.id = c.grant_id");
    /// The one winner of any race: no two statements find `consumed_at` empty.
    REDEEM = concat!("UPDATE authorization_codes SET consumed_at = $2
        WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2 AND failures < $3
        RETURNING ", columns!());
    RECORD_FAILURE = "UPDATE authorization_codes SET failures = failures + 1
                      WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2 AND failures < $3
                      RETURNING failures AS number";
}

/// Adds a code.
///
/// # Errors
/// [`StoreError::Conflict`] with [`super::Unique::Flow`] when the authorization request has its code.
pub async fn insert(tx: &mut Tx<'_>, code: &AuthorizationCode) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        row::bytes(&code.hash),
        row::bytes(&code.flow_id),
        code.grant_id.uuid(),
        code.client_id.as_str(),
        code.redirect_uri.as_str(),
        code.code_challenge.as_deref(),
        code.nonce.as_deref(),
        code.issued_at.unix(),
        code.expires_at.unix(),
        row::seconds(code.consumed_at),
        i64::from(code.failures),
    )?;
    Ok(())
}

/// The code and the grant behind it, in whatever state they are.
pub async fn find(
    conn: &mut Conn<'_>,
    hash: &TokenHash,
) -> Result<Option<(AuthorizationCode, Grant)>, StoreError> {
    let row = fetch_optional!(CodeWithGrant, conn, FIND, row::bytes(hash))?;
    row.map(|row| Ok((row.code.try_into()?, row.grant.try_into()?))).transpose()
}

/// Takes the code, once. `None` when it was taken before, is dead, expired or unknown.
pub async fn redeem(
    tx: &mut Tx<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Redeemed<AuthorizationCode>>, StoreError> {
    let most = i64::from(MAX_FAILURES);
    let row = fetch_optional!(CodeRow, tx, REDEEM, row::bytes(hash), now.unix(), most)?;
    row.map(|row| row.try_into().map(Redeemed::by_store)).transpose()
}

/// Counts a redemption with a wrong verifier. How many there were by now; `None` when the code could
/// not have been redeemed anyway.
pub async fn record_failure(
    tx: &mut Tx<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    let most = i64::from(MAX_FAILURES);
    let row = fetch_optional!(Number, tx, RECORD_FAILURE, row::bytes(hash), now.unix(), most)?;
    row.map(|row| row::count("authorization_codes.failures", row.number)).transpose()
}

row! {
    struct CodeWithGrant {
        #[sqlx(flatten)]
        code: CodeRow,
        #[sqlx(flatten)]
        grant: GrantRow,
    }
}

row! {
    struct CodeRow {
        hash: Vec<u8>,
        flow_id: Vec<u8>,
        grant_id: Uuid,
        client_id: String,
        redirect_uri: String,
        code_challenge: Option<String>,
        nonce: Option<String>,
        issued_at: i64,
        expires_at: i64,
        consumed_at: Option<i64>,
        failures: i64,
    }
}

impl TryFrom<CodeRow> for AuthorizationCode {
    type Error = StoreError;

    fn try_from(row: CodeRow) -> Result<Self, Self::Error> {
        Ok(Self {
            hash: row::hash("authorization_codes.hash", row.hash)?,
            flow_id: row::hash("authorization_codes.flow_id", row.flow_id)?,
            grant_id: GrantId::from_uuid(row.grant_id),
            client_id: row::client_id("authorization_codes.client_id", &row.client_id)?,
            redirect_uri: row.redirect_uri,
            code_challenge: row.code_challenge,
            nonce: row.nonce,
            issued_at: Timestamp::from_unix(row.issued_at),
            expires_at: Timestamp::from_unix(row.expires_at),
            consumed_at: row::time(row.consumed_at),
            failures: row::count("authorization_codes.failures", row.failures)?,
        })
    }
}
