//! Why a password was refused and what would help, in the reader's words.

use super::messages::Messages;
use crate::identity::password::{Reason, Suggestion, Weakness};

/// The sentences to show.
pub(super) fn sentences(t: Messages, weakness: Weakness) -> [String; 2] {
    [reason(t, weakness.reason), t.text(suggestion(weakness.suggestion))]
}

fn reason(t: Messages, reason: Reason) -> String {
    match reason {
        Reason::TooShort { least } => t.count("weak-too-short", least as u64),
        Reason::TooLong { most } => t.count("weak-too-long", most as u64),
        Reason::Common => t.text("weak-common"),
        Reason::Personal => t.text("weak-personal"),
        Reason::Repeats => t.text("weak-repeats"),
        Reason::Sequence => t.text("weak-sequence"),
        Reason::KeyboardPattern => t.text("weak-keyboard-pattern"),
        Reason::Date => t.text("weak-date"),
        Reason::Name => t.text("weak-name"),
        Reason::Word => t.text("weak-word"),
        Reason::Guessable => t.text("weak-guessable"),
    }
}

const fn suggestion(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::AddWords => "advice-add-words",
        Suggestion::Shorten => "advice-shorten",
        Suggestion::AvoidRepeats => "advice-avoid-repeats",
        Suggestion::AvoidSequences => "advice-avoid-sequences",
        Suggestion::AvoidDates => "advice-avoid-dates",
        Suggestion::AvoidPersonal => "advice-avoid-personal",
        Suggestion::DisguiseHardlyHelps => "advice-disguise",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::password::NewPassword;
    use crate::types::Secret;

    fn words(password: &str) -> String {
        let weakness = NewPassword::parse(Secret::new(password.to_owned()), &[]).unwrap_err();
        let text = sentences(Messages::default(), weakness).join(" ");
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn a_refused_password_gets_a_reason_and_advice() {
        assert!(words("short").starts_with("It is too short: it needs at least 8 characters."));
        assert!(words("password").contains("Use several uncommon words"));
        assert!(words(&"x".repeat(2_000)).contains("at most 128 characters"));
    }
}
