//! The form of a new API key.

use askama::Template;

use super::Page;
use super::consent::scope_in_words;
use super::display_text::DisplayText;
use super::messages::Messages;
use crate::identity::AddressList;

/// What is wrong with what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewApiKeyProblem {
    /// No name.
    NameMissing,
    /// A name that is too long, or has characters that are not seen.
    NameInvalid,
    /// Nothing was ticked that an API allows.
    NoPermission,
    /// Something was ticked that the user does not hold (any more).
    NotHeld,
    /// A lifetime that is none, or too long.
    Lifetime {
        /// The longest, in days.
        most: u64,
    },
    /// Something that is neither an address nor a network.
    NotAnAddress,
    /// More addresses than a key can be bound to.
    TooManyAddresses,
    /// There are too many keys.
    TooMany {
        /// The most that there may be.
        most: u64,
    },
}

/// A field of the form, as the first part of the ids of what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Permissions,
    Days,
    Addresses,
    None,
}

impl NewApiKeyProblem {
    const fn field(self) -> Field {
        match self {
            Self::NameMissing | Self::NameInvalid => Field::Name,
            Self::NoPermission | Self::NotHeld => Field::Permissions,
            Self::Lifetime { .. } => Field::Days,
            Self::NotAnAddress | Self::TooManyAddresses => Field::Addresses,
            Self::TooMany { .. } => Field::None,
        }
    }

    fn sentence(self, t: Messages) -> String {
        match self {
            Self::NameMissing => t.text("api-key-name-missing"),
            Self::NameInvalid => t.text("api-key-name-invalid"),
            Self::NoPermission => t.text("api-key-no-permission"),
            Self::NotHeld => t.text("api-key-not-held"),
            Self::Lifetime { most } => t.count("api-key-lifetime-refused", most),
            Self::NotAnAddress => t.text("api-key-not-an-address"),
            Self::TooManyAddresses => {
                t.count("api-key-too-many-addresses", AddressList::MAX as u64)
            }
            Self::TooMany { most } => t.count("api-key-too-many", most),
        }
    }
}

/// What one API lets a key do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedApi {
    /// The name of the API; `None` for what concerns the user and no API.
    pub name: Option<DisplayText>,
    /// What can be ticked; at least one.
    pub permissions: Vec<OfferedPermission>,
}

/// A box to tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedPermission {
    /// A number that no other box of the page has.
    pub number: usize,
    /// The name that the form sends behind `permission:`.
    pub name: String,
    /// The words of its API.
    pub words: Option<DisplayText>,
    /// Whether it is ticked.
    pub is_chosen: bool,
}

impl OfferedPermission {
    fn title(&self, t: Messages) -> String {
        let name = DisplayText::new(&self.name);
        self.words.as_ref().map_or_else(|| scope_in_words(t, &name).0, ToString::to_string)
    }

    /// The name in an API, or what stands behind the words of ours.
    fn explanation(&self, t: Messages) -> Option<String> {
        let name = DisplayText::new(&self.name);
        self.words.is_none().then(|| scope_in_words(t, &name).1)
    }
}

/// Asks for a key's name, permissions and lifetime. The form posts `csrf`, `form`, `name`, `days`,
/// `addresses`, and
/// `permission:…` for each box that is ticked, to `/account/api-keys/new`.
#[derive(Debug, Clone, Template)]
#[template(path = "api_key_new.html")]
pub struct NewApiKey {
    /// The catalogue.
    pub t: Messages,
    /// The anti-forgery token.
    pub csrf: String,
    /// The sealed id of the key to make.
    pub form: String,
    /// What was typed before.
    pub name: String,
    /// What can be ticked.
    pub offered: Vec<OfferedApi>,
    /// The lifetimes to choose from, in days.
    pub lifetimes: Vec<u64>,
    /// The one that is chosen.
    pub days: u64,
    /// The addresses that were typed before.
    pub addresses: String,
    /// What was wrong with what was typed.
    pub problems: Vec<NewApiKeyProblem>,
}

impl Page for NewApiKey {
    fn messages(&self) -> Messages {
        self.t
    }
}

impl NewApiKey {
    fn has_permissions(&self) -> bool {
        self.offered.iter().any(|api| api.name.is_some())
    }

    fn days_in_words(&self, days: u64) -> String {
        self.t.count("span-days", days)
    }

    fn name_problem(&self) -> Option<String> {
        self.problem_of(Field::Name)
    }

    fn permissions_problem(&self) -> Option<String> {
        self.problem_of(Field::Permissions)
    }

    fn days_problem(&self) -> Option<String> {
        self.problem_of(Field::Days)
    }

    fn addresses_problem(&self) -> Option<String> {
        self.problem_of(Field::Addresses)
    }

    /// What is wrong with no field in particular, or that something is.
    fn problem(&self) -> Option<String> {
        let of_none = self.problem_of(Field::None);
        of_none.or_else(|| (!self.problems.is_empty()).then(|| self.t.text("api-key-problems")))
    }

    fn problem_of(&self, field: Field) -> Option<String> {
        let problem = self.problems.iter().find(|problem| problem.field() == field);
        problem.map(|problem| problem.sentence(self.t))
    }
}
