//! Refresh tokens: their text, and what a presented one is worth. RFC 6749 §6, RFC 9700 §4.14.
//!
//! A family is one row. Generation *n* of its token is `dwr_` and base64url of the family's id, *n*
//! (8 bytes, big-endian) and HMAC-SHA256 over seed, id, *n* and `client_id`, under a key that is not
//! in the database. So the successor can be computed again when an answer was lost, old tokens are
//! recognised without being kept, and a forged one never reaches a decision that could revoke.
//!
//! Order is the generation, never a clock: the clock only says how long a lost answer is forgiven.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use uuid::Uuid;

use crate::{
    protocol::{
        error::{ErrorCode, OAuthError},
        grant::refresh_token::RefreshFamily,
    },
    types::{
        ClientId, FamilyId, Secret, Timestamp, epoch::DatabaseEpoch, seal::Mac, token::TokenKind,
    },
};

/// Family id, generation, tag.
const TOKEN_BYTES: usize = 16 + 8 + 32;

/// What a text claims to be: a token of this family. Nothing is proven yet.
#[derive(Debug, Clone)]
pub struct PresentedRefreshToken {
    family: FamilyId,
    generation: u64,
    tag: [u8; 32],
}

/// A generation of a family whose token was really presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenGeneration(u64);

impl PresentedRefreshToken {
    /// Reads the text of a refresh token; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(TokenKind::RefreshToken.prefix())?;
        let mut bytes = [0; TOKEN_BYTES];
        let decoded = Base64UrlUnpadded::decode(body, &mut bytes).ok()?;
        let (family, rest) = decoded.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<8>()?;
        Some(Self {
            family: FamilyId::from_uuid(Uuid::from_bytes(*family)),
            generation: u64::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    /// The family to load.
    #[must_use]
    pub const fn family(&self) -> FamilyId {
        self.family
    }

    /// The generation, if the token is genuine; `None` is an answer to nobody's token, and has no
    /// effect on any family. Constant time.
    #[must_use]
    pub fn prove(&self, mac: &Mac, family: &RefreshFamily) -> Option<ProvenGeneration> {
        let generation = self.generation.to_be_bytes();
        let genuine = self.family == family.id
            && mac.verify(
                &[
                    &family.seed,
                    family.id.uuid().as_bytes(),
                    &generation,
                    family.client_id.as_str().as_bytes(),
                ],
                &self.tag,
            );
        genuine.then_some(ProvenGeneration(self.generation))
    }
}

/// The text of `generation` of `family`. The same arguments make the same text.
#[must_use]
pub fn mint(mac: &Mac, family: &RefreshFamily, generation: u64) -> Secret<String> {
    let number = generation.to_be_bytes();
    let id = family.id.uuid();
    let client_id = family.client_id.as_str().as_bytes();
    let tag = mac.tag(&[&family.seed, id.as_bytes(), &number, client_id]);
    let mut bytes = [0; TOKEN_BYTES];
    let parts = [&id.as_bytes()[..], &number, &tag].concat();
    bytes.copy_from_slice(&parts);
    let prefix = TokenKind::RefreshToken.prefix();
    Secret::new(format!("{prefix}{}", Base64UrlUnpadded::encode_string(&bytes)))
}

/// Whether each use makes a new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rotation {
    /// Each use does: public bearer clients. RFC 9700 §2.2.2.
    EveryUse,
    /// None does: clients that authenticate, or whose tokens are bound to a key.
    Never,
}

/// The rules of a client's refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// Whether each use makes a new token.
    pub rotation: Rotation,
    /// How long after a rotation the predecessor yields the successor again; zero for never.
    pub retry_window: Duration,
    /// How often it does so.
    pub max_retries: u32,
    /// How long a family lives without use.
    pub idle: Duration,
    /// How long it lives in any case.
    pub absolute: Duration,
}

impl RefreshPolicy {
    /// For public bearer clients: rotation, 30 s and 10 retries, 7 days idle, 30 days in all.
    #[must_use]
    pub const fn public_client() -> Self {
        Self {
            rotation: Rotation::EveryUse,
            retry_window: Duration::from_secs(30),
            max_retries: 10,
            idle: Duration::from_hours(7 * 24),
            absolute: Duration::from_hours(30 * 24),
        }
    }

    /// For clients that authenticate: no rotation, 30 days idle, a year in all.
    #[must_use]
    pub const fn confidential_client() -> Self {
        Self {
            rotation: Rotation::Never,
            idle: Duration::from_hours(30 * 24),
            absolute: Duration::from_hours(365 * 24),
            ..Self::public_client()
        }
    }

    /// Until when a family that is used at `now` lives without another use: never past its end.
    #[must_use]
    pub fn idle_until(&self, absolute_expires_at: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.idle).min(absolute_expires_at)
    }
}

/// What a good refresh token yields, beside a fresh access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshUse {
    /// The family moves from `from` to `to`, by one conditional update; the token of `to` is sent.
    /// Where the update finds another generation, somebody was faster: load and judge again.
    Rotate {
        /// The generation that must still be current.
        from: u64,
        /// The generation that becomes current.
        to: u64,
    },
    /// The answer was lost: the token of the current generation is sent again, and a retry counted,
    /// by an update that asks for this generation and fewer than the allowed retries.
    Reissue {
        /// The generation that is current.
        current: u64,
    },
    /// The token stays as it is, and so does its text.
    Keep,
}

