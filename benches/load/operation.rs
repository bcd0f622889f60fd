//! What is measured.

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    /// `GET` the discovery document.
    Discovery,
    /// `GET` the keys.
    Jwks,
    /// A JWT access token for a machine.
    ClientCredentialsJwt,
    /// An opaque access token for a machine.
    ClientCredentialsOpaque,
    /// A rotated refresh token and a JWT access token, for a public client.
    Refresh,
    /// A code for a JWT access token.
    Code,
    /// A code for a JWT access token and an ID token signed with RS256.
    CodeWithIdToken,
    /// Introspection of a JWT access token.
    IntrospectJwt,
    /// Introspection of an opaque access token.
    IntrospectOpaque,
    /// The same while others sign in as fast as they can.
    IntrospectInStorm,
    /// Introspection of an API key.
    IntrospectApiKey,
    /// An API key for a JWT access token.
    ExchangeApiKey,
    /// The same for a key of somebody with 50 roles, which the token names.
    ExchangeWithRoles,
    /// UserInfo with an opaque access token.
    UserInfo,
    /// A new browser, the forms, the password, the code and its redemption.
    SignIn,
    /// A browser that is signed in already: the request, the code and its redemption.
    SignInAgain,
}

/// Who is there before an operation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Nobody.
    Nobody,
    /// Somebody who is signed in.
    Session,
}

impl Operation {
    /// Every operation, in the order of the table.
    pub(crate) const ALL: &[Self] = &[
        Self::Discovery,
        Self::Jwks,
        Self::ClientCredentialsJwt,
        Self::ClientCredentialsOpaque,
        Self::Refresh,
        Self::Code,
        Self::CodeWithIdToken,
        Self::IntrospectJwt,
        Self::IntrospectOpaque,
        Self::IntrospectInStorm,
        Self::IntrospectApiKey,
        Self::ExchangeApiKey,
        Self::ExchangeWithRoles,
        Self::UserInfo,
        Self::SignIn,
        Self::SignInAgain,
    ];

    /// Who is there before it begins.
    pub(crate) const fn begins(self) -> Beginning {
        match self {
            Self::Discovery
            | Self::Jwks
            | Self::ClientCredentialsJwt
            | Self::ClientCredentialsOpaque
            | Self::IntrospectApiKey
            | Self::ExchangeApiKey
            | Self::ExchangeWithRoles => Beginning::Nobody,
            // A sign-in of a new browser begins with nobody too, but the question whether the app may
            // know the user has been answered before.
            Self::SignIn
            | Self::Refresh
            | Self::Code
            | Self::CodeWithIdToken
            | Self::IntrospectJwt
            | Self::IntrospectOpaque
            | Self::IntrospectInStorm
            | Self::UserInfo
            | Self::SignInAgain => Beginning::Session,
        }
    }

    /// How many sign in meanwhile, over and over.
    pub(crate) const fn storm(self) -> u16 {
        match self {
            Self::IntrospectInStorm => 16,
            Self::Discovery
            | Self::Jwks
            | Self::ClientCredentialsJwt
            | Self::ClientCredentialsOpaque
            | Self::Refresh
            | Self::Code
            | Self::CodeWithIdToken
            | Self::IntrospectJwt
            | Self::IntrospectOpaque
            | Self::IntrospectApiKey
            | Self::ExchangeApiKey
            | Self::ExchangeWithRoles
            | Self::UserInfo
            | Self::SignIn
            | Self::SignInAgain => 0,
        }
    }

    /// What the table calls it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Jwks => "JWKS",
            Self::ClientCredentialsJwt => "client_credentials, JWT (ES256)",
            Self::ClientCredentialsOpaque => "client_credentials, opaque",
            Self::Refresh => "refresh with rotation, JWT",
            Self::Code => "code, JWT",
            Self::CodeWithIdToken => "code, JWT and ID token (RS256)",
            Self::IntrospectJwt => "introspection, JWT",
            Self::IntrospectOpaque => "introspection, opaque",
            Self::IntrospectInStorm => "introspection, opaque, while 16 browsers sign in",
            Self::IntrospectApiKey => "introspection, API key",
            Self::ExchangeApiKey => "exchange of an API key, JWT",
            Self::ExchangeWithRoles => "exchange of an API key, JWT with 50 roles",
            Self::UserInfo => "UserInfo",
            Self::SignIn => "whole sign-in",
            Self::SignInAgain => "sign-in, browser known",
        }
    }
}
