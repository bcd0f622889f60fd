//! The consent page: who asks, for what, on whose account. OIDC Core §3.1.2.4.

use askama::Template;

use super::Page;
use super::client::{Account, Client, Display};
use super::content_security_policy::{ContentSecurityPolicy, Source};
use super::display_text::DisplayText;
use super::messages::Messages;

/// How much is known about the client that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientTrust {
    /// The operator registered it.
    Verified,
    /// It registered itself, or nobody checked it.
    Unverified,
    /// It runs on a device and cannot keep a secret: its name proves nothing. RFC 8252 §8.6.
    PublicNative,
}

/// Something that a client asks for, or was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The scope token, or the name of a claim.
    pub token: DisplayText,
    /// The permission in the words of its API; what is no permission has words of ours.
    pub permission: Option<PermissionWords>,
}

/// A permission in the words of its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionWords {
    /// The name of the API.
    pub api: DisplayText,
    /// What the permission allows there.
    pub words: DisplayText,
}

impl Asked {
    pub(super) fn title(&self, t: Messages) -> String {
        self.permission.as_ref().map_or_else(
            || scope_in_words(t, &self.token).0,
            |permission| permission.words.to_string(),
        )
    }

    fn explanation(&self, t: Messages) -> String {
        self.permission.as_ref().map_or_else(
            || scope_in_words(t, &self.token).1,
            |permission| t.with("scope-of-api", "api", &permission.api),
        )
    }
}

/// Asks whether a client may have what it asks for. The form posts `flow`, `csrf` and `action`
/// (`allow`, `cancel` or `another-account`) to `/consent`.
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// The catalogue.
    pub t: Messages,
    /// The sealed request in progress.
    pub flow: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// The client that asks.
    pub client: Client,
    /// What is known about it.
    pub trust: ClientTrust,
    /// Who is signed in.
    pub account: Account,
    /// What to decide about, in the order to show it.
    pub scopes: Vec<Asked>,
    /// `display` of the request.
    pub display: Display,
    /// Where the form may lead besides here: [`Source::of_redirect_uri`] of the request.
    pub form_action: Option<Source>,
}

impl Page for Consent {
    fn messages(&self) -> Messages {
        self.t
    }

    fn display(&self) -> Display {
        self.display
    }

    fn policy(&self) -> ContentSecurityPolicy {
        ContentSecurityPolicy::page()
            .with_images(&self.client.logo_uri)
            .with_form_action(self.form_action.as_ref())
    }
}

impl Consent {
    fn warning(&self) -> Option<String> {
        match self.trust {
            ClientTrust::Verified => None,
            ClientTrust::Unverified => Some(self.t.text("consent-unverified")),
            ClientTrust::PublicNative => Some(self.t.text("consent-native")),
        }
    }
}

/// What a scope token means in plain words: a title and an explanation. A permission that we have
/// no words for is shown by its name.
pub(super) fn scope_in_words(t: Messages, scope: &DisplayText) -> (String, String) {
    let (title, explanation) = match scope.as_str() {
        "openid" => ("scope-openid", "scope-openid-explained"),
        "profile" => ("scope-profile", "scope-profile-explained"),
        "email" => ("scope-email", "scope-email-explained"),
        "address" => ("scope-address", "scope-address-explained"),
        "phone" => ("scope-phone", "scope-phone-explained"),
        "roles" => ("scope-roles", "scope-roles-explained"),
        "groups" => ("scope-groups", "scope-groups-explained"),
        "offline_access" => ("scope-offline-access", "scope-offline-access-explained"),
        other => return (other.to_owned(), t.text("scope-other-explained")),
    };
    (t.text(title), t.text(explanation))
}
