//! How hard a password is to guess. NIST SP 800-63B-4 §3.1.1.2.
//!
//! The answer is a reason and a suggestion as values, which the pages say in the user's language.

use std::collections::HashSet;
use std::sync::LazyLock;

use zeroize::Zeroizing;
use zxcvbn::{Score, feedback};

/// Words and rows of digits that are tried first, one a line, folded as [`fold`] does.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// So many digits and signs before or after a common word make it no better.
const MAX_DECORATION: usize = 6;

/// The code points that the estimator looks at.
const MAX_JUDGED: usize = 64;

/// Personal texts shorter than this are in too many passwords by chance.
const MIN_PERSONAL_CODE_POINTS: usize = 3;

/// So many personal texts are looked at, and so many code points of each.
const MAX_PERSONAL: (usize, usize) = (16, 64);

/// Why a password is refused, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password is refused: {reason:?}; {suggestion:?}")]
pub struct Weakness {
    /// What is wrong with it.
    pub reason: Reason,
    /// What would mend it.
    pub suggestion: Suggestion,
}

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Fewer code points than `least`.
    TooShort {
        /// The fewest code points.
        least: usize,
    },
    /// More code points than `most`, or too many bytes.
    TooLong {
        /// The most code points.
        most: usize,
    },
    /// It is on the list of common passwords, perhaps decorated with digits or signs.
    Common,
    /// It is built from the user's name or address.
    Personal,
    /// One character or group over and over.
    Repeats,
    /// Neighbours in the alphabet or among the numbers.
    Sequence,
    /// Neighbours on the keyboard.
    KeyboardPattern,
    /// A date or a year.
    Date,
    /// A first name or a surname.
    Name,
    /// One word of a dictionary.
    Word,
    /// None of these stands out, but it would be guessed soon.
    Guessable,
}

/// What would make a password better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggestion {
    /// Use several words that do not belong together.
    AddWords,
    /// Use a shorter one.
    Shorten,
    /// Leave out repeated characters and groups.
    AvoidRepeats,
    /// Leave out rows of letters, digits and keys.
    AvoidSequences,
    /// Leave out dates and years.
    AvoidDates,
    /// Leave out names, and what is known about you.
    AvoidPersonal,
    /// Capitals, reversed words and signs in place of letters hardly help: add words instead.
    DisguiseHardlyHelps,
}

impl Weakness {
    pub(super) const fn of(reason: Reason, suggestion: Suggestion) -> Self {
        Self { reason, suggestion }
    }
}

/// Refuses common, personal and guessable passwords. `text` is bounded already.
pub(super) fn check(text: &str, personal: &[&str]) -> Result<(), Weakness> {
    if is_common(text) {
        return Err(Weakness::of(Reason::Common, Suggestion::AddWords));
    }
    let personal = personal_words(personal);
    let inputs: Vec<&str> = personal.iter().map(String::as_str).collect();
    let estimate = zxcvbn::zxcvbn(&judged(text), &inputs);
    if estimate.score() >= Score::Three {
        return Ok(());
    }
    let folded = Zeroizing::new(text.to_lowercase());
    if inputs.iter().any(|word| folded.contains(word)) {
        return Err(Weakness::of(Reason::Personal, Suggestion::AvoidPersonal));
    }
    let feedback = estimate.feedback();
    let reason = feedback
        .and_then(feedback::Feedback::warning)
        .map_or_else(|| plain_reason(text), reason_of);
    Err(Weakness::of(reason, suggestion_for(reason, feedback)))
}

/// The part of `text` that the estimator sees: the start, which is strong enough or not, without the
/// signs that stand for a `c` or an `l` in nobody's password. The estimator tries every combination of
/// readings on every part of the text, and a text of such signs would keep it busy for a second.
fn judged(text: &str) -> Zeroizing<String> {
    let plain = |c| if matches!(c, '(' | '{' | '[' | '<' | '|') { '_' } else { c };
    Zeroizing::new(text.chars().take(MAX_JUDGED).map(plain).collect())
}

/// Whether `text` is a common password, decorated or not.
fn is_common(text: &str) -> bool {
    let lower = Zeroizing::new(text.to_lowercase());
    if COMMON.contains(lower.as_str()) {
        return true;
    }
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let decoration = lower.chars().count() - core.chars().count();
    let short = decoration <= MAX_DECORATION;
    let folded = Zeroizing::new(fold(&lower));
    let undisguised = folded.trim_matches(|c: char| !c.is_alphabetic());
    let folded_core = Zeroizing::new(fold(core));
    short && [core, &folded, undisguised, &folded_core].iter().any(|word| COMMON.contains(word))
}

/// Lower case, with the usual signs turned back into letters.
fn fold(lower: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    lower.chars().map(letter).collect()
}

/// The texts and their parts, in lower case, bounded in number and length.
fn personal_words(personal: &[&str]) -> Vec<String> {
    let (most, length) = MAX_PERSONAL;
    let parts = personal.iter().flat_map(|text| {
        let parts = text.split(|c: char| !c.is_alphanumeric());
        std::iter::once(*text).chain(parts)
    });
    let mut words: Vec<String> = parts
        .map(|part| part.chars().take(length).collect::<String>().to_lowercase())
        .filter(|word| word.chars().count() >= MIN_PERSONAL_CODE_POINTS)
        .take(most)
        .collect();
    words.dedup();
    words
}

