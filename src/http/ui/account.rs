//! The account page: one's own sessions, and the apps that were allowed something.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{Failure, messages, own_form, query, see_other, shown};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        route,
        view::{self, AccountNotice, AccountPage, App as ShownApp, DisplayText, Session},
    },
    identity::session::BrowserSession,
    protocol::{client::ClientMetadata, consent::Consent, params::Params},
    service::{
        access_model::{self, AccessModel},
        account, browser_session,
        browser_session::Current,
    },
    types::{ClientId, SessionId, origin::Origin},
};

/// Shows the account of whoever is signed in.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let Some(current) = &visit.visitor.current else { return Ok(see_other(route::LOGIN)) };
        let overview = account::overview(&app.ctx, current.user.id).await?;
        let model = access_model::current(&app.ctx).await?;
        let page = AccountPage {
            t: messages(&headers, &[]),
            csrf: visit.csrf(&app, Purpose::Account),
            account: shown::account(&current.user),
            sessions: overview.sessions.iter().map(|s| session(s, current.session.id)).collect(),
            apps: overview
                .apps
                .iter()
                .map(|(consent, metadata)| allowed(consent, metadata, &model))
                .collect(),
            notice: params.get("done").and_then(notice),
            now: app.ctx.now(),
        };
        Ok(view::render(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

fn session(session: &BrowserSession, current: SessionId) -> Session {
    Session {
        id: session.id.to_string(),
        user_agent: session.user_agent.clone(),
        address: session.address.as_deref().map(DisplayText::new),
        signed_in_at: session.authentication.auth_time,
        last_seen_at: session.last_seen_at,
        is_current: session.id == current,
    }
}

fn allowed(consent: &Consent, metadata: &ClientMetadata, model: &AccessModel) -> ShownApp {
    let name = metadata.client_name.as_deref().unwrap_or(consent.client_id.as_str());
    ShownApp {
        client_id: consent.client_id.to_string(),
        client: shown::metadata(metadata, name),
        scopes: shown::asked(&consent.scope, &consent.claims, model),
        since: consent.granted_at,
    }
}

/// What was just done, as the page's own address says; any other text says nothing.
fn notice(done: &str) -> Option<AccountNotice> {
    match done {
        "session" => Some(AccountNotice::SessionEnded),
        "others" => Some(AccountNotice::OtherSessionsEnded),
        "app" => Some(AccountNotice::AppRevoked),
        _ => None,
    }
}

/// Ends one session of one's own, or all others.
pub(crate) async fn end_session(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (current, form) = signed_in(&app, &headers, &body).await?;
        let user = current.user.id;
        let wanted = form.get("session").ok_or(Failure::NotFound)?;
        if wanted == "others" {
            browser_session::end_others(&app.ctx, user, current.session.id, &origin).await?;
            return Ok(see_other(&format!("{}?done=others", route::ACCOUNT)));
        }
        let id: SessionId = wanted.parse().map_err(|_| Failure::NotFound)?;
        if !browser_session::end(&app.ctx, user, id, &origin).await? {
            return Err(Failure::NotFound);
        }
        Ok(see_other(&format!("{}?done=session", route::ACCOUNT)))
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Takes back what an app was allowed.
pub(crate) async fn revoke_app(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (current, form) = signed_in(&app, &headers, &body).await?;
        let client = form.get("client_id").and_then(|text| ClientId::parse(text).ok());
        let client = client.ok_or(Failure::NotFound)?;
        if !account::revoke_app(&app.ctx, current.user.id, client, &origin).await? {
            return Err(Failure::NotFound);
        }
        Ok(see_other(&format!("{}?done=app", route::ACCOUNT)))
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// A form of the account page, sent by whoever is signed in.
async fn signed_in(
    app: &App,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(Current, Params), Failure> {
    let (visit, form) = own_form(app, headers, body, Purpose::Account).await?;
    let current = visit.visitor.current.ok_or(Failure::Expired)?;
    Ok((current, form))
}
