//! What the operator decides once for the whole server, as the rules read it.

use std::time::Duration;

use super::{claims, client::GrantType, issuer::Issuer};
use crate::types::Scope;

/// The server's own settings that the rules need.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Who this server is.
    pub issuer: Issuer,
    /// The scopes that discovery announces.
    pub scopes_supported: Scope,
    /// The authentication contexts that a user can reach here; the values of `acr`.
    pub acr_values_supported: Vec<String>,
    /// The languages of the pages, as BCP 47 tags.
    pub ui_locales_supported: Vec<String>,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// The longest token that is issued as a JWT, in bytes: many servers refuse headers of 8 KiB.
    pub max_token_bytes: usize,
    /// Whether clients that are registered for it may send the passwords of their users (RFC 6749 §4.3).
    pub password_grant: bool,
}

/// How long what the server issues lives, unless a client's registration says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An authorization code.
    pub code: Duration,
    /// An access token.
    pub access_token: Duration,
    /// An ID token.
    pub id_token: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: Duration::from_mins(1),
            access_token: Duration::from_mins(10),
            id_token: Duration::from_mins(10),
        }
    }
}

impl Policy {
    /// The policy of a server that was told nothing but its name.
    #[must_use]
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            scopes_supported: claims::standard_scopes(),
            acr_values_supported: Vec::new(),
            ui_locales_supported: vec!["en".to_owned()],
            lifetimes: Lifetimes::default(),
            max_token_bytes: 4 * 1024,
            password_grant: false,
        }
    }

    /// The grants that the token endpoint knows, in the order that discovery lists them.
    pub fn grant_types(&self) -> impl Iterator<Item = GrantType> {
        GrantType::ALL.iter().copied().filter(|grant| match grant {
            GrantType::Password => self.password_grant,
            GrantType::AuthorizationCode
            | GrantType::RefreshToken
            | GrantType::ClientCredentials
            | GrantType::TokenExchange => true,
        })
    }
}
