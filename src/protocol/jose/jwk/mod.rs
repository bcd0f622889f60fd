//! Public keys as JSON: JWK and JWK Set. RFC 7517, RFC 7518 §6, RFC 8037 §2, thumbprints RFC 7638.
//!
//! Only public signature keys exist here. A private or a symmetric key is refused loudly: whoever
//! sends one has published a secret and should hear of it. Keys for encryption and of kinds that we
//! do not know are passed over, as RFC 7517 §5 asks.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::alg::Alg;
use crate::types::digest::sha256;

/// The longest JWK Set that is read, in bytes.
const MAX_SET_BYTES: usize = 64 * 1024;
/// The most keys that a set may have.
const MAX_KEYS: usize = 32;

/// A key id (`kid`): 1 to 256 bytes without control characters. It names a key and means nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kid(Arc<str>);

impl Kid {
    /// Reads a key id.
    ///
    /// # Errors
    /// [`JwkError::Kid`] when it is empty, longer than 256 bytes, or has control characters.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        let fits = (1..=256).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(JwkError::Kid) }
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Kid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Kid {
    type Error = JwkError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Kid> for String {
    fn from(kid: Kid) -> Self {
        kid.0.as_ref().to_owned()
    }
}

/// Why a key or a set of keys was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// The text is no JWK Set: not JSON, no `keys`, or a member of the wrong type.
    #[error("not a JWK Set (RFC 7517 section 5)")]
    Malformed,
    /// The set is longer than 64 KiB or has more than 32 keys.
    #[error("the JWK Set is longer than 64 KiB or has more than 32 keys")]
    TooLarge,
    /// No key of the set can check a signature.
    #[error("the JWK Set has no signature key of a known kind")]
    NoUsableKey,
    /// A private key, or a symmetric one. It is no secret any more.
    #[error("a private or symmetric key was sent: register public keys only, and make a new key")]
    Private,
    /// Two keys of one kind share their `kid`.
    #[error("two keys of the same kty have the same kid")]
    DuplicateKid,
    /// The `kid` is empty, too long, or has control characters.
    #[error("a kid has 1 to 256 bytes without control characters")]
    Kid,
    /// A number of the key is missing, or is not in canonical base64url.
    #[error("a member of the key is missing or not in base64url without padding")]
    Encoding,
    /// An RSA key below 2048 or above 8192 bits, or with a modulus or exponent that cannot be one.
    #[error("an RSA key has 2048 to 8192 bits and an odd exponent from 3 to 2^32")]
    Rsa,
    /// The point is not on its curve, or lies in a subgroup without security.
    #[error("the point is not a public key of its curve")]
    Point,
    /// `alg` names an algorithm that the key cannot be used with.
    #[error("alg does not go with the kty and crv of the key")]
    AlgMismatch,
}

/// The numbers of a public key, in the form that aws-lc-rs takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA: modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on P-256: 0x04, then x and y of 32 bytes each.
    P256([u8; 65]),
    /// A point on P-384: 0x04, then x and y of 48 bytes each.
    P384([u8; 97]),
    /// A point on edwards25519, encoded as RFC 8032 §5.1.2 says.
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// Whether signatures of `alg` can be checked with this key.
    #[must_use]
    pub const fn fits(&self, alg: Alg) -> bool {
        match alg {
            Alg::RS256 | Alg::RS384 | Alg::RS512 | Alg::PS256 | Alg::PS384 | Alg::PS512 => {
                matches!(self, Self::Rsa { .. })
            }
            Alg::ES256 => matches!(self, Self::P256(_)),
            Alg::ES384 => matches!(self, Self::P384(_)),
            Alg::EdDSA => matches!(self, Self::Ed25519(_)),
            Alg::HS256 | Alg::HS384 | Alg::HS512 => false,
        }
    }

    /// The thumbprint: base64url of the SHA-256 of the required members, in order. RFC 7638 §3.
    #[must_use]
    pub fn thumbprint(&self) -> Kid {
        let members = Members::of(self);
        let json = match self {
            Self::Rsa { .. } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, members.e(), members.n())
            }
            Self::P256(_) | Self::P384(_) => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                members.crv(),
                members.x(),
                members.y(),
            ),
            Self::Ed25519(_) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, members.x())
            }
        };
        Kid(Base64UrlUnpadded::encode_string(&sha256(json.as_bytes())).into())
    }

    /// Refuses keys without security: RSA out of bounds, points off the curve or of small order.
    fn check(&self) -> Result<(), JwkError> {
        match self {
            Self::Rsa { n, e } => check_rsa(n, e),
            Self::P256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .map_or(Err(JwkError::Point), |_| Ok(())),
            Self::P384(point) => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point)
                .map_or(Err(JwkError::Point), |_| Ok(())),
            Self::Ed25519(point) => check_ed25519(point),
        }
    }
}

