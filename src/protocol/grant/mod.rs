//! Grants and what hangs from them: codes, access tokens, refresh token families.

pub mod authorization_code;
pub mod granted_scope;
pub mod refresh_token;
pub mod token_exchange;

use crate::types::{
    Authentication, ClientId, GrantId, ResourceUri, Scope, SessionId, Timestamp, UserId,
};

/// One authorization by one user to one client, from one browser session. Codes, access tokens and
/// refresh tokens hang from it; revoking it ends all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Who gave it.
    pub user_id: UserId,
    /// To whom.
    pub client_id: ClientId,
    /// The browser session it was given in; the `sid` of its ID tokens.
    pub session_id: SessionId,
    /// What was granted.
    pub scope: Scope,
    /// The APIs that the client named (RFC 8707 §2.1); empty when it named none.
    pub resource: Vec<ResourceUri>,
    /// What the `claims` parameter asked for (OIDC Core §5.5), as the JSON text that was accepted.
    pub claims: Option<String>,
    /// How and when the user had signed in.
    pub authentication: Authentication,
    /// Whether the grant outlives the browser session (`offline_access`, OIDC Core §11).
    pub access: Access,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was revoked, and why.
    pub revoked: Option<Revocation>,
}

/// Whether a grant ends with its browser session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// It ends when the session does.
    Online,
    /// It outlives the session: `offline_access` was granted.
    Offline,
}

/// When and why something was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Why a grant or a family was revoked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RevocationReason { $($(#[$doc])* $variant,)* }

        impl RevocationReason {
            /// The stable name that the database holds.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The reason of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

reasons! {
    /// The code was redeemed twice.
    CodeReuse = "code_reuse",
    /// A superseded refresh token came back.
    RefreshReuse = "refresh_reuse",
    /// The client revoked a token (RFC 7009).
    Client = "client",
    /// The user took the consent back.
    Consent = "consent",
    /// The browser session ended.
    SignOut = "sign_out",
    /// The user's password changed.
    PasswordChange = "password_change",
    /// The user was disabled.
    UserDisabled = "user_disabled",
    /// The client was disabled or deleted.
    ClientDisabled = "client_disabled",
    /// An operator ended it.
    Operator = "operator",
}
