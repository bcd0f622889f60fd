//! Passwords: what is accepted, and how it is hashed. NIST SP 800-63B-4 §3.1.1, RFC 9106.
//!
//! Length counts code points after NFC, so that a password typed on another keyboard is the same
//! password. There are no composition rules: strength is judged by [`strength`].

pub mod hash;
pub mod strength;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use zeroize::Zeroizing;

use crate::types::Secret;

pub use hash::{Argon2Params, Memory, PasswordHash, Verification};
pub use strength::{Reason, Suggestion, Weakness};

/// The fewest code points of a new password. NIST recommends 15 and demands 8.
pub const MIN_CODE_POINTS: usize = 8;

/// The most code points of a new password.
pub const MAX_CODE_POINTS: usize = 128;

/// The most bytes of any password that is looked at. More is refused before normalising and hashing.
pub const MAX_BYTES: usize = 1024;

/// A password that someone typed to sign in, in NFC. It is bounded, and nothing else: a password that
/// was accepted under older rules still opens its account.
#[derive(Debug, Clone)]
pub struct PresentedPassword(Secret<String>);

/// The text has more than [`MAX_BYTES`] bytes: answer 400, and look no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {MAX_BYTES} bytes")]
pub struct PasswordTooLong;

impl PresentedPassword {
    /// Takes what was typed.
    ///
    /// # Errors
    /// [`PasswordTooLong`] above [`MAX_BYTES`] bytes.
    pub fn parse(typed: Secret<String>) -> Result<Self, PasswordTooLong> {
        if typed.expose().len() > MAX_BYTES {
            return Err(PasswordTooLong);
        }
        Ok(Self(match is_nfc_quick(typed.expose().chars()) {
            IsNormalized::Yes => typed,
            IsNormalized::No | IsNormalized::Maybe => nfc(&typed),
        }))
    }

    /// The bytes to hash: UTF-8 of the NFC form.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

/// A password that someone chose, and that the rules accept.
#[derive(Debug, Clone)]
pub struct NewPassword(PresentedPassword);

impl NewPassword {
    /// Applies the rules: 8 to 128 code points, at most 1,024 bytes, not common, not built from what is
    /// known of the user, and hard enough to guess.
    ///
    /// `personal` are texts that an attacker tries first: the username, the email address, names.
    /// Judging takes up to some tens of milliseconds: call it for people who may set a password, not for
    /// strangers, and not on a thread that answers others.
    ///
    /// # Errors
    /// [`Weakness`] with the reason and what to do about it.
    pub fn parse(typed: Secret<String>, personal: &[&str]) -> Result<Self, Weakness> {
        let too_long = Weakness::of(Reason::TooLong { most: MAX_CODE_POINTS }, Suggestion::Shorten);
        let presented = PresentedPassword::parse(typed).map_err(|PasswordTooLong| too_long)?;
        let text = presented.0.expose();
        let length = text.chars().count();
        if length > MAX_CODE_POINTS {
            return Err(too_long);
        }
        if length < MIN_CODE_POINTS {
            let short = Reason::TooShort { least: MIN_CODE_POINTS };
            return Err(Weakness::of(short, Suggestion::AddWords));
        }
        strength::check(text, personal)?;
        Ok(Self(presented))
    }

    /// The same password as it would be presented: what a hash is made of.
    #[must_use]
    pub fn into_presented(self) -> PresentedPassword {
        self.0
    }
}

/// The NFC form, without leaving half-grown copies of the password behind.
fn nfc(typed: &Secret<String>) -> Secret<String> {
    // Three times the bytes is the most that NFC makes of a text (UAX 15, on UTF-8), so the string
    // never moves while it grows.
    let mut out = Zeroizing::new(String::with_capacity(3 * typed.expose().len()));
    out.extend(typed.expose().nfc());
    Secret::new(std::mem::take(&mut *out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str) -> Result<NewPassword, Weakness> {
        NewPassword::parse(Secret::new(text.to_owned()), &["alice", "alice@example.com"])
    }

    fn presented(text: &str) -> PresentedPassword {
        PresentedPassword::parse(Secret::new(text.to_owned())).unwrap()
    }

    /// UNI-02: NFC and NFD are one password; NFKC is another one.
    #[test]
    fn normal_form_is_nfc() {
        assert_eq!(presented("Ma\u{308}uschen").bytes(), presented("Mäuschen").bytes());
        assert_ne!(presented("ﬁsch").bytes(), presented("fisch").bytes());
        assert_eq!(presented("  spaces stay ").bytes(), b"  spaces stay ");
    }

    /// FLOOD-05: refused before normalising.
    #[test]
    fn oversized_text_is_refused() {
        for text in ["a".repeat(1025), "\u{301}".repeat(1_000_000), "a".repeat(1_000_000)] {
            assert!(PresentedPassword::parse(Secret::new(text.clone())).is_err());
            assert_eq!(new(&text).unwrap_err().reason, Reason::TooLong { most: 128 });
        }
        assert!(PresentedPassword::parse(Secret::new("a".repeat(1024))).is_ok());
    }

    #[test]
    fn length_counts_code_points() {
        assert_eq!(new("kälte7ß").unwrap_err().reason, Reason::TooShort { least: 8 });
        assert!(new("vg7#Qx!pZ2").is_ok());
        let varied = |count: u32| -> String {
            (0..count).filter_map(|i| char::from_u32(0x4e00 + (i * 7919) % 20_000)).collect()
        };
        assert!(new(&varied(128)).is_ok());
        assert_eq!(new(&varied(129)).unwrap_err().reason, Reason::TooLong { most: 128 });
    }

    /// No composition rules: words alone will do.
    #[test]
    fn four_words_are_enough() {
        assert!(new("tulip gravel ottoman sleigh").is_ok());
        assert!(new("кузнечик пьёт лимонад").is_ok());
    }

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?}", new("vg7#Qx!pZ2")).contains("vg7"));
        assert!(!format!("{:?}", presented("hunter2")).contains("hunter2"));
    }
}
