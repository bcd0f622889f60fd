//! The master key, and what it protects: sealed values and message authentication codes.
//!
//! The master key never encrypts anything itself. Each purpose has a subkey of its own, derived with
//! HKDF-SHA256 (RFC 5869), so that a value made for one purpose means nothing to another. Values are
//! sealed with AES-256-GCM-SIV (RFC 8452), which stays safe when a nonce repeats by misfortune.

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf, hmac,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::secret::Secret;

/// The length of the nonces that values are sealed with, in bytes.
pub use aws_lc_rs::aead::NONCE_LEN;

/// The first byte of everything sealed: which of our formats it is.
const VERSION: u8 = 1;
/// The length of the authentication tag of AES-GCM-SIV, in bytes.
const TAG_LEN: usize = 16;
/// Separates our subkeys from those of any other use of the same master key.
const SALT: &[u8] = b"doorward master key, version 1";

/// What a subkey is for. A subkey is used either to seal or to authenticate, never for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Seals the authorization request in progress that travels through the browser.
    Flow,
    /// Seals the private signing keys at rest.
    SigningKey,
    /// Seals the client secrets that are HMAC keys (`client_secret_jwt`) at rest.
    ClientSecret,
    /// Seals the facts of opaque access tokens.
    AccessToken,
    /// Authenticates refresh tokens.
    RefreshToken,
    /// Authenticates the anti-forgery values of forms.
    AntiForgery,
    /// Authenticates the cookie of a device on which a user has signed in before.
    KnownDevice,
    /// Authenticates the keys under which failed sign-ins are counted.
    SignInAttempt,
    /// Tells whether a master key is the one that the database was made with.
    MasterKeyCheck,
    /// Seals the page cursors of listings.
    Cursor,
    /// Seals what somebody was about to do when they had to sign in again.
    Errand,
    /// Seals the id of an API key into the form that makes it.
    ApiKeyForm,
}

impl Purpose {
    /// The `info` of HKDF. These texts are part of the storage format: they never change.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Flow => b"seal flow",
            Self::SigningKey => b"seal signing key",
            Self::ClientSecret => b"seal client secret",
            Self::AccessToken => b"seal access token",
            Self::RefreshToken => b"mac refresh token",
            Self::AntiForgery => b"mac anti-forgery",
            Self::KnownDevice => b"mac known device",
            Self::SignInAttempt => b"mac sign-in attempt",
            Self::MasterKeyCheck => b"mac master key check",
            Self::Cursor => b"seal cursor",
            Self::Errand => b"seal errand",
            Self::ApiKeyForm => b"seal api key form",
        }
    }
}

/// The text is no master key: not 43 characters of canonical base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes in base64url without padding: 43 characters")]
pub struct NotAMasterKey;

/// The value was not sealed with this key for this place, or was altered since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value was not sealed with this key for this place, or was altered")]
pub struct Unsealable;

/// 32 random bytes that are kept outside the database and protect what is in it.
#[derive(Debug, Clone)]
pub struct MasterKey(Secret<[u8; 32]>);

impl MasterKey {
    /// The master key of these 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Reads base64url without padding; white space around it (the end of a file's line) is dropped.
    ///
    /// # Errors
    /// [`NotAMasterKey`] when the text is anything but the one spelling of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, NotAMasterKey> {
        let mut bytes = Zeroizing::new([0; 32]);
        let length = Base64UrlUnpadded::decode(text.trim(), bytes.as_mut_slice())
            .map_err(|_| NotAMasterKey)?
            .len();
        if length == 32 { Ok(Self::from_bytes(*bytes)) } else { Err(NotAMasterKey) }
    }

    /// The key as 43 characters of base64url, for the key file.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        Secret::new(Base64UrlUnpadded::encode_string(self.0.expose()))
    }

    /// The value that the database keeps, so that a start with another master key is refused.
    #[must_use]
    pub fn check_value(&self) -> [u8; 32] {
        Mac::new(self, Purpose::MasterKeyCheck).tag(&[b"the master key of this database"])
    }

    /// Whether `stored` is the [`MasterKey::check_value`] of this key. Constant time.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        Mac::new(self, Purpose::MasterKeyCheck)
            .verify(&[b"the master key of this database"], stored)
    }

    /// The subkey for `purpose`: HKDF-SHA256 with a fixed salt and the purpose as `info`.
    #[expect(
        clippy::expect_used,
        reason = "32 bytes are within the 255 hashes that HKDF can yield"
    )]
    fn subkey(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let mut subkey = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, SALT)
            .extract(self.0.expose())
            .expand(&[purpose.label()], SubkeyLength)
            .and_then(|okm| okm.fill(subkey.as_mut_slice()))
            .expect("HKDF yields 32 bytes");
        subkey
    }
}

