//! Parameters that wish and never fail: `display`, `ui_locales`, `claims_locales`, `acr_values`,
//! `login_hint`. OIDC Core §3.1.2.1, §15.1.
//!
//! What cannot be honoured is left out without a word; what is kept is bounded.

use serde::{Deserialize, Serialize};

use super::{Draft, Input};
use crate::protocol::{error::OAuthError, params::Params};

/// The most values of a list that are kept.
const MAX_VALUES: usize = 16;
/// The longest value of a list that is kept, in bytes.
const MAX_VALUE_BYTES: usize = 128;
/// The longest `login_hint` that is kept, in bytes: an e-mail address fits.
const MAX_LOGIN_HINT_BYTES: usize = 320;

/// How the pages should look (OIDC Core §3.1.2.1). Ours fit each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A whole window: the default, and what unknown values become.
    #[default]
    Page,
    /// A small window.
    Popup,
    /// A touch screen.
    Touch,
    /// A feature phone.
    Wap,
}

impl Display {
    /// Every value, in the order that discovery lists them.
    pub const ALL: &[Self] = &[Self::Page, Self::Popup, Self::Touch, Self::Wap];

    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Popup => "popup",
            Self::Touch => "touch",
            Self::Wap => "wap",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
    pub(super) fn is_page(&self) -> bool {
        *self == Self::Page
    }
}

/// Row of the table; it cannot fail.
#[expect(clippy::unnecessary_wraps, reason = "every row of the table has one signature")]
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    let Input { client, params, policy: _, apis: _ } = input;
    let request = &mut draft.request;
    request.ui_locales = values(params, "ui_locales", is_locale);
    request.claims_locales = values(params, "claims_locales", is_locale);
    request.acr_values = values(params, "acr_values", |_| true);
    if request.acr_values.is_empty() {
        request.acr_values.clone_from(&client.metadata.default_acr_values);
    }
    let display = params.get("display");
    let known = Display::ALL.iter().find(|known| Some(known.as_str()) == display);
    request.display = known.copied().unwrap_or_default();
    let hint = params.get("login_hint").filter(|hint| is_login_hint(hint));
    request.login_hint = hint.map(str::to_owned);
    Ok(())
}

fn values(params: &Params, name: &str, fits: fn(&str) -> bool) -> Vec<String> {
    let words = params.get(name).unwrap_or_default().split(' ');
    words
        .filter(|word| (1..=MAX_VALUE_BYTES).contains(&word.len()) && fits(word))
        .take(MAX_VALUES)
        .map(str::to_owned)
        .collect()
}

fn is_locale(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_login_hint(hint: &str) -> bool {
    hint.len() <= MAX_LOGIN_HINT_BYTES && !hint.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::authorize::testing::params;

    #[test]
    fn core_section_15_1_unknown_values_are_left_out() {
        let read = |query| values(&params(query), "ui_locales", is_locale);
        assert_eq!(read("ui_locales=fr-CA+fr+en"), ["fr-CA", "fr", "en"]);
        assert_eq!(read("ui_locales=%3Cscript%3E+tlh"), ["tlh"]);
        assert_eq!(read(""), [""; 0]);
    }

    #[test]
    fn lists_are_bounded() {
        let many = format!("acr_values={}", "a+".repeat(1_000));
        assert_eq!(values(&params(&many), "acr_values", |_| true).len(), MAX_VALUES);
        let long = format!("acr_values={}", "a".repeat(1_000));
        assert!(values(&params(&long), "acr_values", |_| true).is_empty());
    }

    #[test]
    fn a_login_hint_is_kept_when_it_could_be_a_name() {
        assert!(is_login_hint("\"><script>"));
        assert!(!is_login_hint("a\r\nb"));
        assert!(!is_login_hint(&"x".repeat(321)));
    }
}
