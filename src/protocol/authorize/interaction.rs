//! The interaction policy: which page the user must see before the client gets its answer, and why.
//! OIDC Core §3.1.2.3, §3.1.2.4, §3.1.2.6.
//!
//! Every reason is a row of [`TABLE`]; the first one that holds decides. The answer to "why was I
//! asked again?" is data.
//!
//! `offline_access` is consented to like every other scope, now or earlier, or by the operator for a
//! client whose consent is implied: these are the "other conditions" of OIDC Core §11 under which
//! `prompt=consent` is not needed.

use serde::{Deserialize, Serialize};

use super::{
    AuthorizationRequest, claims_param::ClaimsRequest, id_token_hint::IdTokenHint, prompt::Prompt,
};
use crate::{
    protocol::{
        claims,
        client::{Client, ConsentPolicy},
        consent::Consent,
        error::{ErrorCode, OAuthError},
    },
    types::{Authentication, Scope, Timestamp, UserId},
};

/// The browser session, as far as the policy asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// Who is signed in.
    pub user_id: UserId,
    /// How and when.
    pub authentication: Authentication,
    /// What of the request's scope the user can be granted: scopes of OpenID Connect, and permissions
    /// that the user holds a role for.
    pub held: Scope,
}

/// What happened since the request arrived. It travels sealed, with the request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowFacts {
    /// What the `id_token_hint` turned out to be.
    pub id_token_hint: IdTokenHint,
    /// When the user signed in within this flow: the `auth_time` of the session that this made.
    pub authenticated_at: Option<Timestamp>,
    /// The account that the user chose within this flow.
    pub account_selected: Option<UserId>,
    /// What the user allowed within this flow.
    pub consented: Option<Consented>,
}

/// What one user allowed within the flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consented {
    /// Who allowed it.
    pub user_id: UserId,
    /// The scope.
    pub scope: Scope,
    /// The single claims.
    pub claims: Vec<String>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Show the sign-in page.
    Login(Reason),
    /// Let the user choose an account.
    SelectAccount(Reason),
    /// Ask the user to allow what is not allowed yet.
    Consent(Reason, Asked),
    /// Say which permissions the user lacks, and offer the way back.
    Missing(Reason, Scope),
    /// Answer the client with this error.
    Refuse(OAuthError),
    /// Answer the client with a code for this.
    Done(Granted),
}

/// What the consent page asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The scope.
    pub scope: Scope,
    /// The claims that the `claims` parameter asks for by name and the scope does not tell.
    pub claims: Vec<String>,
}

impl Asked {
    /// What `request` asks of a user who can be granted `held` of it. What no role permits is not
    /// asked for: nobody can allow it.
    #[must_use]
    pub fn by(request: &AuthorizationRequest, held: &Scope) -> Self {
        let scope = request.scope.intersection(held);
        let claims = claims::beyond_scope(&scope, &request.claims);
        Self { scope, claims }
    }
}

/// What the user, or the operator, allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    /// The scope of the grant.
    pub scope: Scope,
    /// The claims of the grant.
    pub claims: ClaimsRequest,
}

/// Why a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nobody is signed in.
    NoSession,
    /// `prompt=select_account`.
    PromptSelectAccount,
    /// `prompt=login`.
    PromptLogin,
    /// The user signed in too long ago.
    MaxAge,
    /// The hint names somebody else.
    HintNamesAnotherUser,
    /// The hint cannot be verified, and nobody may be asked.
    HintUnverified,
    /// The `claims` parameter wants another `sub`.
    AnotherSubRequested,
    /// The user signed in too weakly for an essential `acr`.
    AcrUnmet,
    /// The user holds no role for what the app cannot do without.
    RoleMissing,
    /// `prompt=consent`.
    PromptConsent,
    /// Nobody knows which app is behind the address: it must not get anything unseen.
    UnidentifiedClient,
    /// Something is asked for that the user has not allowed before.
    NotYetConsented,
}

/// The page that removes a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Sign in.
    Login,
    /// Choose an account.
    SelectAccount,
    /// Allow.
    Consent,
    /// Read which role is missing, and go back.
    Missing,
}

