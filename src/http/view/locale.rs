//! The languages of the pages, and which of them a reader gets. OIDC Core §3.1.2.1 (`ui_locales`),
//! RFC 9110 §12.5.4 (`Accept-Language`), RFC 4647 §3.4 (lookup).

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English, which also answers whoever asks for nothing we speak.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
}

/// More entries than any browser sends; what comes after them is not read.
const MAX_ENTRIES: usize = 32;

impl Locale {
    /// Every language of the pages, as `ui_locales_supported` lists them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::French];

    /// The language tag (RFC 5646) of the `lang` attribute and of discovery.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
        }
    }

    /// The language for a reader: the first of `ui_locales` (the request parameter, split at its
    /// spaces) that we speak, else the best of `accept_language` (the header), else English.
    #[must_use]
    pub fn negotiate<T: AsRef<str>>(ui_locales: &[T], accept_language: Option<&str>) -> Self {
        ui_locales
            .iter()
            .take(MAX_ENTRIES)
            .find_map(|tag| Self::lookup(tag.as_ref()))
            .or_else(|| accept_language.and_then(Self::best_accepted))
            .unwrap_or_default()
    }

    /// The language of `tag`: subtags are dropped from the right until one is ours, and ours are
    /// all of one subtag, so the first subtag decides.
    fn lookup(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    }

    /// The language with the highest weight in the header; the earlier one of equals.
    fn best_accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for entry in header.split(',').take(MAX_ENTRIES) {
            let (range, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            let weight = weight(parameters);
            let Some(locale) = Self::lookup(range.trim()) else { continue };
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }
}

/// A `qvalue` in thousandths (RFC 9110 §12.4.2): 1000 when none is given, 0 when it is none.
fn weight(parameters: &str) -> u16 {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return 1000;
    }
    let value = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="));
    let Some((whole, fraction)) = value.map(|value| value.split_once('.').unwrap_or((value, "")))
    else {
        return 0;
    };
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [&str; 0] = [];

    #[test]
    fn ui_locales_are_tried_in_their_order() {
        assert_eq!(Locale::negotiate(&["it", "fr-CA", "de"], Some("en")), Locale::French);
        assert_eq!(Locale::negotiate(&["DE-at-1996"], None), Locale::German);
    }

    #[test]
    fn unknown_ui_locales_leave_the_choice_to_the_browser() {
        assert_eq!(Locale::negotiate(&["it", "", "-"], Some("de")), Locale::German);
        assert_eq!(Locale::negotiate(&["deu"], None), Locale::English);
    }

    #[test]
    fn the_highest_weight_wins_and_zero_never_does() {
        let accept = |header| Locale::negotiate(&NONE, Some(header));
        assert_eq!(accept("it, fr;q=0.5, de;q=0.9"), Locale::German);
        assert_eq!(accept("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.1"), Locale::French);
        assert_eq!(accept("de;q=0"), Locale::English);
        assert_eq!(accept("fr , de"), Locale::French);
    }

    #[test]
    fn nonsense_is_english() {
        for header in ["", ",,,", "*", "de;q=2", "de;q=0.12345", "de;x", "\u{fc}\u{fc}"] {
            assert_eq!(Locale::negotiate(&NONE, Some(header)), Locale::English, "{header}");
        }
        assert_eq!(Locale::negotiate(&NONE, None), Locale::English);
    }
}