/// Tells HKDF that 32 bytes are wanted.
struct SubkeyLength;

impl hkdf::KeyType for SubkeyLength {
    fn len(&self) -> usize {
        32
    }
}

/// The one cell of the database that a sealed value belongs to. Its bytes are the associated data,
/// so that a value moved to another row, column or table cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// What names the row: its primary key as bytes.
    pub row: &'a [u8],
}

impl Cell<'_> {
    /// The associated data: the three parts, each preceded by its length.
    #[must_use]
    pub fn aad(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in [self.table.as_bytes(), self.column.as_bytes(), self.row] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

/// Seals and opens values for one purpose. Made once; sealing derives no key.
#[derive(Debug)]
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// The sealer of `purpose` under `master`.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the subkey has the 32 bytes that AES-256 wants"
    )]
    pub fn new(master: &MasterKey, purpose: Purpose) -> Self {
        let subkey = master.subkey(purpose);
        let key = UnboundKey::new(&AES_256_GCM_SIV, subkey.as_slice()).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    /// Seals `plaintext` for the place that `aad` names: version, nonce, ciphertext and tag.
    ///
    /// `nonce` is 12 random bytes. Repeating one reveals only whether two plaintexts were equal.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "AES-GCM-SIV takes 64 GiB; no plaintext of ours is near"
    )]
    pub fn seal(&self, nonce: [u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut body = Zeroizing::new(plaintext.to_vec());
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                body.as_mut_slice(),
            )
            .expect("the plaintext is short enough");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len() + TAG_LEN);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// [`Sealer::seal`] as text for a form or an address: base64url without padding.
    #[must_use]
    pub fn seal_text(&self, nonce: [u8; NONCE_LEN], aad: &[u8], plaintext: &[u8]) -> String {
        Base64UrlUnpadded::encode_string(&self.seal(nonce, aad, plaintext))
    }

    /// Opens what [`Sealer::seal_text`] made for the same place.
    ///
    /// # Errors
    /// [`Unsealable`] as [`Sealer::open`], and for what is no such text.
    pub fn open_text(&self, aad: &[u8], sealed: &str) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        self.open(aad, &Base64UrlUnpadded::decode_vec(sealed).map_err(|_| Unsealable)?)
    }

    /// Opens what [`Sealer::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Unsealable`] for another key, purpose or place, and for any altered, cut or lengthened value.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (&version, rest) = sealed.split_first().ok_or(Unsealable)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
        if version != VERSION {
            return Err(Unsealable);
        }
        let mut body = Zeroizing::new(body.to_vec());
        let length = self
            .0
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(aad),
                body.as_mut_slice(),
            )
            .map_err(|_| Unsealable)?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

/// Authenticates messages for one purpose: HMAC-SHA256 (RFC 2104). Made once, used often.
#[derive(Debug)]
pub struct Mac(hmac::Key);

