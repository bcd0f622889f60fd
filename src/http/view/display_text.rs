//! Text that somebody else chose, made fit to be shown. Unicode Technical Report 36 §2.5.

/// A client's name, a user's name, a scope: one line, of bounded length, without characters that
/// cannot be seen or that turn the direction of what stands around them.
///
/// It is not escaped: the templates do that, as with every string.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DisplayText(String);

/// Longer text ends in an ellipsis.
const MAX_CHARS: usize = 300;

impl DisplayText {
    /// The text without what cannot be shown; line breaks and runs of blanks become one space.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let visible = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
        let visible: String = visible.filter(|c| !is_hidden(*c)).take(4 * MAX_CHARS).collect();
        let line = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if line.chars().count() <= MAX_CHARS {
            return Self(line);
        }
        Self(line.chars().take(MAX_CHARS).chain(['…']).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first letter or digit in upper case, which stands where a picture is missing.
    #[must_use]
    pub fn initial(&self) -> Option<String> {
        let first = self.0.chars().find(|c| c.is_alphanumeric())?;
        Some(first.to_uppercase().collect())
    }
}

impl std::fmt::Display for DisplayText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for DisplayText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for DisplayText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

/// Controls, bidirectional marks and overrides, and characters without a glyph. The joiners
/// U+200C and U+200D stay: Persian, Hindi and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_cannot_be_overridden() {
        let name = DisplayText::new("\u{202e}knaB\u{202c} \u{2066}My\u{2069} \u{200f}App\u{61c}");
        assert_eq!(name.as_str(), "knaB My App");
    }

    #[test]
    fn one_line_without_controls() {
        let name = DisplayText::new(" a\r\n\tb\u{2028}c\u{2029}d\u{a0} e\0\u{7f}\u{200b} ");
        assert_eq!(name.as_str(), "a b c d e");
    }

    #[test]
    fn a_name_without_end_has_one() {
        assert_eq!(DisplayText::new(&"x".repeat(1_000_000)).as_str().chars().count(), 301);
    }

    #[test]
    fn scripts_that_need_joiners_keep_them() {
        assert_eq!(DisplayText::new("\u{645}\u{6cc}\u{200c}\u{62e}").as_str().chars().count(), 4);
    }

    #[test]
    fn the_initial_is_a_letter_or_nothing() {
        assert_eq!(DisplayText::new("  «émile»").initial().as_deref(), Some("É"));
        assert_eq!(DisplayText::new("***").initial(), None);
    }
}
