//! Access tokens: no row until they are revoked. RFC 7009.

use super::{
    Conn, StoreError, Tx,
    db::run::{execute, fetch_optional},
    grant::{self, GrantRow},
    row::{self, Number},
    statements::statements,
};
use crate::{
    protocol::grant::Grant,
    types::{GrantId, Timestamp, TokenHash, change::Change},
};

statements! { "revoked_token";
    INSERT = "INSERT INTO revoked_tokens (hash, expires_at) VALUES ($1, $2)
              ON CONFLICT (hash) DO NOTHING";
    STANDING = "SELECT COUNT(*) AS number FROM revoked_tokens WHERE hash = $1";
    STANDING_UNDER_GRANT = concat!("SELECT ", grant::columns!(), "
        FROM grants g JOIN users u ON u.id = g.user_id JOIN clients c ON c.id = g.client_id
        WHERE g.id = $2 AND g.revoked_at IS NULL AND u.status = 'enabled' AND c.status = 'enabled'
            AND NOT EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.hash = $1)");
}

/// Whether an access token still counts.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// It does; the grant it hangs from, `None` when the client acts for itself.
    Live(Option<Box<Grant>>),
    /// It was revoked, or its grant was, or its user or client may not be spoken for any more.
    Dead,
}

/// Revokes the token with this `jti` until it expires by itself; whether it was revoked now.
pub async fn insert(
    tx: &mut Tx<'_>,
    jti: &TokenHash,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let revoked = execute!(tx, INSERT, row::bytes(jti), expires_at.unix())? > 0;
    if revoked {
        tx.note_change(Change::AccessToken(*jti), now);
    }
    Ok(revoked)
}

/// Whether the token with this `jti`, issued under `grant_id`, still counts. That it is genuine, its
/// expiry and, where it has no grant, its client are for the caller to check.
pub async fn standing(
    conn: &mut Conn<'_>,
    jti: &TokenHash,
    grant_id: Option<GrantId>,
) -> Result<Standing, StoreError> {
    let Some(grant_id) = grant_id else {
        let revoked = fetch_optional!(Number, conn, STANDING, row::bytes(jti))?;
        let is_live = revoked.is_some_and(|row| row.number == 0);
        return Ok(if is_live { Standing::Live(None) } else { Standing::Dead });
    };
    let row =
        fetch_optional!(GrantRow, conn, STANDING_UNDER_GRANT, row::bytes(jti), grant_id.uuid())?;
    match row {
        Some(row) => Ok(Standing::Live(Some(Box::new(row.try_into()?)))),
        None => Ok(Standing::Dead),
    }
}
