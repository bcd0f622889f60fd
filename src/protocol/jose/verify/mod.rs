//! The one entry for every JWT from outside. RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725.
//!
//! In this order, and stopping at the first fault: size, three segments, header (one object, each
//! name once, an allowed `alg`, the right `typ`, nothing `crit`), key, signature, claims, time.
//! Nothing in a header ever supplies a key. What the header points at or carries (`jwk`, `jku`,
//! `x5u`, `x5c`) is refused rather than ignored, so that its sender learns that it is of no use;
//! `x5t` names a key that we do not know by that name, and is ignored.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value};

use super::{
    alg::Alg,
    claims::{Audience, Claims, ClaimsError},
    json::{NotAnObject, UniqueObject},
    jwk::{JwkSet, Kid},
    verifying_key::{VerifyingKey, VerifyingKeys},
};
use crate::types::Timestamp;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// How far `iat` and `nbf` may lie ahead of our clock. FAPI 2.0 §5.3.2.1: 10 s pass, more than 60 s do not.
pub const FUTURE_LEEWAY: Duration = Duration::from_mins(1);

/// Which keys may have signed. Public keys and shared secrets never meet in one check, so that a
/// public key cannot be taken for the secret of an HMAC (RFC 8725 §2.1).
#[derive(Debug, Clone, Copy)]
pub enum JwtKeys<'a> {
    /// Keys that a client registered.
    Registered(&'a JwkSet),
    /// The published keys of an issuer: of this server, or of the one that an API relies on.
    Issuer(&'a VerifyingKeys),
    /// Secrets that are shared with a client, any of which may have been used.
    Shared(&'a [&'a [u8]]),
}

/// What the header's `typ` must be (RFC 8725 §3.11). Compared without regard to case, and to a
/// leading `application/` (RFC 7515 §4.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typ<'a> {
    /// This, and there.
    Exactly(&'a str),
    /// One of these, or absent.
    AbsentOr(&'a [&'a str]),
}

/// What the claim `exp` must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// There, and in the future.
    Ahead,
    /// There, and passed by less than this: the leeway that an API grants for clocks that differ
    /// (RFC 9068 §4).
    Leeway(Duration),
    /// There; it may have passed (`id_token_hint`, RP-Initiated Logout §2).
    MayHavePassed,
}

/// What a token must be to pass.
#[derive(Debug, Clone, Copy)]
pub struct JwtRules<'a> {
    /// The algorithms of this use. An empty list lets nothing pass.
    pub algs: &'a [Alg],
    /// The kind of token.
    pub typ: Typ<'a>,
    /// Whether it may have expired.
    pub expiry: Expiry,
    /// The exact `iss`.
    pub issuer: &'a str,
}

/// A token whose form, signature, issuer and times are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedJwt {
    /// The algorithm it was signed with.
    pub alg: Alg,
    /// The key it named.
    pub kid: Option<Kid>,
    /// What it says.
    pub claims: Claims,
}