/// An RSA key has 2048 bits at least (RFC 7518 §3.3), and few enough that a check stays cheap.
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), JwkError> {
    let (&[first, .., last], &[e_first, ..]) = (n, e) else { return Err(JwkError::Rsa) };
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    let exponent = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let sound = first != 0
        && (2048..=8192).contains(&bits)
        && last % 2 == 1
        && e_first != 0
        && e.len() <= 4
        && exponent >= 3
        && exponent % 2 == 1;
    if sound { Ok(()) } else { Err(JwkError::Rsa) }
}

/// The y coordinates of the points whose order divides 8, canonical or not, without their sign bit.
/// Under such a key everybody can make signatures.
const SMALL_ORDER: [[u8; 32]; 7] = {
    const fn near_prime(lowest: u8) -> [u8; 32] {
        let mut y = [0xff; 32];
        y[0] = lowest;
        y[31] = 0x7f;
        y
    }
    let zero = [0; 32];
    let mut one = [0; 32];
    one[0] = 1;
    [
        zero,
        one,
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
        near_prime(0xec),
        near_prime(0xed),
        near_prime(0xee),
    ]
};

/// The point decodes, and its order is not 1, 2, 4 or 8.
fn check_ed25519(point: &[u8; 32]) -> Result<(), JwkError> {
    let mut y = *point;
    if let Some(top) = y.last_mut() {
        *top &= 0x7f;
    }
    let parses = ParsedPublicKey::new(&aws_lc_rs::signature::ED25519, point).is_ok();
    if parses && !SMALL_ORDER.contains(&y) { Ok(()) } else { Err(JwkError::Point) }
}

/// A public signature key with its name. Always sound: it cannot be made otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct Jwk {
    kid: Option<Kid>,
    alg: Option<Alg>,
    key: PublicKey,
}

impl Jwk {
    /// The JWK of `key` for `alg`, named by its thumbprint.
    ///
    /// # Errors
    /// [`JwkError`] when the key is unsound or cannot be used with `alg`.
    pub fn new(alg: Alg, key: PublicKey) -> Result<Self, JwkError> {
        key.check()?;
        if !key.fits(alg) {
            return Err(JwkError::AlgMismatch);
        }
        Ok(Self { kid: Some(key.thumbprint()), alg: Some(alg), key })
    }

    /// Its name, if it has one.
    #[must_use]
    pub const fn kid(&self) -> Option<&Kid> {
        self.kid.as_ref()
    }

    /// The numbers.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether signatures of `alg` can be checked with this key and its owner allows it.
    #[must_use]
    pub fn fits(&self, alg: Alg) -> bool {
        self.key.fits(alg) && self.alg.is_none_or(|own| own == alg)
    }

    /// Reads one key; `None` when it is not for signatures or of an unknown kind.
    fn read(members: &Members) -> Result<Option<Self>, JwkError> {
        if members.has_secret() {
            return Err(JwkError::Private);
        }
        let for_signatures = members.usage.as_deref().is_none_or(|usage| usage == "sig")
            && members.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let alg = members.alg.as_deref().map(Alg::parse).transpose();
        let (true, Ok(alg), Some(key)) = (for_signatures, alg, members.key()?) else {
            return Ok(None);
        };
        key.check()?;
        if alg.is_some_and(|alg| !key.fits(alg)) {
            return Err(JwkError::AlgMismatch);
        }
        let kid = members.kid.as_deref().map(Kid::parse).transpose()?;
        Ok(Some(Self { kid, alg, key }))
    }
}

/// The members of a JWK as they stand in JSON.
#[derive(Default, Serialize, Deserialize)]
struct Members {
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    #[serde(skip_serializing)]
    key_ops: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing)]
    d: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    p: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    q: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    dp: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    dq: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    qi: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    oth: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    k: Option<IgnoredAny>,
}

impl Members {
    /// The members that describe `key`.
    fn of(key: &PublicKey) -> Self {
        let text = |bytes: &[u8]| Some(Base64UrlUnpadded::encode_string(bytes));
        let point = |crv: &str, point: &[u8]| {
            let coordinates = point.split_first().map_or(&[][..], |(_, rest)| rest);
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            Self {
                kty: "EC".into(),
                crv: Some(crv.into()),
                x: text(x),
                y: text(y),
                ..Self::default()
            }
        };
        match key {
            PublicKey::Rsa { n, e } => {
                Self { kty: "RSA".into(), n: text(n), e: text(e), ..Self::default() }
            }
            PublicKey::P256(bytes) => point("P-256", bytes),
            PublicKey::P384(bytes) => point("P-384", bytes),
            PublicKey::Ed25519(bytes) => Self {
                kty: "OKP".into(),
                crv: Some("Ed25519".into()),
                x: text(bytes),
                ..Self::default()
            },
        }
    }

