//! Signing keys. Nothing here reads a private half.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{answer::Answer, call::Call, problem::Problem, refusal};
use crate::{
    protocol::jose::{Alg, SigningAlg, key_ring::KeyRecord},
    service::{key_rotation, keys},
    types::Timestamp,
};

/// A signing key, without its private half.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SigningKey {
    /// Its name: the thumbprint of the public key.
    kid: String,
    /// The algorithm.
    alg: &'static str,
    /// `pending`, `active`, `retiring`, `removed` or `revoked`.
    state: &'static str,
    /// When it was made, in seconds since 1970.
    created_at: i64,
    /// When it began to sign.
    activated_at: Option<i64>,
    /// When it ceased to sign.
    retired_at: Option<i64>,
    /// When it left the JWKS.
    removed_at: Option<i64>,
    /// When it was revoked.
    revoked_at: Option<i64>,
}

impl From<&KeyRecord> for SigningKey {
    fn from(key: &KeyRecord) -> Self {
        Self {
            kid: key.kid.to_string(),
            alg: key.alg.name(),
            state: key.state.as_str(),
            created_at: key.created_at.unix(),
            activated_at: key.activated_at.map(Timestamp::unix),
            retired_at: key.retired_at.map(Timestamp::unix),
            removed_at: key.removed_at.map(Timestamp::unix),
            revoked_at: key.revoked_at.map(Timestamp::unix),
        }
    }
}

/// Every signing key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Keys {
    /// Oldest first.
    items: Vec<SigningKey>,
}

/// Which key to rotate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationOrder {
    /// The algorithm.
    #[schema(example = "ES256")]
    alg: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RotationResult {
    /// Whether another key signs now; `false` when the key that stands by has not been published long
    /// enough for everybody to know it.
    rotated: bool,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let records = keys::records(call.ctx()).await;
    let records = records.map_err(|error| refusal::service(&error, &call.origin))?;
    Ok(Answer::ok(&Keys { items: records.iter().map(SigningKey::from).collect() }))
}

pub(super) async fn rotate(call: Call) -> Result<Answer, Problem> {
    let body: RotationOrder = call.read()?;
    let alg = Alg::parse(&body.alg).and_then(SigningAlg::try_from);
    let alg =
        alg.map_err(|_| Problem::field("/alg", "it is no algorithm that Doorward signs with"))?;
    let rotated = key_rotation::rotate_now(call.ctx(), alg, call.actor(), &call.origin).await;
    let rotated = match rotated.map_err(|error| refusal::service(&error, &call.origin))? {
        key_rotation::Rotation::Done => true,
        key_rotation::Rotation::TooEarly => false,
    };
    Ok(Answer::ok(&RotationResult { rotated }))
}

pub(super) async fn revoke(call: Call) -> Result<Answer, Problem> {
    let revoked = key_rotation::revoke(call.ctx(), call.name(), call.actor(), &call.origin).await;
    let revoked = revoked.map_err(|error| refusal::service(&error, &call.origin))?;
    if revoked { Ok(Answer::done()) } else { Err(Problem::not_found()) }
}
