//! What a node remembers of the database, and how it forgets in time.
//!
//! Entries are dropped by exact key when the change log names them. The node that makes a change
//! follows the log before it answers; other nodes follow it four times a second. A node that has not
//! managed to for a second no longer believes its memory and reads the database (fail closed).

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;

use crate::{
    identity::{api_key::ApiKey, user::User},
    protocol::{client::Client, grant::Grant},
    types::{ApiKeyId, ClientId, FamilyId, GrantId, TokenHash, UserId, change::Change},
};

/// How old the last look at the change log may be before memory is not believed.
const BELIEVED_FOR: Duration = Duration::from_secs(1);
/// The age of a log that was not followed yet.
const NEVER: u64 = u64::MAX;
/// Entries live at most this long unused, so that memory follows use.
const TIME_TO_IDLE: Duration = Duration::from_mins(10);

/// The caches of one node. Every one is bounded.
#[derive(Debug)]
pub struct Caches {
    /// Clients with their live secrets.
    pub clients: Remembered<ClientId, Client>,
    /// Every API, role and group.
    pub access: Remembered<(), super::access_model::AccessModel>,
    /// Users with their roles.
    pub users: Remembered<UserId, User>,
    /// API keys, dead ones as well.
    pub api_keys: Remembered<ApiKeyId, ApiKey>,
    /// Grants, revoked ones as well.
    pub grants: Remembered<GrantId, Grant>,
    /// What live tokens say, by the hash of the token's text.
    pub tokens: Remembered<TokenHash, super::token_facts::TokenFacts>,
    /// Codes that this node gave: each is used once, and asked for by nobody else.
    pub codes: Remembered<TokenHash, super::recent::GivenCode>,
    /// Refresh token families as this node left them.
    pub families: Remembered<FamilyId, super::recent::UsedFamily>,
    /// Tokens that were not revoked when the database was asked, by their revocation key.
    pub unrevoked: Remembered<TokenHash, ()>,
    epoch: AtomicU64,
    followed_to: AtomicI64,
    followed_at: AtomicU64,
}

/// One bounded memory of values that the change log can make stale.
pub struct Remembered<K, V> {
    entries: Cache<K, Arc<V>>,
}

impl<K, V> Remembered<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn bounded(capacity: u64) -> Self {
        Self { entries: Cache::builder().max_capacity(capacity).time_to_idle(TIME_TO_IDLE).build() }
    }
}

impl<K, V> std::fmt::Debug for Remembered<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remembered")
    }
}

/// A moment in a node's memory, taken before the database is read: what was read then is only kept
/// when nothing was forgotten since.
#[derive(Debug, Clone, Copy)]
pub struct Epoch(u64);

