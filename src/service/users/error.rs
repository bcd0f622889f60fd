//! Why a user is not made or changed.

use crate::{
    identity::{email::EmailError, password::Weakness, username::UsernameError},
    service::{
        ServiceError, administration::LastAdministrator, editor::Stale,
        password_pool::PasswordPoolError,
    },
    store::{StoreError, Unique},
};

/// Why a user is not made, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The text is no username.
    #[error(transparent)]
    Username(#[from] UsernameError),
    /// The text is no e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// Another user has the username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Another user's name looks the same (UTS 39).
    #[error(
        "the username looks like that of another user; choose one that cannot be mistaken for it"
    )]
    UsernameConfusable,
    /// Another user has the e-mail address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// There is no address that could be proven.
    #[error("a user without an e-mail address cannot have a verified one")]
    NoEmailToVerify,
    /// The password would be guessed.
    #[error("the password cannot be used: {}", explain(*.0))]
    Weak(Weakness),
    /// There is no role of that name.
    #[error("there is no role `{name}`; the roles are {}", known.join(", "))]
    UnknownRole {
        /// What was asked for.
        name: String,
        /// The names of the roles.
        known: Vec<String>,
    },
    /// The change would leave the server without an administrator. 409.
    #[error(transparent)]
    LastAdministrator(#[from] LastAdministrator),
    /// The change was made in the light of an older version. 412.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// Nobody has that id, username or e-mail address.
    #[error("there is no such user")]
    NotFound,
    /// A failure of the service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for UserError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Conflict(unique) = &error {
            match unique {
                Unique::Username => return Self::UsernameTaken,
                Unique::UsernameSkeleton => return Self::UsernameConfusable,
                Unique::Email => return Self::EmailTaken,
                Unique::ClientId
                | Unique::SessionToken
                | Unique::Flow
                | Unique::SigningKey
                | Unique::Audience
                | Unique::Permission
                | Unique::RoleName
                | Unique::GroupName
                | Unique::Other => {}
            }
        }
        Self::Service(error.into())
    }
}

impl From<PasswordPoolError> for UserError {
    fn from(error: PasswordPoolError) -> Self {
        Self::Service(match error {
            PasswordPoolError::Busy { retry_after } => ServiceError::Busy(retry_after),
            PasswordPoolError::Closed | PasswordPoolError::Failed => {
                ServiceError::Internal(error.to_string())
            }
        })
    }
}

/// The reason and the advice in a sentence, for an operator. The pages say it in the user's language.
fn explain(weakness: Weakness) -> String {
    use crate::identity::password::{Reason, Suggestion};
    let reason = match weakness.reason {
        Reason::TooShort { least } => format!("it has fewer than {least} characters"),
        Reason::TooLong { most } => format!("it has more than {most} characters"),
        Reason::Common => "it is one of the most common passwords".to_owned(),
        Reason::Personal => "it is built from the user's name or address".to_owned(),
        Reason::Repeats => "it repeats characters".to_owned(),
        Reason::Sequence => "it is a row of letters or digits".to_owned(),
        Reason::KeyboardPattern => "it is a pattern on the keyboard".to_owned(),
        Reason::Date => "it is a date".to_owned(),
        Reason::Name => "it is a name".to_owned(),
        Reason::Word => "it is a single word".to_owned(),
        Reason::Guessable => "it would be guessed soon".to_owned(),
    };
    let advice = match weakness.suggestion {
        Suggestion::AddWords => "use several words that do not belong together",
        Suggestion::Shorten => "use a shorter one",
        Suggestion::AvoidRepeats => "leave out repeated characters",
        Suggestion::AvoidSequences => "leave out rows of letters, digits and keys",
        Suggestion::AvoidDates => "leave out dates and years",
        Suggestion::AvoidPersonal => "leave out names and what is known about the user",
        Suggestion::DisguiseHardlyHelps => "capitals and signs hardly help: add words instead",
    };
    format!("{reason}; {advice}")
}
