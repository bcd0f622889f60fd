//! Consent that is remembered. OIDC Core §3.1.2.4.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_one, fetch_optional},
    row::{self, row},
    statements::statements,
};
use crate::{
    protocol::{client::ClientMetadata, consent::Consent},
    types::{ClientId, Scope, Timestamp, UserId},
};

/// The columns of [`ConsentRow`], without the table's name: `RETURNING` of SQLite knows none.
macro_rules! columns {
    () => {
        "user_id, client_id, scope, claims, granted_at, updated_at"
    };
}

statements! { "consent";
    /// Adds the consent, or locks the one that is there and returns it.
    INSERT_OR_LOCK = concat!("INSERT INTO consents AS n
            (user_id, client_id, scope, claims, granted_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (user_id, client_id) DO UPDATE SET updated_at = n.updated_at
        RETURNING ", columns!());
    WIDEN = "UPDATE consents SET scope = $3, claims = $4, updated_at = $5
             WHERE user_id = $1 AND client_id = $2";
    FIND = concat!("SELECT ", columns!(), " FROM consents WHERE user_id = $1 AND client_id = $2");
    LIST = concat!("SELECT n.*, c.metadata
        FROM (SELECT ", columns!(), " FROM consents WHERE user_id = $1) n
        JOIN clients c ON c.id = n.client_id
        ORDER BY n.updated_at DESC, n.client_id");
    DELETE = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";
}

/// Adds to what the user allowed the client; returned is all that is allowed now.
///
/// # Errors
/// [`StoreError::MissingReference`] when the user or the client is gone.
pub async fn widen(
    tx: &mut Tx<'_>,
    user_id: UserId,
    client_id: &ClientId,
    scope: &Scope,
    claims: &[String],
    now: Timestamp,
) -> Result<Consent, StoreError> {
    let (user, client) = (user_id.uuid(), client_id.as_str());
    let asked: BTreeSet<String> = claims.iter().cloned().collect();
    let row = fetch_one!(
        ConsentRow,
        tx,
        INSERT_OR_LOCK,
        user,
        client,
        scope.to_string(),
        row::json("consents.claims", &asked)?,
        now.unix(),
    )?;
    let mut consent = Consent::try_from(row)?;
    let widened = consent.scope.union(scope);
    let allowed: Vec<String> = asked
        .into_iter()
        .chain(consent.claims.iter().cloned())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if widened == consent.scope && allowed == consent.claims {
        return Ok(consent);
    }
    let text = row::json("consents.claims", &allowed)?;
    execute!(tx, WIDEN, user, client, widened.to_string(), text, now.unix())?;
    (consent.scope, consent.claims, consent.updated_at) = (widened, allowed, now);
    Ok(consent)
}

/// What the user allowed the client.
pub async fn find(
    conn: &mut Conn<'_>,
    user_id: UserId,
    client_id: &ClientId,
) -> Result<Option<Consent>, StoreError> {
    fetch_optional!(ConsentRow, conn, FIND, user_id.uuid(), client_id.as_str())?
        .map(Consent::try_from)
        .transpose()
}

/// All that the user allowed, with what the clients say of themselves; the last widened first.
pub async fn list(
    conn: &mut Conn<'_>,
    user_id: UserId,
) -> Result<Vec<(Consent, ClientMetadata)>, StoreError> {
    let rows = fetch_all!(ConsentWithClient, conn, LIST, user_id.uuid())?;
    let read = |row: ConsentWithClient| {
        Ok((row.consent.try_into()?, row::document("clients.metadata", &row.metadata)?))
    };
    rows.into_iter().map(read).collect()
}

/// Forgets what the user allowed the client; whether there was anything. The grants are for
/// [`super::grant::revoke_by_user_and_client`].
pub async fn delete(
    tx: &mut Tx<'_>,
    user_id: UserId,
    client_id: &ClientId,
) -> Result<bool, StoreError> {
    Ok(execute!(tx, DELETE, user_id.uuid(), client_id.as_str())? > 0)
}

row! {
    struct ConsentWithClient {
        #[sqlx(flatten)]
        consent: ConsentRow,
        metadata: String,
    }
}

row! {
    struct ConsentRow {
        user_id: Uuid,
        client_id: String,
        scope: String,
        claims: String,
        granted_at: i64,
        updated_at: i64,
    }
}

impl TryFrom<ConsentRow> for Consent {
    type Error = StoreError;

    fn try_from(row: ConsentRow) -> Result<Self, Self::Error> {
        Ok(Self {
            user_id: UserId::from_uuid(row.user_id),
            client_id: row::client_id("consents.client_id", &row.client_id)?,
            scope: row::scope("consents.scope", &row.scope)?,
            claims: row::document("consents.claims", &row.claims)?,
            granted_at: Timestamp::from_unix(row.granted_at),
            updated_at: Timestamp::from_unix(row.updated_at),
        })
    }
}