impl Mac {
    /// The authenticator of `purpose` under `master`.
    #[must_use]
    pub fn new(master: &MasterKey, purpose: Purpose) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, master.subkey(purpose).as_slice()))
    }

    /// The tag of `parts`, each preceded by its length, so that no two lists share a tag by accident.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// Whether `tag` is the tag of `parts`. Constant time.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.tag(parts), tag).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 12] = [9; 12];

    fn master() -> MasterKey {
        MasterKey::from_bytes([7; 32])
    }

    const fn cell(row: &[u8]) -> Cell<'_> {
        Cell { table: "signing_key", column: "sealed_private", row }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place() {
        let sealer = Sealer::new(&master(), Purpose::SigningKey);
        for plaintext in [&b""[..], b"x", &[5; 4096]] {
            let value = sealer.seal(NONCE, &cell(b"1").aad(), plaintext);
            assert_eq!(value.len(), plaintext.len() + 29);
            assert_eq!(*sealer.open(&cell(b"1").aad(), &value).unwrap(), plaintext);
        }
    }

    /// KEY-07: a value swapped into another row, column or table does not open.
    #[test]
    fn what_is_moved_does_not_open() {
        let sealer = Sealer::new(&master(), Purpose::SigningKey);
        let value = sealer.seal(NONCE, &cell(b"1").aad(), b"private");
        let elsewhere = [
            cell(b"2"),
            Cell { table: "client_secret", ..cell(b"1") },
            Cell { column: "public", ..cell(b"1") },
        ];
        for place in elsewhere {
            assert_eq!(sealer.open(&place.aad(), &value).unwrap_err(), Unsealable);
        }
    }

    #[test]
    fn other_keys_and_purposes_do_not_open() {
        let sealed = Sealer::new(&master(), Purpose::SigningKey).seal(NONCE, b"", b"private");
        let purpose = Sealer::new(&master(), Purpose::ClientSecret);
        let key = Sealer::new(&MasterKey::from_bytes([8; 32]), Purpose::SigningKey);
        assert!(purpose.open(b"", &sealed).is_err());
        assert!(key.open(b"", &sealed).is_err());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealer = Sealer::new(&master(), Purpose::Flow);
        let value = sealer.seal(NONCE, b"place", b"secret");
        for bit in 0..value.len() * 8 {
            let mut altered = value.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open(b"place", &altered).is_err(), "bit {bit}");
        }
        for length in 0..value.len() {
            assert!(sealer.open(b"place", &value[..length]).is_err(), "length {length}");
        }
        assert!(sealer.open(b"place", &[&value[..], b"x"].concat()).is_err());
    }

    #[test]
    fn cells_do_not_run_into_each_other() {
        let one = Cell { table: "ab", column: "c", row: b"" };
        let other = Cell { table: "a", column: "bc", row: b"" };
        assert_ne!(one.aad(), other.aad());
    }

    #[test]
    fn tags_tell_parts_purposes_and_keys_apart() {
        let mac = Mac::new(&master(), Purpose::RefreshToken);
        let tag = mac.tag(&[b"ab", b"c"]);
        assert!(mac.verify(&[b"ab", b"c"], &tag));
        assert!(!mac.verify(&[b"a", b"bc"], &tag));
        assert!(!mac.verify(&[b"ab", b"c"], &tag[..31]));
        assert!(!mac.verify(&[b"ab", b"c"], b""));
        assert!(!Mac::new(&master(), Purpose::AntiForgery).verify(&[b"ab", b"c"], &tag));
    }

    #[test]
    fn a_master_key_has_one_spelling() {
        let text = master().to_text();
        assert_eq!(text.expose().len(), 43);
        let read = MasterKey::parse(&format!("{}\n", text.expose())).unwrap();
        assert_eq!(read.check_value(), master().check_value());
        let long = format!("{}A", text.expose());
        for bad in ["", "AAAA", long.as_str(), &text.expose().replace('H', "+")] {
            assert_eq!(MasterKey::parse(bad).unwrap_err(), NotAMasterKey, "{bad}");
        }
    }

    /// KEY-06: a wrong master key is told from the right one.
    #[test]
    fn a_wrong_master_key_does_not_match_the_check_value() {
        assert!(master().matches(&master().check_value()));
        assert!(!MasterKey::from_bytes([8; 32]).matches(&master().check_value()));
    }

    #[test]
    fn a_master_key_is_not_printed() {
        assert_eq!(format!("{:?}", master()), "MasterKey([redacted])");
    }
}
