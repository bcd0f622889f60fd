//! Usernames. RFC 8265 §3.3 (`UsernameCaseMapped`), UTS 39 §4 (confusables).
//!
//! One function, [`Username::parse`], makes the canonical form. Registration, sign-in, the limiter and
//! the search all go through it, so that `ALICE`, `alice ` and `ａｌｉｃｅ` are one user everywhere.
//!
//! The canonical form is made in this order:
//! 1. white space at both ends is dropped;
//! 2. NFKC, so that full-width letters, ligatures and composed or decomposed accents fall together;
//! 3. `UsernameCaseMapped`: lower case, NFC, the bidi rule, and only characters of the PRECIS
//!    `IdentifierClass`, which has no spaces, controls, bidi or zero-width characters and no tags;
//! 4. the final sigma is written as a sigma: lower-casing knows no position, so `ΝΙΚΟΣ` and `νικος`
//!    would be two users otherwise.
//!
//! The steps are repeated until nothing changes (RFC 8264 §7), so the form is its own canonical form.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest username, in code points of its canonical form.
pub const MAX_CODE_POINTS: usize = 64;

/// The longest text that is looked at at all, in bytes. More is refused before any normalising.
pub const MAX_TYPED_BYTES: usize = 1024;

/// More marks than this on one letter only serve to draw over other people's lines (UTS 39 §5.4).
const MAX_MARKS_IN_A_ROW: usize = 4;

/// How often the rules may be applied until the text must be stable. RFC 8264 §7.
const MAX_ROUNDS: usize = 4;

/// A username in its canonical form. Two equal values are the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(Box<str>);

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing but white space.
    #[error("a username is not empty")]
    Empty,
    /// More than [`MAX_CODE_POINTS`] code points, or [`MAX_TYPED_BYTES`] bytes before normalising.
    #[error("a username has at most {MAX_CODE_POINTS} characters")]
    TooLong,
    /// A space, control, zero-width, bidi or other character that no username has.
    #[error(
        "a username has letters, digits and punctuation without spaces or invisible characters"
    )]
    ForbiddenCharacter,
    /// An `@`, which tells a username from an email address.
    #[error("a username has no @: that is an email address")]
    LooksLikeEmail,
    /// It starts with a combining mark, or piles more than four of them on one letter.
    #[error("a username has no stray or piled up accents")]
    StrayMarks,
}

impl Username {
    /// The canonical form of what someone typed. RFC 8265 §3.3.3.
    ///
    /// # Errors
    /// [`UsernameError`] names the rule that the text breaks.
    pub fn parse(typed: &str) -> Result<Self, UsernameError> {
        if typed.len() > MAX_TYPED_BYTES {
            return Err(UsernameError::TooLong);
        }
        let mut name = typed.trim().to_owned();
        if name.is_empty() {
            return Err(UsernameError::Empty);
        }
        for _ in 0..MAX_ROUNDS {
            let next = canonical_round(&name)?;
            if next == name {
                return Self::check(name);
            }
            name = next;
        }
        Err(UsernameError::ForbiddenCharacter)
    }

