//! Authorization codes. RFC 6749 §4.1.

use uuid::Uuid;

use super::{
    Conn, Engine, StoreError, Tx, Unique,
    behind::{self, Behind, BehindRow},
    db::run::{execute, fetch_optional},
    grant::{self, GrantColumns},
    refresh_family,
    row::{self, Hash, Id, Number, row},
    session,
    statements::{postgres_statements, statements},
};
use crate::{
    protocol::grant::{
        Grant,
        authorization_code::{AuthorizationCode, MAX_FAILURES},
        refresh_token::RefreshFamily,
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

/// The one winner of any race: no two statements find `consumed_at` empty. Nothing is given under a grant
/// that was revoked a moment ago, to a user who was disabled, or for a session that has ended.
macro_rules! redeem {
    () => {
        "UPDATE authorization_codes SET consumed_at = $2
         WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2 AND failures < $3
             AND EXISTS (SELECT 1 FROM grants g
                         JOIN users u ON u.id = g.user_id JOIN sessions s ON s.id = g.session_id
                         WHERE g.id = authorization_codes.grant_id AND g.revoked_at IS NULL
                             AND u.status = 'enabled' AND s.ended_at IS NULL AND s.expires_at > $2)"
    };
}

statements! { "authorization_code";
    INSERT = "INSERT INTO authorization_codes (hash, flow_id, grant_id, client_id, redirect_uri,
                  code_challenge, nonce, issued_at, expires_at, consumed_at, failures)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FIND = concat!("SELECT c.*, ", behind::columns!(), "
        FROM (SELECT ", columns!(), " FROM authorization_codes WHERE hash = $1) c",
        behind::joins!("c.grant_id"));
    FIND_BY_FLOW = "SELECT hash FROM authorization_codes WHERE flow_id = $1";
    REDEEM = redeem!();
    RECORD_FAILURE = "UPDATE authorization_codes SET failures = failures + 1
                      WHERE hash = $1 AND consumed_at IS NULL AND expires_at > $2 AND failures < $3
                      RETURNING failures AS number";
}

postgres_statements! { "authorization_code";
    /// A share of the session's row keeps it from ending until the commit.
    ISSUE = concat!("WITH taken AS (", session::share!("$1"), "),
        given AS (", grant::insert_for_taken!("$2, $3, $4, $1, $5, $6, $7, $8, $9, $10, $11, $12"), "),
        code AS (INSERT INTO authorization_codes (hash, flow_id, grant_id, client_id, redirect_uri,
                     code_challenge, nonce, issued_at, expires_at, failures)
                 SELECT $13, $14, $2, $4, $15, $16, $17, $18, $19, $20 FROM taken)
        SELECT id FROM taken");
    EXCHANGE = concat!("WITH taken AS (", redeem!(), " RETURNING hash),
        family AS (", refresh_family::insert_for_taken!("$4", "$5, $6, $7, $8, $9, $10, $11, $12"), ")
        SELECT hash FROM taken");
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
        address(code),
        code.code_challenge.as_deref(),
        code.nonce.as_deref(),
        code.issued_at.unix(),
        code.expires_at.unix(),
        row::seconds(code.consumed_at),
        i64::from(code.failures),
    )?;
    Ok(())
}

/// Adds a new grant that is given in a session, with its code, unless the session has ended: then `false`.
/// The session does not end before the commit.
///
/// # Errors
/// [`StoreError::Conflict`] with [`Unique::Flow`] when the authorization request has its code; nothing is
/// written then.
pub async fn issue(
    tx: &mut Tx<'_>,
    grant: &Grant,
    code: &AuthorizationCode,
) -> Result<bool, StoreError> {
    match tx.engine() {
        Engine::Sqlite => {
            if !session::is_open(tx, grant.session_id).await? {
                return Ok(false);
            }
            // Asked first, so that a request that comes twice fails before anything is written.
            if fetch_optional!(Hash, tx, FIND_BY_FLOW, row::bytes(&code.flow_id))?.is_some() {
                return Err(StoreError::Conflict(Unique::Flow));
            }
            grant::insert(tx, grant).await?;
            insert(tx, code).await?;
            Ok(true)
        }
        Engine::Postgres => {
            let GrantColumns { scope, amr, access, resource } = GrantColumns::of(grant)?;
            let issued = fetch_optional!(
                Id,
                tx,
                ISSUE,
                grant.session_id.uuid(),
                grant.id.uuid(),
                grant.user_id.uuid(),
                grant.client_id.as_str(),
                scope.as_str(),
                grant.claims.as_deref(),
                grant.authentication.auth_time.unix(),
                grant.authentication.acr.as_str(),
                amr.as_str(),
                access,
                grant.created_at.unix(),
                resource.as_str(),
                row::bytes(&code.hash),
                row::bytes(&code.flow_id),
                address(code),
                code.code_challenge.as_deref(),
                code.nonce.as_deref(),
                code.issued_at.unix(),
                code.expires_at.unix(),
                i64::from(code.failures),
            )?;
            Ok(issued.is_some())
        }
    }
}

/// What stands in the column, which is never null: no address is empty.
fn address(code: &AuthorizationCode) -> &str {
    code.redirect_uri.as_deref().unwrap_or_default()
}

/// The code and what stands behind it, in whatever state they are.
pub async fn find(
    conn: &mut Conn<'_>,
    hash: &TokenHash,
) -> Result<Option<(AuthorizationCode, Behind)>, StoreError> {
    let row = fetch_optional!(CodeWithBehind, conn, FIND, row::bytes(hash))?;
    row.map(|row| Ok((row.code.try_into()?, row.behind.try_into()?))).transpose()
}

/// Takes the code, once. `None` when it was taken before, is dead, expired or unknown, its grant is
/// revoked, its user disabled, or the session it was given in is over.
pub async fn redeem(
    tx: &mut Tx<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Redeemed<TokenHash>>, StoreError> {
    let most = i64::from(MAX_FAILURES);
    let redeemed = execute!(tx, REDEEM, row::bytes(hash), now.unix(), most)? > 0;
    Ok(redeemed.then(|| Redeemed::by_store(*hash)))
}

/// Takes the code, once, and adds the family of the refresh token that is given for it, if there is one.
/// `None`, and nothing is added, when [`redeem`] would not take it.
pub async fn exchange(
    tx: &mut Tx<'_>,
    hash: &TokenHash,
    now: Timestamp,
    family: Option<&RefreshFamily>,
) -> Result<Option<Redeemed<TokenHash>>, StoreError> {
    match tx.engine() {
        Engine::Sqlite => {
            let Some(redeemed) = redeem(tx, hash, now).await? else { return Ok(None) };
            if let Some(family) = family {
                refresh_family::insert(tx, family).await?;
            }
            Ok(Some(redeemed))
        }
        Engine::Postgres => {
            let family = refresh_family::Bound::of(family);
            let redeemed = fetch_optional!(
                Hash,
                tx,
                EXCHANGE,
                row::bytes(hash),
                now.unix(),
                i64::from(MAX_FAILURES),
                family.id,
                family.grant_id,
                family.client_id,
                family.seed,
                family.generation,
                family.rotated_at,
                family.retries,
                family.idle_expires_at,
                family.absolute_expires_at,
            )?;
            Ok(redeemed.map(|_| Redeemed::by_store(*hash)))
        }
    }
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
    struct CodeWithBehind {
        #[sqlx(flatten)]
        code: CodeRow,
        #[sqlx(flatten)]
        behind: BehindRow,
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
            redirect_uri: (!row.redirect_uri.is_empty()).then_some(row.redirect_uri),
            code_challenge: row.code_challenge,
            nonce: row.nonce,
            issued_at: Timestamp::from_unix(row.issued_at),
            expires_at: Timestamp::from_unix(row.expires_at),
            consumed_at: row::time(row.consumed_at),
            failures: row::count("authorization_codes.failures", row.failures)?,
        })
    }
}
