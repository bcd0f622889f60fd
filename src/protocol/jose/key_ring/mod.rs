//! The life of the signing keys. A key is published before it signs, and as long as what it signed.
//!
//! pending (published, not signing) → active → retiring (published, not signing) → removed.
//! A revoked key counts no more, at once. [`rotation`] says what is due; the store applies each step
//! with a conditional statement, so that of two nodes one wins.
//!
//! Of each algorithm one key stands by as pending. So a rotation, planned or not, never waits, and
//! what a new key signs can be checked by whoever fetched the JWKS within its `max-age`.

use std::time::Duration;

use super::{
    alg::SigningAlg,
    jwk::{Jwk, JwkSet, Kid},
    verifying_key::{VerifyingKey, VerifyingKeys},
};
use crate::types::Timestamp;

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyState {
    /// Published, so that it becomes known; it does not sign yet.
    Pending,
    /// It signs.
    Active,
    /// It signs no more, but tokens that it signed may live.
    Retiring,
    /// No token that it signed lives. It is no longer published, and its private part is gone.
    Removed,
    /// Taken out of service at once: nothing that it signed counts any more.
    Revoked,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::Retiring, Self::Removed, Self::Revoked];

    /// The stable name that the database holds.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Removed => "removed",
            Self::Revoked => "revoked",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether a key may go from this state to `next`. No state is ever entered twice.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        match next {
            Self::Pending => false,
            Self::Active => matches!(self, Self::Pending),
            Self::Retiring => matches!(self, Self::Active),
            Self::Removed => matches!(self, Self::Retiring),
            Self::Revoked => !matches!(self, Self::Revoked),
        }
    }

    /// Whether the JWKS lists a key in this state.
    #[must_use]
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Retiring)
    }
}

/// A signing key as the server keeps it, without its private part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its name: the thumbprint of the public key.
    pub kid: Kid,
    /// The algorithm that it signs with.
    pub alg: SigningAlg,
    /// Where it stands.
    pub state: KeyState,
    /// The public key.
    pub public: Jwk,
    /// When it was made; it is published from then on.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it ceased to sign.
    pub retired_at: Option<Timestamp>,
    /// When it left the JWKS because nothing that it signed lived.
    pub removed_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A signing key with its private part, sealed for [`crate::types::seal::Purpose::SigningKey`].
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// What everybody may know.
    pub record: KeyRecord,
    /// PKCS#8, sealed; empty once the key is removed or revoked.
    pub sealed_private: Vec<u8>,
}

impl KeyRecord {
    /// The record of a key that was made at `now`: pending, or active at once.
    #[must_use]
    pub fn new(public: Jwk, alg: SigningAlg, first: FirstState, now: Timestamp) -> Self {
        let (state, activated_at) = match first {
            FirstState::Pending => (KeyState::Pending, None),
            FirstState::Active => (KeyState::Active, Some(now)),
        };
        Self {
            kid: public.key().thumbprint(),
            alg,
            state,
            public,
            created_at: now,
            activated_at,
            retired_at: None,
            removed_at: None,
            revoked_at: None,
        }
    }

    /// Moves the key on to `next` at `now`; `false`, and nothing changed, when it may not go there.
    pub fn advance(&mut self, next: KeyState, now: Timestamp) -> bool {
        if !self.state.can_become(next) {
            return false;
        }
        self.state = next;
        match next {
            KeyState::Pending => {}
            KeyState::Active => self.activated_at = Some(now),
            KeyState::Retiring => self.retired_at = Some(now),
            KeyState::Removed => self.removed_at = Some(now),
            KeyState::Revoked => self.revoked_at = Some(now),
        }
        true
    }
}

/// The state in which a new key begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FirstState {
    /// It is published first.
    Pending,
    /// There is no other to sign with: it signs at once.
    Active,
}

/// The times of a key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How long a key signs.
    pub key_lifetime: Duration,
    /// The `max-age` of the JWKS: how long others may use their copy.
    pub jwks_max_age: Duration,
    /// The longest lifetime of any signed token. When it is made shorter, the longer one counts until
    /// the tokens that were issued under it have died.
    pub longest_token_lifetime: Duration,
}

impl RotationPolicy {
    /// How long a key is published before it signs: two lives of a cached JWKS.
    fn publication(&self) -> Duration {
        self.jwks_max_age.saturating_mul(2)
    }
}

/// One thing that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStep {
    /// Make a key of this algorithm.
    Create(SigningAlg, FirstState),
    /// This key signs from now on; every other active one of its algorithm retires with it.
    Activate(Kid),
    /// This key signs no more.
    Retire(Kid),
    /// This key leaves the JWKS, and its private part is wiped.
    Remove(Kid),
}

