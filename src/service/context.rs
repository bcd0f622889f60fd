//! What every verb of the server works with.

use std::sync::Arc;

use super::{
    cache::Caches, epoch::CurrentEpoch, gates::Gates, keys::KeyRing, password_pool::PasswordPool,
    policy::ServicePolicy, rates::Rates, seen::Seen, vault::Vault,
};
use crate::{
    protocol::policy::Policy,
    store::Db,
    types::{
        Timestamp,
        audit::{Action, Actor, AuditEvent, Object, Outcome},
        id::AuditEventId,
        origin::Origin,
        random::{self, Random},
        time::Clock,
    },
};

/// The server's means: the database, the clock, the keys, the figures. One for the whole process.
#[derive(Debug)]
pub struct Context {
    /// Where everything is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub random: Arc<dyn Random>,
    /// The protocol's figures.
    pub protocol: Policy,
    /// The figures of the services.
    pub policy: ServicePolicy,
    /// What the master key is used for.
    pub vault: Vault,
    /// The signing keys.
    pub keys: KeyRing,
    /// What is remembered of the database.
    pub caches: Caches,
    /// Since when the database has been the one in use.
    pub epoch: CurrentEpoch,
    /// Where passwords are hashed.
    pub passwords: PasswordPool,
    /// Turns of sign-ins under one counter.
    pub gates: Gates,
    /// The rate limits of strangers.
    pub rates: Rates,
    /// Whose large tokens were noted lately.
    pub large_tokens: super::token_size::Noted,
    /// Uses of sessions and API keys that are still to be written.
    pub seen: Seen,
}

impl Context {
    /// The current moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` fresh random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        random::bytes(self.random.as_ref())
    }

    /// An event of the audit log that happens now, with a result and nothing more to say.
    #[must_use]
    pub fn event(
        &self,
        actor: Actor,
        action: Action,
        object: Object,
        outcome: Outcome,
        origin: &Origin,
    ) -> AuditEvent {
        let at = self.now();
        AuditEvent {
            id: AuditEventId::new(at, self.random()),
            at,
            actor,
            action,
            object,
            outcome,
            origin: origin.clone(),
            detail: serde_json::Map::new(),
        }
    }
}
