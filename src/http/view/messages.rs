//! The message catalogue: every sentence that a page shows, in each of its languages.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};

use super::locale::Locale;

fluent_templates::static_loader! {
    static CATALOGUES = {
        locales: "./locales",
        fallback_language: "en",
    };
}

const ENGLISH: LanguageIdentifier = langid!("en");
const GERMAN: LanguageIdentifier = langid!("de");
const FRENCH: LanguageIdentifier = langid!("fr");

/// The sentences of one language.
///
/// Values are put between U+2068 and U+2069, so that a name in another direction cannot reorder the
/// sentence around it. A key that no catalogue has is shown as itself; a test keeps that from
/// happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Messages {
    locale: Locale,
}

impl Messages {
    /// The sentences of `locale`.
    #[must_use]
    pub const fn new(locale: Locale) -> Self {
        Self { locale }
    }

    /// The language they are in.
    #[must_use]
    pub const fn locale(self) -> Locale {
        self.locale
    }

    /// The sentence of `key`.
    #[must_use]
    pub fn text(self, key: &str) -> String {
        self.find(key, None)
    }

    /// The sentence of `key` with `value` in the place of `$name`.
    #[must_use]
    pub fn with(self, key: &str, name: &'static str, value: impl Display) -> String {
        self.with_all(key, [(name, value.to_string().into())])
    }

    /// The sentence of `key` that fits `$count`.
    #[must_use]
    pub fn count(self, key: &str, count: u64) -> String {
        self.with_all(key, [("count", count.into())])
    }

    /// The sentence of `key` with several values in their places.
    #[must_use]
    pub fn with_all<const N: usize>(
        self,
        key: &str,
        values: [(&'static str, FluentValue<'static>); N],
    ) -> String {
        let values = values.map(|(name, value)| (Cow::Borrowed(name), value));
        self.find(key, Some(&HashMap::from(values)))
    }

    fn find(
        self,
        key: &str,
        values: Option<&HashMap<Cow<'static, str>, FluentValue<'_>>>,
    ) -> String {
        let language = match self.locale {
            Locale::English => &ENGLISH,
            Locale::German => &GERMAN,
            Locale::French => &FRENCH,
        };
        CATALOGUES.try_lookup_complete(language, key, values).unwrap_or_else(|| key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn catalogue(locale: Locale) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(root.join(format!("locales/{}.ftl", locale.tag()))).unwrap()
    }

    /// Key and the names of its variables, one line each.
    fn entries(text: &str) -> BTreeSet<String> {
        let mut entries: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if !line.starts_with([' ', '}'])
                && let Some((key, _)) = line.split_once(" = ")
            {
                assert!(entries.iter().all(|(known, _)| known != key), "{key} stands twice");
                entries.push((key.to_owned(), BTreeSet::new()));
            }
            let Some((_, variables)) = entries.last_mut() else { continue };
            variables.extend(line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>()
            }));
        }
        entries.into_iter().map(|(key, variables)| format!("{key} {variables:?}")).collect()
    }

    fn sources(folder: &str, extension: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let paths = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect()
    }

    /// The string literals that stand where a key is looked up.
    fn looked_up(source: &str) -> BTreeSet<&str> {
        [".text(\"", ".with(\"", ".count(\"", ".with_all(\""]
            .iter()
            .flat_map(|call| source.split(call).skip(1))
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    #[test]
    fn every_catalogue_has_the_same_keys_and_variables() {
        let english = entries(&catalogue(Locale::English));
        assert!(english.len() > 100);
        for locale in Locale::ALL {
            assert_eq!(entries(&catalogue(locale)), english, "{}", locale.tag());
        }
    }

    #[test]
    fn every_key_that_is_looked_up_exists_and_every_key_is_used() {
        let source = sources("templates", "html") + &sources("src/http/view", "rs");
        let english = entries(&catalogue(Locale::English));
        let keys: BTreeSet<&str> = english.iter().filter_map(|e| e.split(' ').next()).collect();
        let unknown: Vec<_> = looked_up(&source).difference(&keys).copied().collect();
        assert!(unknown.is_empty(), "not in the catalogue: {unknown:?}");
        let unused: Vec<_> =
            keys.iter().filter(|key| !source.contains(&format!("\"{key}\""))).collect();
        assert!(unused.is_empty(), "never shown: {unused:?}");
    }

    #[test]
    fn a_value_cannot_reorder_its_sentence() {
        let text = Messages::new(Locale::English).with("back-to", "client", "Notes");
        assert_eq!(text, "Back to \u{2068}Notes\u{2069}");
    }

    #[test]
    fn counts_take_the_form_that_their_language_wants() {
        let french = Messages::new(Locale::French);
        assert!(french.count("sign-in-too-many-minutes", 1).contains("une minute"));
        assert!(french.count("sign-in-too-many-minutes", 5).contains("minutes"));
        assert_eq!(Messages::new(Locale::German).count("time-month", 3), "M\u{e4}rz");
    }
}