/// Why a JWT was refused: one variant per broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// It has not three segments: no compact JWS (five are a JWE, which is not decrypted here).
    #[error("the token is not a compact JWS of three segments")]
    Segments,
    /// A segment is not in canonical base64url.
    #[error("a segment is not in base64url without padding")]
    Encoding,
    /// The header is no JSON object.
    #[error("the header is not a JSON object")]
    Header,
    /// A member of the header or a claim occurs twice.
    #[error("a member of the header or of the claims occurs twice")]
    Duplicate,
    /// `alg` is missing, `none`, unknown, or not allowed in this use.
    #[error("alg is not allowed here")]
    Alg,
    /// `typ` is not the one of this use.
    #[error("typ is not the one of this kind of token")]
    Typ,
    /// The header has `crit`, or an extension that changes what is signed (`b64`, `zip`, `enc`).
    #[error("the header asks for the extension {0}")]
    Extension(&'static str),
    /// The header carries a key, or a place to fetch one.
    #[error("the header supplies a key ({0}); only registered keys count")]
    KeyInHeader(&'static str),
    /// `kid` is no key id, or names no key that fits `alg`.
    #[error("no key has this kid and alg")]
    UnknownKey,
    /// There is no `kid`, and not exactly one key that fits `alg`.
    #[error("kid is missing, and not exactly one key fits the alg")]
    KidRequired,
    /// A shared secret is shorter than the hash of `alg` (OIDC Core §10.1, RFC 7518 §3.2).
    #[error("the client secret is shorter than the hash of the alg")]
    SecretTooShort,
    /// The signature is not the key's signature of this header and these claims.
    #[error("the signature is not valid")]
    Signature,
    /// The claims are no JSON object.
    #[error("the claims are not a JSON object")]
    Claims,
    /// A claim is not of its type.
    #[error(transparent)]
    ClaimType(#[from] ClaimsError),
    /// A claim is missing that this kind of token must have.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// `exp` has passed.
    #[error("exp has passed")]
    Expired,
    /// `nbf` or `iat` is more than 60 s ahead of our clock.
    #[error("the claim {0} is in the future")]
    InFuture(&'static str),
    /// `iss` is another.
    #[error("iss is not the expected one")]
    Issuer,
}

/// Checks `token` against `rules` with `keys` at the moment `now`. RFC 7519 §7.2.
///
/// Audience, subject and every further claim are the business of whoever knows the use.
///
/// # Errors
/// [`JwtError`], the first rule that is broken.
pub fn verify(
    token: &str,
    rules: &JwtRules<'_>,
    keys: JwtKeys<'_>,
    now: Timestamp,
) -> Result<VerifiedJwt, JwtError> {
    let parts = Parts::split(token)?;
    let header = object(&parts.header, JwtError::Header)?;
    let alg = header_alg(&header, rules.algs)?;
    header_is_plain(&header)?;
    typ_matches(&header, rules.typ)?;
    let kid = header_kid(&header)?;
    signature_is_valid(&parts, alg, kid.as_ref(), keys)?;
    let claims = Claims::from_members(object(&parts.claims, JwtError::Claims)?)?;
    if claims.iss.as_deref().ok_or(JwtError::Missing("iss"))? != rules.issuer {
        return Err(JwtError::Issuer);
    }
    times_are_right(&claims, rules.expiry, now)?;
    Ok(VerifiedJwt { alg, kid, claims })
}

/// The `sub` that `token` claims before anything is checked: only to find out whose keys to check it
/// with. Nothing else may be done with the answer.
///
/// # Errors
/// [`JwtError`] when the token is too long, is no compact JWS, or has no readable claims.
pub fn unverified_subject(token: &str) -> Result<Option<String>, JwtError> {
    let parts = Parts::split(token)?;
    Ok(Claims::from_members(object(&parts.claims, JwtError::Claims)?)?.sub)
}

/// The three segments, decoded, and what the signature covers.
struct Parts<'a> {
    signed: &'a [u8],
    header: Vec<u8>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// The size is bounded before anything is split or decoded. RFC 7515 §7.1.
    fn split(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Segments)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtError::Segments)?;
        if claims.contains('.') {
            return Err(JwtError::Segments);
        }
        let decode =
            |text: &str| Base64UrlUnpadded::decode_vec(text).map_err(|_| JwtError::Encoding);
        Ok(Self {
            signed: signed.as_bytes(),
            header: decode(header)?,
            claims: decode(claims)?,
            signature: decode(signature)?,
        })
    }
}

/// One JSON object in which each name occurs once.
fn object(bytes: &[u8], malformed: JwtError) -> Result<Map<String, Value>, JwtError> {
    UniqueObject::parse(bytes).map_err(|error| match error {
        NotAnObject::Malformed => malformed,
        NotAnObject::Duplicate => JwtError::Duplicate,
    })
}

/// `alg` must be one of the allowed; `none` is not even a value of [`Alg`]. RFC 8725 §3.1.
fn header_alg(header: &Map<String, Value>, allowed: &[Alg]) -> Result<Alg, JwtError> {
    let name = header.get("alg").and_then(Value::as_str).ok_or(JwtError::Alg)?;
    let alg = Alg::parse(name).map_err(|_| JwtError::Alg)?;
    if allowed.contains(&alg) { Ok(alg) } else { Err(JwtError::Alg) }
}

/// No critical extension, nothing that changes the payload, no key. RFC 7515 §4.1.11, RFC 7797 §3.
fn header_is_plain(header: &Map<String, Value>) -> Result<(), JwtError> {
    for extension in ["crit", "b64", "zip", "enc"] {
        if header.contains_key(extension) {
            return Err(JwtError::Extension(extension));
        }
    }
    for key in ["jwk", "jku", "x5u", "x5c"] {
        if header.contains_key(key) {
            return Err(JwtError::KeyInHeader(key));
        }
    }
    Ok(())
}

/// The `typ` tells one kind of token from another. RFC 8725 §3.11.
fn typ_matches(header: &Map<String, Value>, rule: Typ<'_>) -> Result<(), JwtError> {
    let typ = match header.get("typ") {
        None => None,
        Some(Value::String(typ)) => Some(without_application(typ)),
        Some(_) => return Err(JwtError::Typ),
    };
    let right = match (rule, typ) {
        (Typ::Exactly(wanted), Some(typ)) => typ.eq_ignore_ascii_case(wanted),
        (Typ::Exactly(_), None) => false,
        (Typ::AbsentOr(wanted), Some(typ)) => {
            wanted.iter().any(|wanted| typ.eq_ignore_ascii_case(wanted))
        }
        (Typ::AbsentOr(_), None) => true,
    };
    if right { Ok(()) } else { Err(JwtError::Typ) }
}

