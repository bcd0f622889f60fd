//! The signing keys of this node: loaded, unsealed once, and swapped when the ring changes.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use serde::Serialize;
use serde_json::value::to_raw_value;
use tokio::sync::Mutex;

use super::{Context, ServiceError, vault::Vault};
use crate::{
    protocol::{
        authorize::id_token_hint::IdTokenHint,
        issuer::Issuer,
        jose::{
            JwkSet, JwtType, Kid, SigningAlg, SigningKey, VerifyingKeys,
            key_ring::{self, CheckedAs, KeyRecord, StoredKey},
        },
        token::{
            access::{VerifiedAccessToken, verify_access_token},
            id_token::verify_id_token_hint,
        },
    },
    store,
    types::{Timestamp, seal::Cell},
};

/// The keys in use, replaced as a whole.
#[derive(Debug)]
pub struct KeyRing {
    issuer: Issuer,
    ring: ArcSwap<Ring>,
    /// Held from reading the keys to putting them to use, so that the later reading wins.
    reloading: Mutex<()>,
}

/// One state of the ring.
#[derive(Debug, Default)]
struct Ring {
    signing: HashMap<SigningAlg, Arc<SigningKey>>,
    published: Arc<JwkSet>,
    live: VerifyingKeys,
    hints: VerifyingKeys,
}

impl KeyRing {
    /// An empty ring of `issuer`; [`reload`] fills it.
    #[must_use]
    pub fn new(issuer: Issuer) -> Self {
        Self { issuer, ring: ArcSwap::default(), reloading: Mutex::default() }
    }

    /// Whether the ring can sign with every algorithm that clients may register.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let ring = self.ring.load();
        SigningAlg::ALL.iter().all(|alg| ring.signing.contains_key(alg))
    }

    /// The public keys that are published now (RFC 7517 §5). The same allocation until they change.
    #[must_use]
    pub fn published(&self) -> Arc<JwkSet> {
        Arc::clone(&self.ring.load().published)
    }

    /// Signs `claims` as a compact JWS. RSA keys are slow and sign on a thread where waiting is allowed.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] when there is no active key of `alg`, or it cannot sign.
    pub async fn sign(
        &self,
        alg: SigningAlg,
        typ: JwtType,
        claims: &(impl Serialize + Sync),
    ) -> Result<String, ServiceError> {
        let key = self.ring.load().signing.get(&alg).map(Arc::clone);
        let key = key.ok_or_else(|| ServiceError::Internal(format!("no active key for {alg}")))?;
        let signed = if alg.blocks() {
            let claims = to_raw_value(claims).map_err(ServiceError::internal)?;
            tokio::task::spawn_blocking(move || key.sign(typ, &claims))
                .await
                .map_err(ServiceError::internal)?
        } else {
            key.sign(typ, claims)
        };
        signed.map_err(ServiceError::internal)
    }

    /// What an access token in the form of a JWT says, if this server signed it and its time has not
    /// passed (RFC 9068 §4).
    #[must_use]
    pub fn read_access_token(&self, token: &str, now: Timestamp) -> Option<VerifiedAccessToken> {
        let ring = self.ring.load();
        verify_access_token(token, &ring.live, self.issuer.as_str(), now).ok()
    }

    /// What an `id_token_hint` is: good if this server signed it, even if it has expired
    /// (RP-Initiated Logout §2).
    #[must_use]
    pub fn id_token_hint(&self, token: Option<&str>, now: Timestamp) -> IdTokenHint {
        let Some(token) = token else { return IdTokenHint::Absent };
        let ring = self.ring.load();
        let facts = verify_id_token_hint(token, &ring.hints, self.issuer.as_str(), now);
        facts.map_or(IdTokenHint::Invalid, IdTokenHint::Verified)
    }
}

/// Reads the keys from the database and puts them to use.
///
/// # Errors
/// [`ServiceError`] when they cannot be read, or a private key does not open with the master key.
pub async fn reload(ctx: &Context) -> Result<(), ServiceError> {
    let _turn = ctx.keys.reloading.lock().await;
    let stored = store::signing_key::list(&mut ctx.db.reader().await?.conn()).await?;
    let ring = Ring::open(&stored, &ctx.vault)?;
    ctx.keys.ring.store(Arc::new(ring));
    Ok(())
}

/// Every key, without its private half, oldest first.
///
/// # Errors
/// [`ServiceError`] when the database does not answer.
pub async fn records(ctx: &Context) -> Result<Vec<KeyRecord>, ServiceError> {
    let stored = store::signing_key::list(&mut ctx.db.reader().await?.conn()).await?;
    Ok(stored.into_iter().map(|key| key.record).collect())
}

impl Ring {
    /// Unseals every key that may sign, and sorts the others into what is published and what checks.
    fn open(stored: &[StoredKey], vault: &Vault) -> Result<Self, ServiceError> {
        let records: Vec<KeyRecord> = stored.iter().map(|key| key.record.clone()).collect();
        let mut signing = HashMap::new();
        for alg in SigningAlg::ALL {
            let Some(active) = key_ring::signing_key(&records, alg) else { continue };
            let key = stored.iter().find(|key| key.record.kid == active.kid);
            if let Some(key) = key {
                signing.insert(alg, Arc::new(unseal(key, vault)?));
            }
        }
        Ok(Self {
            signing,
            published: Arc::new(key_ring::published(&records)),
            live: key_ring::verifying_keys(&records, CheckedAs::Token),
            hints: key_ring::verifying_keys(&records, CheckedAs::Hint),
        })
    }
}

/// The private key of a row, which opens only in its own row.
fn unseal(key: &StoredKey, vault: &Vault) -> Result<SigningKey, ServiceError> {
    let failed = || {
        let kid = &key.record.kid;
        ServiceError::Internal(format!("the signing key {kid} does not open with the master key"))
    };
    let pkcs8 = vault
        .signing_keys
        .open(&cell(&key.record.kid).aad(), &key.sealed_private)
        .map_err(|_| failed())?;
    SigningKey::from_pkcs8(key.record.alg, &pkcs8).map_err(|_| failed())
}

/// Where the private half of the key `kid` is kept.
pub(super) fn cell(kid: &Kid) -> Cell<'_> {
    Cell { table: "signing_key", column: "sealed_private", row: kid.as_str().as_bytes() }
}
