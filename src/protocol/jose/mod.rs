//! JOSE: signed tokens and the keys that sign them. RFC 7515, 7517, 7518, 7519, 7638, 8037.
//!
//! Every JWT from outside enters through [`verify()`]; every JWT that leaves is made by
//! [`SigningKey::sign`]. Signatures are made and checked by aws-lc-rs. Nothing here decrypts:
//! an encrypted token (five segments) is refused like any other malformed one.

pub mod alg;
mod claims;
mod json;
pub mod jwk;
pub mod key_ring;
mod signing_key;
mod verify;
mod verifying_key;

pub use alg::{Alg, SigningAlg, UnknownAlg};
pub use claims::{Audience, Claims, ClaimsError};
pub use jwk::{Jwk, JwkError, JwkSet, Kid, PublicKey};
pub use signing_key::{GeneratedKey, JwtType, KeyUnusable, SigningFailed, SigningKey};
pub use verify::{
    Expiry, FUTURE_LEEWAY, JwtError, JwtKeys, JwtRules, MAX_TOKEN_BYTES, Typ, VerifiedJwt,
    unverified_subject, verify,
};
pub use verifying_key::{VerifyingKey, VerifyingKeys};

#[cfg(test)]
pub(crate) use signing_key::tests::key as test_key;