/// A row of the table.
pub struct Check {
    /// Why the page is shown.
    pub reason: Reason,
    /// Where it is written.
    pub spec: &'static str,
    /// The page.
    pub page: Page,
    /// What `prompt=none` is answered with.
    pub error: ErrorCode,
    holds: fn(&Facts<'_>, &SessionFacts) -> bool,
}

const fn check(
    reason: Reason,
    spec: &'static str,
    page: Page,
    holds: fn(&Facts<'_>, &SessionFacts) -> bool,
) -> Check {
    let error = match page {
        Page::Login => ErrorCode::LoginRequired,
        Page::SelectAccount => ErrorCode::AccountSelectionRequired,
        Page::Consent => ErrorCode::ConsentRequired,
        Page::Missing => ErrorCode::AccessDenied,
    };
    Check { reason, spec, page, error, holds }
}

/// The reasons of a user who is signed in, in their order. Who is not, has [`Reason::NoSession`].
pub const TABLE: &[Check] = &[
    check(Reason::PromptSelectAccount, "OIDC Core §3.1.2.1", Page::SelectAccount, must_select),
    check(Reason::PromptLogin, "OIDC Core §3.1.2.1", Page::Login, must_login),
    check(Reason::MaxAge, "OIDC Core §3.1.2.1", Page::Login, too_old),
    check(Reason::HintNamesAnotherUser, "OIDC Core §3.1.2.2", Page::Login, hint_differs),
    check(Reason::HintUnverified, "OIDC Core §3.1.2.1", Page::Login, hint_unverified),
    check(Reason::AnotherSubRequested, "OIDC Core §3.1.2.2", Page::Login, sub_differs),
    check(Reason::AcrUnmet, "OIDC Core §5.5.1.1", Page::Login, acr_unmet),
    check(Reason::RoleMissing, "RFC 6749 §4.1.2.1", Page::Missing, role_missing),
    check(Reason::PromptConsent, "OIDC Core §3.1.2.1", Page::Consent, must_consent),
    check(Reason::UnidentifiedClient, "RFC 8252 §8.6", Page::Consent, unidentified),
    check(Reason::NotYetConsented, "OIDC Core §3.1.2.4", Page::Consent, not_consented),
];

/// Everything that a check reads.
struct Facts<'a> {
    request: &'a AuthorizationRequest,
    flow: &'a FlowFacts,
    consent: Option<&'a Consent>,
    client: &'a Client,
    now: Timestamp,
}

/// What must happen before `request` of `client` can be answered. `consent` is what the session's
/// user allowed the client earlier.
#[must_use]
pub fn next(
    session: Option<&SessionFacts>,
    request: &AuthorizationRequest,
    flow: &FlowFacts,
    consent: Option<&Consent>,
    client: &Client,
    now: Timestamp,
) -> Next {
    let facts = Facts { request, flow, consent, client, now };
    let Some(session) = session else {
        return match facts.refuses_pages(Reason::NoSession, ErrorCode::LoginRequired) {
            Some(error) => Next::Refuse(error),
            None => Next::Login(Reason::NoSession),
        };
    };
    let Some(check) = TABLE.iter().find(|check| (check.holds)(&facts, session)) else {
        return Next::Done(facts.granted(session));
    };
    // Nothing stronger can be asked of a user who has just signed in.
    if check.reason == Reason::AcrUnmet && facts.signed_in_here(session) {
        return Next::Refuse(OAuthError::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "the user could not sign in as the essential acr demands",
        ));
    }
    facts.need(check, session)
}

