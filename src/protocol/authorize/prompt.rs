//! Which pages the client wants shown, or not. OIDC Core §3.1.2.1.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Draft, Input};
use crate::protocol::error::{ErrorCode, OAuthError};

/// One value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page at all.
    None,
    /// Sign in again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the user choose an account.
    SelectAccount,
}

/// The values of `prompt`. `none` stands alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prompts(BTreeSet<Prompt>);

/// What can be wrong with `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// A value that is not announced in discovery.
    #[error("prompt has an unknown value")]
    Unknown,
    /// `none` with another value.
    #[error("prompt has none and another value")]
    NoneWithOthers,
}

impl From<PromptError> for OAuthError {
    fn from(error: PromptError) -> Self {
        let description = match error {
            PromptError::Unknown => {
                "prompt has an unknown value: use none, login, consent or select_account"
            }
            PromptError::NoneWithOthers => "prompt=none must not be combined with other values",
        };
        Self::new(ErrorCode::InvalidRequest, description)
    }
}

impl Prompt {
    /// Every value, in the order that discovery lists them.
    pub const ALL: &[Self] = &[Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

impl Prompts {
    /// Reads space-separated values.
    ///
    /// # Errors
    /// [`PromptError`], one variant for each way they can be wrong.
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        let mut prompts = BTreeSet::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let prompt = Prompt::ALL.iter().find(|prompt| prompt.as_str() == word);
            prompts.insert(*prompt.ok_or(PromptError::Unknown)?);
        }
        if prompts.contains(&Prompt::None) && prompts.len() > 1 {
            return Err(PromptError::NoneWithOthers);
        }
        Ok(Self(prompts))
    }

    /// Whether `prompt` was sent.
    #[must_use]
    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Row of the table.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    draft.request.prompt = Prompts::parse(input.params.get("prompt").unwrap_or_default())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_section_3_1_2_1_none_stands_alone() {
        assert!(Prompts::parse("none").unwrap().contains(Prompt::None));
        for mixed in ["none login", "consent none", "none none select_account"] {
            assert_eq!(Prompts::parse(mixed), Err(PromptError::NoneWithOthers));
        }
    }

    #[test]
    fn core_section_3_1_2_1_values_are_a_set_of_known_words() {
        let prompts = Prompts::parse("login consent").unwrap();
        assert!(prompts.contains(Prompt::Login) && prompts.contains(Prompt::Consent));
        assert!(Prompts::parse("").unwrap().is_empty());
        for unknown in ["create", "LOGIN", "login,consent"] {
            assert_eq!(Prompts::parse(unknown), Err(PromptError::Unknown), "{unknown}");
        }
    }
}