    /// Whether a member is there that only private or symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4).
    fn has_secret(&self) -> bool {
        let private = [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth, &self.k];
        self.kty == "oct" || private.into_iter().any(Option::is_some)
    }

    /// The numbers, or `None` for a kind of key that is not spoken here.
    fn key(&self) -> Result<Option<PublicKey>, JwkError> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Ok(Some(PublicKey::Rsa {
                n: decode_vec(self.n.as_deref(), 1024)?,
                e: decode_vec(self.e.as_deref(), 8)?,
            })),
            ("EC", Some("P-256")) => self.point().map(|point| Some(PublicKey::P256(point))),
            ("EC", Some("P-384")) => self.point().map(|point| Some(PublicKey::P384(point))),
            ("OKP", Some("Ed25519")) => {
                let bytes = decode_vec(self.x.as_deref(), 32)?;
                let point = bytes.try_into().map_err(|_| JwkError::Point)?;
                Ok(Some(PublicKey::Ed25519(point)))
            }
            _ => Ok(None),
        }
    }

    /// 0x04, x and y in `N` bytes. Each coordinate has its full length (RFC 7518 §6.2.1.2).
    fn point<const N: usize>(&self) -> Result<[u8; N], JwkError> {
        let (x, y) = (decode_vec(self.x.as_deref(), N / 2)?, decode_vec(self.y.as_deref(), N / 2)?);
        if x.len() != y.len() {
            return Err(JwkError::Point);
        }
        [&[4][..], &x, &y].concat().try_into().map_err(|_| JwkError::Point)
    }

    fn n(&self) -> &str {
        self.n.as_deref().unwrap_or_default()
    }

    fn e(&self) -> &str {
        self.e.as_deref().unwrap_or_default()
    }

    fn crv(&self) -> &str {
        self.crv.as_deref().unwrap_or_default()
    }

    fn x(&self) -> &str {
        self.x.as_deref().unwrap_or_default()
    }

    fn y(&self) -> &str {
        self.y.as_deref().unwrap_or_default()
    }
}

/// Decodes at most `limit` bytes of canonical base64url.
fn decode_vec(text: Option<&str>, limit: usize) -> Result<Vec<u8>, JwkError> {
    let text = text.filter(|text| text.len() <= limit * 2).ok_or(JwkError::Encoding)?;
    Base64UrlUnpadded::decode_vec(text).map_err(|_| JwkError::Encoding)
}

impl TryFrom<Members> for Jwk {
    type Error = JwkError;

    fn try_from(members: Members) -> Result<Self, Self::Error> {
        Self::read(&members)?.ok_or(JwkError::NoUsableKey)
    }
}

impl From<Jwk> for Members {
    fn from(jwk: Jwk) -> Self {
        Self {
            kid: jwk.kid.map(String::from),
            usage: Some("sig".into()),
            alg: jwk.alg.map(|alg| alg.name().into()),
            ..Self::of(&jwk.key)
        }
    }
}

/// Public signature keys, of a client or of this server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "MembersSet")]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// A set as it stands in JSON.
#[derive(Deserialize)]
struct MembersSet {
    keys: Vec<Members>,
}

impl JwkSet {
    /// The set of `keys`, which this server made.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = Jwk>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    /// Reads a set that a client registered.
    ///
    /// # Errors
    /// [`JwkError`] when it is too large, has a private or unsound key, or no usable key at all.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        if text.len() > MAX_SET_BYTES {
            return Err(JwkError::TooLarge);
        }
        let set: MembersSet = serde_json::from_str(text).map_err(|_| JwkError::Malformed)?;
        Self::try_from(set)
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}

impl TryFrom<MembersSet> for JwkSet {
    type Error = JwkError;

    fn try_from(set: MembersSet) -> Result<Self, Self::Error> {
        if set.keys.len() > MAX_KEYS {
            return Err(JwkError::TooLarge);
        }
        let mut keys: Vec<Jwk> = Vec::new();
        for members in &set.keys {
            let Some(jwk) = Jwk::read(members)? else { continue };
            let kind = std::mem::discriminant(&jwk.key);
            let same =
                |other: &Jwk| other.kid == jwk.kid && std::mem::discriminant(&other.key) == kind;
            if jwk.kid.is_some() && keys.iter().any(same) {
                return Err(JwkError::DuplicateKid);
            }
            keys.push(jwk);
        }
        if keys.is_empty() { Err(JwkError::NoUsableKey) } else { Ok(Self { keys }) }
    }
}

#[cfg(test)]
mod tests;