    /// A canonical form that the database holds. It is not checked again: tables of a newer Unicode
    /// version must not lock out a user.
    #[must_use]
    pub fn from_stored(canonical: String) -> Self {
        Self(canonical.into_boxed_str())
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text that all names of the same look share. UTS 39 §4.
    ///
    /// It is for a unique index alone, never for a lookup at sign-in and never shown: `admin` with a
    /// Cyrillic `а` has the skeleton of `admin`, and so cannot be registered beside it. Digits count as
    /// the letters they look like (`0` and `o`, `1` and `l`).
    #[must_use]
    pub fn skeleton(&self) -> String {
        // The prototypes of UTS 39 are upper case now and then (0 → O), and names are not.
        let once: String = unicode_security::skeleton(&self.0).collect();
        let lower = once.to_lowercase();
        // Dots above i and j are hidden by the letter's own dot.
        let plain = lower.replace("i\u{307}", "i").replace("j\u{307}", "j");
        unicode_security::skeleton(&plain).collect::<String>().to_lowercase()
    }

    fn check(name: String) -> Result<Self, UsernameError> {
        if name.chars().count() > MAX_CODE_POINTS {
            return Err(UsernameError::TooLong);
        }
        if name.contains('@') {
            return Err(UsernameError::LooksLikeEmail);
        }
        if has_stray_marks(&name) {
            return Err(UsernameError::StrayMarks);
        }
        Ok(Self(name.into_boxed_str()))
    }
}

impl std::fmt::Display for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One application of the rules, without the bounds.
fn canonical_round(name: &str) -> Result<String, UsernameError> {
    let compatible: String = name.nfkc().collect();
    let mapped =
        UsernameCaseMapped::enforce(compatible).map_err(|_| UsernameError::ForbiddenCharacter)?;
    Ok(mapped.replace('ς', "σ"))
}

/// Whether a mark has no letter before it, or more marks than [`MAX_MARKS_IN_A_ROW`] follow a letter.
fn has_stray_marks(name: &str) -> bool {
    let mut marks = 0;
    name.chars().next().is_some_and(is_combining_mark)
        || name.chars().nfd().any(|c| {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            marks > MAX_MARKS_IN_A_ROW
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(typed: &str) -> String {
        Username::parse(typed).unwrap_or_else(|e| panic!("{typed:?}: {e}")).as_str().to_owned()
    }

    fn skeleton(typed: &str) -> String {
        Username::parse(typed).unwrap().skeleton()
    }

    /// UNI-01: what looks like `admin` is `admin`, is refused, or shares its skeleton.
    #[test]
    fn nobody_registers_beside_admin() {
        for same in ["ａｄｍｉｎ", "ADMIN", "admin ", "\u{3000}Admin\t", "𝐚𝐝𝐦𝐢𝐧"]
        {
            assert_eq!(canonical(same), "admin", "{same:?}");
        }
        for refused in ["admin\u{200b}", "ad\u{ad}min", "admin\u{202e}", "ad min", "a\u{2060}dmin"]
        {
            assert_eq!(
                Username::parse(refused),
                Err(UsernameError::ForbiddenCharacter),
                "{refused:?}"
            );
        }
        for confusable in ["аdmin", "admіn", "adrnin", "αdmin", "admın"] {
            assert_ne!(canonical(confusable), "admin");
            assert_eq!(skeleton(confusable), skeleton("admin"), "{confusable:?}");
        }
        assert_eq!(skeleton("g00gle"), skeleton("google"));
        assert_eq!(skeleton("a1ice"), skeleton("alice"));
        assert_ne!(skeleton("alice"), skeleton("bob"));
    }

    /// UNI-02: the forms of Unicode are one name.
    #[test]
    fn every_normal_form_is_one_name() {
        let name = "Zoë-Ångström";
        let forms: [String; 4] = [
            name.nfc().collect(),
            name.nfd().collect(),
            name.nfkc().collect(),
            name.nfkd().collect(),
        ];
        for form in forms {
            assert_eq!(canonical(&form), "zoë-ångström");
        }
        assert_eq!(canonical("ﬁsh"), "fish");
    }

    /// UNI-04: the letters whose case is not simple.
    #[test]
    fn special_casing_has_one_answer() {
        assert_eq!(canonical("ΝΙΚΟΣ"), canonical("νικος"));
        assert_eq!(canonical("Ǆungla"), canonical("ǆungla"));
        assert_eq!(canonical("ǅungla"), canonical("ǆungla"));
        assert_eq!(canonical("STRAẞE"), canonical("straße"));
        assert_eq!(canonical("\u{212a}elvin"), "kelvin");
        // The Turkish letters stay letters of their own, but nobody else can look like them.
        assert_eq!(canonical("İ"), "i\u{307}");
        assert_eq!(skeleton("İ"), skeleton("i"));
        assert_ne!(canonical("ılgın"), canonical("ilgin"));
        assert_eq!(skeleton("ılgın"), skeleton("ilgin"));
    }

    /// UNI-06: what only serves to deceive is refused.
    #[test]
    fn invisible_and_piled_characters_are_refused() {
        for bad in [
            "a\u{202e}b",
            "a\u{e0041}b",
            "a\u{0}b",
            "a\nb",
            "a\u{feff}b",
            "a\u{2066}b",
            "a\u{fe0f}",
        ] {
            assert_eq!(Username::parse(bad), Err(UsernameError::ForbiddenCharacter), "{bad:?}");
        }
        assert_eq!(
            Username::parse("z\u{323}\u{324}\u{325}\u{326}\u{32d}"),
            Err(UsernameError::StrayMarks)
        );
        assert_eq!(Username::parse("\u{301}abc"), Err(UsernameError::StrayMarks));
        assert!(Username::parse("नमस्ते").is_ok());
        assert!(Username::parse("việt").is_ok());
    }

    #[test]
    fn length_is_bounded_before_normalising() {
        assert_eq!(Username::parse(" "), Err(UsernameError::Empty));
        assert_eq!(Username::parse(&"a".repeat(64)).unwrap().as_str().len(), 64);
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameError::TooLong));
        assert_eq!(Username::parse(&"\u{301}".repeat(5_000)), Err(UsernameError::TooLong));
        assert_eq!(Username::parse(&" ".repeat(2_000)), Err(UsernameError::TooLong));
    }

    #[test]
    fn an_email_address_is_no_username() {
        assert_eq!(Username::parse("a@example.com"), Err(UsernameError::LooksLikeEmail));
        assert_eq!(Username::parse("a＠example.com"), Err(UsernameError::LooksLikeEmail));
        assert_eq!(canonical("o'brien.jr+x"), "o'brien.jr+x");
    }

    /// Every code point there is, alone and after a letter.
    #[test]
    fn the_canonical_form_of_every_character_is_its_own() {
        for c in '\u{0}'..=char::MAX {
            for typed in [c.to_string(), format!("a{c}")] {
                if let Ok(name) = Username::parse(&typed) {
                    assert_eq!(Username::parse(name.as_str()), Ok(name), "{typed:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent(typed in "\\PC{0,40}") {
            if let Ok(name) = Username::parse(&typed) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn case_does_not_matter(typed in "[a-zà-öø-þα-ρς-ωа-я]{1,20}") {
            prop_assert_eq!(Username::parse(&typed.to_uppercase()), Username::parse(&typed));
        }
    }
}
