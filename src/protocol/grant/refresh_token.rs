//! Refresh token families: one row for all the tokens of one grant. RFC 6749 §6, RFC 9700 §4.14.

use super::Revocation;
use crate::types::{ClientId, FamilyId, GrantId, Timestamp};

/// The refresh tokens of one grant. Generation *n* of the token can be recomputed from this row and
/// a key that is not in the database, so that old ones are recognised without being kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshFamily {
    /// Its id; part of every token of the family.
    pub id: FamilyId,
    /// The grant it hangs from.
    pub grant_id: GrantId,
    /// The client that may use it.
    pub client_id: ClientId,
    /// 256 random bits under the MAC of every token of the family.
    pub seed: [u8; 32],
    /// The generation that is current.
    pub generation: u64,
    /// When the current generation came to be.
    pub rotated_at: Timestamp,
    /// How often the predecessor was retried since.
    pub retries: u32,
    /// When it dies unless it is used before.
    pub idle_expires_at: Timestamp,
    /// When it dies in any case.
    pub absolute_expires_at: Timestamp,
    /// When and why it was revoked.
    pub revoked: Option<Revocation>,
}