impl Facts<'_> {
    /// With `prompt=none`, the error of a page.
    fn refuses_pages(&self, reason: Reason, error: ErrorCode) -> Option<OAuthError> {
        let error = OAuthError::new(error, "prompt=none, but a page must be shown");
        let none = self.request.prompt.contains(Prompt::None);
        none.then(|| error.with_detail(format!("{reason:?}")))
    }

    /// The page, or with `prompt=none` its error.
    fn need(&self, check: &Check, session: &SessionFacts) -> Next {
        if let Some(error) = self.refuses_pages(check.reason, check.error) {
            return Next::Refuse(error);
        }
        match check.page {
            Page::Login => Next::Login(check.reason),
            Page::SelectAccount => Next::SelectAccount(check.reason),
            Page::Consent => Next::Consent(check.reason, self.asked(session)),
            Page::Missing => Next::Missing(check.reason, self.missing(session)),
        }
    }

    fn missing(&self, session: &SessionFacts) -> Scope {
        missing(&self.request.scope, &session.held, self.client)
    }

    /// Whether the session was made, or renewed, within this flow.
    fn signed_in_here(&self, session: &SessionFacts) -> bool {
        self.flow.authenticated_at.is_some_and(|at| session.authentication.auth_time >= at)
    }

    /// What the session's user allowed within this flow.
    fn consented(&self, session: &SessionFacts) -> Option<&Consented> {
        self.flow.consented.as_ref().filter(|consented| consented.user_id == session.user_id)
    }

    fn asked(&self, session: &SessionFacts) -> Asked {
        Asked::by(self.request, &session.held)
    }

    /// What was asked for, as far as it was allowed now, earlier, or by the operator.
    fn granted(&self, session: &SessionFacts) -> Granted {
        let Asked { scope, claims: by_name } = self.asked(session);
        let (scope, allowed) = match self.consented(session) {
            Some(consented) => (scope.intersection(&consented.scope), consented.claims.clone()),
            None => (scope, by_name.clone()),
        };
        let refused = |name: &String| by_name.contains(name) && !allowed.contains(name);
        let mut claims = self.request.claims.clone();
        claims.userinfo.retain(|name, _| !refused(name));
        claims.id_token.retain(|name, _| !refused(name));
        Granted { scope, claims }
    }
}

/// What of `scope` a user, who can be granted `held` of it, would need a role for before `client` can be
/// answered: everything essential that no role permits, or, when nothing at all could be granted,
/// everything.
#[must_use]
pub fn missing(scope: &Scope, held: &Scope, client: &Client) -> Scope {
    let lacking = scope.difference(held);
    if lacking == *scope {
        return lacking;
    }
    lacking.intersection(&client.metadata.essential_scope)
}

fn must_select(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    facts.request.prompt.contains(Prompt::SelectAccount)
        && facts.flow.account_selected != Some(session.user_id)
        && !facts.signed_in_here(session)
}

fn must_login(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    facts.request.prompt.contains(Prompt::Login) && !facts.signed_in_here(session)
}

/// `max_age=0` means "now", whatever second the session is from.
fn too_old(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    let max_age = facts.request.max_age.or(facts.client.metadata.default_max_age);
    let age = facts.now.since(session.authentication.auth_time).as_secs();
    max_age.is_some_and(|max_age| max_age == 0 || age > max_age) && !facts.signed_in_here(session)
}

fn hint_differs(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    facts.flow.id_token_hint.facts().is_some_and(|hint| hint.user_id != session.user_id)
}

/// With a page, the user sees who is signed in; without one, a hint that proves nothing is no yes.
fn hint_unverified(facts: &Facts<'_>, _session: &SessionFacts) -> bool {
    facts.flow.id_token_hint == IdTokenHint::Invalid && facts.request.prompt.contains(Prompt::None)
}

fn sub_differs(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    !facts.request.claims.allows_sub(&session.user_id.to_string())
}

fn acr_unmet(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    !facts.request.claims.allows_acr(&session.authentication.acr)
}

fn role_missing(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    !facts.missing(session).is_empty()
}

fn must_consent(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    facts.request.prompt.contains(Prompt::Consent) && facts.consented(session).is_none()
}

/// A public client behind a loopback address or a scheme of its own can be any app of the device: it
/// is never answered without a page in between. An operator's implied consent makes the sign-in page
/// enough, and no page at all is never enough (AUTHZ-24).
fn unidentified(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    let unknown = facts.client.is_public() && !facts.request.redirect_uri.names_its_owner();
    let seen = match facts.client.metadata.consent {
        ConsentPolicy::Ask => false,
        ConsentPolicy::Implied => facts.signed_in_here(session),
    };
    unknown && !seen && facts.consented(session).is_none()
}

fn not_consented(facts: &Facts<'_>, session: &SessionFacts) -> bool {
    let Asked { scope, claims } = facts.asked(session);
    let earlier = facts.consent.filter(|consent| {
        consent.user_id == session.user_id && consent.client_id == facts.client.id
    });
    match facts.client.metadata.consent {
        ConsentPolicy::Implied => false,
        ConsentPolicy::Ask => {
            facts.consented(session).is_none()
                && !earlier.is_some_and(|consent| consent.covers(&scope, &claims))
        }
    }
}

#[cfg(test)]
#[path = "interaction_tests.rs"]
mod tests;