/// The reason when the estimator gives none.
fn plain_reason(text: &str) -> Reason {
    let distinct: HashSet<char> = text.chars().collect();
    if distinct.len() <= 3 { Reason::Repeats } else { Reason::Guessable }
}

fn reason_of(warning: feedback::Warning) -> Reason {
    use feedback::Warning as W;
    match warning {
        W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess => {
            Reason::KeyboardPattern
        }
        W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Reason::Repeats
        }
        W::ThisIsATop10Password
        | W::ThisIsATop100Password
        | W::ThisIsACommonPassword
        | W::ThisIsSimilarToACommonlyUsedPassword => Reason::Common,
        W::SequencesLikeAbcAreEasyToGuess => Reason::Sequence,
        W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess => Reason::Date,
        W::AWordByItselfIsEasyToGuess => Reason::Word,
        W::NamesAndSurnamesByThemselvesAreEasyToGuess | W::CommonNamesAndSurnamesAreEasyToGuess => {
            Reason::Name
        }
    }
}

fn suggestion_for(reason: Reason, feedback: Option<&feedback::Feedback>) -> Suggestion {
    use feedback::Suggestion as S;
    let disguised = feedback.is_some_and(|feedback| {
        feedback.suggestions().iter().any(|suggestion| {
            matches!(
                suggestion,
                S::CapitalizationDoesntHelpVeryMuch
                    | S::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase
                    | S::ReversedWordsArentMuchHarderToGuess
                    | S::PredictableSubstitutionsDontHelpVeryMuch
            )
        })
    });
    match reason {
        Reason::Common | Reason::Word | Reason::Guessable if disguised => {
            Suggestion::DisguiseHardlyHelps
        }
        Reason::TooShort { .. } | Reason::Common | Reason::Word | Reason::Guessable => {
            Suggestion::AddWords
        }
        Reason::TooLong { .. } => Suggestion::Shorten,
        Reason::Personal | Reason::Name => Suggestion::AvoidPersonal,
        Reason::Repeats => Suggestion::AvoidRepeats,
        Reason::Sequence | Reason::KeyboardPattern => Suggestion::AvoidSequences,
        Reason::Date => Suggestion::AvoidDates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<Reason> {
        check(text, &["alice.liddell", "wonder@example.com"]).err().map(|weak| weak.reason)
    }

    #[test]
    fn the_list_is_sorted_folded_and_long_enough() {
        let lines: Vec<&str> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() >= 200, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "sorted, without repeats");
        assert!(lines.iter().all(|line| line.to_lowercase() == *line && line.trim() == *line));
    }

    #[test]
    fn common_passwords_are_refused_in_every_disguise() {
        for text in [
            "password",
            "Password1",
            "P@ssw0rd!",
            "passw0rd2024",
            "Welcome123",
            "!!dragon!!",
            "1q2w3e4r",
            "Qwertyuiop",
            "12345678",
            "Sunshine99",
            "$ummer2026",
            "correcthorsebatterystaple",
        ] {
            assert_eq!(reason(text), Some(Reason::Common), "{text}");
        }
        assert_eq!(reason("dragon 48151623421972 k"), None);
    }

    #[test]
    fn what_is_known_of_the_user_is_refused() {
        for text in ["alice.liddell", "Liddell2024", "alicewonder", "Alice1865"] {
            assert_eq!(reason(text), Some(Reason::Personal), "{text}");
        }
    }

    #[test]
    fn patterns_have_their_reason() {
        assert_eq!(reason("aaaaaaaaaa"), Some(Reason::Repeats));
        assert_eq!(reason("xyxyxyxyxyxy"), Some(Reason::Repeats));
        assert_eq!(reason("cdefghijklm"), Some(Reason::Sequence));
        assert_eq!(reason("14.03.1987"), Some(Reason::Date));
        assert!(reason("plokijuh").is_some());
    }

    #[test]
    fn suggestions_fit() {
        let weak = check("aaaaaaaaaa", &[]).unwrap_err();
        assert_eq!(weak.suggestion, Suggestion::AvoidRepeats);
        let weak = check("Password1", &[]).unwrap_err();
        assert_eq!(weak.suggestion, Suggestion::AddWords);
    }

    #[test]
    fn hostile_personal_texts_are_bounded() {
        let long = "x".repeat(100_000);
        let many = vec![long.as_str(); 1_000];
        assert!(check("tulip gravel ottoman sleigh", &many).is_ok());
        assert!(personal_words(&many).len() <= MAX_PERSONAL.0);
    }

    /// The estimator's work is bounded: a text of ambiguous signs would cost it a second otherwise.
    #[test]
    fn the_estimator_sees_a_bounded_plain_text() {
        let text = "4@8({[<369&#!1|70$5+%2".repeat(6);
        let judged = judged(&text);
        assert_eq!(judged.chars().count(), MAX_JUDGED);
        assert!(!judged.contains(['(', '{', '[', '<', '|']));
        assert_eq!(judged.chars().filter(|c| *c == '_').count(), 15);
        assert_eq!(reason(&format!("{}vg7#Qx!pZ2", "a".repeat(64))), Some(Reason::Repeats));
    }
}
