//! Refresh token families: one row for all the tokens of a grant. RFC 6749 §6, RFC 9700 §4.14.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    grant::{self, GrantRow},
    row::{self, Id, row},
    statements::statements,
};
use crate::{
    protocol::grant::{Grant, RevocationReason, refresh_token::RefreshFamily},
    types::{FamilyId, GrantId, Redeemed, Timestamp, change::Change},
};

/// The columns of [`FamilyRow`], without the table's name: `RETURNING` of SQLite knows none.
macro_rules! columns {
    () => {
        "id, grant_id, client_id, seed, generation, rotated_at, retries,
         idle_expires_at, absolute_expires_at, revoked_at, revoked_reason"
    };
}

/// The family lives at the time `$2`, and so does its grant.
macro_rules! is_live {
    () => {
        "f.revoked_at IS NULL AND f.idle_expires_at > $2 AND f.absolute_expires_at > $2
         AND EXISTS (SELECT 1 FROM grants g WHERE g.id = f.grant_id AND g.revoked_at IS NULL)"
    };
}

statements! { "refresh_family";
    INSERT = "INSERT INTO refresh_families (id, grant_id, client_id, seed, generation, rotated_at,
                  retries, idle_expires_at, absolute_expires_at, revoked_at, revoked_reason)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FIND = concat!("SELECT f.*, ", grant::columns!(), "
        FROM (SELECT ", columns!(), " FROM refresh_families WHERE id = $1) f
        JOIN grants g ON g.id = f.grant_id");
    FIND_BY_GRANT = concat!("SELECT ", columns!(), " FROM refresh_families
        WHERE grant_id = $1 ORDER BY id LIMIT 1");
    /// The one winner of any race: no two statements find the same generation current.
    ROTATE = concat!("UPDATE refresh_families AS f
        SET generation = f.generation + 1, rotated_at = $2, retries = 0, idle_expires_at = $4
        WHERE f.id = $1 AND f.generation = $3 AND ", is_live!(), " RETURNING ", columns!());
    COUNT_RETRY = concat!("UPDATE refresh_families AS f SET retries = f.retries + 1
        WHERE f.id = $1 AND f.generation = $3 AND f.retries < $4 AND ", is_live!());
    TOUCH = concat!("UPDATE refresh_families AS f SET idle_expires_at = $3
        WHERE f.id = $1 AND ", is_live!());
    REVOKE = "UPDATE refresh_families SET revoked_at = $2, revoked_reason = $3
              WHERE id = $1 AND revoked_at IS NULL RETURNING grant_id AS id";
}

/// Adds a family.
///
/// # Errors
/// [`StoreError::MissingReference`] when the grant is gone.
pub async fn insert(tx: &mut Tx<'_>, family: &RefreshFamily) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        family.id.uuid(),
        family.grant_id.uuid(),
        family.client_id.as_str(),
        family.seed.as_slice(),
        row::number(family.generation),
        family.rotated_at.unix(),
        i64::from(family.retries),
        family.idle_expires_at.unix(),
        family.absolute_expires_at.unix(),
        family.revoked.map(|revoked| revoked.at.unix()),
        family.revoked.map(|revoked| revoked.reason.as_str()),
    )?;
    Ok(())
}

/// The family and the grant it hangs from, in whatever state they are.
pub async fn find(
    conn: &mut Conn<'_>,
    id: FamilyId,
) -> Result<Option<(RefreshFamily, Grant)>, StoreError> {
    let row = fetch_optional!(FamilyWithGrant, conn, FIND, id.uuid())?;
    row.map(|row| Ok((row.family.try_into()?, row.grant.try_into()?))).transpose()
}

/// The family that hangs from a grant.
pub async fn find_by_grant(
    conn: &mut Conn<'_>,
    grant_id: GrantId,
) -> Result<Option<RefreshFamily>, StoreError> {
    fetch_optional!(FamilyRow, conn, FIND_BY_GRANT, grant_id.uuid())?
        .map(RefreshFamily::try_from)
        .transpose()
}

/// Moves the family from one generation to the next, once; returned is the family as it is now.
/// `None` when that generation is not current, or the family or its grant is revoked or expired.
pub async fn rotate(
    tx: &mut Tx<'_>,
    id: FamilyId,
    from_generation: u64,
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<Option<Redeemed<RefreshFamily>>, StoreError> {
    let row = fetch_optional!(
        FamilyRow,
        tx,
        ROTATE,
        id.uuid(),
        now.unix(),
        row::number(from_generation),
        idle_expires_at.unix(),
    )?;
    row.map(|row| row.try_into().map(Redeemed::by_store)).transpose()
}

/// Counts a retry of the predecessor while `generation` is current; `false` when `limit` retries
/// were counted before, or the family moved on, or it is dead.
pub async fn count_retry(
    tx: &mut Tx<'_>,
    id: FamilyId,
    generation: u64,
    limit: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (generation, limit) = (row::number(generation), i64::from(limit));
    Ok(execute!(tx, COUNT_RETRY, id.uuid(), now.unix(), generation, limit)? > 0)
}

/// Moves the idle expiry of a family that does not rotate; `false` when it is dead.
pub async fn touch(
    tx: &mut Tx<'_>,
    id: FamilyId,
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(execute!(tx, TOUCH, id.uuid(), now.unix(), idle_expires_at.unix())? > 0)
}

/// Revokes a family; whether it was revoked now. The access tokens under its grant live on until the
/// grant is revoked.
pub async fn revoke(
    tx: &mut Tx<'_>,
    id: FamilyId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = fetch_optional!(Id, tx, REVOKE, id.uuid(), now.unix(), reason.as_str())?;
    let Some(row) = row else { return Ok(false) };
    tx.note_change(Change::Grant(GrantId::from_uuid(row.id)), now);
    Ok(true)
}

row! {
    struct FamilyWithGrant {
        #[sqlx(flatten)]
        family: FamilyRow,
        #[sqlx(flatten)]
        grant: GrantRow,
    }
}

row! {
    struct FamilyRow {
        id: Uuid,
        grant_id: Uuid,
        client_id: String,
        seed: Vec<u8>,
        generation: i64,
        rotated_at: i64,
        retries: i64,
        idle_expires_at: i64,
        absolute_expires_at: i64,
        revoked_at: Option<i64>,
        revoked_reason: Option<String>,
    }
}

impl TryFrom<FamilyRow> for RefreshFamily {
    type Error = StoreError;

    fn try_from(row: FamilyRow) -> Result<Self, Self::Error> {
        let reason = row.revoked_reason.as_deref();
        Ok(Self {
            id: FamilyId::from_uuid(row.id),
            grant_id: GrantId::from_uuid(row.grant_id),
            client_id: row::client_id("refresh_families.client_id", &row.client_id)?,
            seed: row::bytes32("refresh_families.seed", row.seed)?,
            generation: row::count("refresh_families.generation", row.generation)?,
            rotated_at: Timestamp::from_unix(row.rotated_at),
            retries: row::count("refresh_families.retries", row.retries)?,
            idle_expires_at: Timestamp::from_unix(row.idle_expires_at),
            absolute_expires_at: Timestamp::from_unix(row.absolute_expires_at),
            revoked: row::revocation("refresh_families.revoked_reason", row.revoked_at, reason)?,
        })
    }
}