/// Why a genuine refresh token yields nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshRefusal {
    /// It belongs to another client, whose family stays as it is.
    #[error("the refresh token belongs to another client")]
    OtherClient,
    /// The family was revoked.
    #[error("the refresh token was revoked")]
    Revoked,
    /// The family was not used for too long, or is too old.
    #[error("the refresh token has expired")]
    Expired,
    /// All retries were used. The family stays; the client is broken, and an event says so.
    #[error("the refresh token was retried too often")]
    RetriesSpent,
    /// A superseded token came back: the family and its access tokens are revoked.
    #[error("the refresh token was superseded and then used again")]
    Reuse,
    /// It is from before the restore of a backup, and may have been superseded since the backup.
    #[error("the refresh token may have been superseded before the database was restored")]
    BeforeEpoch,
    /// A generation that does not exist yet: the database is older than its tokens. An alarm.
    #[error("the refresh token is newer than the database")]
    FromFuture,
}

impl From<RefreshRefusal> for OAuthError {
    fn from(refusal: RefreshRefusal) -> Self {
        let description = match refusal {
            RefreshRefusal::Expired => "the refresh token has expired",
            RefreshRefusal::Revoked | RefreshRefusal::Reuse => "the refresh token was revoked",
            RefreshRefusal::RetriesSpent => "the refresh token was superseded",
            RefreshRefusal::BeforeEpoch => {
                "the refresh token is older than the server's last restore"
            }
            RefreshRefusal::OtherClient | RefreshRefusal::FromFuture => {
                "the refresh token is not valid"
            }
        };
        Self::new(ErrorCode::InvalidGrant, description).with_detail(refusal.to_string())
    }
}

/// What `presented` is worth to `client_id` at `now`.
///
/// After the restore of a backup, what the row says of a rotating family is not to be trusted: its
/// present generation may have been superseded in between, and the reuse of it was then no longer
/// noticed. Such a family ends with the epoch; a token that does not rotate goes on.
///
/// User, grant and key are checked before, by the choke point of all grants; their failure, like
/// that of the client here, revokes nothing.
///
/// # Errors
/// [`RefreshRefusal`]; only [`RefreshRefusal::Reuse`] asks for a revocation.
pub fn judge(
    family: &RefreshFamily,
    presented: ProvenGeneration,
    client_id: &ClientId,
    policy: &RefreshPolicy,
    epoch: DatabaseEpoch,
    now: Timestamp,
) -> Result<RefreshUse, RefreshRefusal> {
    if family.client_id != *client_id {
        return Err(RefreshRefusal::OtherClient);
    }
    if family.revoked.is_some() {
        return Err(RefreshRefusal::Revoked);
    }
    if now >= family.idle_expires_at || now >= family.absolute_expires_at {
        return Err(RefreshRefusal::Expired);
    }
    let worth = by_generation(family, presented.0, policy, now)?;
    match worth {
        RefreshUse::Rotate { .. } | RefreshUse::Reissue { .. }
            if epoch.is_after(family.rotated_at) =>
        {
            Err(RefreshRefusal::BeforeEpoch)
        }
        RefreshUse::Rotate { .. } | RefreshUse::Reissue { .. } | RefreshUse::Keep => Ok(worth),
    }
}

/// The generation alone decides. RFC 9700 §4.14.2.
fn by_generation(
    family: &RefreshFamily,
    presented: u64,
    policy: &RefreshPolicy,
    now: Timestamp,
) -> Result<RefreshUse, RefreshRefusal> {
    let current = family.generation;
    match presented.cmp(&current) {
        std::cmp::Ordering::Greater => Err(RefreshRefusal::FromFuture),
        std::cmp::Ordering::Equal => match (policy.rotation, current.checked_add(1)) {
            (Rotation::EveryUse, Some(to)) => Ok(RefreshUse::Rotate { from: current, to }),
            (Rotation::Never, _) => Ok(RefreshUse::Keep),
            (Rotation::EveryUse, None) => Err(RefreshRefusal::Expired),
        },
        std::cmp::Ordering::Less => superseded(family, presented, policy, now),
    }
}

/// The predecessor is forgiven for a while, everything older is reuse. RFC 9700 §4.14.2.
fn superseded(
    family: &RefreshFamily,
    presented: u64,
    policy: &RefreshPolicy,
    now: Timestamp,
) -> Result<RefreshUse, RefreshRefusal> {
    let is_predecessor = presented.checked_add(1) == Some(family.generation);
    let in_window =
        !policy.retry_window.is_zero() && now.since(family.rotated_at) <= policy.retry_window;
    if !is_predecessor || !in_window {
        return Err(RefreshRefusal::Reuse);
    }
    if family.retries >= policy.max_retries {
        return Err(RefreshRefusal::RetriesSpent);
    }
    Ok(RefreshUse::Reissue { current: family.generation })
}

#[cfg(test)]
mod tests;
