//! Signing in with a password. NIST SP 800-63B §3.1.1, §3.2.2; the rules are in
//! [`lockout`].
//!
//! Every failure says one thing, takes one hash and looks one way: whoever the user is, and whether
//! there is one. An attempt is counted before its hash is computed, so that a thousand at once yield no
//! more guesses than one after another.

use std::{sync::Arc, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};

use super::{
    Context, ServiceError, audit_log, gates::Turn, password_pool::PasswordPoolError, rates::Charge,
};
use crate::{
    identity::{
        LoginName,
        lockout::{self, Attempts, CounterKey, Keys, Reservation, Source, Target},
        password::{PasswordHash, PresentedPassword, Verification},
        user::User,
    },
    store::{self, StoreError, Tx},
    types::{
        Secret, Status, TokenHash, UserId,
        audit::{Action, Actor, Object, Outcome},
        origin::Origin,
        token::TokenKind,
    },
};

/// Somebody's try to sign in.
#[derive(Debug)]
pub struct Attempt {
    /// What was typed as the name: a username or an e-mail address.
    pub username: String,
    /// What was typed as the password.
    pub password: Secret<String>,
    /// The cookie that says which user has signed in with this browser before.
    pub device: Option<String>,
}

/// Why a sign-in does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The name or the password is wrong. Nobody is told which, or why.
    #[error("sign-in failed")]
    Failed,
    /// What was typed is longer than any name or password; it was not looked at.
    #[error("the name or the password is too long")]
    TooLong,
    /// Too many failures: the time to wait.
    #[error("too many failed sign-ins")]
    Wait(Duration),
    /// Anything else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// A user who proved who they are; nothing was written yet.
#[derive(Debug)]
pub struct Proven {
    /// Who it is.
    pub user: User,
    /// The counters that the success clears.
    pub clears: Vec<TokenHash>,
    /// The device the user signed in with, known before or new.
    pub device: [u8; 16],
    /// Ends when the success is written: until then the attempt counts as a failure.
    pub turn: Turn,
    /// The password, when its hash is to be renewed with today's cost.
    pub rehash: Option<PresentedPassword>,
}

/// Checks a name and a password.
///
/// # Errors
/// [`SignInError::Failed`] for every way in which they can be wrong, [`SignInError::Wait`] after too
/// many of them.
pub async fn by_password(
    ctx: &Arc<Context>,
    attempt: Attempt,
    origin: &Origin,
) -> Result<Proven, SignInError> {
    let name = LoginName::parse(&attempt.username).map_err(|_| SignInError::TooLong)?;
    let password = PresentedPassword::parse(attempt.password).map_err(|_| SignInError::TooLong)?;
    // Before the attempt is counted, which is a write: whoever is sent away costs none.
    ctx.passwords.has_room().map_err(ServiceError::from)?;
    let user = find_user(ctx, &name).await?;
    let canonical = name.canonical();
    let target = user.as_ref().map_or(Target::Unknown(&canonical), |user| Target::User(user.id));
    let device = known_device(ctx, user.as_ref(), attempt.device.as_deref());
    let source = match (&user, device) {
        (Some(user), Some(device)) => Source::KnownDevice(user.id, device_hash(user.id, device)),
        (None, _) | (_, None) => Source::Stranger(origin.network()),
    };
    let keys = lockout::keys(target, source);
    let turn = ctx.gates.turn(&keys.attempts).await;
    let charge = match ctx.rates.charge(&keys, &ctx.policy.lockout, ctx.now()) {
        Ok(charge) => charge,
        Err(limited) => {
            audit_log::tell_of_limit(ctx, Action::SignInsLimited, &limited, origin).await;
            return Err(SignInError::Wait(limited.wait));
        }
    };
    let counter = reserve(ctx, keys, charge, origin).await?;
    let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
    // A stored hash that cannot be read is as good as none: it costs a dummy, and never opens.
    let stored = stored.and_then(|phc| PasswordHash::parse(phc).ok());
    match ctx.passwords.verify(password.clone(), stored).await {
        Ok(Verification::Verified { needs_rehash }) => {
            let enabled = user.filter(|user| matches!(user.status, Status::Enabled));
            let user = enabled.ok_or(SignInError::Failed)?;
            ctx.rates.give_back(&counter.charge, &ctx.policy.lockout);
            let clears = vec![
                hashed(ctx, &counter.keys.attempts),
                hashed(ctx, &lockout::user_key(Target::User(user.id))),
            ];
            let device = device.unwrap_or_else(|| ctx.random());
            Ok(Proven { user, clears, device, turn, rehash: needs_rehash.then_some(password) })
        }
        Ok(Verification::Wrong) => Err(SignInError::Failed),
        Err(error) => {
            give_back(ctx, &counter).await?;
            Err(SignInError::Service(error.into()))
        }
    }
}

impl From<PasswordPoolError> for ServiceError {
    fn from(error: PasswordPoolError) -> Self {
        match error {
            PasswordPoolError::Busy { retry_after } => Self::Busy(retry_after),
            PasswordPoolError::Closed => Self::Busy(Duration::from_secs(1)),
            PasswordPoolError::Failed => {
                Self::Internal("a password could not be hashed".to_owned())
            }
        }
    }
}

