//! Audit events: who did what to what, with what result. Never a secret.

use serde::{Deserialize, Serialize};

use super::{
    ApiId, ApiKeyId, ClientId, GrantId, GroupId, RoleId, SessionId, Timestamp, UserId,
    id::AuditEventId, origin::Origin,
};

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who is known: a failed sign-in.
    Anonymous,
    /// A user, in a browser.
    User(UserId),
    /// A client, at an endpoint that it authenticated to.
    Client(ClientId),
    /// An operator, on the command line of the machine.
    Operator,
    /// Doorward itself: a background job.
    System,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Operator => f.write_str("operator"),
            Self::System => f.write_str("system"),
        }
    }
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A user.
    User(UserId),
    /// A client.
    Client(ClientId),
    /// A browser session.
    Session(SessionId),
    /// A grant and the tokens under it.
    Grant(GrantId),
    /// An API.
    Api(ApiId),
    /// A role.
    Role(RoleId),
    /// A group.
    Group(GroupId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// A signing key, by its `kid`.
    SigningKey(String),
    /// A name that a sign-in was tried under, as a keyed hash: people type passwords there.
    Login(String),
    /// The server as a whole.
    Server,
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Grant(id) => write!(f, "grant:{id}"),
            Self::Api(id) => write!(f, "api:{id}"),
            Self::Role(id) => write!(f, "role:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::ApiKey(id) => write!(f, "api_key:{id}"),
            Self::SigningKey(kid) => write!(f, "key:{kid}"),
            Self::Login(hash) => write!(f, "login:{hash}"),
            Self::Server => f.write_str("server"),
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened. The text form is stable: people filter by it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

actions! {
    /// A user signed in.
    SignedIn = "user.signed_in",
    /// Sign-ins under one name failed so often that the next ones must wait.
    SignInBlocked = "user.sign_in_blocked",
    /// Sign-ins from one network, or from everywhere, failed so often that the next ones must wait, whatever
    /// their names. Told once an hour by each node.
    SignInsLimited = "user.sign_ins_limited",
    /// An app sent the password of a user, and got tokens for it (RFC 6749 §4.3).
    PasswordGranted = "user.password_granted",
    /// A user signed out, or a session was ended from the account page.
    SignedOut = "user.signed_out",
    /// A user was made.
    UserCreated = "user.created",
    /// A user's attributes changed.
    UserUpdated = "user.updated",
    /// A user's password was set.
    UserPasswordSet = "user.password_set",
    /// A user was disabled.
    UserDisabled = "user.disabled",
    /// A user was enabled again.
    UserEnabled = "user.enabled",
    /// A user was deleted.
    UserDeleted = "user.deleted",
    /// A user allowed a client what it asked for.
    ConsentGranted = "consent.granted",
    /// A user refused a client.
    ConsentDenied = "consent.denied",
    /// A user took an earlier consent back.
    ConsentRevoked = "consent.revoked",
    /// An administrator revoked a grant.
    GrantRevoked = "grant.revoked",
    /// An administrator ended a browser session.
    SessionEnded = "session.ended",
    /// A client revoked a token (RFC 7009).
    TokenRevoked = "token.revoked",
    /// An authorization code was redeemed a second time: its grant is revoked (RFC 6749 §4.1.2).
    CodeReused = "code.reused",
    /// A superseded refresh token came back: its family is revoked (RFC 9700 §4.14.2).
    RefreshReused = "refresh_token.reused",
    /// A refresh token was retried more often than a lost response explains.
    RefreshRetriesSpent = "refresh_token.retries_spent",
    /// A refresh token from the future: the database was restored from a backup.
    RefreshFromFuture = "refresh_token.from_future",
    /// Clients from one network failed to authenticate so often that the next ones must wait. Told once an
    /// hour by each node.
    ClientsLimited = "client.authentications_limited",
    /// A client was made.
    ClientCreated = "client.created",
    /// A client's metadata changed.
    ClientUpdated = "client.updated",
    /// A client got a new secret.
    ClientSecretRotated = "client.secret_rotated",
    /// A client was disabled.
    ClientDisabled = "client.disabled",
    /// A client was enabled again.
    ClientEnabled = "client.enabled",
    /// A client was deleted.
    ClientDeleted = "client.deleted",
    /// An API was made.
    ApiCreated = "api.created",
    /// An API, or one of its permissions, changed.
    ApiUpdated = "api.updated",
    /// An API was deleted, with its permissions and its roles.
    ApiDeleted = "api.deleted",
    /// A role was made.
    RoleCreated = "role.created",
    /// What a role permits changed.
    RoleUpdated = "role.updated",
    /// A role was deleted, and nobody holds it any more.
    RoleDeleted = "role.deleted",
    /// A role was given to a user, a group or a client.
    RoleGranted = "role.granted",
    /// A role was taken from a user, a group or a client.
    RoleRevoked = "role.revoked",
    /// A group was made.
    GroupCreated = "group.created",
    /// A group changed.
    GroupUpdated = "group.updated",
    /// A group was deleted.
    GroupDeleted = "group.deleted",
    /// A user joined a group.
    GroupMemberAdded = "group.member_added",
    /// A user left a group.
    GroupMemberRemoved = "group.member_removed",
    /// An API key was made.
    ApiKeyCreated = "api_key.created",
    /// An API key got a successor.
    ApiKeyRotated = "api_key.rotated",
    /// An API key was revoked.
    ApiKeyRevoked = "api_key.revoked",
    /// An API key was exchanged for a short access token (RFC 8693).
    ApiKeyExchanged = "api_key.exchanged",
    /// A token would have been larger than the server allows: it was not issued.
    TokenTooLarge = "token.too_large",
    /// A token has come near the size that the server allows.
    TokenLarge = "token.large",
    /// A signing key was made.
    KeyCreated = "key.created",
    /// A signing key took over.
    KeyActivated = "key.activated",
    /// A signing key signs no more and is still published.
    KeyRetired = "key.retired",
    /// A signing key is no longer published.
    KeyRemoved = "key.removed",
    /// A signing key was revoked: what it signed counts no more.
    KeyRevoked = "key.revoked",
    /// A new epoch began after a restore: sessions, codes and tokens of before count no more.
    EpochBegun = "server.epoch_begun",
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }
}

/// An event, before the log gives it its place in the chain.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// Its own id.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// To what.
    pub object: Object,
    /// With what result.
    pub outcome: Outcome,
    /// From where.
    pub origin: Origin,
    /// More words, as a JSON object of names and plain values. Never a secret.
    pub detail: serde_json::Map<String, serde_json::Value>,
}