/// The media type without its `application/`, which is left out by most.
fn without_application(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        Some(_) | None => typ,
    }
}

/// `kid` is a bounded string, if it is there. RFC 7515 §4.1.4.
fn header_kid(header: &Map<String, Value>) -> Result<Option<Kid>, JwtError> {
    let Some(kid) = header.get("kid") else { return Ok(None) };
    let text = kid.as_str().ok_or(JwtError::UnknownKey)?;
    Kid::parse(text).map(Some).map_err(|_| JwtError::UnknownKey)
}

/// The key is chosen by us, from what is registered, and checks the signature. RFC 7515 §5.2.
fn signature_is_valid(
    parts: &Parts<'_>,
    alg: Alg,
    kid: Option<&Kid>,
    keys: JwtKeys<'_>,
) -> Result<(), JwtError> {
    let valid = match keys {
        JwtKeys::Registered(set) => {
            registered_key(set, alg, kid)?.verifies(parts.signed, &parts.signature)
        }
        JwtKeys::Issuer(published) => {
            let kid = kid.ok_or(JwtError::KidRequired)?;
            published
                .find(kid, alg)
                .ok_or(JwtError::UnknownKey)?
                .verifies(parts.signed, &parts.signature)
        }
        JwtKeys::Shared(secrets) => shared_secret_signed(secrets, alg, parts)?,
    };
    if valid { Ok(()) } else { Err(JwtError::Signature) }
}

/// The key that `kid` names, or without a `kid` the only one that fits. OIDC Core §10.1.
fn registered_key(set: &JwkSet, alg: Alg, kid: Option<&Kid>) -> Result<VerifyingKey, JwtError> {
    let mut fitting =
        set.keys().iter().filter(|jwk| jwk.fits(alg) && (kid.is_none() || jwk.kid() == kid));
    let missing = if kid.is_some() { JwtError::UnknownKey } else { JwtError::KidRequired };
    let jwk = fitting.next().ok_or(missing)?;
    if fitting.next().is_some() {
        return Err(missing);
    }
    VerifyingKey::new(jwk, alg).ok_or(JwtError::UnknownKey)
}

/// HMAC with one of the live secrets, each at least as long as the hash. RFC 7518 §3.2.
fn shared_secret_signed(secrets: &[&[u8]], alg: Alg, parts: &Parts<'_>) -> Result<bool, JwtError> {
    let hmac = match alg {
        Alg::HS256 => hmac::HMAC_SHA256,
        Alg::HS384 => hmac::HMAC_SHA384,
        Alg::HS512 => hmac::HMAC_SHA512,
        Alg::RS256
        | Alg::RS384
        | Alg::RS512
        | Alg::PS256
        | Alg::PS384
        | Alg::PS512
        | Alg::ES256
        | Alg::ES384
        | Alg::EdDSA => return Err(JwtError::Alg),
    };
    if secrets.is_empty() {
        return Err(JwtError::UnknownKey);
    }
    let long_enough = |secret: &&&[u8]| secret.len() >= hmac.tag_len();
    if !secrets.iter().any(|secret| long_enough(&secret)) {
        return Err(JwtError::SecretTooShort);
    }
    Ok(secrets.iter().filter(long_enough).any(|secret| {
        hmac::verify(&hmac::Key::new(hmac, secret), parts.signed, &parts.signature).is_ok()
    }))
}

/// `exp` is there and ahead of us, `nbf` and `iat` are not. RFC 7519 §4.1.4 to §4.1.6.
///
/// There is no leeway after `exp`: what remembers a used `jti` need not outlive it.
fn times_are_right(claims: &Claims, expiry: Expiry, now: Timestamp) -> Result<(), JwtError> {
    let exp = claims.exp.ok_or(JwtError::Missing("exp"))?;
    let passed = match expiry {
        Expiry::Ahead => exp <= now,
        Expiry::Leeway(leeway) => exp.plus(leeway) <= now,
        Expiry::MayHavePassed => false,
    };
    if passed {
        return Err(JwtError::Expired);
    }
    for (name, moment) in [("nbf", claims.nbf), ("iat", claims.iat)] {
        if moment.is_some_and(|moment| moment > now.plus(FUTURE_LEEWAY)) {
            return Err(JwtError::InFuture(name));
        }
    }
    Ok(())
}

impl VerifiedJwt {
    /// Whether the token is for `audience`, alone or among others.
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        self.claims
            .aud
            .as_ref()
            .is_some_and(|aud| Audience::values(aud).iter().any(|value| value == audience))
    }
}

#[cfg(test)]
mod tests;
