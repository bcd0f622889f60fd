//! From the means of a process to a working [`Context`]: the checks and the first steps of every start.

use std::{sync::Arc, time::Duration};

use super::{
    Context, ServiceError, built_in, cache::Caches, changes, epoch, gates::Gates, key_rotation,
    keys, keys::KeyRing, password_pool::PasswordPool, policy::ServicePolicy, rates::Rates,
    seen::Seen, vault::Vault,
};
use crate::{
    protocol::policy::Policy,
    store::{self, Db},
    types::{origin::Origin, random::Random, seal::MasterKey, time::Clock},
};

/// What a process brings along.
#[derive(Debug)]
pub struct Means {
    /// The open database.
    pub db: Db,
    /// The key that is not in the database.
    pub master_key: MasterKey,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// The protocol's figures.
    pub protocol: Policy,
    /// The services' figures.
    pub policy: ServicePolicy,
    /// The threads that hash passwords.
    pub passwords: PasswordPool,
}

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database was written with another master key. Nothing was changed.
    #[error(
        "the master key is not the one that this database was written with; restore the right key file"
    )]
    WrongMasterKey,
    /// A service failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Checks the master key against the database, makes the signing keys that are missing, and begins to
/// follow the change log.
///
/// # Errors
/// [`StartError::WrongMasterKey`] before anything is written, [`StartError::Service`] when the
/// database does not answer or a key does not open.
pub async fn open(means: Means) -> Result<Arc<Context>, StartError> {
    check_master_key(&means.db, &means.master_key).await?;
    let ctx = Arc::new(Context {
        vault: Vault::new(&means.master_key),
        keys: KeyRing::new(means.protocol.issuer.clone()),
        caches: Caches::new(means.policy.cached_tokens),
        epoch: epoch::CurrentEpoch::default(),
        db: means.db,
        clock: means.clock,
        random: means.random,
        protocol: means.protocol,
        policy: means.policy,
        passwords: means.passwords,
        gates: Gates::default(),
        rates: Rates::new(RATED_NETWORKS),
        large_tokens: super::token_size::Noted::default(),
        seen: Seen::default(),
    });
    let head = store::change_log::head(&mut reader(&ctx).await?.conn()).await;
    ctx.caches.follow(&[], head.map_err(ServiceError::from)?, ctx.clock.uptime());
    epoch::reload(&ctx).await?;
    // Before anything is written with this clock.
    if let Some(behind) = clock_is_behind(&ctx).await? {
        let seconds = behind.as_secs();
        tracing::warn!(
            seconds,
            "the clock is behind the newest audit event: what expires does so later"
        );
    }
    key_rotation::rotate_due(&ctx, &Origin::command_line("start".to_owned())).await?;
    keys::reload(&ctx).await?;
    built_in::ensure(&ctx).await?;
    changes::follow(&ctx).await?;
    Ok(ctx)
}

/// A clock that is behind by no more than this may belong to a node of several.
const FORGIVEN: Duration = Duration::from_mins(1);

/// How far the clock is behind the newest audit event, when that is more than clocks differ.
///
/// What comes after what does not depend on it: generations and conditional statements decide. But what lives
/// for a time lives longer.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the database does not answer.
pub async fn clock_is_behind(ctx: &Context) -> Result<Option<Duration>, ServiceError> {
    let newest = store::audit_event::newest(&mut reader(ctx).await?.conn()).await?;
    let behind = newest.map(|newest| newest.since(ctx.now()));
    Ok(behind.filter(|behind| *behind > FORGIVEN))
}

async fn reader(ctx: &Context) -> Result<store::Reader, ServiceError> {
    Ok(ctx.db.reader().await?)
}

/// The name of the value that says which master key a database belongs to.
const MASTER_KEY_CHECK: &str = "master_key_check";

/// Whether the database belongs to a master key already: then no new one may be made for it.
///
/// # Errors
/// [`StartError::Service`] when the database does not answer.
pub async fn has_master_key(db: &Db) -> Result<bool, StartError> {
    let found = async { store::meta::find(&mut db.reader().await?.conn(), MASTER_KEY_CHECK).await };
    Ok(found.await.map_err(ServiceError::from)?.is_some())
}

/// A database belongs to one master key for ever: the first start notes a check value, later ones
/// compare theirs with it.
async fn check_master_key(db: &Db, key: &MasterKey) -> Result<(), StartError> {
    let found = async {
        let stored = store::meta::find(&mut db.reader().await?.conn(), MASTER_KEY_CHECK).await?;
        if let Some(stored) = stored {
            return Ok(stored);
        }
        let value = key.check_value();
        db.write(move |tx| {
            Box::pin(async move { store::meta::set_if_absent(tx, MASTER_KEY_CHECK, &value).await })
        })
        .await
    };
    let stored = found.await.map_err(|error: store::StoreError| ServiceError::from(error))?;
    if key.matches(&stored) { Ok(()) } else { Err(StartError::WrongMasterKey) }
}

/// How many networks a node keeps a rate limit for.
const RATED_NETWORKS: u64 = 100_000;

/// How often a node looks at the change log.
pub const FOLLOW_EVERY: Duration = Duration::from_millis(250);
