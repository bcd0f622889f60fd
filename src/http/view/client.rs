//! Who asks and who is asked: what pages show of a client and of a user.

use super::display_text::DisplayText;
use super::web_link::WebLink;

/// A client as people see it. OIDC Registration §2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Client {
    /// `client_name`, or the `client_id` when none is registered.
    pub name: DisplayText,
    /// `logo_uri`.
    pub logo_uri: Option<WebLink>,
    /// `client_uri`, the client's home page.
    pub client_uri: Option<WebLink>,
    /// `policy_uri`, how the client uses what it learns.
    pub policy_uri: Option<WebLink>,
    /// `tos_uri`, the client's terms of service.
    pub tos_uri: Option<WebLink>,
}

/// A user as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// What the form sends back when this account is chosen.
    pub id: String,
    /// The username.
    pub username: DisplayText,
    /// The full name.
    pub name: Option<DisplayText>,
    /// The e-mail address.
    pub email: Option<DisplayText>,
}

impl Account {
    /// The first letter of the name, or of the username, for the round badge.
    #[must_use]
    pub fn initial(&self) -> String {
        let name = self.name.as_ref().and_then(DisplayText::initial);
        name.or_else(|| self.username.initial()).unwrap_or_default()
    }
}

/// How a client wants the pages shown. OIDC Core §3.1.2.1 (`display`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Display {
    /// A full page.
    #[default]
    Page,
    /// A small window.
    Popup,
    /// A touch screen: larger targets.
    Touch,
    /// An old phone: shown as a full page, which is plain enough.
    Wap,
}

impl Display {
    /// The class that the stylesheet knows.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Page | Self::Wap => "display-page",
            Self::Popup => "display-popup",
            Self::Touch => "display-touch",
        }
    }
}
