//! Somebody who is signed in, and the tokens that say so.

use base64ct::{Base64UrlUnpadded, Encoding};
use openidconnect::{AccessToken, OAuth2TokenResponse, RefreshToken, TokenResponse};
use serde_json::Value;

use super::{
    super::problem::Problem,
    client::{Claims, NotesIdToken, Tokens, UserInfo},
};

/// Somebody who is signed in.
pub(crate) struct SignedIn {
    /// The claims of the newest ID token, as they were sent.
    pub(crate) claims: Value,
    /// The granted scope.
    pub(crate) scope: Vec<String>,
    /// When the access token ends, in Unix seconds, if the server said so.
    pub(crate) expires_at: Option<i64>,
    /// For UserInfo.
    pub(crate) access_token: AccessToken,
    /// For new tokens.
    pub(crate) refresh_token: Option<RefreshToken>,
    /// The newest ID token: the hint for signing out.
    pub(crate) id_token: NotesIdToken,
    checked: Claims,
    name: Option<String>,
}

impl SignedIn {
    /// From the answer of the token endpoint, and the claims of its ID token after every check.
    pub(super) fn new(tokens: &Tokens, checked: Claims) -> Result<Self, Problem> {
        let id_token = tokens.id_token().ok_or_else(no_id_token)?.clone();
        Ok(Self {
            claims: payload(&id_token)?,
            scope: granted(tokens).unwrap_or_else(|| {
                ["openid"].into_iter().chain(super::SCOPE).map(str::to_owned).collect()
            }),
            expires_at: end(tokens),
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned(),
            id_token,
            checked,
            name: None,
        })
    }

    /// Takes over refreshed tokens. What the answer leaves out stays as it was: the refresh token
    /// (RFC 6749 §6), the scope (§5.1) and the ID token (OIDC Core §12.2).
    pub(super) fn renew(
        &mut self,
        tokens: &Tokens,
        checked: Option<Claims>,
    ) -> Result<(), Problem> {
        if let (Some(id_token), Some(checked)) = (tokens.id_token(), checked) {
            if checked.subject() != self.checked.subject() {
                return Err(Problem::NotTrusted("The ID token is about somebody else.".to_owned()));
            }
            self.claims = payload(id_token)?;
            self.id_token = id_token.clone();
            self.checked = checked;
        }
        self.access_token = tokens.access_token().clone();
        self.expires_at = end(tokens);
        if let Some(refresh_token) = tokens.refresh_token() {
            self.refresh_token = Some(refresh_token.clone());
        }
        if let Some(scope) = granted(tokens) {
            self.scope = scope;
        }
        Ok(())
    }

    /// Their name at the authorization server that never changes (`sub`).
    pub(crate) fn subject(&self) -> &str {
        self.checked.subject()
    }

    /// Learns what to call them. In the code flow the claims of the scope `profile` come from the
    /// UserInfo endpoint, not in the ID token. OIDC Core §5.4.
    pub(super) fn learn_name(&mut self, user_info: &UserInfo) {
        let full = user_info.name().and_then(|name| name.get(None)).map(|name| name.as_str());
        let short = user_info.preferred_username().map(|name| name.as_str());
        self.name = full.or(short).map(str::to_owned);
    }

    /// What to call them.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.subject())
    }

    /// The names of their roles.
    pub(crate) fn roles(&self) -> Vec<String> {
        self.checked.additional_claims().roles.clone()
    }
}

/// The current moment in Unix seconds.
#[expect(clippy::disallowed_methods, reason = "Notes is a program of its own, with a wall clock")]
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}

fn end(tokens: &Tokens) -> Option<i64> {
    let lifetime = i64::try_from(tokens.expires_in()?.as_secs()).ok()?;
    now().checked_add(lifetime)
}

/// The `scope` of the answer; absent means: as asked (RFC 6749 §5.1).
fn granted(tokens: &Tokens) -> Option<Vec<String>> {
    let scopes = tokens.scopes()?;
    Some(scopes.iter().map(|scope| scope.as_str().to_owned()).collect())
}

/// The claims exactly as they were sent: the typed ones leave out what the crate does not know.
fn payload(id_token: &NotesIdToken) -> Result<Value, Problem> {
    let text = id_token.to_string();
    let payload = text.split('.').nth(1).ok_or_else(no_id_token)?;
    let bytes = Base64UrlUnpadded::decode_vec(payload).map_err(|_| no_id_token())?;
    serde_json::from_slice(&bytes).map_err(|_| no_id_token())
}

fn no_id_token() -> Problem {
    Problem::NotTrusted("There is no readable ID token.".to_owned())
}
