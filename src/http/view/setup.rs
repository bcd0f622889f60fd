//! The pages that create the first administrator of a new server.

use askama::Template;

use super::display_text::DisplayText;
use super::messages::Messages;
use super::{Page, password_advice};
use crate::identity::password::Weakness;

/// What is wrong with what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupProblem {
    /// PRECIS refuses the username. RFC 8265.
    UsernameInvalid,
    /// Another user has it, or one that looks like it.
    UsernameTaken,
    /// The password is too short, too long or too easy to guess.
    PasswordRefused(Weakness),
    /// `password` and `password_again` are not the same.
    PasswordsDiffer,
    /// Not an e-mail address.
    EmailInvalid,
}

/// A field of the form, as `name` and `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Username,
    Password,
    PasswordAgain,
    Email,
}

impl SetupProblem {
    const fn field(&self) -> Field {
        match self {
            Self::UsernameInvalid | Self::UsernameTaken => Field::Username,
            Self::PasswordRefused(_) => Field::Password,
            Self::PasswordsDiffer => Field::PasswordAgain,
            Self::EmailInvalid => Field::Email,
        }
    }

    /// One sentence, or for a refused password also the reason and the advice.
    fn sentences(&self, t: Messages) -> String {
        match self {
            Self::UsernameInvalid => t.text("setup-username-invalid"),
            Self::UsernameTaken => t.text("setup-username-taken"),
            Self::PasswordRefused(weakness) => {
                let [reason, advice] = password_advice::sentences(t, *weakness);
                format!("{} {reason} {advice}", t.text("setup-password-refused"))
            }
            Self::PasswordsDiffer => t.text("setup-passwords-differ"),
            Self::EmailInvalid => t.text("setup-email-invalid"),
        }
    }
}

/// Creates the first administrator. The form posts `token`, `csrf`, `username`, `password`,
/// `password_again` and `email` (may be empty) to `/setup`.
#[derive(Debug, Clone, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// The catalogue.
    pub t: Messages,
    /// The one-time token of the link.
    pub token: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// What was typed before.
    pub username: String,
    /// What was typed before.
    pub email: String,
    /// What was wrong with it.
    pub problems: Vec<SetupProblem>,
}

impl Page for Setup {
    fn messages(&self) -> Messages {
        self.t
    }
}

impl Setup {
    fn sentences(&self, problem: &SetupProblem) -> String {
        problem.sentences(self.t)
    }

    fn username_is_wrong(&self) -> bool {
        self.is_wrong(Field::Username)
    }

    fn password_is_wrong(&self) -> bool {
        self.is_wrong(Field::Password)
    }

    fn password_again_is_wrong(&self) -> bool {
        self.is_wrong(Field::PasswordAgain)
    }

    fn email_is_wrong(&self) -> bool {
        self.is_wrong(Field::Email)
    }

    fn is_wrong(&self, field: Field) -> bool {
        self.problems.iter().any(|problem| problem.field() == field)
    }
}

/// Says that the first administrator exists.
#[derive(Debug, Clone, Template)]
#[template(path = "setup_done.html")]
pub struct SetupDone {
    /// The catalogue.
    pub t: Messages,
    /// The new administrator.
    pub username: DisplayText,
}

impl Page for SetupDone {
    fn messages(&self) -> Messages {
        self.t
    }
}
