//! Refresh token families: one row for all the tokens of a grant. RFC 6749 §6, RFC 9700 §4.14.

use uuid::Uuid;

use super::{
    Conn, StoreError, Tx,
    behind::{self, Behind, BehindRow},
    db::run::{execute, fetch_optional},
    row::{self, Id, row},
    statements::statements,
};
use crate::{
    protocol::grant::{RevocationReason, refresh_token::RefreshFamily},
    types::{FamilyId, GrantId, Redeemed, Timestamp, change::Change},
};

/// The columns of [`FamilyRow`], without the table's name: `RETURNING` of SQLite knows none.
macro_rules! columns {
    () => {
        "id, grant_id, client_id, seed, generation, rotated_at, retries,
         idle_expires_at, absolute_expires_at, revoked_at, revoked_reason"
    };
}

/// The family lives at the time `$2`, and so does its grant; its user may sign in.
macro_rules! is_live {
    () => {
        "f.revoked_at IS NULL AND f.idle_expires_at > $2 AND f.absolute_expires_at > $2
         AND EXISTS (SELECT 1 FROM grants g JOIN users u ON u.id = g.user_id
                     WHERE g.id = f.grant_id AND g.revoked_at IS NULL AND u.status = 'enabled')"
    };
}

/// The new family of that id and those other columns, in `$` placeholders of a statement for PostgreSQL,
/// once for each row of `taken`; none when the id is NULL.
macro_rules! insert_for_taken {
    ($id:literal, $others:literal) => {
        concat!(
            "INSERT INTO refresh_families (id, grant_id, client_id, seed, generation, rotated_at,
                 retries, idle_expires_at, absolute_expires_at)
             SELECT ",
            $id,
            ", ",
            $others,
            " FROM taken WHERE CAST(",
            $id,
            " AS UUID) IS NOT NULL"
        )
    };
}
pub(super) use insert_for_taken;

statements! { "refresh_family";
    INSERT = "INSERT INTO refresh_families (id, grant_id, client_id, seed, generation, rotated_at,
                  retries, idle_expires_at, absolute_expires_at, revoked_at, revoked_reason)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FIND = concat!("SELECT f.*, ", behind::columns!(), "
        FROM (SELECT ", columns!(), " FROM refresh_families WHERE id = $1) f",
        behind::joins!("f.grant_id"));
    FIND_BY_GRANT = concat!("SELECT ", columns!(), " FROM refresh_families
        WHERE grant_id = $1 ORDER BY id LIMIT 1");
    /// The one winner of any race: no two statements find the same generation current.
    ROTATE = concat!("UPDATE refresh_families AS f
        SET generation = f.generation + 1, rotated_at = $2, retries = 0, idle_expires_at = $4
        WHERE f.id = $1 AND f.generation = $3 AND ", is_live!());
    /// One more retry of the predecessor, below the limit.
    COUNT_RETRY = concat!("UPDATE refresh_families AS f SET retries = f.retries + 1
        WHERE f.id = $1 AND f.generation = $3 AND f.retries < $4 AND ", is_live!());
    /// A use without rotation.
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

/// What [`insert_for_taken`] binds: all empty when there is no family.
#[derive(Default)]
pub(super) struct Bound<'a> {
    pub(super) id: Option<Uuid>,
    pub(super) grant_id: Option<Uuid>,
    pub(super) client_id: Option<&'a str>,
    pub(super) seed: Option<&'a [u8]>,
    pub(super) generation: Option<i64>,
    pub(super) rotated_at: Option<i64>,
    pub(super) retries: Option<i64>,
    pub(super) idle_expires_at: Option<i64>,
    pub(super) absolute_expires_at: Option<i64>,
}

impl<'a> Bound<'a> {
    pub(super) fn of(family: Option<&'a RefreshFamily>) -> Self {
        let Some(family) = family else { return Self::default() };
        Self {
            id: Some(family.id.uuid()),
            grant_id: Some(family.grant_id.uuid()),
            client_id: Some(family.client_id.as_str()),
            seed: Some(family.seed.as_slice()),
            generation: Some(row::number(family.generation)),
            rotated_at: Some(family.rotated_at.unix()),
            retries: Some(i64::from(family.retries)),
            idle_expires_at: Some(family.idle_expires_at.unix()),
            absolute_expires_at: Some(family.absolute_expires_at.unix()),
        }
    }
}

/// The family and what stands behind it, in whatever state they are.
pub async fn find(
    conn: &mut Conn<'_>,
    id: FamilyId,
) -> Result<Option<(RefreshFamily, Behind)>, StoreError> {
    let row = fetch_optional!(FamilyWithBehind, conn, FIND, id.uuid())?;
    row.map(|row| Ok((row.family.try_into()?, row.behind.try_into()?))).transpose()
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

/// Moves the family from one generation to the next, once. `None` when that generation is not current, or
/// the family or its grant is revoked or expired.
pub async fn rotate(
    tx: &mut Tx<'_>,
    id: FamilyId,
    from_generation: u64,
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<Option<Redeemed<FamilyId>>, StoreError> {
    let (from, idle) = (row::number(from_generation), idle_expires_at.unix());
    let rotated = execute!(tx, ROTATE, id.uuid(), now.unix(), from, idle)? > 0;
    Ok(rotated.then(|| Redeemed::by_store(id)))
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

/// How a family is used: one conditional statement each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyUse {
    /// As [`touch`].
    Touch {
        /// When the family dies now unless it is used again.
        idle_expires_at: Timestamp,
    },
    /// As [`rotate`].
    Rotate {
        /// The generation that is current.
        from: u64,
        /// When the family dies now unless it is used again.
        idle_expires_at: Timestamp,
    },
    /// As [`count_retry`].
    CountRetry {
        /// The generation that is current.
        generation: u64,
        /// How many retries it has.
        limit: u32,
    },
}

/// Uses a family like that; `false` when the use is declined.
pub async fn carry_out(
    tx: &mut Tx<'_>,
    id: FamilyId,
    how: FamilyUse,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match how {
        FamilyUse::Touch { idle_expires_at } => touch(tx, id, now, idle_expires_at).await,
        FamilyUse::Rotate { from, idle_expires_at } => {
            Ok(rotate(tx, id, from, now, idle_expires_at).await?.is_some())
        }
        FamilyUse::CountRetry { generation, limit } => {
            count_retry(tx, id, generation, limit, now).await
        }
    }
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
    struct FamilyWithBehind {
        #[sqlx(flatten)]
        family: FamilyRow,
        #[sqlx(flatten)]
        behind: BehindRow,
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