/// What is due for `keys` at `now`, in the order in which to do it.
///
/// Steps of one call are applied in one transaction. Called again when nothing was done, it says the
/// same; called when all was done, it says nothing or names the next step.
#[must_use]
pub fn rotation(keys: &[KeyRecord], policy: &RotationPolicy, now: Timestamp) -> Vec<KeyStep> {
    let mut steps = Vec::new();
    for alg in SigningAlg::ALL {
        steps.extend(rotation_of(keys, alg, Trigger::Age, policy, now));
    }
    steps.extend(removals(keys, policy, now));
    steps
}

/// What to do when an operator asks for a new key of `alg`, however young the active one is. Empty
/// while the key that stands by has not been published long enough.
#[must_use]
pub fn rotation_on_request(
    keys: &[KeyRecord],
    alg: SigningAlg,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Vec<KeyStep> {
    rotation_of(keys, alg, Trigger::Request, policy, now)
}

/// What makes an active key give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    Age,
    Request,
}

/// The steps of one algorithm: someone signs, and someone stands by.
fn rotation_of(
    keys: &[KeyRecord],
    alg: SigningAlg,
    trigger: Trigger,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Vec<KeyStep> {
    let standby = keys
        .iter()
        .filter(|key| key.alg == alg && key.state == KeyState::Pending)
        .min_by_key(|key| (key.created_at, &key.kid));
    let Some(active) = signing_key(keys, alg) else {
        // Nobody can sign: the ring is new, or its key was revoked. Who stands by takes over, even
        // if not everybody has heard of it: no token at all would help nobody.
        return vec![standby.map_or(KeyStep::Create(alg, FirstState::Active), |key| {
            KeyStep::Activate(key.kid.clone())
        })];
    };
    let Some(standby) = standby else {
        return vec![KeyStep::Create(alg, FirstState::Pending)];
    };
    let due = match trigger {
        Trigger::Age => now.since(active.activated_at.unwrap_or(now)) >= policy.key_lifetime,
        Trigger::Request => true,
    };
    if due && now.since(standby.created_at) >= policy.publication() {
        let former = active_keys(keys, alg).map(|key| KeyStep::Retire(key.kid.clone()));
        former.chain([KeyStep::Activate(standby.kid.clone())]).collect()
    } else {
        Vec::new()
    }
}

/// A retired key goes when everything that it signed has expired.
fn removals<'a>(
    keys: &'a [KeyRecord],
    policy: &'a RotationPolicy,
    now: Timestamp,
) -> impl Iterator<Item = KeyStep> + 'a {
    let dead = move |key: &&KeyRecord| {
        key.state == KeyState::Retiring
            && key.retired_at.is_some_and(|at| {
                now.since(at) > policy.longest_token_lifetime.saturating_add(policy.jwks_max_age)
            })
    };
    keys.iter().filter(dead).map(|key| KeyStep::Remove(key.kid.clone()))
}

/// The active keys of `alg`: one, unless two nodes made the first one at the same moment.
fn active_keys(keys: &[KeyRecord], alg: SigningAlg) -> impl Iterator<Item = &KeyRecord> {
    keys.iter().filter(move |key| key.alg == alg && key.state == KeyState::Active)
}

/// The key that signs with `alg`: the active one, the latest of several.
#[must_use]
pub fn signing_key(keys: &[KeyRecord], alg: SigningAlg) -> Option<&KeyRecord> {
    active_keys(keys, alg).max_by_key(|key| (key.activated_at, &key.kid))
}

/// The JWKS: pending, active and retiring keys.
#[must_use]
pub fn published(keys: &[KeyRecord]) -> JwkSet {
    JwkSet::of(keys.iter().filter(|key| key.state.is_published()).map(|key| key.public.clone()))
}

/// What a token of our own is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckedAs {
    /// A token that must still count: every published key. A pending one is among them, since another
    /// node may have made it active a moment ago.
    Token,
    /// An `id_token_hint`, which may be older than its key: removed keys too, revoked ones never.
    Hint,
}

/// The public keys that check our own tokens, ready for use.
#[must_use]
pub fn verifying_keys(keys: &[KeyRecord], checked_as: CheckedAs) -> VerifyingKeys {
    let counts = |state: KeyState| match checked_as {
        CheckedAs::Token => state.is_published(),
        CheckedAs::Hint => state.is_published() || state == KeyState::Removed,
    };
    keys.iter()
        .filter(|key| counts(key.state))
        .filter_map(|key| VerifyingKey::new(&key.public, key.alg.alg()))
        .collect()
}

#[cfg(test)]
mod tests;