/// Settles a success within the transaction that gives the user something for it: whether the password is
/// still theirs, and their counters of failures are cleared. Between the check of a password and this
/// moment it can have been changed, and whoever knew the old one must stay out.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    user: &User,
    clears: &[TokenHash],
) -> Result<bool, StoreError> {
    let Some(password_hash) = user.password_hash.as_deref() else { return Ok(false) };
    if !store::user::hold(tx, user.id, password_hash).await? {
        return Ok(false);
    }
    for key in clears {
        store::sign_in_attempt::clear(tx, key).await?;
    }
    Ok(true)
}

/// Renews the hash of a password that was just verified, in the background: the time of the answer
/// must not tell who has an old one.
pub fn renew_hash(ctx: &Arc<Context>, user: &User, password: PresentedPassword) {
    let (ctx, id, former) = (Arc::clone(ctx), user.id, user.password_hash.clone());
    tokio::spawn(async move {
        let Some(former) = former else { return };
        let renewed = async {
            let hash = ctx.passwords.rehash(password, ctx.random()).await?;
            let changed = ctx.db.write(move |tx| {
                Box::pin(async move {
                    store::user::rehash_password(tx, id, &former, hash.as_str()).await
                })
            });
            changed.await.map_err(ServiceError::from)
        };
        if let Err(error) = renewed.await {
            tracing::warn!(user = %id, %error, "a password hash was not renewed");
        }
    });
}

async fn find_user(ctx: &Context, name: &LoginName) -> Result<Option<User>, StoreError> {
    let mut reader = ctx.db.reader().await?;
    match name {
        LoginName::Username(name) => {
            store::user::find_by_username(&mut reader.conn(), name.as_str()).await
        }
        LoginName::Email(address) => {
            store::user::find_by_email(&mut reader.conn(), &address.canonical()).await
        }
        // The same statement is run for a name that nobody can have.
        LoginName::Nobody(_) => store::user::find_by_username(&mut reader.conn(), "").await,
    }
}

fn known_device(ctx: &Context, user: Option<&User>, cookie: Option<&str>) -> Option<[u8; 16]> {
    ctx.vault.recognise_device(user?.id, cookie?)
}

fn device_hash(user: UserId, device: [u8; 16]) -> TokenHash {
    TokenHash::of_parts(TokenKind::KnownDevice, &[user.uuid().as_bytes(), &device])
}

/// The key of a counter in the database, which tells nothing about the name that was typed.
fn hashed(ctx: &Context, key: &CounterKey) -> TokenHash {
    TokenHash::from_bytes(ctx.vault.attempt_key(&[key.as_bytes()]))
}

/// An attempt that was counted.
struct Counted {
    keys: Keys,
    charge: Charge,
    state: Attempts,
}

/// Tries at the conditional statement before giving up: others at the same counter are that quick.
const TRIES: usize = 4;

/// Counts the attempt, or says how long to wait.
async fn reserve(
    ctx: &Arc<Context>,
    keys: Keys,
    charge: Charge,
    origin: &Origin,
) -> Result<Counted, SignInError> {
    let key = hashed(ctx, &keys.attempts);
    for _ in 0..TRIES {
        let now = ctx.now();
        let found = store::sign_in_attempt::find(&mut ctx.db.reader().await?.conn(), &key).await?;
        let next = match lockout::reserve(found.as_ref(), &ctx.policy.lockout, now) {
            Reservation::Proceed(next) => next,
            Reservation::Wait(wait) | Reservation::Locked(wait) => {
                return Err(SignInError::Wait(wait));
            }
        };
        if count(ctx, key, found, next, origin).await? {
            return Ok(Counted { keys, charge, state: next });
        }
    }
    Err(SignInError::Wait(Duration::from_secs(1)))
}

/// Writes the counter in place of what was read; the attempt after which others must wait is told to
/// the audit log.
async fn count(
    ctx: &Arc<Context>,
    key: TokenHash,
    found: Option<Attempts>,
    next: Attempts,
    origin: &Origin,
) -> Result<bool, StoreError> {
    if next.blocked_until <= next.updated_at {
        return replace(ctx, key, found, Some(next)).await;
    }
    let object = Object::Login(Base64UrlUnpadded::encode_string(key.as_bytes()));
    let event =
        ctx.event(Actor::Anonymous, Action::SignInBlocked, object, Outcome::Refused, origin);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let written =
                    store::sign_in_attempt::compare_and_set(tx, &key, found.as_ref(), Some(&next))
                        .await?;
                if written {
                    store::audit_event::append(tx, event);
                }
                Ok(written)
            })
        })
        .await
}

/// Takes the count back of an attempt that was shed before its hash was computed.
async fn give_back(ctx: &Arc<Context>, counted: &Counted) -> Result<(), StoreError> {
    ctx.rates.give_back(&counted.charge, &ctx.policy.lockout);
    let key = hashed(ctx, &counted.keys.attempts);
    let next = counted.state.give_back(&ctx.policy.lockout);
    replace(ctx, key, Some(counted.state), next).await.map(|_| ())
}

/// Writes the counter in place of what was read, if it still is what was read.
async fn replace(
    ctx: &Context,
    key: TokenHash,
    found: Option<Attempts>,
    next: Option<Attempts>,
) -> Result<bool, StoreError> {
    let replaced = ctx.db.write_plain(move |tx| {
        Box::pin(async move {
            store::sign_in_attempt::compare_and_set(tx, &key, found.as_ref(), next.as_ref()).await
        })
    });
    replaced.await
}