impl Caches {
    /// Empty caches; `capacity` bounds the number of tokens, and what hangs from them.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self {
            clients: Remembered::bounded(10_000),
            access: Remembered::bounded(1),
            users: Remembered::bounded(capacity),
            api_keys: Remembered::bounded(capacity),
            grants: Remembered::bounded(capacity),
            tokens: Remembered::bounded(capacity),
            codes: Remembered::bounded(capacity),
            families: Remembered::bounded(capacity),
            unrevoked: Remembered::bounded(capacity),
            epoch: AtomicU64::new(0),
            followed_to: AtomicI64::new(0),
            followed_at: AtomicU64::new(NEVER),
        }
    }

    /// The present moment of this memory; take it before reading the database.
    pub fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::SeqCst))
    }

    /// What is remembered under `key`, if memory is to be believed at `uptime`.
    pub fn recall<K, V>(&self, from: &Remembered<K, V>, key: &K, uptime: Duration) -> Option<Arc<V>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        if self.is_believed(uptime) { from.entries.get(key) } else { None }
    }

    /// As [`Caches::recall`], and forgets it.
    pub fn take<K, V>(&self, from: &Remembered<K, V>, key: &K, uptime: Duration) -> Option<Arc<V>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        if self.is_believed(uptime) { from.entries.remove(key) } else { None }
    }

    /// Remembers what was read since `epoch`, unless something was forgotten meanwhile.
    pub fn keep<K, V>(&self, into: &Remembered<K, V>, key: &K, value: Arc<V>, epoch: Epoch)
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        if self.epoch.load(Ordering::SeqCst) != epoch.0 {
            return;
        }
        into.entries.insert(key.clone(), value);
        // A change between the check and the insert would have found nothing to drop.
        if self.epoch.load(Ordering::SeqCst) != epoch.0 {
            into.entries.invalidate(key);
        }
    }

    /// What is remembered under `key`, or else what `read` finds, which is then remembered.
    ///
    /// # Errors
    /// What `read` returned.
    pub async fn recall_or<K, V, E>(
        &self,
        memory: &Remembered<K, V>,
        key: &K,
        uptime: Duration,
        read: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<Arc<V>>, E>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        if let Some(known) = self.recall(memory, key, uptime) {
            return Ok(Some(known));
        }
        let epoch = self.epoch();
        let found = read.await?.map(Arc::new);
        if let Some(value) = &found {
            self.keep(memory, key, Arc::clone(value), epoch);
        }
        Ok(found)
    }

    /// Whether the change log was followed recently enough at `uptime`.
    pub fn is_believed(&self, uptime: Duration) -> bool {
        let followed_at = self.followed_at.load(Ordering::SeqCst);
        followed_at != NEVER && uptime <= Duration::from_millis(followed_at) + BELIEVED_FOR
    }

    /// The number of the last change that was followed.
    pub fn followed_to(&self) -> i64 {
        self.followed_to.load(Ordering::SeqCst)
    }

    /// Drops everything.
    pub fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.clients.entries.invalidate_all();
        self.access.entries.invalidate_all();
        self.users.entries.invalidate_all();
        self.api_keys.entries.invalidate_all();
        self.grants.entries.invalidate_all();
        self.tokens.entries.invalidate_all();
        self.codes.entries.invalidate_all();
        self.families.entries.invalidate_all();
        self.unrevoked.entries.invalidate_all();
    }

    /// Drops what `changes` made stale, and notes that the log was followed to `last` at `uptime`.
    pub fn follow(&self, changes: &[Change], last: i64, uptime: Duration) {
        if !changes.is_empty() {
            self.epoch.fetch_add(1, Ordering::SeqCst);
        }
        for change in changes {
            match change {
                Change::Client(id) => self.clients.entries.invalidate(id),
                Change::User(id) => self.users.entries.invalidate(id),
                Change::ApiKey(id) => self.api_keys.entries.invalidate(id),
                Change::Grant(id) => self.grants.entries.invalidate(id),
                Change::AccessToken(key) => self.unrevoked.entries.invalidate(key),
                Change::Roles => {
                    self.access.entries.invalidate_all();
                    // Whoever held a role that is gone holds it no more.
                    self.users.entries.invalidate_all();
                    self.clients.entries.invalidate_all();
                }
                Change::SigningKeys => self.tokens.entries.invalidate_all(),
                Change::Epoch => self.forget_all(),
            }
        }
        self.followed_to.fetch_max(last, Ordering::SeqCst);
        self.followed_at
            .store(u64::try_from(uptime.as_millis()).unwrap_or(NEVER - 1), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn key() -> TokenHash {
        TokenHash::of(crate::types::token::TokenKind::AccessToken, "token")
    }

    #[test]
    fn memory_is_not_believed_before_the_log_was_followed_nor_long_after() {
        let caches = Caches::new(10);
        caches.keep(&caches.unrevoked, &key(), Arc::new(()), caches.epoch());
        assert!(caches.recall(&caches.unrevoked, &key(), NOW).is_none());
        caches.follow(&[], 0, NOW);
        assert!(caches.recall(&caches.unrevoked, &key(), NOW).is_some());
        assert!(caches.recall(&caches.unrevoked, &key(), Duration::from_secs(1_001)).is_some());
        assert!(
            caches.recall(&caches.unrevoked, &key(), Duration::from_millis(1_001_001)).is_none()
        );
    }

    #[test]
    fn a_change_drops_what_it_names() {
        let caches = Caches::new(10);
        caches.follow(&[], 0, NOW);
        caches.keep(&caches.unrevoked, &key(), Arc::new(()), caches.epoch());
        caches.follow(&[Change::AccessToken(key())], 1, NOW);
        assert!(caches.recall(&caches.unrevoked, &key(), NOW).is_none());
        assert_eq!(caches.followed_to(), 1);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let caches = Caches::new(10);
        caches.follow(&[], 0, NOW);
        let before = caches.epoch();
        caches.follow(&[Change::AccessToken(key())], 1, NOW);
        caches.keep(&caches.unrevoked, &key(), Arc::new(()), before);
        assert!(caches.recall(&caches.unrevoked, &key(), NOW).is_none());
    }
}
