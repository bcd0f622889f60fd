//! `--type`: what a kind of client starts from.

use std::collections::BTreeSet;

use clap::ValueEnum;

use crate::{
    cli::failure::Failure,
    protocol::client::{
        ApplicationType, ClientMetadata, GrantType, TokenEndpointAuthMethod as Method,
    },
    types::Scope,
};

/// What apps of people ask for, unless `--scope` says otherwise.
const USER_SCOPE: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A kind of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Preset {
    /// A site with a server: code and refresh token, client_secret_basic
    Web,
    /// An app in the browser: code and refresh token, no secret, PKCE
    Spa,
    /// An app on a device: code and refresh token, no secret, PKCE
    Native,
    /// A program that acts for itself: client_credentials, client_secret_basic
    Machine,
    /// An app with a password form of its own: password and refresh token, client_secret_basic
    Legacy,
    /// An API that introspects tokens: no grants, client_secret_basic, --audience
    Api,
}

impl Preset {
    /// What the client registers when no other flag is given.
    pub(in crate::cli) fn metadata(self) -> ClientMetadata {
        let for_users = ClientMetadata {
            grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
            scope: user_scope(),
            ..ClientMetadata::default()
        };
        match self {
            Self::Web => for_users,
            Self::Spa => ClientMetadata { token_endpoint_auth_method: Method::None, ..for_users },
            Self::Native => ClientMetadata {
                token_endpoint_auth_method: Method::None,
                application_type: ApplicationType::Native,
                ..for_users
            },
            Self::Machine => ClientMetadata {
                grant_types: BTreeSet::from([GrantType::ClientCredentials]),
                ..ClientMetadata::default()
            },
            Self::Legacy => ClientMetadata {
                grant_types: BTreeSet::from([GrantType::Password, GrantType::RefreshToken]),
                scope: user_scope(),
                ..ClientMetadata::default()
            },
            Self::Api => {
                ClientMetadata { grant_types: BTreeSet::new(), ..ClientMetadata::default() }
            }
        }
    }

    /// What a client of this kind is of no use without.
    pub(super) fn check(self, metadata: &ClientMetadata) -> Result<(), Failure> {
        match self {
            Self::Web | Self::Spa | Self::Native if metadata.redirect_uris.is_empty() => {
                let failure = Failure::usage("an app that people sign in to needs --redirect-uri");
                Err(failure.hint("for example --redirect-uri http://localhost:3000/callback"))
            }
            Self::Api if metadata.audiences.is_empty() => {
                let failure = Failure::usage("an API needs --audience, which its tokens name");
                Err(failure.hint("for example --audience https://api.example.com"))
            }
            Self::Web | Self::Spa | Self::Native | Self::Machine | Self::Legacy | Self::Api => {
                Ok(())
            }
        }
    }
}

fn user_scope() -> Scope {
    // Four words of RFC 6749 §3.3.
    Scope::parse(&USER_SCOPE.join(" ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::registration;

    #[test]
    fn every_preset_can_be_registered_with_what_it_needs() {
        for preset in Preset::value_variants() {
            let mut metadata = preset.metadata();
            match preset {
                Preset::Web | Preset::Spa => {
                    assert!(preset.check(&metadata).is_err());
                    metadata.redirect_uris.push("https://app.example.com/callback".to_owned());
                }
                Preset::Native => {
                    assert!(preset.check(&metadata).is_err());
                    metadata.redirect_uris.push("com.example.app:/callback".to_owned());
                }
                Preset::Machine | Preset::Legacy => {}
                Preset::Api => {
                    assert!(preset.check(&metadata).is_err());
                    metadata.audiences.push("https://api.example.com".to_owned());
                }
            }
            preset.check(&metadata).unwrap();
            registration::validate(&metadata).unwrap();
        }
    }

    #[test]
    fn apps_without_a_server_have_no_secret() {
        for preset in [Preset::Spa, Preset::Native] {
            assert_eq!(preset.metadata().token_endpoint_auth_method, Method::None);
            assert!(preset.metadata().require_pkce);
        }
    }
}
